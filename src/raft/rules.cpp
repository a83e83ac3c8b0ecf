// Rules for Servers (Figure 2).
#include <algorithm>

#include "raft/assert.h"
#include "raft/server.h"

namespace raft {

Server Server::start(ServerId id, const Configuration& base, const Settings& settings,
                     std::uint64_t seed, Time now, Persistent durable) {
  const Duration none(0);
  RAFT_ASSERT(none < settings.heartbeatInterval && none < settings.electionTimeoutMin,
              "time goes on between two timeouts");
  RAFT_ASSERT(settings.electionTimeoutMin <= settings.electionTimeoutMax,
              "an election timeout lies between its ends");
  RAFT_ASSERT(none <= settings.writeTimeout, "a write takes some time, or none");
  RAFT_ASSERT(settings.maxMessagesInFlight >= 1, "a leader may send entries");
  Server server{.id = id,
                .configuration = base,
                .settings = settings,
                .random = Random{.seed = seed},
                .currentTerm = durable.currentTerm,
                .votedFor = durable.votedFor,
                .log = std::move(durable.log),
                .baseConfiguration = base};
  server.log.takeChange();
  server.durableIndex = server.log.lastIndex();
  server.startFrom(std::move(durable.snapshot));
  // When servers start up, they begin as followers (§5.2).
  server.role = Follower{.electionDeadline = server.electionDeadline(now)};
  server.withholdVotesAfterRestart(now);
  return server;
}

Effects Server::step(Time now, const Input& input) {
  Effects out;
  step(now, input, out);
  return out;
}

void Server::step(Time now, const Input& input, Effects& out) {
  std::visit([&](const auto& in) { step(now, in, out); }, input);
}

// Flat: all that a step calls becomes a part of it, for steps are short and many.
template <class In>
requires(!std::same_as<In, Input> && std::convertible_to<In, Input>)
    [[gnu::flatten]] void Server::step(Time now, const In& input, Effects& out) {
  out.clear();
  const Term termBefore = currentTerm;
  const bool votedBefore = votedFor.has_value();
  on(input, now, out);
  if (const Leader* leader = as<Leader>(); leader && leader->changing) carryOnChange(now, out);
  applyCommitted(out);
  if (readsEnded != lastRead || settings.leases) goOnWithReads(out);
  if (settings.tellFates) tellFates(out);
  writeChanges(termBefore, votedBefore, now, out);
}
template void Server::step(Time, const Timeout&, Effects&);
template void Server::step(Time, const Propose&, Effects&);
template void Server::step(Time, const Written&, Effects&);
template void Server::step(Time, const WriteFailed&, Effects&);
template void Server::step(Time, const Envelope&, Effects&);
template void Server::step(Time, const Read&, Effects&);
template void Server::step(Time, const Compact&, Effects&);
template void Server::step(Time, const TransferLeadership&, Effects&);
template void Server::step(Time, const ChangeConfiguration&, Effects&);

Time Server::deadline() const {
  if (const Leader* leader = as<Leader>()) return std::min(leader->heartbeatDeadline, stallsAt());
  if (const Follower* follower = as<Follower>()) {
    const auto& canvass = follower->canvass;
    return canvass ? std::min(follower->electionDeadline, canvass->retryDeadline)
                   : follower->electionDeadline;
  }
  const Candidate& candidate = *as<Candidate>();
  return std::min(candidate.electionDeadline, candidate.retryDeadline);
}

std::optional<ServerId> Server::leader() const {
  if (is<Leader>()) return id;
  if (const Follower* follower = as<Follower>()) return follower->leaderId;
  return std::nullopt;
}

// All Servers: if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state
// machine (§5.3).
void Server::applyCommitted(Effects& out) {
  if (commitIndex <= lastApplied) return;
  out.apply = {.first = lastApplied + 1, .entries = log.between(lastApplied + 1, commitIndex)};
  lastApplied = commitIndex;
  if (settings.compactAfter != 0) askToCompact(out);
}

// All Servers: if RPC request or response contains term T > currentTerm: set currentTerm = T,
// convert to follower (§5.1).
void Server::on(const Envelope& envelope, Time now, Effects& out) {
  if (envelope.to != id || envelope.from == id) return;  // astray or forged
  const auto take = [&](const auto& rpc) {
    if (rpc.term > currentTerm && !disregards(rpc, now)) becomeFollower(rpc.term, now);
    receive(envelope.from, rpc, now, out);
  };
  // All but a few are of two kinds, which are looked for first.
  const Message& message = envelope.message;
  if (const auto* request = std::get_if<AppendEntries::Request>(&message)) return take(*request);
  if (const auto* response = std::get_if<AppendEntries::Response>(&message)) return take(*response);
  std::visit(take, message);
}

void Server::on(const Timeout&, Time now, Effects& out) {
  if (now < deadline()) return;
  if (diskStalls(now)) return stepDown(now);
  // Leaders: send heartbeats during idle periods to prevent election timeouts (§5.2). They carry
  // the entries that were not acknowledged: the leader retries AppendEntries RPCs indefinitely
  // until all followers eventually store all log entries (§5.3).
  if (is<Leader>()) {
    if (lostQuorum(now)) return stepDown(now);
    broadcastAppendEntries(now, out);
    return continueTransfer(now, out);
  }
  if (Candidate* candidate = as<Candidate>(); candidate && now < candidate->electionDeadline) {
    // Servers retry RPCs if they do not receive a response in a timely manner (§5.1).
    candidate->retryDeadline = now + settings.heartbeatInterval;
    return sendRequestVotes(out);
  }
  if (Follower* follower = as<Follower>(); follower && now < follower->electionDeadline) {
    return canvassAgain(now, out);
  }
  // Followers: if election timeout elapses without receiving AppendEntries RPC from current leader
  // or granting vote to candidate: convert to candidate (§5.2).
  // Candidates: if election timeout elapses: start new election (§5.2).
  settings.preVote ? canvass(now, out) : becomeCandidate(now, out);
}

// Leaders: if command received from client: append entry to local log, respond after entry applied
// to state machine (§5.3). The response is the host's: it sees the entry in Effects::apply.
void Server::on(const Propose& proposal, Time, Effects& out) {
  if (!is<Leader>()) {
    out.proposed = NotLeader{.leaderId = leader()};
    return;
  }
  if (const std::optional<Transfer>& transfer = as<Leader>()->transfer) {
    out.proposed = Transferring{.to = transfer->to};
    return;
  }
  if (settings.maxUncommittedBytes != 0 && tooMuchUncommitted(proposal, out)) return;
  out.proposed = Accepted{.index = log.lastIndex() + 1, .term = currentTerm};
  if (settings.tellFates) rememberProposal(log.lastIndex() + 1, proposal.commands.size());
  for (const Command& command : proposal.commands) log.append({currentTerm, command});
  for (ServerId peer : configuration.members()) {
    if (peer != id) sendWhatIsMissing(peer, out);
  }
}

void Server::becomeFollower(Term term, Time now) {
  RAFT_ASSERT(term > currentTerm, "a server gives up its role for a newer term only");
  currentTerm = term;
  votedFor.reset();
  receiving.reset();  // another leader's chunks may be others
  // The election timer goes on as it was: only a heartbeat or a granted vote resets it. A leader
  // has none yet.
  Time deadline = is<Leader>() ? electionDeadline(now) : Time{};
  Time withhold = {};  // a newer term does not end a lease that it granted
  if (const Candidate* candidate = as<Candidate>()) deadline = candidate->electionDeadline;
  if (const Follower* follower = as<Follower>()) {
    deadline = follower->electionDeadline;
    withhold = follower->withholdVotesUntil;
  }
  role = Follower{.electionDeadline = deadline, .withholdVotesUntil = withhold};
}

// Candidates: on conversion to candidate, start election: increment currentTerm, vote for self,
// reset election timer, send RequestVote RPCs to all other servers (§5.2).
void Server::becomeCandidate(Time now, Effects& out, bool leadershipTransfer) {
  RAFT_ASSERT(!is<Leader>(), "a leader does not stand for election");
  if (!mayStand()) {
    role = Follower{.electionDeadline = electionDeadline(now)};
    return;
  }
  ++currentTerm;
  votedFor = id;
  receiving.reset();
  role = Candidate{.votesResponded = {id},
                   .votesGranted = {id},
                   .electionDeadline = electionDeadline(now),
                   .retryDeadline = now + settings.heartbeatInterval,
                   .leadershipTransfer = leadershipTransfer};
  sendRequestVotes(out);
}

// Leaders: upon election: send initial empty AppendEntries RPCs (heartbeat) to each server; repeat
// during idle periods to prevent election timeouts (§5.2).
void Server::becomeLeader(Time now, Effects& out) {
  RAFT_ASSERT(is<Candidate>(), "only a candidate is elected");
  // nextIndex[]: initialized to leader last log index + 1. matchIndex[]: initialized to 0.
  Leader leader;
  leader.progress.assign(std::max(configuration.members().last(), id).value,
                         Progress{.nextIndex = log.lastIndex() + 1, .heardAt = heardAt(now)});
  leader.of(id).matchIndex = durableIndex;
  leader.changing = configurationIndex > commitIndex || configuration.isJoint();
  role = std::move(leader);
  // Leaders: commit a blank no-op entry into the log at the start of its term (§8).
  // Not in Figure 2: the initial AppendEntries then carry it, and so are not empty.
  if (settings.noopAtElection) log.append(Entry::noop(currentTerm));
  broadcastAppendEntries(now, out);
}

// Election timeouts are chosen randomly from a fixed interval, so that split votes are rare and are
// resolved quickly (§5.2).
Time Server::electionDeadline(Time now) {
  return now + random.between(settings.electionTimeoutMin, settings.electionTimeoutMax);
}

}  // namespace raft
