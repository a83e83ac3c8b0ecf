#include "raft/command.h"

#include <new>

#include "raft/assert.h"

namespace raft {

Command::Command(std::string_view bytes) : size_(static_cast<std::uint32_t>(bytes.size())) {
  RAFT_ASSERT(bytes.size() <= UINT32_MAX, "a command has less than 4 GiB");
  char* place = place_.data();
  if (isShared()) {
    void* memory = ::operator new(sizeof(Block) + bytes.size());
    Block* block = new (memory) Block;
    std::memcpy(place, &block, sizeof block);
    place = reinterpret_cast<char*>(block + 1);
  }
  if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
}

void Command::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace raft
