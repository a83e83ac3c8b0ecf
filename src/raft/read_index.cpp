// Beyond Figure 2: reads that add nothing to the log, by ReadIndex and by leases (thesis §6.4).
//
// A read is answered from the leader's state machine, once that has applied all that was committed
// when the read arrived. What has to be known first is that nobody else could have committed
// anything by then: that this server still led. Answers to a round of heartbeats that began after
// the read arrived prove it; a lease stands for them.
#include <algorithm>

#include "raft/quorum.h"
#include "raft/server.h"

namespace raft {

void Server::on(const Read&, Time now, Effects& out) {
  if (!is<Leader>()) {
    out.beyond().read = NotLeader{.leaderId = leader()};
    return;
  }
  ++lastRead;
  out.beyond().read = ReadAccepted{.id = lastRead};
  if (holdsLease(now) && knowsWhatIsCommitted()) endReads(lastRead, out);
}

// The Leader Completeness Property guarantees that a leader has all committed entries, but at the
// start of its term, it may not know which those are. [thesis §6.4]
bool Server::knowsWhatIsCommitted() const { return log.term(commitIndex) == currentTerm; }

// After each step: reads that wait for something may have got it, or never will.
void Server::goOnWithReads(Effects& out) {
  Leader* leader = as<Leader>();
  if (!leader) {
    if (readsEnded != lastRead) out.beyond().readsLost = readsEnded = lastRead;
    return;
  }
  Reads& reads = leader->reads;
  if (reads.leaseRound != Round{0} && isConfirmed(reads.leaseRound)) {
    reads.leaseFrom = reads.leaseRoundBegan;
    reads.leaseRound = 0;
  }
  do {
    // 4. The leader waits for its state machine to advance at least as far as the readIndex.
    //    [thesis §6.4]
    // Here a step applies all that is committed before it ends, so readIndex need not be kept: what
    // is applied when the round ends reaches beyond what was committed when it began.
    if (reads.round != Round{0} && isConfirmed(reads.round)) {
      reads.round = 0;
      endReads(reads.asked, out);
    }
  } while (beginReadRound(out));
}

// 3. The leader issues a new round of heartbeats and waits for their acknowledgments from a
//    majority of the cluster. [thesis §6.4]
// Reads that arrive while a round is under way share the next one. True: it is confirmed already,
// by this server alone.
bool Server::beginReadRound(Effects& out) {
  Leader& leader = *as<Leader>();
  // 1. If the leader has not yet marked an entry from its current term committed, it waits until it
  //    has done so. [thesis §6.4]
  const bool waits = leader.reads.round != Round{0} || !knowsWhatIsCommitted();
  if (readsEnded == lastRead || waits) return false;
  leader.reads.round = ++leader.round;
  leader.reads.asked = lastRead;
  for (ServerId peer : configuration.members()) {
    if (peer != id) sendHeartbeat(peer, out);
  }
  return isConfirmed(leader.reads.round);
}

// Whether a majority has answered an AppendEntries of this round or a later one. It does not matter
// whether their logs matched: they had heard of no later term.
bool Server::isConfirmed(Round round) const {
  const Leader& leader = *as<Leader>();
  ServerSet confirmed{id};
  for (ServerId peer : configuration.members()) {
    if (leader.of(peer).round >= round) confirmed.insert(peer);
  }
  return isMajority(confirmed, configuration);
}

void Server::endReads(ReadId last, Effects& out) {
  if (last > readsEnded) out.beyond().readable = readsEnded = last;
}

// Empty, and about what is known to match: it changes nothing, whatever else is under way. Where
// the log has no such entry any more, it is refused, which changes nothing either.
void Server::sendHeartbeat(ServerId to, Effects& out) const {
  const Leader& leader = *as<Leader>();
  const Index matchIndex = leader.of(to).matchIndex;
  const Index prevLogIndex = std::max(matchIndex, log.baseIndex());
  send(to,
       AppendEntries::Request{.term = currentTerm,
                              .leaderId = id,
                              .prevLogIndex = prevLogIndex,
                              .prevLogTerm = log.term(prevLogIndex),
                              .leaderCommit = commitIndex,
                              .round = leader.round},
       out);
}

// Once the leader's heartbeats were acknowledged by a majority of the cluster, the leader would
// extend its lease to start + election timeout / clock drift bound. [thesis §6.4.1]
// `start` is when that round began. Until then no voter of that majority votes for anybody else, by
// a clock that is fast by the bound, while this one's is slow by it (§4.2.3).
bool Server::holdsLease(Time now) const {
  const Leader& leader = *as<Leader>();
  if (!settings.leases || !leader.reads.leaseFrom || leader.mayBeReplaced) return false;
  const Time from = *leader.reads.leaseFrom;
  return from <= now && now < from + leaseDuration(settings);
}

Duration leaseDuration(const Settings& settings) {
  const std::int64_t million = 1'000'000;
  const std::int64_t drift = settings.clockDriftBound;
  return Duration(settings.electionTimeoutMin.count() * (million - drift) / (million + drift));
}

// A lease is counted from the beginning of a round, so the next begins when this one is confirmed.
void Server::beginLeaseRound(Time now) {
  Leader& leader = *as<Leader>();
  if (!settings.leases || leader.reads.leaseRound != Round{0}) return;
  leader.reads.leaseRound = ++leader.round;
  leader.reads.leaseRoundBegan = now;
}

}  // namespace raft
