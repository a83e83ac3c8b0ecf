// Leadership transfer (thesis §3.10), and priorities, which are a reason for one.
#include "raft/server.h"

namespace raft {

void Server::on(const TransferLeadership& order, Time now, Effects& out) {
  const Leader* leader = as<Leader>();
  if (!leader) {
    out.beyond().transferred = Transferred::NotLeader;
  } else if (order.to == id) {
    out.beyond().transferred = Transferred::ToItself;
  } else if (!configuration.isVoter(order.to)) {
    out.beyond().transferred = Transferred::NotAVoter;
  } else if (leader->transfer && !leader->transfer->askFirst) {
    out.beyond().transferred = Transferred::AlreadyTransferring;
  } else {
    out.beyond().transferred = Transferred::Begun;
    beginTransfer(order.to, now + settings.electionTimeoutMax, false, out);
  }
}

// 1. The prior leader stops accepting new client requests (thesis §3.10): see on(Propose).
// 2. The prior leader fully updates the target server's log to match its own, using the normal log
//    replication mechanism (thesis §3.10).
void Server::beginTransfer(ServerId to, Time deadline, bool askFirst, Effects& out) {
  as<Leader>()->transfer = Transfer{.to = to, .deadline = deadline, .askFirst = askFirst};
  sendWhatIsMissing(to, out);
  sendTimeoutNow(out);
}

// 3. The prior leader sends a TimeoutNow request to the target server (thesis §3.10), again with
//    each heartbeat: it may be lost. It may come late as well, even after the transfer was given
//    up, and whoever is elected then has not waited for a lease to end: so there is none any more
//    in this term.
void Server::sendTimeoutNow(Effects& out) {
  const Leader& leader = *as<Leader>();
  Transfer& transfer = *as<Leader>()->transfer;
  if (transfer.told || !configuration.isVoter(transfer.to)) return;
  if (leader.of(transfer.to).matchIndex < log.lastIndex()) return;
  transfer.told = as<Leader>()->mayBeReplaced = true;
  send(transfer.to,
       TimeoutNow::Request{.term = currentTerm, .leaderId = id, .askFirst = transfer.askFirst},
       out);
}

// If leadership transfer does not complete after about an election timeout, the prior leader aborts
// the transfer and resumes accepting client requests (thesis §3.10).
void Server::continueTransfer(Time now, Effects& out) {
  Leader& leader = *as<Leader>();
  if (!leader.transfer) return;
  const bool mayWin = configuration.isVoter(leader.transfer->to);
  if (now < leader.transfer->deadline && mayWin) {
    leader.transfer->told = false;
    return sendTimeoutNow(out);
  }
  if (leader.transfer->askFirst) leader.yieldNotBefore = now + 10 * settings.electionTimeoutMax;
  leader.transfer.reset();
}

// A follower has answered: it may be the one that takes over, or the one that should.
//
// Priority never costs the cluster its leader: who is wished for must hold all that is committed,
// and asks first whether it could win. It has until the next heartbeat, which ends its asking. If
// nothing came of that, it is left in peace for ten election timeouts.
void Server::handOver(ServerId from, std::uint32_t priority, Time now, Effects& out) {
  const Leader& leader = *as<Leader>();
  if (leader.transfer) {
    if (leader.transfer->to == from) sendTimeoutNow(out);
  } else if (priority > settings.priority && configuration.isVoter(from) &&
             now >= leader.yieldNotBefore && leader.of(from).matchIndex >= commitIndex) {
    beginTransfer(from, leader.heartbeatDeadline, true, out);
  }
}

// This request has the same effect as the target server's election timer firing: the target server
// starts a new election (thesis §3.10). Only the
// leader that it follows may ask it to, so one that is late or forged changes nothing.
void Server::receive(ServerId from, const TimeoutNow::Request& m, Time now, Effects& out) {
  const Follower* follower = as<Follower>();
  if (!follower || m.term != currentTerm || follower->leaderId != from) return;
  m.askFirst ? canvass(now, out, true) : becomeCandidate(now, out, true);
}

}  // namespace raft
