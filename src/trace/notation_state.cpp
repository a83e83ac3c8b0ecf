// Servers, messages and effects as one line each.
#include <array>
#include <variant>

#include "trace/notation.h"

namespace raft::trace {

namespace {

std::string setText(const ServerSet& servers, const Names& names) {
  std::string out = "{";
  for (ServerId server : servers) {
    if (out.size() > 1) out += ' ';
    out += names.of(server);
  }
  return out + "}";
}

std::string roleText(const Server& server, const Names& names) {
  std::string out(roleName(server.role));
  if (const Follower* follower = server.as<Follower>(); follower && follower->leaderId) {
    out += " of " + names.of(*follower->leaderId);
  } else if (follower && follower->canvass) {
    out += "  would have the votes " + setText(follower->canvass->granted, names);
  } else if (const Candidate* candidate = server.as<Candidate>()) {
    out += "  votes " + setText(candidate->votesGranted, names);
  } else if (const Leader* leader = server.as<Leader>()) {
    for (ServerId peer : server.configuration.members()) {
      if (peer == server.id || peer.value > leader->progress.size()) continue;
      const Progress& progress = leader->of(peer);
      out += "  " + names.of(peer) + " matches " + text(progress.matchIndex.value) + ", next " +
             text(progress.nextIndex.value);
    }
    if (leader->transfer) out += "  hands over to " + names.of(leader->transfer->to);
  }
  return out;
}

std::string allEntries(Index first, const Entries& entries) {
  std::string out;
  for (const Entry& entry : entries) {
    if (!out.empty()) out += ' ';
    out += entryText(first, entry.term);
    ++first;
  }
  return out;
}

struct MessageText {
  std::string operator()(const RequestVote::Request& m) const {
    return "RequestVote term " + text(m.term.value) +
           (m.lastLogIndex == Index{0}
                ? ", empty log"
                : ", log ends in " + entryText(m.lastLogIndex, m.lastLogTerm)) +
           (m.leadershipTransfer ? ", by transfer" : "");
  }
  std::string operator()(const RequestVote::Response& m) const {
    return (m.voteGranted ? "vote, term " : "no vote, term ") + text(m.term.value);
  }
  std::string operator()(const AppendEntries::Request& m) const {
    std::string out = m.entries.empty() ? "heartbeat term " : "AppendEntries term ";
    out += text(m.term.value) + ", after " + entryText(m.prevLogIndex, m.prevLogTerm);
    if (!m.entries.empty()) {
      out += ": " + (m.entries.size() <= 6 ? allEntries(m.prevLogIndex + 1, m.entries)
                                           : entriesText(m.prevLogIndex + 1, m.entries));
    }
    return out + ", commit " + text(m.leaderCommit.value);
  }
  std::string operator()(const AppendEntries::Response& m) const {
    if (m.success) {
      return "matches up to " + text(m.matchIndex.value) + ", term " + text(m.term.value);
    }
    return "no match at " + text(m.prevLogIndex.value) + ", term " + text(m.term.value);
  }
  std::string operator()(const InstallSnapshot::Request& m) const {
    const std::uint64_t end = m.offset + m.data.bytes().size();
    return "InstallSnapshot term " + text(m.term.value) + ", up to " +
           entryText(m.lastIncludedIndex, m.lastIncludedTerm) + ": bytes " + text(m.offset) +
           " to " + text(end) + (m.done ? ", the last" : "");
  }
  std::string operator()(const InstallSnapshot::Response& m) const {
    if (m.matchIndex != Index{0}) {
      return "has all up to " + text(m.matchIndex.value) + ", term " + text(m.term.value);
    }
    return "has " + counted(m.stored, "byte") + " of the snapshot up to " +
           text(m.lastIncludedIndex.value) + ", term " + text(m.term.value);
  }
  std::string operator()(const PreVote::Request& m) const {
    const RequestVote::Request same{m.term, m.candidateId, m.lastLogIndex, m.lastLogTerm,
                                    m.leadershipTransfer};
    return "Pre" + (*this)(same).substr(std::string_view("Request").size());
  }
  std::string operator()(const PreVote::Response& m) const {
    return std::string(m.voteGranted ? "would vote" : "would not vote") + " in term " +
           text(m.requestTerm.value) + ", term " + text(m.term.value);
  }
  std::string operator()(const TimeoutNow::Request& m) const {
    return "TimeoutNow term " + text(m.term.value) + (m.askFirst ? ", if it can win" : "");
  }
};

std::string answerText(const Proposed& answer, const Names& names) {
  if (const auto* accepted = std::get_if<Accepted>(&answer)) {
    return "accepted as " + entryText(accepted->index, accepted->term);
  }
  if (const auto* transferring = std::get_if<Transferring>(&answer)) {
    return "hands over to " + names.of(transferring->to);
  }
  if (const auto* much = std::get_if<TooMuchUncommitted>(&answer)) {
    return "refused: " + text(much->bytes) + " bytes wait to be committed";
  }
  return "not leader; leader: " + names.of(std::get<NotLeader>(answer).leaderId);
}

std::string_view answerText(Transferred answer) {
  switch (answer) {
    case Transferred::Begun: return "transfer begun";
    case Transferred::NotLeader: return "no transfer: not leader";
    case Transferred::NotAVoter: return "no transfer: to no voter";
    case Transferred::ToItself: return "no transfer: to itself";
    case Transferred::AlreadyTransferring: break;
  }
  return "no transfer: one is under way";
}

void item(std::string& all, const std::string& one) {
  if (!all.empty()) all += "; ";
  all += one;
}

std::string writeText(const Write& write, const Names& names) {
  std::string out = "write " + text(write.id.value) + ": term " + text(write.currentTerm.value) +
                    ", vote for " + names.of(write.votedFor);
  if (write.snapshot) {
    out += ", snapshot up to " +
           entryText(write.snapshot->lastIncludedIndex, write.snapshot->lastIncludedTerm);
  }
  if (write.from == Index{0}) return out;
  out += ", log from " + text(write.from.value);
  return write.entries.empty() ? out + " dropped"
                               : out + ": " + allEntries(write.from, write.entries);
}

std::string changeText(const Change& change, const Names& names) {
  switch (change.outcome) {
    case Change::Outcome::Begun: return "change of members begun";
    case Change::Outcome::Complete: return "change of members complete";
    case Change::Outcome::NotLeader: return "not leader; leader: " + names.of(change.leaderId);
    case Change::Outcome::Contradictory:
      return "refused: " + names.of(change.servers) + " cannot be two things at once";
    case Change::Outcome::InFlight: return "refused: another change is under way";
    case Change::Outcome::HandingOver: return "refused: the leader hands over";
    case Change::Outcome::TooEarly: return "refused: no entry of this term is committed";
    case Change::Outcome::NoVoter: return "refused: no voter would be left";
    case Change::Outcome::AlreadySo: return "refused: it is so already";
    case Change::Outcome::TooSlow: break;
  }
  return "given up: " + names.of(change.servers) + " too slow";
}

}  // namespace

std::string_view outcomeName(Change::Outcome outcome) {
  constexpr auto names = std::to_array<std::string_view>(
      {"begun", "complete", "notLeader", "contradictory", "inFlight", "handingOver", "tooEarly",
       "noVoter", "alreadySo", "tooSlow"});
  return names[static_cast<std::uint8_t>(outcome)];
}

std::string_view messageName(const Message& message) {
  if (const auto* m = std::get_if<RequestVote::Response>(&message)) {
    return m->voteGranted ? "vote" : "refusal of its vote";
  }
  if (const auto* m = std::get_if<AppendEntries::Request>(&message)) {
    return m->entries.empty() ? "heartbeat" : "AppendEntries";
  }
  if (const auto* m = std::get_if<AppendEntries::Response>(&message)) {
    return m->success ? "acknowledgement" : "refusal";
  }
  if (std::holds_alternative<InstallSnapshot::Request>(message)) return "InstallSnapshot";
  if (const auto* m = std::get_if<InstallSnapshot::Response>(&message)) {
    return m->matchIndex == Index{0} ? "answer" : "acknowledgement";
  }
  if (const auto* m = std::get_if<PreVote::Response>(&message)) {
    return m->voteGranted ? "pre-vote" : "refusal of its pre-vote";
  }
  if (std::holds_alternative<PreVote::Request>(message)) return "PreVote";
  if (std::holds_alternative<TimeoutNow::Request>(message)) return "TimeoutNow";
  return "RequestVote";
}

std::string stateText(const Server& server, const Names& names) {
  return names.of(server.id) + "@" + text(server.currentTerm.value) + " " +
         roleText(server, names) + "  log " + logText(server.log) + "  commit " +
         text(server.commitIndex.value);
}

std::string messageText(const Message& message, const Names&) {
  return std::visit(MessageText{}, message);
}

std::string messageText(const Envelope& envelope, const Names& names) {
  return names.of(envelope.from) + " → " + names.of(envelope.to) + "  " +
         messageText(envelope.message, names);
}

std::string effectsText(const Effects& effects, const Names& names) {
  std::string out;
  if (effects.write) item(out, writeText(*effects.write, names));
  for (const Send& send : effects.send) {
    std::string one = messageText(send.envelope, names);
    if (send.after != WriteId{0}) one += " (after write " + text(send.after.value) + ")";
    item(out, one);
  }
  if (!effects.apply.entries.empty()) {
    item(out, "apply " + allEntries(effects.apply.first, effects.apply.entries));
  }
  if (effects.proposed) item(out, answerText(*effects.proposed, names));
  if (effects.transferred) item(out, std::string(answerText(*effects.transferred)));
  if (effects.read) {
    if (const auto* accepted = std::get_if<ReadAccepted>(&*effects.read)) {
      item(out, "read " + text(accepted->id.value) + " accepted");
    } else {
      item(out, "no read here; leader: " + names.of(std::get<NotLeader>(*effects.read).leaderId));
    }
  }
  if (effects.readable != ReadId{0}) {
    item(out, "reads up to " + text(effects.readable.value) + " may be answered");
  }
  if (effects.readsLost != ReadId{0}) {
    item(out, "reads up to " + text(effects.readsLost.value) + " are lost");
  }
  if (effects.restore) {
    item(out, "restore the snapshot up to " +
                  entryText(effects.restore->lastIncludedIndex, effects.restore->lastIncludedTerm));
  }
  if (effects.compaction == Compaction::Wanted) item(out, "asks for a snapshot");
  if (effects.change) item(out, changeText(*effects.change, names));
  return out.empty() ? "nothing" : out;
}

std::string inputText(const Input& input, const Names& names) {
  if (std::holds_alternative<Timeout>(input)) return "timeout";
  if (std::holds_alternative<Read>(input)) return "read";
  if (const auto* written = std::get_if<Written>(&input)) {
    return "write " + text(written->id.value) + " is durable";
  }
  if (const auto* failed = std::get_if<WriteFailed>(&input)) {
    return "write " + text(failed->id.value) + " has failed";
  }
  if (const auto* order = std::get_if<TransferLeadership>(&input)) {
    return "order to hand over to " + names.of(order->to);
  }
  if (const auto* propose = std::get_if<Propose>(&input)) {
    std::string out = "proposal:";
    for (const Command& command : propose->commands) out += " " + commandText(command);
    return out;
  }
  if (const auto* compact = std::get_if<Compact>(&input)) {
    return "snapshot up to " + text(compact->index.value);
  }
  if (const auto* wish = std::get_if<ChangeConfiguration>(&input)) return wishText(*wish, names);
  return messageText(std::get<Envelope>(input), names);
}

}  // namespace raft::trace
