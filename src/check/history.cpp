#include "check/history.h"

#include <algorithm>
#include <cstring>

#include "raft/assert.h"
#include "raft/random.h"

namespace raft::check {

namespace {

std::uint64_t word(const char* bytes) {
  std::uint64_t w;
  std::memcpy(&w, bytes, sizeof w);
  return w;
}

// One multiplication for eight bytes, in four lanes that do not wait for each other: a long command
// is hashed for each log that it enters.
constexpr std::uint64_t stir(std::uint64_t lane, std::uint64_t input) {
  lane = (lane ^ input) * 0x9e3779b97f4a7c15;
  return lane ^ (lane >> 29);
}

std::uint64_t hashOf(std::string_view bytes) {
  const char* at = bytes.data();
  std::uint64_t left = bytes.size();
  std::uint64_t hash = left;
  if (left >= 32) {
    std::uint64_t lanes[4] = {1, 2, 3, 4};
    for (; left >= 32; left -= 32, at += 32) {
      for (std::uint32_t i = 0; i < 4; ++i) lanes[i] = stir(lanes[i], word(at + 8 * i));
    }
    for (std::uint64_t lane : lanes) hash = mixBits(hash ^ lane);
  }
  for (; left >= 8; left -= 8, at += 8) hash = mixBits(hash ^ word(at));
  if (left > 0) {
    std::uint64_t last = 0;
    std::memcpy(&last, at, left);
    hash = mixBits(hash ^ last);
  }
  return hash;
}

}  // namespace

Chain chainWith(Chain before, const Entry& entry) {
  const std::uint64_t kind = static_cast<std::uint64_t>(entry.type) + 1;
  const std::uint64_t what = hashOf(entry.command.bytes()) + kind * 0x94d049bb133111eb;
  return mixBits(mixBits(before + 0x9e3779b97f4a7c15 * (entry.term.value + 1)) ^ what);
}

const EntryTable::Known& EntryTable::note(Index index, const Known& entry) {
  RAFT_ASSERT(index >= Index{1} && index.value <= first_.size() + 1, "no gap in what is known");
  if (index.value > first_.size()) return first_.emplace_back(entry);
  if (first_[index.value - 1].term == entry.term) return first_[index.value - 1];
  if (const Known* known = find(index, entry.term)) return *known;
  Known& other = others_.emplace_back(entry);
  other.next =
      std::exchange(first_[index.value - 1].next, static_cast<std::uint32_t>(others_.size()));
  return other;
}

const EntryTable::Known* EntryTable::find(Index index, Term term) const {
  if (index == Index{0} || index.value > first_.size()) return nullptr;
  const Known* known = &first_[index.value - 1];
  while (known->term != term) {
    if (known->next == 0) return nullptr;
    known = &others_[known->next - 1];
  }
  return known;
}

Term EntryTable::termOf(Index index, Chain chain) const {
  if (index == Index{0} || index.value > first_.size()) return 0;
  const Known* known = &first_[index.value - 1];
  while (known->chain != chain) {
    if (known->next == 0) return 0;
    known = &others_[known->next - 1];
  }
  return known->term;
}

Chain EntryTable::chainAt(Index index, Position last) const {
  if (index == Index{0}) return 0;
  for (;;) {
    const Known* known = find(last.index, last.term);
    RAFT_ASSERT(known != nullptr, "every log that was seen is known");
    if (last.index == index) return known->chain;
    last = {last.index - 1, known->termBefore};
  }
}

void EntryTable::follow(std::vector<Chain>& log, Position last) const {
  log.resize(last.index.value + 1);
  while (last.index > Index{0}) {
    const Known* known = find(last.index, last.term);
    RAFT_ASSERT(known != nullptr, "every log that was seen is known");
    if (std::exchange(log[last.index.value], known->chain) == known->chain) return;
    last = {last.index - 1, known->termBefore};
  }
}

const KnownSnapshot* SnapshotTable::note(const KnownSnapshot& snapshot) {
  // Nearly always of the newest, so the search begins at the end.
  auto at = all_.end();
  const Index index = snapshot.lastIncludedIndex;
  while (at != all_.begin() && (at - 1)->lastIncludedIndex > index) --at;
  if (at != all_.begin() && (at - 1)->lastIncludedIndex == index) {
    return (at - 1)->state == snapshot.state ? nullptr : &*(at - 1);
  }
  all_.insert(at, snapshot);
  return nullptr;
}

const Leadership* LeaderTable::note(const Leadership& leadership) {
  // Nearly always the newest, so the search begins at the end.
  auto at = leaders_.end();
  while (at != leaders_.begin() && (at - 1)->term > leadership.term) --at;
  if (at != leaders_.begin() && (at - 1)->term == leadership.term) return &*(at - 1);
  leaders_.insert(at, leadership);
  return nullptr;
}

const Leadership* LeaderTable::after(Term term) const {
  const Leadership* at = end();
  while (at != leaders_.data() && (at - 1)->term > term) --at;
  return at;
}

}  // namespace raft::check
