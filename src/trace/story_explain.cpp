// A word of explanation where a notion is first met.
#include "trace/story_words.h"

namespace raft::trace {

namespace {

enum Notion : Notions {
  TermNotion = 1,
  VoteNotion = 2,
  HeartbeatNotion = 4,
  EntryNotion = 8,
  NoopNotion = 16,
  CommitNotion = 32,
  ConflictNotion = 64,
  MatchNotion = 128,
  SnapshotNotion = 256,
  PreVoteNotion = 512,
  QuorumNotion = 1024,
  TransferNotion = 2048,
};

// Which notions a fact brings up.
Notions notionsOf(const Fact& fact) {
  if (fact.is<BecameCandidate>()) return TermNotion;
  if (fact.is<VoteGranted>()) return VoteNotion;
  if (fact.is<HeartbeatsSent>()) return HeartbeatNotion;
  if (const auto* appended = fact.as<EntriesAppended>()) {
    return appended->source == Source::Election ? EntryNotion | NoopNotion : EntryNotion;
  }
  if (const auto* commits = fact.as<CommitAdvanced>(); commits && commits->byCounting) {
    return CommitNotion;
  }
  if (fact.is<EntriesTruncated>()) return ConflictNotion;
  if (fact.is<SnapshotTaken>() || fact.is<SnapshotSent>()) return SnapshotNotion;
  if (fact.is<PreVotesRequested>()) return PreVoteNotion;
  const auto* down = fact.as<SteppedDown>();
  if (down && down->why != StepDownCause::Removed) return QuorumNotion;
  if (fact.is<TransferBegun>()) return TransferNotion;
  const auto* refused = fact.as<AppendRefused>();
  if (refused && refused->why == AppendRefusal::NoMatch) return MatchNotion;
  return 0;
}

// Of the first entry that the fact appends: "3^2 is the entry at index 3 …".
std::string ofEntry(const EntriesAppended& appended) {
  const Term term = appended.entries.begin()->term;
  return entryText(appended.first, term) + " is the entry at index " + text(appended.first.value) +
         " of the log, made by the leader of term " + text(term.value) +
         ". It is to stand at the same index in the log of each server.";
}

std::string sentenceOf(Notion notion, const Fact& fact) {
  switch (notion) {
    case TermNotion:
      return "A term is a stretch of time with at most one leader; each election begins a new one, "
             "with the next number. A candidate that more than half of all servers vote for is "
             "elected.";
    case VoteNotion:
      return "A server votes once in a term, for the first candidate that asks, unless its own log "
             "is more up-to-date: so a term never has a second leader, nor one that lacks what is "
             "committed.";
    case HeartbeatNotion:
      return "A heartbeat is an AppendEntries message without entries. Each one starts the "
             "follower's election timeout again, so nobody stands for election while the leader is "
             "heard.";
    case EntryNotion: return ofEntry(*fact.as<EntriesAppended>());
    case NoopNotion:
      return "A no-op is an entry without a command. A leader may count only entries of its own "
             "term as committed; once its no-op is, so is all that stands before it.";
    case CommitNotion:
      return "Committed means safe: a majority has the entry, so whoever is elected later has it "
             "too. Only then is it applied, that is, handed to the program that the cluster "
             "replicates.";
    case ConflictNotion:
      return "Two logs that have an entry of the same index and term are equal up to there. What "
             "differs behind it was never committed, so the follower may drop it for what the "
             "leader has.";
    case SnapshotNotion:
      return "A snapshot is all that the replicated program holds after the entries up to one, so "
             "the log may forget these. A follower that needs a forgotten entry is sent the "
             "snapshot in its place.";
    case PreVoteNotion:
      return "A new term ends that of a leader, even of one that works. So a server asks first "
             "whether it could win, and whoever has heard a leader just now says no.";
    case QuorumNotion:
      return "A leader that no majority answers can commit nothing, and another may have been "
             "elected. It says so to its clients rather than let them wait.";
    case TransferNotion:
      return "A leader that hands over takes no commands until the other one has its whole log; "
             "then that one stands for election at once, without waiting for a timeout.";
    case MatchNotion: break;
  }
  return "Each AppendEntries names the entry before those that it brings. A follower that does not "
         "have that one refuses, and the leader goes back until the two logs meet.";
}

}  // namespace

std::vector<std::string> explanationsOf(const std::vector<Fact>& group, Notions& known) {
  std::vector<std::string> out;
  for (const Fact& fact : group) {
    const Notions fresh = notionsOf(fact) & ~known;
    for (const Notion each : {TermNotion, VoteNotion, HeartbeatNotion, EntryNotion, NoopNotion,
                              CommitNotion, ConflictNotion, MatchNotion, SnapshotNotion,
                              PreVoteNotion, QuorumNotion, TransferNotion}) {
      if ((fresh & each) != 0) out.push_back("(" + sentenceOf(each, fact) + ")");
    }
    known |= fresh;
  }
  return out;
}

}  // namespace raft::trace
