// What a client wants applied: immutable bytes, in the command itself if they are few, otherwise
// shared by reference count and never copied.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "raft/reference_count.h"

namespace raft {

// A copy costs an increment at most, whatever the length, so the log of each server in a process
// and each message under way hold the same bytes. May be shared between threads. At most 2^32 - 1
// bytes.
class Command {
 public:
  static constexpr std::uint32_t maxInPlace = 16;  // bytes; longer commands are allocated, once

  Command() = default;  // no bytes
  Command(std::string_view bytes);
  Command(const char* text) : Command(std::string_view(text)) {}
  // The bytes of all of them, one after another.
  static Command joined(const std::vector<Command>& parts);

  Command(const Command& other) : place_(other.place_), size_(other.size_) { acquire(); }
  Command(Command&& other) noexcept : place_(other.place_), size_(std::exchange(other.size_, 0)) {}
  Command& operator=(Command other) noexcept {
    release();
    place_ = other.place_;
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  ~Command() { release(); }

  // They hold as long as this command stands where it is and is not assigned to.
  std::string_view bytes() const {
    return {isShared() ? reinterpret_cast<const char*>(block() + 1) : place_.data(), size_};
  }
  bool operator==(const Command& other) const { return bytes() == other.bytes(); }

 private:
  struct Block {  // the bytes follow it
    ReferenceCount references;
  };

  char* allocate();
  bool isShared() const { return size_ > maxInPlace; }
  Block* block() const {
    Block* block;
    std::memcpy(&block, place_.data(), sizeof block);
    return block;
  }
  void acquire() {
    if (isShared()) block()->references.acquire();
  }
  void release() {
    if (isShared() && block()->references.release()) destroy(block());
  }
  static void destroy(Block* block);

  alignas(Block*) std::array<char, maxInPlace> place_ = {};  // the bytes, or where their block is
  std::uint32_t size_ = 0;
};

}  // namespace raft
