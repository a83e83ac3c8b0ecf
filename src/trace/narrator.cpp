#include "trace/narrator.h"

namespace raft::trace {

namespace {

std::optional<Time> electionDeadline(const Server& server) {
  if (const Follower* follower = server.as<Follower>()) return follower->electionDeadline;
  if (const Candidate* candidate = server.as<Candidate>()) return candidate->electionDeadline;
  return std::nullopt;
}

// Why a machine is as it is now, or what follows.
struct ReasonOf {
  std::string operator()(const TailTorn&) const { return "it crashed in the midst of a write"; }
  std::string operator()(const TornTailDropped&) const {
    return "its checksum is wrong, and no mark behind it says that it was durable, so nobody was "
           "told of it";
  }
  std::string operator()(const BitFlipped&) const { return "nobody sees it before it is read"; }
  std::string operator()(const StartRefused& f) const {
    return "entry " + text(f.entry.value) +
           " on its disk was durable, and its checksum is wrong; it may have been acknowledged, "
           "so to go on without it is not safe (thesis §3.8)";
  }
  std::string operator()(const DiskLost&) const {
    return "whoever starts from an empty disk does not know in which terms it has voted, nor what "
           "it has acknowledged (thesis §3.8)";
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

RoleName roleOf(const Server& server) { return static_cast<RoleName>(server.role.index()); }

}  // namespace

Narrator::Narrator(FactSink& sink, Names names) : sink_(&sink), names_(std::move(names)) {}

Narrator::Known& Narrator::known(ServerId server) {
  if (known_.size() <= server.value) known_.resize(server.value + std::uint64_t{1});
  return known_[server.value];
}

void Narrator::deliver(const Fact& fact) {
  if (isFinding(fact)) ++findings_;
  sink_->told(fact);
}

void Narrator::tell(Time time, ServerId server, What what, std::string reason) {
  ++step_;
  const Term term = server == ServerId{0} ? Term{0} : known(server).term;
  deliver({.time = time,
           .step = step_,
           .server = server,
           .term = term,
           .what = std::move(what),
           .reason = std::move(reason)});
}

void Narrator::tell(Time time, What what, std::string reason) {
  tell(time, 0, std::move(what), std::move(reason));
}

void Narrator::started(Time time, const Server& server, bool again) {
  known(server.id) = {.term = server.currentTerm, .role = roleOf(server), .timerSet = time};
  tell(time, server.id,
       Started{.again = again,
               .votedFor = server.votedFor,
               .lastIndex = server.log.lastIndex(),
               .lastTerm = server.log.lastTerm(),
               .electionDeadline = electionDeadline(server)},
       again && server.snapshot.exists()
           ? "term and vote, a snapshot and the log after it come back from disk (§5.1, §7)"
       : again ? "term, vote and log come back from disk (§5.1)"
               : "when servers start up, they begin as followers (§5.2)");
}

void Narrator::stepped(const Step& step) {
  if (step.before == nullptr) return;  // nobody asked for it: nothing can be said
  Known& memory = known(step.after.id);
  std::optional<Duration> waited;
  if (memory.timerSet >= Time(0)) waited = step.time - memory.timerSet;
  ++step_;
  for (Fact& fact : factsOf(step, names_, waited)) {
    fact.step = step_;
    deliver(fact);
  }
  memory.term = step.after.currentTerm;
  memory.role = roleOf(step.after);
  const std::optional<Time> deadline = electionDeadline(step.after);
  if (deadline && deadline != electionDeadline(*step.before)) memory.timerSet = step.time;
}

void Narrator::sent(Time time, const Envelope& envelope) {
  tell(time, envelope.from, MessageSent{envelope});
}

void Narrator::duplicated(Time time, const Envelope& envelope) {
  tell(time, envelope.from, MessageDuplicated{envelope}, "the network makes a second copy of it");
}

void Narrator::lost(Time time, const Envelope& envelope, Lost why) {
  const std::string to = names_.of(envelope.to);
  std::string reason = "the network loses some";
  if (why == Lost::LinkDown) {
    reason = "the link from " + names_.of(envelope.from) + " to " + to + " is down";
  }
  if (why == Lost::ReceiverDown) reason = to + " is down";
  tell(time, envelope.from, MessageLost{envelope, why}, reason);
}

void Narrator::crashed(Time time, const Server& server) {
  const bool writing = !server.writing.empty();
  tell(time, server.id,
       Crashed{.role = roleOf(server),
               .lastIndex = server.log.lastIndex(),
               .durableIndex = server.durableIndex,
               .writing = writing},
       server.durableIndex < server.log.lastIndex()
           ? "what was not durable is lost, " +
                 (server.durableIndex == Index{0}
                      ? "the whole log"
                      : "the log after index " + text(server.durableIndex.value))
       : writing ? "a write was on its way to the disk and may be lost"
                 : "term, vote and log survive on disk (§5.1)");
}

void Narrator::paused(Time time, ServerId server) {
  tell(time, server, Paused{.role = known(server).role});
}

void Narrator::resumed(Time time, ServerId server) {
  tell(time, server, Resumed{.role = known(server).role},
       "no time seems to have passed, and what arrived meanwhile is taken now");
}

void Narrator::networkChanged(Time time, const NetworkChange& change) {
  std::visit([&](const auto& what) { tell(time, 0, what); }, change);
}

void Narrator::machineChanged(Time time, ServerId server, const MachineChange& change) {
  std::visit([&](const auto& what) { tell(time, server, what, ReasonOf{}(what)); }, change);
}

void Narrator::client(Time time, const ClientDeed& deed) {
  std::visit([&](const auto& what) { tell(time, 0, what); }, deed);
}

void Narrator::read(Time time, const ReadDeed& deed) {
  std::string reason;
  if (const auto* answered = std::get_if<ReadAnswered>(&deed)) {
    reason = "so its state machine says, which has applied all up to index " +
             text(answered->applied.value);
  } else if (const auto* unanswered = std::get_if<ReadUnanswered>(&deed)) {
    using Why = ReadUnanswered::Why;
    const std::string leader =
        unanswered->leaderId ? "; it takes " + names_.of(unanswered->leaderId) + " for the leader"
                             : "; it knows of no leader";
    if (unanswered->why == Why::NotLeader) reason = "it does not lead" + leader;
    if (unanswered->why == Why::LeadershipLost) reason = "it leads no longer" + leader;
    if (unanswered->why == Why::Down) reason = "it does not run";
  }
  const ServerId server = std::visit([](const auto& what) { return what.server; }, deed);
  const ServerId whose = std::holds_alternative<ReadAsked>(deed) ? ServerId{0} : server;
  std::visit([&](const auto& what) { tell(time, whose, what, reason); }, deed);
}

// All servers' machines do the same, so the first stands for them. A reply that a client waits for
// is told when the client has it.
void Narrator::replied(Time time, ServerId server, const Replied& reply) {
  if (reply.index <= replied_) return;
  replied_ = reply.index;
  if (reply.kind == Replied::Kind::Nothing) return;
  const bool plain = reply.awaited || reply.reply.bytes() == "ok";
  if (reply.kind == Replied::Kind::Applied && plain && !reply.expired) return;
  const std::string session = "session " + text(reply.session);
  const std::string request = "request " + text(reply.sequence) + " of " + session;
  std::string reason;
  if (reply.kind == Replied::Kind::Repeated) {
    reason = request + " was carried out before (thesis §6.3)";
  } else if (reply.kind == Replied::Kind::Refused) {
    reason = "it is of " + (reply.sequence != 0 ? request : session) + " (thesis §6.3)";
  } else if (reply.expired) {
    reason = "to make room, session " + text(*reply.expired) +
             ", which was not used for longest, expires (thesis §6.3)";
  }
  tell(time, server, reply, std::move(reason));
}

void Narrator::invariantBroken(Time time, const Server& server, const char* sentence) {
  tell(time, server.id, InvariantBroken{sentence},
       "it should hold of each server at any time: " + stateText(server, names_));
}

}  // namespace raft::trace
