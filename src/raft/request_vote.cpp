// RequestVote RPC (Figure 2, §5.2, §5.4).
#include "raft/quorum.h"
#include "raft/server.h"

namespace raft {

// Receiver implementation.
void Server::receive(ServerId from, const RequestVote::Request& m, Time now, Effects& out) {
  // 1. Reply false if term < currentTerm (§5.1).
  const bool current = m.term == currentTerm;

  // 2. If votedFor is null or candidateId, and candidate's log is at least as up-to-date as
  //    receiver's log, grant vote (§5.2, §5.4).
  const bool free = !votedFor || votedFor == m.candidateId;

  const bool upToDate = isUpToDate(m.lastLogIndex, m.lastLogTerm);

  Follower* follower = as<Follower>();  // a candidate or leader has voted for itself
  const bool granted =
      current && free && upToDate && follower && from == m.candidateId && !disregards(m, now);
  if (granted) {
    votedFor = m.candidateId;
    follower->canvass.reset();
    follower->electionDeadline = electionDeadline(now);
  }
  send(from, RequestVote::Response{.term = currentTerm, .voteGranted = granted}, out);
}

// If the logs have last entries with different terms, then the log with the later term is more
// up-to-date. If the logs end with the same term, then whichever log is longer is more up-to-date
// (§5.4.1).
bool Server::isUpToDate(Index lastLogIndex, Term lastLogTerm) const {
  return lastLogTerm > log.lastTerm() ||
         (lastLogTerm == log.lastTerm() && lastLogIndex >= log.lastIndex());
}

void Server::receive(ServerId from, const RequestVote::Response& m, Time now, Effects& out) {
  Candidate* candidate = as<Candidate>();
  if (!candidate || m.term != currentTerm) return;  // of an election that is over
  if (!configuration.isVoter(from)) return;         // it was not asked in this election
  candidate->votesResponded.insert(from);
  if (m.voteGranted) candidate->votesGranted.insert(from);
  countVotes(now, out);
}

// Candidates: if votes received from majority of servers: become leader (§5.2).
void Server::countVotes(Time now, Effects& out) {
  const Candidate* candidate = as<Candidate>();
  if (candidate && isMajority(candidate->votesGranted, configuration)) becomeLeader(now, out);
}

void Server::sendRequestVotes(Effects& out) const {
  const Candidate& candidate = *as<Candidate>();
  for (ServerId peer : configuration.voters | configuration.nextVoters) {
    if (candidate.votesResponded.contains(peer)) continue;
    send(peer,
         RequestVote::Request{.term = currentTerm,
                              .candidateId = id,
                              .lastLogIndex = log.lastIndex(),
                              .lastLogTerm = log.lastTerm(),
                              .leadershipTransfer = candidate.leadershipTransfer},
         out);
  }
}

}  // namespace raft
