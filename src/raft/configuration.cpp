#include "raft/configuration.h"

#include <array>
#include <string_view>

namespace raft {

namespace {

// Each set is one byte n, then n bytes of eight servers each, the last of them not 0: of small
// clusters all three sets fit into a command without an allocation.
constexpr std::uint32_t setBytes = ServerSet::maxServers / 8;

std::uint32_t put(const ServerSet& servers, char* out) {
  std::array<unsigned char, setBytes> bits{};
  std::uint32_t count = 0;
  for (ServerId server : servers) {
    const std::uint32_t place = server.value - 1;
    bits[place / 8] = static_cast<unsigned char>(bits[place / 8] | 1u << place % 8);
    count = place / 8 + 1;
  }
  *out++ = static_cast<char>(count);
  for (std::uint32_t i = 0; i < count; ++i) *out++ = static_cast<char>(bits[i]);
  return count + 1;
}

// Takes one set off the front of `bytes`. False: there is none.
bool take(std::string_view& bytes, ServerSet& servers) {
  if (bytes.empty()) return false;
  const std::uint32_t count = static_cast<unsigned char>(bytes[0]);
  if (count > setBytes || bytes.size() < count + 1 || (count > 0 && bytes[count] == 0)) {
    return false;
  }
  for (std::uint32_t place = 0; place < count * 8; ++place) {
    const auto bits = static_cast<unsigned char>(bytes[1 + place / 8]);
    if (bits >> place % 8 & 1) servers.insert(place + 1);
  }
  bytes.remove_prefix(count + 1);
  return true;
}

}  // namespace

Command encode(const Configuration& configuration) {
  std::array<char, 3 * (setBytes + 1)> bytes;
  std::uint32_t size = put(configuration.voters, bytes.data());
  size += put(configuration.nextVoters, bytes.data() + size);
  size += put(configuration.learners, bytes.data() + size);
  return Command(std::string_view(bytes.data(), size));
}

std::optional<Configuration> decode(const Command& command) {
  std::string_view bytes = command.bytes();
  Configuration all;
  const bool whole =
      take(bytes, all.voters) && take(bytes, all.nextVoters) && take(bytes, all.learners);
  if (!whole || !bytes.empty() || !all.isPossible()) return std::nullopt;
  return all;
}

}  // namespace raft
