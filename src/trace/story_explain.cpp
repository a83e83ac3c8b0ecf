// A word of explanation where a notion is first met.
#include "trace/story_words.h"

namespace raft::trace {

namespace {

enum Notion : std::uint32_t {
  TermNotion = 1,
  VoteNotion = 2,
  HeartbeatNotion = 4,
  EntryNotion = 8,
  CommitNotion = 16,
  ConflictNotion = 32,
  MatchNotion = 64,
};

struct Explanation {
  Notion notion;
  const char* sentence;
};

const Explanation* explanationOf(const Fact& fact) {
  static constexpr Explanation term = {
      TermNotion,
      "A term is a stretch of time with at most one leader; each election begins a new one, with "
      "the next number. A candidate that more than half of all servers vote for is elected."};
  static constexpr Explanation vote = {
      VoteNotion,
      "A server votes once in a term, for the first candidate that asks, unless its own log is "
      "more up-to-date: so there is never a second leader, nor one that lacks what matters."};
  static constexpr Explanation heartbeat = {
      HeartbeatNotion,
      "A heartbeat is an AppendEntries message without entries. Each one starts the follower's "
      "election timeout again, so nobody stands for election while the leader is heard."};
  static constexpr Explanation entry = {
      EntryNotion,
      "1^1 is the entry at index 1 of the log, which a leader received in term 1. Replicated, it "
      "stands at the same index in the log of each server."};
  static constexpr Explanation commit = {
      CommitNotion,
      "Committed means safe: a majority has the entry, so whoever is elected later has it too. "
      "Only then is it applied, that is, handed to the program that the cluster replicates."};
  static constexpr Explanation conflict = {
      ConflictNotion,
      "Two logs that have an entry of the same index and term are equal up to there. What differs "
      "behind it was never committed, so the follower may drop it for what the leader has."};
  static constexpr Explanation match = {
      MatchNotion,
      "Each AppendEntries names the entry before those that it brings. A follower that does not "
      "have that one refuses, and the leader goes back until the two logs meet."};
  if (fact.is<BecameCandidate>()) return &term;
  if (fact.is<VoteGranted>()) return &vote;
  if (fact.is<BecameLeader>()) return &heartbeat;
  if (const auto* appended = fact.as<EntriesAppended>()) {
    return appended->source == Source::Client ? &entry : nullptr;
  }
  if (const auto* commits = fact.as<CommitAdvanced>()) {
    return commits->byCounting ? &commit : nullptr;
  }
  if (fact.is<EntriesTruncated>()) return &conflict;
  const auto* refused = fact.as<AppendRefused>();
  return refused && refused->why == AppendRefusal::NoMatch ? &match : nullptr;
}

}  // namespace

std::vector<std::string> explanationsOf(const std::vector<Fact>& group, std::uint32_t& known) {
  std::vector<std::string> out;
  for (const Fact& fact : group) {
    const Explanation* explanation = explanationOf(fact);
    if (!explanation || (known & explanation->notion) != 0) continue;
    known |= explanation->notion;
    out.push_back(std::string("(") + explanation->sentence + ")");
  }
  return out;
}

}  // namespace raft::trace
