#include "sim/disk.h"

#include <string>

#include "raft/assert.h"
#include "raft/random.h"

namespace raft::sim {

bool DiskFaults::fails() {
  if (failEvery == 0 || ++finished % failEvery != 0) return false;
  if (failNext != 0 && --failNext == 0) *this = {};
  return true;
}

// Each byte is taken in by a bijection, so what differs in one byte never meets again.
std::uint64_t checksumOf(const Entry& entry) {
  std::uint64_t sum = mixBits(entry.term.value * 4 + static_cast<std::uint64_t>(entry.type));
  for (const char each : entry.command.bytes()) {
    sum = mixBits(sum + static_cast<unsigned char>(each) + 1);
  }
  return sum;
}

void DiskDamage::flipBit(Log& log, Index index) {
  RAFT_ASSERT(log.baseIndex() < index && index <= log.lastIndex(), "a bit of an entry");
  Entry entry = log[index];
  bool known = false;
  for (const Spoilt& each : spoilt) known = known || each.index == index;
  if (!known) spoilt.push_back({index, checksumOf(entry)});
  std::string bytes(entry.command.bytes());
  if (bytes.empty()) {
    entry.term = Term(entry.term.value ^ 1);
  } else {
    bytes[0] = static_cast<char>(bytes[0] ^ 1);
    entry.command = Command(bytes);
  }
  const Entries behind = log.from(index + 1);
  log.truncateFrom(index);
  log.append(std::move(entry));
  log.append(behind.begin(), behind.end());
  log.takeChange();
}

void DiskDamage::overwrittenFrom(Index index) {
  std::erase_if(spoilt, [&](const Spoilt& each) { return each.index >= index; });
  torn = 0;
}

Index DiskDamage::firstWrong(const Log& log) const {
  Index first = 0;
  for (const Spoilt& each : spoilt) {
    if (each.index <= log.baseIndex() || each.index > log.lastIndex()) continue;  // gone
    if (checksumOf(log[each.index]) == each.checksum) continue;
    if (first == Index{0} || each.index < first) first = each.index;
  }
  return first;
}

}  // namespace raft::sim
