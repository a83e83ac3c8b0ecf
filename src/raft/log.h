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
    if (aloneInProcess()) [[likely]] {
      if (filled_.load(std::memory_order_relaxed) != size) return false;
      filled_.store(size + count, std::memory_order_relaxed);
      return true;
    }
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
  [[gnu::noinline]] void destroy();

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
//
// A snapshot may stand for the entries up to its last included one (§5), the log's base: of these
// only index and term are kept. Without a snapshot the base is the empty prefix.
class Log {
 public:
  Log() = default;
  Log(std::initializer_list<Entry> entries) : Log(Entries(entries)) {}
  // As read back from a disk: nothing of it is a change.
  explicit Log(const Entries& entries) : Log(0, 0, entries) {}
  Log(Index lastIncludedIndex, Term lastIncludedTerm, const Entries& entries);
  Log(const Log& other) : store_(other.store_), extent_(other.extent_) {
    EntryStore::acquire(store_);
  }
  Log(Log&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)), extent_(std::exchange(other.extent_, {})) {}
  Log& operator=(Log other) noexcept {
    std::swap(store_, other.store_);
    std::swap(extent_, other.extent_);
    return *this;
  }
  ~Log() { EntryStore::release(store_); }

  Index lastIndex() const { return extent_.last; }
  Term lastTerm() const { return term(lastIndex()); }

  // The last entry that the snapshot includes; (0, 0): there is none.
  Index baseIndex() const { return extent_.base; }
  Term baseTerm() const { return extent_.baseTerm; }

  // Requires baseIndex() <= index <= lastIndex().
  Term term(Index index) const {
    return index == extent_.base ? extent_.baseTerm : (*this)[index].term;
  }

  // Whether the log contains an entry at `index` whose term is `term`. True for (0, 0), and for
  // whatever lies below the base: that is committed, so every leader's log has the same (§5.4).
  bool matches(Index index, Term term) const {
    if (index > extent_.base) return index <= lastIndex() && at(index).term == term;
    return index < extent_.base || term == extent_.baseTerm;
  }

  // Requires baseIndex() < index <= lastIndex(). The reference holds until the log is changed.
  const Entry& operator[](Index index) const {
    RAFT_ASSERT(extent_.base < index && index <= lastIndex(), "log[index] exists");
    return at(index);
  }

  // log[first], log[first + 1] … to the end; none if first > lastIndex(). Requires first >
  // baseIndex().
  Entries from(Index first) const { return between(first, lastIndex()); }
  // log[first … last]; none if first > last. Requires first > baseIndex(), last <= lastIndex().
  Entries between(Index first, Index last) const {
    RAFT_ASSERT(first > extent_.base && last <= lastIndex(), "the run lies within the log");
    if (first > last) return {};
    return {store_, &at(first), last.value - first.value + 1};
  }

  void append(Entry entry) {
    new (room(1)) Entry(std::move(entry));
    grow(1);
  }
  void append(const Entry* first, const Entry* last);  // [first, last), not of this log
  // The same for a run; one that follows this log in the storage that it shares costs nothing.
  void append(const Entries& entries);
  // Deletes the entry at `index` and all that follow it. Requires index > baseIndex().
  void truncateFrom(Index index);

  // Discards the entries up through `index`, of which a snapshot was taken. Their memory is given
  // back when those that are left are fewer, so that each costs a constant time; messages and logs
  // that hold them keep them for themselves. Requires baseIndex() <= index <= lastIndex().
  void compactTo(Index index);
  // The same with a snapshot that another server took: if the log has its last included entry, what
  // follows that is kept, otherwise the log is discarded as a whole and begins anew after it
  // (Figure 13, 6 and 7). Returns whether the entry was there. Requires index >= baseIndex().
  bool restore(Index lastIncludedIndex, Term lastIncludedTerm);

  // The lowest index at which the log was changed (truncated or appended to, or discarded from
  // there on) since the last call; 0: unchanged. So what must be written is known without a rule
  // having to say so. What a base above it stands for needs no writing: there is a snapshot of it.
  Index takeChange() { return std::exchange(extent_.changedFrom, 0); }

  bool operator==(const Log& other) const;  // by content, and by what takeChange() will say

 private:
  struct Extent {
    Index last = 0;
    Index base = 0;
    Term baseTerm = 0;
    Index changedFrom = 0;
    std::uint64_t shift = 0;  // the entry at `index` stands in place index - 1 - shift, modulo 2^64
  };

  const Entry& at(Index index) const { return store_->entries()[index.value - 1 - extent_.shift]; }
  std::uint64_t places() const {
    return extent_.last.value - extent_.shift;
  }  // the store's, to the end
  std::uint64_t size() const { return extent_.last.value - extent_.base.value; }
  void noteChange(Index index) {
    if (extent_.changedFrom == Index{0} || index < extent_.changedFrom) extent_.changedFrom = index;
  }
  void grow(std::uint64_t count) {
    noteChange(extent_.last + 1);
    extent_.last = extent_.last + count;
  }
  // Makes the next `count` places this log's own.
  Entry* room(std::uint64_t count) {
    if (!store_ || !store_->claim(places(), count)) moveToStore(size() + count);
    return store_->entries() + places();
  }
  [[gnu::noinline]] void moveToStore(std::uint64_t places);
  void share(EntryStore* store, std::uint64_t shift);

  EntryStore* store_ = nullptr;  // null: there are no entries
  Extent extent_ = {};
};

}  // namespace raft
