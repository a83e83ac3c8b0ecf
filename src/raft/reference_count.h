// How many hold a shared value: what keeps command bytes and log storage alive without copies.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

namespace raft {

// A process of one thread needs no locked instructions, of which each costs as much as twenty
// others. GCC's library knows, and asks itself likewise for std::shared_ptr.
inline bool aloneInProcess() {
#ifdef __GLIBCXX__
  return __gnu_cxx::__is_single_threaded();
#else
  return false;
#endif
}

// Begins with one holder. May be used by several threads at once.
class ReferenceCount {
 public:
  void acquire() {
    if (aloneInProcess()) [[likely]] {
      count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  // True if that was the last holder: the caller destroys what is counted.
  bool release() {
    if (aloneInProcess()) [[likely]] {
      const std::uint32_t left = count_.load(std::memory_order_relaxed) - 1;
      count_.store(left, std::memory_order_relaxed);
      return left == 0;
    }
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  bool shared() const { return count_.load(std::memory_order_acquire) > 1; }

 private:
  std::atomic<std::uint32_t> count_ = 1;
};

}  // namespace raft
