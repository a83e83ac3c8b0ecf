#include "trace/sentence.h"

#include <algorithm>

namespace raft::trace {

namespace {

// "index 3" or "indexes 3 to 5".
std::string places(Index first, Index last) {
  if (first == last) return "index " + text(first.value);
  return "indexes " + text(first.value) + " to " + text(last.value);
}

std::string percent(std::uint32_t perMillion) {
  std::string out = text(perMillion / 10'000);
  if (const std::uint32_t rest = perMillion % 10'000; rest != 0) {
    std::string digits = text(std::uint64_t{10'000} + rest).substr(1);
    while (digits.back() == '0') digits.pop_back();
    out += "." + digits;
  }
  return out + " %";
}

std::string linkText(const Link& link) {
  std::string out = "latency " + text(link.latencyMin);
  if (link.latencyMax != link.latencyMin) out += " to " + text(link.latencyMax);
  if (link.lossPerMillion != 0) out += ", " + percent(link.lossPerMillion) + " lost";
  if (link.duplicatePerMillion != 0) out += ", " + percent(link.duplicatePerMillion) + " doubled";
  return out;
}

std::string commandOf(std::uint32_t client, std::uint64_t request) {
  if (request == 0) return "client " + text(client) + "'s request for a session";
  return "client " + text(client) + "'s command " + text(request);
}

// "read 3" or "reads 3 to 5".
std::string readsText(ReadId first, ReadId last) {
  if (first == last) return "read " + text(first.value);
  return "reads " + text(first.value) + " to " + text(last.value);
}

struct Predicate {
  const Fact& fact;
  const Names& names;
  bool many;

  // The verb, and what belongs to the subject, in the right number.
  std::string one(std::string_view singular, std::string_view plural) const {
    return std::string(many ? plural : singular);
  }
  std::string of(ServerId server) const { return names.of(server); }
  std::string term() const { return "term " + text(fact.term.value); }

  std::string operator()(const Started& f) const {
    std::string out = f.again ? one("restarts", "restart") : one("starts", "start");
    out += " as " + one("a follower", "followers") + " in " + term();
    if (f.lastIndex == Index{0}) return f.again ? out + ", with an empty log" : out;
    return out + ", with a log that ends in " + entryText(f.lastIndex, f.lastTerm);
  }
  std::string operator()(const Crashed& f) const {
    return one("crashes", "crash") + (f.role == RoleName::Leader ? " as leader" : "");
  }
  std::string operator()(const Paused&) const { return one("stands", "stand") + " still"; }
  std::string operator()(const Resumed&) const { return one("goes", "go") + " on"; }
  std::string operator()(const ElectionTimedOut& f) const {
    std::string out = one("sees its election timeout", "see their election timeouts");
    if (f.waited) out += " (" + text(*f.waited) + ")";
    return out + " elapse";
  }
  std::string operator()(const BecameCandidate&) const {
    return one("becomes candidate in ", "become candidates in ") + term() +
           one(" and votes for itself", " and vote for themselves");
  }
  std::string operator()(const VotesRequested& f) const {
    return one("asks ", "ask ") + names.of(f.from) + (f.again ? " again" : "") +
           (f.from.size() == 1 ? " for its vote" : " for their votes");
  }
  std::string operator()(const VoteGranted& f) const {
    return one("votes", "vote") + " for " + of(f.candidate) + (f.again ? " again" : "") + " in " +
           term();
  }
  std::string operator()(const VoteRefused& f) const {
    return one("refuses its vote", "refuse their votes") + " to " + of(f.candidate);
  }
  std::string operator()(const VoteCounted& f) const {
    return f.granted ? one("has ", "have ") + of(f.voter) + "'s vote"
                     : one("does", "do") + " not get " + of(f.voter) + "'s vote";
  }
  std::string operator()(const BecameLeader&) const {
    return one("becomes", "become") + " leader of " + term();
  }
  std::string operator()(const TermAdopted& f) const {
    return one("goes", "go") + " from term " + text(f.before.value) + " to " + term();
  }
  std::string operator()(const BecameFollower& f) const {
    if (f.was == RoleName::Candidate) {
      return one("gives", "give") + " up being candidate and " +
             one("becomes follower", "become followers");
    }
    return one("steps", "step") + " down from leader to follower";
  }
  std::string operator()(const SteppedDown& f) const {
    if (f.was == RoleName::Leader) return one("steps", "step") + " down from leader to follower";
    if (f.was == RoleName::Candidate) return one("gives", "give") + " up being candidate";
    return one("does", "do") + " not stand for election";
  }
  std::string operator()(const ConfigurationUsed& f) const {
    return one("uses ", "use ") +
           (f.after.isJoint() ? "the joint configuration " : "the configuration ") +
           configurationText(f.after, names) + (f.back ? " again" : "");
  }
  std::string operator()(const MembershipChange& f) const {
    switch (f.change.outcome) {
      case Change::Outcome::Begun: return one("begins to ", "begin to ") + wishText(f.wish, names);
      case Change::Outcome::Complete:
        return one("has completed its change of members", "have completed their change of members");
      case Change::Outcome::TooSlow:
        return one("gives", "give") + " up waiting for " + names.of(f.change.servers);
      case Change::Outcome::NotLeader:
        return one("refuses to ", "refuse to ") + wishText(f.wish, names) +
               (f.change.leaderId
                    ? one(" and names ", " and name ") + of(*f.change.leaderId) + " as the leader"
                    : one(" and knows", " and know") + " of no leader");
      default: return one("refuses to ", "refuse to ") + wishText(f.wish, names);
    }
  }
  std::string operator()(const CaughtUp& f) const {
    return one("finds ", "find ") + names.of(f.servers) + " close enough to vote";
  }
  std::string operator()(const LeaderHeard& f) const {
    return one("follows ", "follow ") + of(f.leader) + ", the leader of " + term();
  }
  std::string operator()(const ProposalAccepted& f) const {
    return one("accepts ", "accept ") +
           (f.first == f.last ? "a command"
                              : text(f.last.value - f.first.value + 1) + " commands") +
           " for " + places(f.first, f.last);
  }
  std::string operator()(const ProposalRefused& f) const {
    if (f.handsOver) {
      return one("refuses ", "refuse ") + (f.commands == 1 ? "a command" : "commands") +
             one(" and names ", " and name ") + of(*f.leader) + ", to which it hands over";
    }
    if (f.uncommittedBytes) {
      return one("refuses ", "refuse ") + (f.commands == 1 ? "a command" : "commands") +
             " for the time being";
    }
    return one("refuses ", "refuse ") + (f.commands == 1 ? "a command" : "commands") +
           (f.leader ? one(" and names ", " and name ") + of(*f.leader) + " as the leader"
                     : one(" and knows", " and know") + " of no leader");
  }
  std::string operator()(const EntriesAppended& f) const {
    return one("appends ", "append ") + entriesInFull(f.first, f.entries);
  }
  std::string operator()(const EntriesTruncated& f) const {
    return one("drops ", "drop ") +
           (f.first == f.last ? entryText(f.first, f.ours) : places(f.first, f.last)) +
           one(" from its log", " from their logs");
  }
  std::string operator()(const HeartbeatsSent& f) const {
    return one("sends ", "send ") + (f.first ? "its first " : "") +
           (f.to.size() == 1 ? "heartbeat to " : "heartbeats to ") + names.of(f.to);
  }
  std::string operator()(const EntriesSent& f) const {
    return one("sends ", "send ") + (f.first == f.last ? "entry " : "entries ") +
           text(f.first.value) + (f.first == f.last ? "" : " to " + text(f.last.value)) +
           (f.again ? " again to " : " to ") + names.of(f.to);
  }
  std::string operator()(const EntriesHeld& f) const {
    return one("holds back ", "hold back ") + (f.first == f.last ? "entry " : "entries ") +
           text(f.first.value) + (f.first == f.last ? "" : " to " + text(f.last.value)) + " from " +
           names.of(f.to);
  }
  std::string operator()(const PipeliningBegun& f) const {
    return one("goes", "go") + " on to send to " + of(f.follower) + " without waiting for answers";
  }
  std::string operator()(const AppendAccepted& f) const {
    if (f.entries == 0) return one("answers ", "answer ") + of(f.leader) + "'s heartbeat";
    return one("acknowledges to ", "acknowledge to ") + of(f.leader) + " all up to index " +
           text(f.matchIndex.value);
  }
  std::string operator()(const AppendRefused& f) const {
    return one("refuses ", "refuse ") + of(f.leader) + "'s AppendEntries";
  }
  std::string operator()(const MatchIndexRaised& f) const {
    return one("learns that ", "learn that ") + of(f.follower) + " holds all up to index " +
           text(f.after.value);
  }
  std::string operator()(const NextIndexLowered& f) const {
    return one("goes", "go") + " back to index " + text(f.after.value) + " for " + of(f.follower);
  }
  std::string operator()(const CommitAdvanced& f) const {
    const bool single = f.before + 1 == f.after;
    if (f.byCounting) return one("commits ", "commit ") + places(f.before + 1, f.after);
    return one("learns that ", "learn that ") + places(f.before + 1, f.after) +
           (single ? " is committed" : " are committed");
  }
  std::string operator()(const CommitHeldBack& f) const {
    return one("does", "do") + " not commit " + entryText(f.index, f.term) + ", though " +
           names.of(f.holders) + " hold it";
  }
  std::string operator()(const Applied& f) const {
    return one("applies ", "apply ") + entriesInFull(f.first, f.entries);
  }
  std::string operator()(const FateTold& f) const {
    const std::string what =
        f.first == f.last ? "the command that it accepted as " + entryText(f.first, f.term)
                          : "the commands that it accepted as " + entryText(f.first, f.term) +
                                " to " + entryText(f.last, f.term);
    if (f.outcome == Fate::Outcome::Unknown) {
      return one("does", "do") + " not know what becomes of " + what;
    }
    return one("knows", "know") + " " + what + " to be " +
           (f.outcome == Fate::Outcome::Lost ? "lost" : "committed");
  }
  std::string operator()(const WriteAsked& f) const {
    std::string what;
    const auto item = [&](const std::string& next) { what += (what.empty() ? "" : ", ") + next; };
    if (f.term) item("its term");
    if (f.vote) item("its vote");
    if (f.snapshot != Index{0}) item("its snapshot up to index " + text(f.snapshot.value));
    if (f.from != Index{0}) {
      item(f.entries == 0
               ? "that its log ends before index " + text(f.from.value)
               : counted(f.entries, "entry", "entries") + " from index " + text(f.from.value));
    }
    if (f.again) what = "its term and its vote" + (what.empty() ? "" : ", " + what);
    return one("starts write ", "start write ") + text(f.id.value) + ": " + what;
  }
  std::string operator()(const WriteDurable& f) const {
    return one("has write ", "have write ") + text(f.id.value) + " on disk" +
           (f.durableIndex == Index{0} ? ""
                                       : ", and its log up to index " + text(f.durableIndex.value));
  }
  std::string operator()(const WriteFailure& f) const {
    return one("sees its write ", "see their write ") + text(f.id.value) + " fail";
  }
  std::string operator()(const ReadTaken& f) const {
    return one("takes read ", "take read ") + text(f.id.value);
  }
  std::string operator()(const ReadRefused& f) const {
    return one("refuses a read", "refuse a read") +
           (f.leader ? one(" and names ", " and name ") + of(*f.leader) + " as the leader"
                     : one(" and knows", " and know") + " of no leader");
  }
  std::string operator()(const ReadRoundBegan& f) const {
    return one("asks ", "ask ") + names.of(f.to) + " whether it still leads, for " +
           readsText(f.first, f.last);
  }
  std::string operator()(const ReadsConfirmed& f) const {
    return one("may answer ", "may answer ") + readsText(f.first, f.last);
  }
  std::string operator()(const ReadsLost& f) const {
    return one("cannot answer ", "cannot answer ") + readsText(f.first, f.last) + " any more";
  }
  std::string operator()(const LeaseExtended& f) const {
    return one("has", "have") + " a lease until " + text(f.until);
  }
  std::string operator()(const SnapshotWanted& f) const {
    return one("asks its host", "ask their hosts") + " for a snapshot up to index " +
           text(f.lastIncludedIndex.value);
  }
  std::string operator()(const SnapshotTaken& f) const {
    return one("takes", "take") + " a snapshot of " + counted(f.bytes, "byte") + " up to " +
           entryText(f.lastIncludedIndex, f.lastIncludedTerm) +
           one(" and forgets ", " and forget ") + counted(f.entries, "entry", "entries");
  }
  std::string operator()(const SnapshotRefused& f) const {
    return one("refuses", "refuse") + " a snapshot up to index " + text(f.lastIncludedIndex.value);
  }
  std::string operator()(const SnapshotSent& f) const {
    const std::string whole = "its snapshot up to " +
                              entryText(f.lastIncludedIndex, f.lastIncludedTerm) +
                              (f.again ? " again to " : " to ") + of(f.to);
    if (f.done && f.offset == 0) return one("sends ", "send ") + whole;
    return one("sends ", "send ") + "bytes " + text(f.offset) + " to " + text(f.offset + f.bytes) +
           (f.done ? ", the last, of " : " of ") + whole;
  }
  std::string operator()(const ChunkReceived& f) const {
    const std::string chunk =
        of(f.leader) + "'s snapshot up to index " + text(f.lastIncludedIndex.value);
    if (f.fate == ChunkFate::Stored) {
      return one("has ", "have ") + counted(f.stored, "byte") + " of " + chunk;
    }
    return one("does", "do") + " not take bytes from " + text(f.offset) + " on of " + chunk;
  }
  std::string operator()(const SnapshotInstalled& f) const {
    return one("installs ", "install ") + of(f.leader) + "'s snapshot of " +
           counted(f.bytes, "byte") + " up to " +
           entryText(f.lastIncludedIndex, f.lastIncludedTerm) +
           (f.lastIndex == Index{0} ? "" : one(" in place of its log", " in place of their logs"));
  }
  std::string operator()(const SnapshotNotNeeded& f) const {
    return one("needs no ", "need no ") + "snapshot up to index " +
           text(f.lastIncludedIndex.value) + " from " + of(f.leader);
  }
  std::string operator()(const ChunkAcknowledged& f) const {
    return one("learns that ", "learn that ") + of(f.follower) + " has " +
           counted(f.after, "byte") + " of the snapshot up to index " +
           text(f.lastIncludedIndex.value);
  }
  std::string operator()(const MessageIgnored& f) const {
    return one("ignores ", "ignore ") + of(f.envelope.from) + "'s " +
           std::string(messageName(f.envelope.message));
  }
  std::string operator()(const MessageSent& f) const {
    return one("sends to ", "send to ") + of(f.envelope.to) + ": " +
           messageText(f.envelope.message, names);
  }
  std::string operator()(const MessageDelivered& f) const {
    return one("receives from ", "receive from ") + of(f.envelope.from) + ": " +
           messageText(f.envelope.message, names);
  }
  std::string operator()(const MessageDuplicated& f) const {
    return one("has its ", "have their ") + std::string(messageName(f.envelope.message)) + " to " +
           of(f.envelope.to) + " doubled";
  }
  std::string operator()(const MessageLost& f) const {
    return one("has its ", "have their ") + std::string(messageName(f.envelope.message)) + " to " +
           of(f.envelope.to) + " lost";
  }
  std::string operator()(const Partitioned& f) const {
    std::string groups;
    for (const ServerSet& group : f.groups) {
      groups += (groups.empty() ? "" : " | ") + names.of(group);
    }
    return "The network is partitioned: " + groups;
  }
  std::string operator()(const LinkChanged& f) const {
    const std::string link = "The link from " + of(f.from) + " to " + of(f.to);
    if (f.before.up && !f.after.up) return link + " is cut";
    if (!f.before.up && f.after.up) return link + " works again";
    return link + " now has " + linkText(f.after);
  }
  std::string operator()(const Healed&) const { return "All links work again"; }
  std::string operator()(const DiskStalled& f) const {
    return one("cannot write, for its disk stalls", "cannot write, for their disks stall") +
           (f.until ? " until " + text(*f.until) : "");
  }
  std::string operator()(const WritesFail& f) const {
    std::string which =
        f.every == 1 ? "each write fails" : "one write of " + text(f.every) + " fails";
    if (f.next == 1) which = "the next write will fail";
    if (f.next > 1) which = "the next " + text(f.next) + " writes will fail";
    return one("has a disk on which ", "have disks on which ") + which +
           (f.until ? ", until " + text(*f.until) : "");
  }
  std::string operator()(const DiskWorks&) const {
    return one("has a disk that works again", "have disks that work again");
  }
  std::string operator()(const TailTorn& f) const {
    return one("has ", "have ") + "entry " + text(f.entry.value) + " half on disk";
  }
  std::string operator()(const TornTailDropped& f) const {
    return one("drops ", "drop ") + "the torn entry " + text(f.entry.value);
  }
  std::string operator()(const BitFlipped& f) const {
    return one("has ", "have ") + "a bit turned over in entry " + text(f.entry.value) + " on disk";
  }
  std::string operator()(const StartRefused&) const {
    return one("does not start", "do not start");
  }
  std::string operator()(const DiskLost&) const {
    return one("loses its disk", "lose their disks") + " with all that was on " + one("it", "them");
  }
  std::string operator()(const ClockDrifts& f) const {
    const bool fast = f.perMillion > 0;
    const auto drift = static_cast<std::uint32_t>(fast ? f.perMillion : -f.perMillion);
    return one("has a clock that runs ", "have clocks that run ") + percent(drift) +
           (fast ? " fast" : " slow");
  }
  std::string operator()(const ClientAsked& f) const {
    return "Client " + text(f.client) + " asks " + of(f.server) + " for " + commandText(f.command) +
           (f.request == 0 ? " (to have a session" : " (its command " + text(f.request)) +
           (f.attempt > 1 ? ", attempt " + text(f.attempt) : "") + ")";
  }
  std::string operator()(const ClientRedirected& f) const {
    return of(f.server) + " sends " + commandOf(f.client, f.request) + " on to " +
           (f.leaderId ? of(*f.leaderId) : "no one, for it knows of no leader");
  }
  std::string operator()(const ClientPutOff& f) const {
    return of(f.server) + " puts off " + commandOf(f.client, f.request);
  }
  std::string operator()(const ClientTold& f) const {
    return of(f.server) + " tells client " + text(f.client) +
           (f.lost ? " that its command " + text(f.request) + " is lost, and that it may ask again"
                   : " that it does not know what becomes of its command " + text(f.request));
  }
  std::string operator()(const ClientTimedOut& f) const {
    return "Client " + text(f.client) + " waits no longer for " + of(f.server) +
           (f.request == 0 ? " with its request for a session"
                           : " with its command " + text(f.request));
  }
  std::string operator()(const ClientAnswered& f) const {
    const std::string to = of(f.server) + " answers " + commandOf(f.client, f.request);
    if (f.reply.bytes().empty()) return to + ": it was applied at index " + text(f.index.value);
    return to + ", applied at index " + text(f.index.value) + ": " + commandText(f.reply);
  }
  std::string operator()(const ReadAsked& f) const {
    return "Somebody reads " + commandText(f.key) + " from " + of(f.server) +
           (f.local ? "'s own state" : "");
  }
  std::string operator()(const ReadAnswered& f) const {
    return one("answers that ", "answer that ") + commandText(f.key) + " is " +
           (f.value ? commandText(*f.value) : "nothing");
  }
  std::string operator()(const ReadUnanswered&) const {
    return one("does", "do") + " not answer the read";
  }
  std::string operator()(const Replied& f) const {
    const std::string what = entryText(f.index, f.entry.term) + " (" + entryMeaning(f.entry) + ")";
    const std::string reply = commandText(f.reply, 80);
    if (f.kind == Replied::Kind::Refused) {
      return one("does", "do") + " not carry out " + what + ", " + reply;
    }
    if (f.kind == Replied::Kind::Repeated) {
      return one("answers ", "answer ") + what + " with " + reply +
             one(", as before, and does", ", as before, and do") + " not carry it out again";
    }
    return one("answers ", "answer ") + what + " with " + reply;
  }
  std::string operator()(const Said& f) const { return withoutControls(f.text); }
  std::string operator()(const Expected& f) const {
    return (f.holds ? "As expected: " : "Not as expected: ") + f.text;
  }
  std::string operator()(const InvariantBroken& f) const {
    return one("breaks", "break") + " what must always hold, \"" + f.sentence + "\"";
  }
  std::string operator()(const PropertyViolated& f) const { return f.property + " is violated"; }
  std::string operator()(const Unexplained& f) const { return f.deed + ", which no rule explains"; }
  std::string operator()(const PreVotesRequested& f) const {
    return one("asks ", "ask ") + names.of(f.from) + (f.again ? " again" : "") +
           one(" whether ", " whether ") + (f.from.size() == 1 ? "it" : "they") +
           " would vote for " + one("it", "them") + " in term " + text(f.standing.value);
  }
  std::string operator()(const PreVoteGranted& f) const {
    return "would vote for " + of(f.candidate) + " in term " + text(f.standing.value);
  }
  std::string operator()(const PreVoteRefused& f) const {
    return "would not vote for " + of(f.candidate);
  }
  std::string operator()(const PreVoteCounted& f) const {
    return one("learns that ", "learn that ") + of(f.voter) +
           (f.granted ? " would vote for it" : " would not vote for it");
  }
  std::string operator()(const TransferBegun& f) const {
    return one("begins", "begin") + " to hand over to " + of(f.to);
  }
  std::string operator()(const TransferRefused& f) const {
    return one("does", "do") + " not hand over to " + of(f.to);
  }
  std::string operator()(const TransferGivenUp& f) const {
    return one("gives", "give") + " up handing over to " + of(f.to) +
           one(" and goes on as leader", " and go on as leaders");
  }
  std::string operator()(const ToldToStand& f) const {
    return one("tells ", "tell ") + of(f.to) +
           (f.askFirst ? " to stand for election if it could win"
                       : " to stand for election at once");
  }
  std::string operator()(const HeardToStand& f) const {
    return one("is", "are") + " told by leader " + of(f.leader) + " to stand for election" +
           (f.askFirst ? " if it could win" : "");
  }
};

}  // namespace

std::string predicate(const Fact& fact, const Names& names, bool many) {
  return std::visit(Predicate{fact, names, many}, fact.what);
}

std::string deed(const Fact& fact, const Names& names) {
  const std::string what = predicate(fact, names);
  return fact.server == ServerId{0} ? what : names.of(fact.server) + " " + what;
}

std::string sentence(const Fact& fact, const Names& names) {
  const std::string what = deed(fact, names);
  if (fact.reason.empty()) return what;
  // What holds may come with whole sentences that say why.
  const auto* expected = fact.as<Expected>();
  return what + (expected && expected->holds ? ". " : ": ") + fact.reason;
}

}  // namespace raft::trace
