// Reads without the log: ReadIndex and leases (thesis §6.4).
#include <algorithm>

#include "raft/quorum.h"
#include "trace/reading.h"

namespace raft::trace {

void Reading::on(const Read&) {
  Leader* leader = std::get_if<Leader>(&role_);
  if (!leader) {
    reads_.read = NotLeader{.leaderId = was_.leader()};
    return tell(ReadRefused{.leader = was_.leader()},
                "only the leader knows what is committed (thesis §6.4)");
  }
  ++lastRead_;
  reads_.read = ReadAccepted{.id = lastRead_};
  const bool knows = was_.log.term(was_.commitIndex) == term_;
  const std::optional<Time>& from = leader->reads.leaseFrom;
  const Duration lease = leaseDuration(was_.settings);
  const bool holds = was_.settings.leases && !leader->mayBeReplaced && from && *from <= now_ &&
                     now_ < *from + lease;
  tell(ReadTaken{lastRead_},
       knows ? "it is to be answered from the state machine, once it is sure that nobody else can "
               "have committed anything since (thesis §6.4)"
             : "it waits until an entry of the leader's term is committed, for until then the "
               "leader does not know what is (thesis §6.4)");
  if (!holds || !knows) return;
  endReads(lastRead_, true, {},
           "until " + text(*from + lease) +
               " no majority votes for anybody else: it has a lease (thesis §6.4.1)");
}

ServerSet Reading::confirmers(const Leader& leader, Round round) const {
  ServerSet all{was_.id};
  for (ServerId peer : is_.configuration.members()) {
    if (leader.of(peer).round >= round) all.insert(peer);
  }
  return all;
}

// A round of heartbeats begins, and with it the time that a lease is counted from.
void Reading::beginLeaseRound(Leader& leader) const {
  if (!was_.settings.leases || leader.reads.leaseRound != Round{0}) return;
  leader.reads.leaseRound = ++leader.round;
  leader.reads.leaseRoundBegan = now_;
}

void Reading::endReads(ReadId last, bool byLease, ServerSet by, std::string reason) {
  if (last <= readsEnded_) return;
  tell(ReadsConfirmed{.first = readsEnded_ + 1,
                      .last = last,
                      .byLease = byLease,
                      .by = by,
                      .readIndex = is_.lastApplied},
       std::move(reason));
  reads_.readable = readsEnded_ = last;
}

// Whatever the step was, reads may have got what they wait for.
void Reading::expectReads() {
  Leader* leader = std::get_if<Leader>(&role_);
  if (!leader) {
    if (readsEnded_ == lastRead_) return;
    tell(ReadsLost{.first = readsEnded_ + 1, .last = lastRead_},
         "it does not lead any more; the next leader has to be asked (thesis §6.4)");
    reads_.readsLost = readsEnded_ = lastRead_;
    return;
  }
  if (const Round round = leader->reads.leaseRound; round != Round{0}) {
    const ServerSet by = confirmers(*leader, round);
    if (isMajority(by, is_.configuration)) {
      leader->reads.leaseFrom = leader->reads.leaseRoundBegan;
      leader->reads.leaseRound = 0;
      tell(
          LeaseExtended{.until = *leader->reads.leaseFrom + leaseDuration(was_.settings), .by = by},
          names_.of(by) + ", a majority, have answered heartbeats of " +
              text(leader->reads.leaseRoundBegan) + " (thesis §6.4.1)");
    }
  }
  expectRound(*leader);
}

void Reading::expectRound(Leader& leader) {
  Reads& reads = leader.reads;
  while (true) {
    const ServerSet by = confirmers(leader, reads.round);
    if (reads.round != Round{0} && isMajority(by, is_.configuration)) {
      reads.round = 0;
      endReads(reads.asked, false, by,
               names_.of(by) +
                   ", a majority, took it for the leader after the read had arrived (thesis §6.4)");
    }
    const bool knows = is_.log.term(is_.commitIndex) == term_;
    if (readsEnded_ == lastRead_ || reads.round != Round{0} || !knows) return;
    reads.round = ++leader.round;
    reads.asked = lastRead_;
    ReadRoundBegan began{
        .round = reads.round, .first = readsEnded_ + 1, .last = lastRead_, .to = {}};
    for (ServerId peer : is_.configuration.members()) {
      if (peer == was_.id) continue;
      if (explainReadHeartbeat(peer)) {
        began.to.insert(peer);
      } else {
        unexplained("sends no heartbeat to " + name(peer),
                    "its reads wait for a round (thesis §6.4)");
      }
    }
    if (!began.to.empty()) {
      tell(began, "answers of a majority will prove that nobody else led meanwhile (thesis §6.4)");
    }
    if (!isMajority(confirmers(leader, reads.round), is_.configuration)) return;
  }
}

bool Reading::explainReadHeartbeat(ServerId to) {
  const Leader& leader = *std::get_if<Leader>(&role_);
  const Index prev = std::max(leader.of(to).matchIndex, is_.log.baseIndex());
  const Message expected = AppendEntries::Request{.term = term_,
                                                  .leaderId = was_.id,
                                                  .prevLogIndex = prev,
                                                  .prevLogTerm = is_.log.term(prev),
                                                  .leaderCommit = commitIndex_,
                                                  .round = leader.round};
  for (std::uint32_t i = 0; i < effects_.send.size(); ++i) {
    const Envelope& envelope = effects_.send[i].envelope;
    if (explained_[i] || envelope.to != to || envelope.message != expected) continue;
    return explained_[i] = true;
  }
  return false;
}

void Reading::compareReads() {
  const Effects said{
      .read = effects_.read, .readable = effects_.readable, .readsLost = effects_.readsLost};
  if (said == reads_ && is_.lastRead == lastRead_ && is_.readsEnded == readsEnded_) return;
  unexplained("says of reads: " + effectsText(said, names_) + ", of " + text(is_.readsEnded.value) +
                  " and " + text(is_.lastRead.value),
              "by the rules it says: " + effectsText(reads_, names_) + ", of " +
                  text(readsEnded_.value) + " and " + text(lastRead_.value) + " (thesis §6.4)");
}

}  // namespace raft::trace
