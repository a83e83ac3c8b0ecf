// A leader gives up its role (thesis §6.2) or hands it over (thesis §3.10).
#include <algorithm>

#include "raft/quorum.h"
#include "trace/reading.h"

namespace raft::trace {

bool Reading::lostQuorum() {
  const Settings& settings = was_.settings;
  if (!settings.checkQuorum) return false;
  ServerSet heard{was_.id};
  for (ServerId peer : was_.configuration.voters | was_.configuration.nextVoters) {
    const Time silent = was_.as<Leader>()->of(peer).heardAt + settings.electionTimeoutMin;
    if (now_ < silent) heard.insert(peer);
  }
  if (isMajority(heard, was_.configuration)) return false;
  const std::uint32_t need = majority(was_.configuration.voters.size());
  const bool joint = was_.configuration.isJoint();
  ServerSet others = heard;
  others.erase(was_.id);
  stepDown(StepDownCause::NoMajority,
           "for " + text(settings.electionTimeoutMin) + " it has heard from " + names_.of(others) +
               (others.empty() ? "" : " alone") +
               (joint ? ", with itself " + share(heard) + ", and a majority of each is needed"
                      : ", and with itself a majority is " + text(need) + " of " +
                            text(was_.configuration.voters.size())) +
               " (thesis §6.2)");
  return true;
}

void Reading::on(const TransferLeadership& order) {
  const auto refuse = [&](Transferred why, std::string reason) {
    transferred_ = why;
    tell(TransferRefused{.to = order.to, .why = why}, std::move(reason));
  };
  const Leader* leader = was_.as<Leader>();
  if (!leader) return refuse(Transferred::NotLeader, "only a leader hands over (thesis §3.10)");
  if (order.to == was_.id) return refuse(Transferred::ToItself, "it leads already");
  if (!was_.configuration.isVoter(order.to)) {
    return refuse(Transferred::NotAVoter, name(order.to) + " could not be elected: it has no vote");
  }
  if (leader->transfer && !leader->transfer->askFirst) {
    return refuse(Transferred::AlreadyTransferring,
                  "it hands over to " + name(leader->transfer->to) + " just now (thesis §3.10)");
  }
  transferred_ = Transferred::Begun;
  beginTransfer(order.to, now_ + was_.settings.electionTimeoutMax, false,
                "it was asked to, and takes no commands meanwhile (thesis §3.10)");
}

void Reading::beginTransfer(ServerId to, Time deadline, bool askFirst, std::string reason) {
  Leader& leader = std::get<Leader>(role_);
  leader.transfer = Transfer{.to = to, .deadline = deadline, .askFirst = askFirst};
  tell(TransferBegun{.to = to, .forPriority = askFirst}, std::move(reason));
  missing_.insert(to);
  explainTimeoutNow();
}

void Reading::explainTimeoutNow() {
  const Leader& leader = std::get<Leader>(role_);
  Transfer& transfer = *std::get<Leader>(role_).transfer;
  if (transfer.told || !was_.configuration.isVoter(transfer.to)) return;
  if (leader.of(transfer.to).matchIndex < was_.log.lastIndex()) return;
  transfer.told = std::get<Leader>(role_).mayBeReplaced = true;
  const TimeoutNow::Request expected{
      .term = term_, .leaderId = was_.id, .askFirst = transfer.askFirst};
  const auto send = std::ranges::find_if(effects_.send, [&](const Send& each) {
    const auto* m = std::get_if<TimeoutNow::Request>(&each.envelope.message);
    return m && each.envelope.to == transfer.to && *m == expected;
  });
  if (send == effects_.send.end()) {
    return unexplained("does not tell " + name(transfer.to) + " to stand",
                       name(transfer.to) + " has its whole log (thesis §3.10)");
  }
  explained_[static_cast<std::uint64_t>(send - effects_.send.begin())] = true;
  tell(ToldToStand{.to = transfer.to, .askFirst = transfer.askFirst},
       name(transfer.to) + " has the leader's whole log (thesis §3.10)");
}

void Reading::continueTransfer() {
  Leader& leader = std::get<Leader>(role_);
  if (!leader.transfer) return;
  const bool mayWin = was_.configuration.isVoter(leader.transfer->to);
  if (now_ < leader.transfer->deadline && mayWin) {
    leader.transfer->told = false;
    return explainTimeoutNow();
  }
  if (leader.transfer->askFirst) {
    leader.yieldNotBefore = now_ + 10 * was_.settings.electionTimeoutMax;
  }
  tell(TransferGivenUp{.to = leader.transfer->to},
       name(leader.transfer->to) + " has not become leader in the time that it had (thesis §3.10)");
  leader.transfer.reset();
}

void Reading::handOver(ServerId from, std::uint32_t priority) {
  const Leader& leader = std::get<Leader>(role_);
  if (leader.transfer) {
    if (leader.transfer->to == from) explainTimeoutNow();
    return;
  }
  if (priority <= was_.settings.priority || now_ < leader.yieldNotBefore) return;
  if (!was_.configuration.isVoter(from)) return;
  if (leader.of(from).matchIndex < commitIndex_) return;
  beginTransfer(from, leader.heartbeatDeadline, true,
                name(from) + "'s priority is higher: " + text(priority) + " > " +
                    text(was_.settings.priority));
}

void Reading::receive(const Envelope& envelope, const TimeoutNow::Request& m) {
  const Follower* follower = std::get_if<Follower>(&role_);
  if (!follower || m.term != term_ || follower->leaderId != envelope.from) {
    return tell(MessageIgnored{envelope, Ignored::NotItsLeader},
                m.term < term_ ? "term " + text(m.term.value) + " is over (§5.1)"
                               : own() + " does not follow " + name(envelope.from));
  }
  tell(HeardToStand{.leader = envelope.from, .askFirst = m.askFirst},
       "leader " + name(envelope.from) + " hands over to it (thesis §3.10)");
  if (!mayStand()) {
    role_ = Follower{};
    timerSet_ = true;
  } else if (m.askFirst) {
    canvass(true);
  } else {
    stand("leader " + name(envelope.from) + " told it to stand (thesis §3.10)", true);
  }
}

}  // namespace raft::trace
