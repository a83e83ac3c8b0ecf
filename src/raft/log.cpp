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

Log::Log(const Entries& entries) {
  append(entries.begin(), entries.end());
  changedFrom_ = 0;
}

void Log::append(const Entry* first, const Entry* last) {
  if (first == last) return;
  const auto count = static_cast<std::uint64_t>(last - first);
  std::uninitialized_copy(first, last, room(count));
  noteChange(size_ + 1);
  size_ += count;
}

void Log::append(const Entries& entries) {
  const bool follows =
      store_ && entries.store_ == store_ && entries.first_ == store_->entries() + size_;
  if (!follows) return append(entries.begin(), entries.end());
  if (entries.empty()) return;
  noteChange(size_ + 1);
  size_ += entries.size();
}

void Log::truncateFrom(Index index) {
  RAFT_ASSERT(index >= Index{1}, "index 0 is no entry");
  if (index > lastIndex()) return;
  noteChange(index);
  size_ = index.value - 1;  // the entries stay in the store until the last who shares it is gone
}

bool Log::operator==(const Log& other) const {
  if (size_ != other.size_ || changedFrom_ != other.changedFrom_) return false;
  if (store_ == other.store_ || size_ == 0) return true;
  return std::equal(store_->entries(), store_->entries() + size_, other.store_->entries());
}

void Log::moveToLargerStore(std::uint64_t count) {
  const std::uint64_t smallest = 8;
  EntryStore* grown = EntryStore::create(std::max((size_ + count) * 2, smallest));
  grown->claim(0, size_ + count);
  if (store_) {
    Entry* old = store_->entries();
    if (store_->shared()) {
      std::uninitialized_copy_n(old, size_, grown->entries());
    } else {
      std::uninitialized_move_n(old, size_, grown->entries());
    }
    EntryStore::release(store_);
  }
  store_ = grown;
}

}  // namespace raft
