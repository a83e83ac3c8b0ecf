#include "trace/json.h"

#include <algorithm>

#include "trace/json_names.h"
#include "trace/json_object.h"
#include "trace/sentence.h"

namespace raft::trace {

namespace {

struct WhatFields {
  JsonObject& o;

  void operator()(const Started& f) {
    o.field("again", f.again);
    o.field("votedFor", f.votedFor);
    o.field("lastIndex", f.lastIndex);
    o.field("lastTerm", f.lastTerm);
    o.field("electionDeadline", f.electionDeadline);
  }
  void operator()(const Crashed& f) {
    o.field("role", nameOf(f.role));
    o.field("lastIndex", f.lastIndex);
    o.field("durableIndex", f.durableIndex);
    o.field("writing", f.writing);
  }
  void operator()(const Paused& f) { o.field("role", nameOf(f.role)); }
  void operator()(const Resumed& f) { o.field("role", nameOf(f.role)); }
  void operator()(const ElectionTimedOut& f) {
    o.field("role", nameOf(f.role));
    o.field("waited", f.waited);
  }
  void operator()(const BecameCandidate& f) { o.field("termBefore", f.termBefore); }
  void operator()(const VotesRequested& f) {
    o.field("from", f.from);
    o.field("lastLogIndex", f.lastLogIndex);
    o.field("lastLogTerm", f.lastLogTerm);
    o.field("again", f.again);
  }
  void operator()(const VoteGranted& f) { named("candidate", f.candidate, "again", f.again); }
  void operator()(const VoteRefused& f) { named("candidate", f.candidate, "why", nameOf(f.why)); }
  void operator()(const VoteCounted& f) {
    o.field("voter", f.voter);
    o.field("granted", f.granted);
    o.field("have", std::uint64_t{f.have});
    o.field("need", std::uint64_t{f.need});
  }
  void operator()(const BecameLeader& f) {
    o.field("votes", f.votes);
    o.field("need", std::uint64_t{f.need});
  }
  void operator()(const TermAdopted& f) {
    o.field("termBefore", f.before);
    o.field("from", f.from);
  }
  void operator()(const BecameFollower& f) {
    o.field("was", nameOf(f.was));
    o.field("newerTerm", f.newerTerm);
    o.field("from", f.from);
  }
  void operator()(const SteppedDown& f) {
    o.field("was", nameOf(f.was));
    o.field("why", nameOf(f.why));
  }
  void operator()(const ConfigurationUsed& f) {
    o.field("before", f.before);
    o.field("after", f.after);
    o.field("index", f.index);
    o.field("back", f.back);
  }
  void operator()(const MembershipChange& f) {
    o.field("outcome", outcomeName(f.change.outcome));
    if (f.wish != ChangeConfiguration{}) {
      o.field("voters", f.wish.voters);
      o.field("learners", f.wish.learners);
      o.field("removed", f.wish.removed);
    }
    if (!f.change.servers.empty()) o.field("servers", f.change.servers);
    o.field("leader", f.change.leaderId);
  }
  void operator()(const CaughtUp& f) {
    o.field("servers", f.servers);
    o.field("round", f.round);
    o.field("goal", f.goal);
  }
  void operator()(const LeaderHeard& f) { o.field("leader", f.leader); }
  void operator()(const ProposalAccepted& f) {
    o.field("first", f.first);
    o.field("last", f.last);
  }
  void operator()(const ProposalRefused& f) {
    o.field("leader", f.leader);
    o.field("commands", f.commands);
    if (f.handsOver) o.field("handsOver", true);
    o.field("uncommittedBytes", f.uncommittedBytes);
  }
  void operator()(const EntriesAppended& f) {
    o.field("first", f.first);
    o.field("entries", f.entries);
    o.field("source", nameOf(f.source));
    o.field("from", f.from);
  }
  void operator()(const EntriesTruncated& f) {
    o.field("first", f.first);
    o.field("last", f.last);
    o.field("ours", f.ours);
    o.field("theirs", f.theirs);
    o.field("leader", f.leader);
  }
  void operator()(const HeartbeatsSent& f) {
    o.field("to", f.to);
    o.field("first", f.first);
  }
  void operator()(const EntriesSent& f) {
    o.field("to", f.to);
    o.field("first", f.first);
    o.field("last", f.last);
    o.field("again", f.again);
  }
  void operator()(const EntriesHeld& f) {
    o.field("to", f.to);
    o.field("first", f.first);
    o.field("last", f.last);
    o.field("why", nameOf(f.why));
  }
  void operator()(const PipeliningBegun& f) {
    o.field("follower", f.follower);
    o.field("matchIndex", f.matchIndex);
  }
  void operator()(const AppendAccepted& f) {
    o.field("leader", f.leader);
    o.field("matchIndex", f.matchIndex);
    o.field("entries", f.entries);
  }
  void operator()(const AppendRefused& f) {
    o.field("leader", f.leader);
    o.field("why", nameOf(f.why));
    o.field("prevLogIndex", f.prevLogIndex);
    o.field("prevLogTerm", f.prevLogTerm);
    o.field("ours", f.ours);
    o.field("hint", f.hint);
  }
  void operator()(const MatchIndexRaised& f) { follower(f.follower, f.before, f.after); }
  void operator()(const NextIndexLowered& f) { follower(f.follower, f.before, f.after); }
  void follower(ServerId follower, Index before, Index after) {
    o.field("follower", follower);
    o.field("before", before);
    o.field("after", after);
  }
  void operator()(const CommitAdvanced& f) {
    o.field("before", f.before);
    o.field("after", f.after);
    o.field("byCounting", f.byCounting);
    o.field("holders", f.holders);
  }
  void operator()(const CommitHeldBack& f) {
    o.field("index", f.index);
    o.field("entryTerm", f.term);
    o.field("holders", f.holders);
  }
  void operator()(const Applied& f) {
    o.field("first", f.first);
    o.field("entries", f.entries);
  }
  void operator()(const FateTold& f) {
    o.field("first", f.first);
    o.field("last", f.last);
    o.field("entryTerm", f.term);
    o.field("outcome", nameOf(f.outcome));
  }
  void operator()(const WriteAsked& f) {
    o.field("id", f.id);
    o.field("termChanged", f.term);
    o.field("voteChanged", f.vote);
    o.field("from", f.from);
    o.field("entries", f.entries);
    if (f.again) o.field("again", true);
    if (f.snapshot != Index{0}) o.field("snapshot", f.snapshot);
  }
  void operator()(const WriteDurable& f) { write(f.id, f.durableIndex); }
  void operator()(const WriteFailure& f) { write(f.id, f.durableIndex); }
  void write(WriteId id, Index durableIndex) {
    o.field("id", id);
    o.field("durableIndex", durableIndex);
  }
  void operator()(const ReadTaken& f) { o.field("id", f.id); }
  void operator()(const ReadRefused& f) { o.field("leader", f.leader); }
  void operator()(const ReadRoundBegan& f) {
    o.field("round", f.round);
    o.field("first", f.first);
    o.field("last", f.last);
    o.field("to", f.to);
  }
  void operator()(const ReadsConfirmed& f) {
    o.field("first", f.first);
    o.field("last", f.last);
    o.field("byLease", f.byLease);
    o.field("by", f.by);
    o.field("readIndex", f.readIndex);
  }
  void operator()(const ReadsLost& f) {
    o.field("first", f.first);
    o.field("last", f.last);
  }
  void operator()(const LeaseExtended& f) {
    o.field("until", f.until);
    o.field("by", f.by);
  }
  void lastIncluded(Index index, Term term) {
    o.field("lastIncludedIndex", index);
    o.field("lastIncludedTerm", term);
  }
  void operator()(const SnapshotWanted& f) {
    o.field("lastIncludedIndex", f.lastIncludedIndex);
    o.field("entries", f.entries);
  }
  void operator()(const SnapshotTaken& f) {
    lastIncluded(f.lastIncludedIndex, f.lastIncludedTerm);
    o.field("entries", f.entries);
    o.field("bytes", f.bytes);
  }
  void operator()(const SnapshotRefused& f) {
    o.field("lastIncludedIndex", f.lastIncludedIndex);
    o.field("applied", f.applied);
  }
  void operator()(const SnapshotSent& f) {
    o.field("to", f.to);
    lastIncluded(f.lastIncludedIndex, f.lastIncludedTerm);
    o.field("offset", f.offset);
    o.field("bytes", f.bytes);
    o.field("done", f.done);
    o.field("again", f.again);
  }
  void operator()(const ChunkReceived& f) {
    o.field("leader", f.leader);
    o.field("lastIncludedIndex", f.lastIncludedIndex);
    o.field("offset", f.offset);
    o.field("fate", nameOf(f.fate));
    o.field("stored", f.stored);
  }
  void operator()(const SnapshotInstalled& f) {
    o.field("leader", f.leader);
    lastIncluded(f.lastIncludedIndex, f.lastIncludedTerm);
    o.field("lastIndex", f.lastIndex);
    o.field("bytes", f.bytes);
  }
  void operator()(const SnapshotNotNeeded& f) {
    o.field("leader", f.leader);
    o.field("lastIncludedIndex", f.lastIncludedIndex);
    o.field("matchIndex", f.matchIndex);
  }
  void operator()(const ChunkAcknowledged& f) {
    o.field("follower", f.follower);
    o.field("lastIncludedIndex", f.lastIncludedIndex);
    o.field("before", f.before);
    o.field("after", f.after);
  }
  void operator()(const MessageIgnored& f) {
    o.field("message", f.envelope);
    o.field("why", nameOf(f.why));
  }
  void operator()(const MessageSent& f) { o.field("message", f.envelope); }
  void operator()(const MessageDelivered& f) { o.field("message", f.envelope); }
  void operator()(const MessageDuplicated& f) { o.field("message", f.envelope); }
  void operator()(const MessageLost& f) {
    o.field("message", f.envelope);
    o.field("why", nameOf(f.why));
  }
  void operator()(const Partitioned& f) { o.field("groups", f.groups); }
  void operator()(const LinkChanged& f) {
    o.field("from", f.from);
    o.field("to", f.to);
    o.field("before", f.before);
    o.field("after", f.after);
  }
  void operator()(const Healed&) {}
  void operator()(const DiskStalled& f) { o.field("until", f.until); }
  void operator()(const WritesFail& f) {
    o.field("next", f.next);
    o.field("every", f.every);
    o.field("until", f.until);
  }
  void operator()(const DiskWorks&) {}
  void operator()(const TailTorn& f) { o.field("entry", f.entry); }
  void operator()(const TornTailDropped& f) { o.field("entry", f.entry); }
  void operator()(const BitFlipped& f) { o.field("entry", f.entry); }
  void operator()(const StartRefused& f) { o.field("entry", f.entry); }
  void operator()(const DiskLost&) {}
  void operator()(const ClockDrifts& f) { o.field("perMillion", Duration(f.perMillion)); }
  void operator()(const ClientAsked& f) {
    request(f.client, f.request, f.server);
    o.field("command", f.command);
    o.field("attempt", std::uint64_t{f.attempt});
  }
  void operator()(const ClientRedirected& f) {
    request(f.client, f.request, f.server);
    o.field("leader", f.leaderId);
  }
  void operator()(const ClientPutOff& f) { request(f.client, f.request, f.server); }
  void operator()(const ClientTold& f) {
    request(f.client, f.request, f.server);
    o.field("lost", f.lost);
  }
  void operator()(const ClientTimedOut& f) { request(f.client, f.request, f.server); }
  void operator()(const ClientAnswered& f) {
    request(f.client, f.request, f.server);
    o.field("index", f.index);
    if (!f.reply.bytes().empty()) o.field("reply", commandText(f.reply, UINT32_MAX));
  }
  void operator()(const ReadAsked& f) {
    o.field("read", f.read);
    o.field("asked", f.server);
    o.field("key", f.key);
    o.field("local", f.local);
  }
  void operator()(const ReadAnswered& f) {
    o.field("read", f.read);
    o.field("key", f.key);
    o.field("value", f.value);
    o.field("applied", f.applied);
  }
  void operator()(const ReadUnanswered& f) {
    o.field("read", f.read);
    o.field("why", nameOf(f.why));
    o.field("leader", f.leaderId);
  }
  void operator()(const Replied& f) {
    o.field("index", f.index);
    o.field("entryTerm", f.entry.term);
    if (f.entry.type == EntryType::Command) o.field("command", f.entry.command);
    o.field("outcome", nameOf(f.kind));
    o.field("reply", commandText(f.reply, UINT32_MAX));
    if (f.session != 0) o.field("session", f.session);
    if (f.sequence != 0) o.field("sequence", f.sequence);
    o.field("expired", f.expired);
  }
  void request(std::uint32_t client, std::uint64_t request, ServerId server) {
    o.field("client", std::uint64_t{client});
    o.field("request", request);
    o.field("asked", server);
  }
  void operator()(const Said& f) { o.field("text", f.text); }
  void operator()(const Expected& f) {
    o.field("text", f.text);
    o.field("holds", f.holds);
  }
  void operator()(const InvariantBroken& f) { o.field("sentence", f.sentence); }
  void operator()(const PropertyViolated& f) { o.field("property", f.property); }
  void operator()(const Unexplained& f) { o.field("deed", f.deed); }
  void operator()(const PreVotesRequested& f) {
    o.field("from", f.from);
    o.field("standing", f.standing);
    o.field("lastLogIndex", f.lastLogIndex);
    o.field("lastLogTerm", f.lastLogTerm);
    o.field("again", f.again);
  }
  void operator()(const PreVoteGranted& f) {
    o.field("candidate", f.candidate);
    o.field("standing", f.standing);
  }
  void operator()(const PreVoteRefused& f) {
    named("candidate", f.candidate, "why", nameOf(f.why));
  }
  void operator()(const PreVoteCounted& f) {
    o.field("voter", f.voter);
    o.field("granted", f.granted);
    o.field("granters", f.granters);
    o.field("need", std::uint64_t{f.need});
  }
  void operator()(const TransferBegun& f) { named("to", f.to, "forPriority", f.forPriority); }
  void operator()(const TransferRefused& f) { named("to", f.to, "why", nameOf(f.why)); }
  void operator()(const TransferGivenUp& f) { o.field("to", f.to); }
  void operator()(const ToldToStand& f) { named("to", f.to, "askFirst", f.askFirst); }
  void operator()(const HeardToStand& f) { named("leader", f.leader, "askFirst", f.askFirst); }
  template <class T>
  void named(std::string_view role, ServerId server, std::string_view key, const T& value) {
    o.field(role, server);
    o.field(key, value);
  }
};

}  // namespace

void appendJsonString(std::string& out, std::string_view utf8) {
  out += '"';
  while (!utf8.empty()) {
    const std::uint32_t length = utf8Length(utf8);
    const auto byte = static_cast<unsigned char>(utf8[0]);
    if (length == 0) {
      out += "\\ufffd";
      utf8.remove_prefix(1);
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out += {'\\', utf8[0]};
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    } else {
      out += utf8.substr(0, length);
    }
    utf8.remove_prefix(length);
  }
  out += '"';
}

void appendJson(std::string& out, const Fact& fact, const Names& names) {
  JsonObject object(out, names);
  object.field("time", fact.time);
  object.field("step", fact.step);
  if (fact.server != ServerId{0}) {
    object.field("server", fact.server);
    object.field("term", fact.term);
  }
  object.field("kind", kindName(fact));
  std::visit(WhatFields{object}, fact.what);
  if (!fact.reason.empty()) object.field("reason", fact.reason);
  object.close();
}

void JsonLines::told(const Fact& fact) {
  appendJson(out_, fact, names_);
  out_ += '\n';
}

}  // namespace raft::trace
