// The words for enumerations in JSON. Internal to json.cpp.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "trace/fact.h"

namespace raft::trace {

inline std::string_view nameOf(RoleName role) {
  constexpr auto names = std::to_array<std::string_view>({"follower", "candidate", "leader"});
  return names[static_cast<std::uint8_t>(role)];
}

inline std::string_view nameOf(VoteRefusal why) {
  constexpr auto names = std::to_array<std::string_view>(
      {"oldTerm", "alreadyVoted", "oldLog", "forged", "hearsLeader"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(AppendRefusal why) {
  return why == AppendRefusal::OldTerm ? "oldTerm" : "noMatch";
}

inline std::string_view nameOf(StepDownCause why) {
  constexpr auto names =
      std::to_array<std::string_view>({"writeFailed", "diskStalls", "noMajority", "removed"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(ChunkFate fate) {
  constexpr auto names =
      std::to_array<std::string_view>({"stored", "doubled", "tooEarly", "oldTerm"});
  return names[static_cast<std::uint8_t>(fate)];
}

inline std::string_view nameOf(Held why) {
  constexpr auto names = std::to_array<std::string_view>({"probing", "messages", "bytes"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(Fate::Outcome outcome) {
  constexpr auto names = std::to_array<std::string_view>({"committed", "lost", "unknown"});
  return names[static_cast<std::uint8_t>(outcome)];
}

inline std::string_view nameOf(Source source) {
  constexpr auto names =
      std::to_array<std::string_view>({"client", "election", "leader", "change"});
  return names[static_cast<std::uint8_t>(source)];
}

inline std::string_view nameOf(Ignored why) {
  constexpr auto names = std::to_array<std::string_view>(
      {"astray", "forged", "foreign", "electionOver", "leadershipOver", "secondLeader",
       "contradictsCommit", "late", "notItsLeader"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(Transferred why) {
  constexpr auto names = std::to_array<std::string_view>(
      {"begun", "notLeader", "notAVoter", "toItself", "alreadyTransferring"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(Lost why) {
  constexpr auto names = std::to_array<std::string_view>({"chance", "linkDown", "receiverDown"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(ReadUnanswered::Why why) {
  constexpr auto names = std::to_array<std::string_view>({"notLeader", "leadershipLost", "down"});
  return names[static_cast<std::uint8_t>(why)];
}

inline std::string_view nameOf(Replied::Kind kind) {
  constexpr auto names =
      std::to_array<std::string_view>({"nothing", "applied", "repeated", "refused"});
  return names[static_cast<std::uint8_t>(kind)];
}

}  // namespace raft::trace
