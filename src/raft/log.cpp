#include "raft/log.h"

#include <algorithm>
#include <memory>
#include <new>

namespace raft {

static_assert(sizeof(Entry) == 32, "two entries fit into what a processor fetches at once");
static_assert(sizeof(EntryStore) % alignof(Entry) == 0, "entries follow the store's head");

EntryStore* EntryStore::create(std::uint64_t capacity) {
  void* memory = ::operator new(sizeof(EntryStore) + capacity * sizeof(Entry));
  return new (memory) EntryStore(capacity);
}

void EntryStore::destroy() {
  std::destroy_n(entries(), filled_.load(std::memory_order_relaxed));
  this->~EntryStore();
  ::operator delete(this);
}

Entries::Entries(std::initializer_list<Entry> entries) : size_(entries.size()) {
  if (size_ == 0) return;
  store_ = EntryStore::create(size_);
  store_->claim(0, size_);
  first_ = std::uninitialized_copy(entries.begin(), entries.end(), store_->entries()) - size_;
}

bool Entries::operator==(const Entries& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

Log::Log(Index lastIncludedIndex, Term lastIncludedTerm, const Entries& entries) {
  restore(lastIncludedIndex, lastIncludedTerm);
  append(entries);
  takeChange();
}

void Log::append(const Entry* first, const Entry* last) {
  if (first == last) return;
  const auto count = static_cast<std::uint64_t>(last - first);
  std::uninitialized_copy(first, last, room(count));
  grow(count);
}

void Log::append(const Entries& entries) {
  if (entries.empty()) return;
  if (size() == 0) {
    const auto place = static_cast<std::uint64_t>(entries.first_ - entries.store_->entries());
    share(entries.store_, extent_.last.value - place);
  } else if (entries.store_ != store_ || entries.first_ != store_->entries() + places()) {
    return append(entries.begin(), entries.end());
  }
  grow(entries.size());
}

void Log::truncateFrom(Index index) {
  RAFT_ASSERT(index > baseIndex(), "what a snapshot stands for is no entry");
  if (index > lastIndex()) return;
  noteChange(index);
  extent_.last = index - 1;  // the entries stay in the store until the last who shares it is gone
}

void Log::compactTo(Index index) {
  RAFT_ASSERT(baseIndex() <= index && index <= lastIndex(), "the log has what is compacted");
  extent_.baseTerm = term(index);
  extent_.base = index;
  if (extent_.changedFrom != Index{0}) {
    extent_.changedFrom = std::max(extent_.changedFrom, index + 1);
  }
  if (size() == 0) return share(nullptr, index.value);
  const std::uint64_t discarded = places() - size();
  if (discarded > size()) moveToStore(size());
}

bool Log::restore(Index lastIncludedIndex, Term lastIncludedTerm) {
  RAFT_ASSERT(baseIndex() <= lastIncludedIndex, "a base never falls");
  if (matches(lastIncludedIndex, lastIncludedTerm)) {
    compactTo(lastIncludedIndex);
    return true;
  }
  share(nullptr, lastIncludedIndex.value);
  extent_.last = extent_.base = lastIncludedIndex;
  extent_.baseTerm = lastIncludedTerm;
  extent_.changedFrom = lastIncludedIndex + 1;
  return false;
}

bool Log::operator==(const Log& other) const {
  const Extent& a = extent_;
  const Extent& b = other.extent_;
  if (a.last != b.last || a.base != b.base || a.baseTerm != b.baseTerm) return false;
  if (a.changedFrom != b.changedFrom) return false;
  if (size() == 0 || (store_ == other.store_ && a.shift == b.shift)) return true;
  return std::equal(&at(a.base + 1), &at(a.base + 1) + size(), &other.at(b.base + 1));
}

// Takes the entries along, to a store with room for as many places and as many again.
void Log::moveToStore(std::uint64_t places) {
  const std::uint64_t smallest = 8;
  EntryStore* grown = EntryStore::create(std::max(places * 2, smallest));
  grown->claim(0, places);
  if (size() > 0) {
    Entry* old = store_->entries() + (this->places() - size());
    if (store_->shared()) {
      std::uninitialized_copy_n(old, size(), grown->entries());
    } else {
      std::uninitialized_move_n(old, size(), grown->entries());
    }
  }
  EntryStore::release(store_);
  store_ = grown;
  extent_.shift = extent_.base.value;
}

void Log::share(EntryStore* store, std::uint64_t shift) {
  EntryStore::acquire(store);
  EntryStore::release(std::exchange(store_, store));
  extent_.shift = shift;
}

}  // namespace raft
