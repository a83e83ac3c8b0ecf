// Pre-vote (thesis §9.6), and who is content with its leader (thesis §4.2.3).
//
// A server whose election timeout elapses cannot know whether the leader is gone or only out of its
// reach. Before it takes a new term, which would end the leader's, it asks the others.
#include "raft/quorum.h"
#include "raft/server.h"

namespace raft {

// In the Pre-Vote algorithm, a candidate only increments its term if it first learns from a
// majority of the cluster that they would be willing to grant the candidate their votes (thesis
// §9.6). Until then it is a follower, and writes nothing: it may still vote for others.
void Server::canvass(Time now, Effects& out, bool leadershipTransfer) {
  if (!mayStand()) return becomeCandidate(now, out);  // which it cannot
  role = Follower{.electionDeadline = electionDeadline(now),
                  .canvass = Canvass{.responded = {id},
                                     .granted = {id},
                                     .retryDeadline = now + settings.heartbeatInterval,
                                     .leadershipTransfer = leadershipTransfer}};
  sendPreVotes(out);
  countPreVotes(now, out);  // a cluster of one
}

// Servers retry RPCs if they do not receive a response in a timely manner (§5.1).
void Server::canvassAgain(Time now, Effects& out) {
  as<Follower>()->canvass->retryDeadline = now + settings.heartbeatInterval;
  sendPreVotes(out);
}

void Server::sendPreVotes(Effects& out) const {
  const Canvass& canvass = *as<Follower>()->canvass;
  for (ServerId peer : configuration.voters | configuration.nextVoters) {
    if (canvass.responded.contains(peer)) continue;
    send(peer,
         PreVote::Request{.term = currentTerm + 1,
                          .candidateId = id,
                          .lastLogIndex = log.lastIndex(),
                          .lastLogTerm = log.lastTerm(),
                          .leadershipTransfer = canvass.leadershipTransfer},
         out);
  }
}

// The voters are willing if the candidate's log is sufficiently up-to-date, and the voters have not
// received heartbeats from a valid leader for at least a baseline election timeout (thesis §9.6).
//
// The answer carries currentTerm: who asks for a term that is over learns the newer one from it. It
// promises nothing, so nothing is written, and any number of servers may be told yes.
void Server::receive(ServerId from, const PreVote::Request& m, Time now, Effects& out) {
  const bool free = m.term > currentTerm;  // nobody has its vote there
  const bool content = hearsLeader(now) && !m.leadershipTransfer;
  const bool granted =
      free && isUpToDate(m.lastLogIndex, m.lastLogTerm) && !content && from == m.candidateId;
  send(from, PreVote::Response{.term = currentTerm, .voteGranted = granted, .requestTerm = m.term},
       out);
}

void Server::receive(ServerId from, const PreVote::Response& m, Time now, Effects& out) {
  Follower* follower = as<Follower>();
  if (!follower || !follower->canvass || m.requestTerm != currentTerm + 1) return;  // it is over
  if (!configuration.isVoter(from)) return;  // it was not asked in this election
  follower->canvass->responded.insert(from);
  if (m.voteGranted) follower->canvass->granted.insert(from);
  countPreVotes(now, out);
}

void Server::countPreVotes(Time now, Effects& out) {
  const Canvass& canvass = *as<Follower>()->canvass;
  if (!isMajority(canvass.granted, configuration)) return;
  becomeCandidate(now, out, canvass.leadershipTransfer);
}

// If a server receives a RequestVote request within the minimum election timeout of hearing from a
// current leader, it does not update its term or grant its vote (thesis §4.2.3). It replies with a
// vote denial. Within the leader's own term there is nothing to withhold: nobody else can win it.
//
// A leader that may have lost its followers without knowing must not hold on: it does the same only
// if it checks its quorum. Whom its leader told to stand has permission to disrupt it.
bool Server::disregards(const RequestVote::Request& m, Time now) const {
  return settings.leaderStickiness && !m.leadershipTransfer && hearsLeader(now) &&
         (settings.checkQuorum || !is<Leader>());
}

bool Server::hearsLeader(Time now) const {
  const Follower* follower = as<Follower>();
  return is<Leader>() || (follower && now < follower->withholdVotesUntil);
}

// Of a follower that hears its leader now. Who needs to know keeps it.
Time Server::withholdVotesUntil(Time now) const {
  const bool needed = settings.leaderStickiness || settings.preVote;
  return needed ? now + settings.electionTimeoutMin : Time{};
}

// It may have heard its leader just before it crashed, unless this is its first start.
void Server::withholdVotesAfterRestart(Time now) {
  if (!settings.leaderStickiness || currentTerm == Term{0}) return;
  as<Follower>()->withholdVotesUntil = withholdVotesUntil(now);
}

}  // namespace raft
