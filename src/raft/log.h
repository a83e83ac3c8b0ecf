// log[]: the replicated log (Figure 2, §5.3), and runs of its entries that messages carry.
//
// Both are values that share storage. Copying a log of a million entries, or taking a thousand of
// them into a message, costs one reference count: entries are immutable once they are in place, and
// a log that must differ from the others that share its storage first takes a copy of its own.
#pragma once
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <utility>

#include "raft/assert.h"
#include "raft/command.h"
#include "raft/reference_count.h"
#include "raft/types.h"

namespace raft {

enum class EntryType : std::uint8_t {
  Command,
  Noop,           // appended by a new leader so that entries of earlier terms can commit (§8)
  Configuration,  // its command is an encoded Configuration (thesis §4.1)
};

// Each entry holds a command for the state machine, and the term when it was received by leader.
struct Entry {
  Term term;
  [[no_unique_address]] Command command = {};  // the type stands in its padding: 32 bytes in all
  EntryType type = EntryType::Command;

  static Entry noop(Term term) { return {.term = term, .type = EntryType::Noop}; }
  bool operator==(const Entry&) const = default;
};

// Where entries stand: a reference-counted array that only ever grows at its end.
//
// Places [0, filled) hold entries that never change. Whoever wants place `filled` claims it first,
// so of several logs that share the store, on any threads, one goes on in place, the others copy.
class EntryStore {
 public:
  static EntryStore* create(std::uint64_t capacity);
  Entry* entries() { return reinterpret_cast<Entry*>(this + 1); }

  // Makes places [size, size + count) the caller's, if nobody has gone beyond `size` yet.
  bool claim(std::uint64_t size, std::uint64_t count) {
    if (count > capacity_ - size) return false;
    return filled_.compare_exchange_strong(size, size + count, std::memory_order_acq_rel);
  }
  bool shared() const { return references_.shared(); }

  // Null: nothing to keep alive.
  static void acquire(EntryStore* store) {
    if (store) store->references_.acquire();
  }
  static void release(EntryStore* store) {
    if (store && store->references_.release()) store->destroy();
  }

 private:
  explicit EntryStore(std::uint64_t capacity) : capacity_(capacity) {}
  void destroy();

  ReferenceCount references_;
  std::atomic<std::uint64_t> filled_ = 0;
  const std::uint64_t capacity_;
};

// An immutable run of entries. Keeps what it shows alive; may be handed to another thread.
class Entries {
 public:
  Entries() = default;
  Entries(std::initializer_list<Entry> entries);
  Entries(const Entries& other) : Entries(other.store_, other.first_, other.size_) {}
  Entries(Entries&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        first_(std::exchange(other.first_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Entries& operator=(Entries other) noexcept {
    std::swap(store_, other.store_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Entries() { EntryStore::release(store_); }

  const Entry* begin() const { return first_; }
  const Entry* end() const { return first_ + size_; }
  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Entry& operator[](std::uint64_t i) const { return first_[i]; }
  bool operator==(const Entries& other) const;  // by content

 private:
  friend class Log;
  Entries(EntryStore* store, const Entry* first, std::uint64_t size)
      : store_(store), first_(first), size_(size) {
    EntryStore::acquire(store);
  }

  EntryStore* store_ = nullptr;
  const Entry* first_ = nullptr;
  std::uint64_t size_ = 0;
};

// First index is 1. Index 0 is the empty prefix that all logs share: it has term 0.
class Log {
 public:
  Log() = default;
  Log(std::initializer_list<Entry> entries) : Log(Entries(entries)) {}
  explicit Log(const Entries& entries);  // as read back from a disk: nothing of it is a change
  Log(const Log& other)
      : store_(other.store_), size_(other.size_), changedFrom_(other.changedFrom_) {
    EntryStore::acquire(store_);
  }
  Log(Log&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        changedFrom_(std::exchange(other.changedFrom_, 0)) {}
  Log& operator=(Log other) noexcept {
    std::swap(store_, other.store_);
    std::swap(size_, other.size_);
    std::swap(changedFrom_, other.changedFrom_);
    return *this;
  }
  ~Log() { EntryStore::release(store_); }

  Index lastIndex() const { return size_; }
  Term lastTerm() const { return term(lastIndex()); }

  // 0 for index 0. Requires index <= lastIndex().
  Term term(Index index) const { return index == Index{0} ? Term{0} : (*this)[index].term; }

  // Whether the log contains an entry at `index` whose term is `term`. True for (0, 0).
  bool matches(Index index, Term term) const {
    return index <= lastIndex() && this->term(index) == term;
  }

  // Requires 1 <= index <= lastIndex(). The reference holds until the log is changed.
  const Entry& operator[](Index index) const {
    RAFT_ASSERT(Index{1} <= index && index <= lastIndex(), "log[index] exists");
    return store_->entries()[index.value - 1];
  }

  // log[first], log[first + 1] … to the end; none if first > lastIndex(). Requires first >= 1.
  Entries from(Index first) const { return between(first, lastIndex()); }
  // log[first … last]; none if first > last. Requires first >= 1 and last <= lastIndex().
  Entries between(Index first, Index last) const {
    RAFT_ASSERT(first >= Index{1} && last <= lastIndex(), "the run lies within the log");
    if (first > last) return {};
    return {store_, store_->entries() + (first.value - 1), last.value - first.value + 1};
  }

  void append(Entry entry) {
    new (room(1)) Entry(std::move(entry));
    noteChange(size_ + 1);
    ++size_;
  }
  void append(const Entry* first, const Entry* last);  // [first, last), not of this log
  // The same for a run; one that follows this log in the storage that it shares costs nothing.
  void append(const Entries& entries);
  // Deletes the entry at `index` and all that follow it. Requires index >= 1.
  void truncateFrom(Index index);

  // The lowest index at which the log was changed (truncated or appended to) since the last call;
  // 0: unchanged. So what must be written is known without a rule having to say so.
  Index takeChange() { return std::exchange(changedFrom_, 0); }

  bool operator==(const Log& other) const;  // by content, and by what takeChange() will say

 private:
  void noteChange(Index index) {
    if (changedFrom_ == Index{0} || index < changedFrom_) changedFrom_ = index;
  }
  // Makes the next `count` places this log's own.
  Entry* room(std::uint64_t count) {
    if (!store_ || !store_->claim(size_, count)) moveToLargerStore(count);
    return store_->entries() + size_;
  }
  void moveToLargerStore(std::uint64_t count);

  EntryStore* store_ = nullptr;
  std::uint64_t size_ = 0;
  Index changedFrom_ = 0;
};

}  // namespace raft
