#include "raft/command.h"

#include <new>

#include "raft/assert.h"

namespace raft {

Command::Command(std::string_view bytes) : size_(static_cast<std::uint32_t>(bytes.size())) {
  RAFT_ASSERT(bytes.size() <= UINT32_MAX, "a command has less than 4 GiB");
  char* place = allocate();
  if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
}

Command Command::joined(const std::vector<Command>& parts) {
  std::uint64_t size = 0;
  for (const Command& part : parts) size += part.size_;
  RAFT_ASSERT(size <= UINT32_MAX, "a command has less than 4 GiB");
  Command whole;
  whole.size_ = static_cast<std::uint32_t>(size);
  char* place = whole.allocate();
  for (const Command& part : parts) {
    const std::string_view bytes = part.bytes();
    if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
    place += bytes.size();
  }
  return whole;
}

// Where the bytes go. Requires that size_ is set and nothing was allocated yet.
char* Command::allocate() {
  if (!isShared()) return place_.data();
  void* memory = ::operator new(sizeof(Block) + size_);
  Block* block = new (memory) Block;
  std::memcpy(place_.data(), &block, sizeof block);
  return reinterpret_cast<char*>(block + 1);
}

void Command::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace raft
