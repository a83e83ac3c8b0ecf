#include "trace/reading.h"

#include <algorithm>

#include "trace/narrator.h"

namespace raft::trace {

namespace {

std::string progressText(const Progress& p) {
  std::string out = text(p.matchIndex.value) + ", next " + text(p.nextIndex.value);
  if (p.waiting) out += ", waiting";
  if (p.state != Progress::State::Replicate) return out;
  return out + ", with " + text(p.inFlight.size()) + " messages in flight";
}

}  // namespace

std::vector<Fact> factsOf(const Step& step, const Names& names, std::optional<Duration> waited) {
  return Reading(step, names, waited).read();
}

Reading::Reading(const Step& step, const Names& names, std::optional<Duration> waited)
    : step_(step),
      was_(*step.before),
      is_(step.after),
      effects_(step.effects),
      names_(names),
      now_(step.time + step.clockAhead),
      waited_(waited),
      term_(was_.currentTerm),
      votedFor_(was_.votedFor),
      role_(was_.role),
      commitIndex_(was_.commitIndex),
      counted_(was_.configuration),
      keep_(was_.log.lastIndex()),
      lastWrite_(was_.lastWrite),
      writing_(was_.writing),
      durableIndex_(was_.durableIndex),
      pending_(was_.pending),
      lastRead_(was_.lastRead),
      readsEnded_(was_.readsEnded),
      snapshot_(was_.snapshot),
      receiving_(was_.receiving),
      compactionAsked_(was_.compactionAsked),
      configuration_(was_.configuration),
      configurationIndex_(was_.configurationIndex),
      explained_(effects_.send.size(), false) {}

std::vector<Fact> Reading::read() {
  std::visit([this](const auto& in) { on(in); }, step_.input);
  carryOnChange();
  compareLog();
  explainAppendEntries();
  tellHeld();
  compareCommit();
  leaveIfRemoved();
  compareMembership();
  compareApplied();
  expectReads();
  compareReads();
  compareSnapshot();
  compareFates();
  compareState();
  compareRole();
  compareSends();
  compareWrite();
  return std::move(facts_);
}

void Reading::tell(What what, std::string reason) {
  facts_.push_back({.time = step_.time,
                    .server = was_.id,
                    .term = is_.currentTerm,
                    .what = std::move(what),
                    .reason = std::move(reason)});
}

void Reading::unexplained(std::string deed, std::string reason) {
  tell(Unexplained{std::move(deed)}, std::move(reason));
}

void Reading::on(const Timeout&) {
  if (now_ < was_.deadline()) return;
  if (was_.diskStalls(now_)) return waitForDisk();
  if (Leader* leader = std::get_if<Leader>(&role_)) {
    if (lostQuorum()) return;
    broadcast_ = true;
    leader->heartbeatDeadline = now_ + was_.settings.heartbeatInterval;
    beginLeaseRound(*leader);
    return continueTransfer();
  }
  timeOut();
}

void Reading::on(const Propose& proposal) {
  const std::uint64_t count = proposal.commands.size();
  if (!was_.is<Leader>()) {
    proposed_ = NotLeader{.leaderId = was_.leader()};
    return tell(ProposalRefused{.leader = was_.leader(), .commands = count},
                "only the leader of a term takes commands (§5.3)");
  }
  if (const auto& transfer = was_.as<Leader>()->transfer) {
    proposed_ = Transferring{.to = transfer->to};
    return tell(ProposalRefused{.leader = transfer->to, .commands = count, .handsOver = true},
                "a leader that hands over takes no commands (thesis §3.10)");
  }
  if (tooMuchUncommitted(proposal)) return;
  const Index first = was_.log.lastIndex() + 1;
  proposed_ = Accepted{.index = first, .term = term_};
  tell(ProposalAccepted{.first = first, .last = was_.log.lastIndex() + count},
       "it leads term " + text(term_.value) + " (§5.3)");
  if (was_.settings.tellFates && count > 0) {
    pending_.push_back({.term = term_, .first = first, .last = first + (count - 1)});
  }
  std::vector<Entry> entries;
  for (const Command& command : proposal.commands) entries.push_back({term_, command});
  expectAppended(entries.data(), entries.data() + entries.size(), Source::Client, {},
                 "a command from a client is appended to the leader's log (§5.3)");
  missing_ = was_.configuration.members();
  missing_.erase(was_.id);
}

void Reading::on(const Envelope& envelope) {
  tell(MessageDelivered{envelope});
  if (envelope.to != was_.id || envelope.from == was_.id) {
    return tell(MessageIgnored{envelope, Ignored::Astray},
                envelope.to != was_.id ? "it is addressed to " + name(envelope.to)
                                       : "no server writes to itself");
  }
  if (termOf(envelope.message) > was_.currentTerm && !disregards(envelope.message)) {
    adoptTerm(envelope.from, envelope.message);
  }
  std::visit([&](const auto& rpc) { receive(envelope, rpc); }, envelope.message);
}

void Reading::compareState() {
  if (is_.id != was_.id || is_.settings != was_.settings) {
    unexplained("changes its name or its settings", "no rule changes them");
  }
  if (is_.currentTerm != term_) {
    unexplained("goes to term " + text(is_.currentTerm.value),
                "by the rules it is in term " + text(term_.value) + " (§5.1)");
  }
  if (is_.votedFor != votedFor_) {
    unexplained("records a vote for " + name(is_.votedFor),
                "by the rules its vote in this term is for " + name(votedFor_) + " (§5.2)");
  }
  if (timerSet_) {
    if (is_.random.seed != was_.random.seed || is_.random.counter < was_.random.counter) {
      unexplained("draws from another source of chance", "its seed is given to it at its start");
    }
  } else if (is_.random != was_.random) {
    unexplained("draws a random number", "no rule asks for a new election timeout here (§5.2)");
  }
  if (effects_.proposed != proposed_) {
    unexplained("answers a proposal wrongly or without having one: " +
                    effectsText(Effects{.proposed = effects_.proposed}, names_),
                "by the rules the answer is: " +
                    effectsText(Effects{.proposed = proposed_}, names_) + " (§5.3)");
  }
  if (effects_.transferred != transferred_) {
    unexplained("answers an order to hand over wrongly or without having one: " +
                    effectsText(Effects{.transferred = effects_.transferred}, names_),
                "by the rules the answer is: " +
                    effectsText(Effects{.transferred = transferred_}, names_) + " (thesis §3.10)");
  }
}

void Reading::compareRole() {
  if (is_.role.index() != role_.index()) {
    return unexplained("is " + std::string(roleName(is_.role)) + " now",
                       "by the rules it is " + std::string(roleName(role_)) + " (§5.2)");
  }
  if (const Follower* is = is_.as<Follower>()) {
    const Follower& expected = *std::get_if<Follower>(&role_);
    if (is->leaderId != expected.leaderId) {
      unexplained("takes " + name(is->leaderId) + " for the leader",
                  "by the rules its leader is " + name(expected.leaderId) + " (§5.2)");
    }
    compareCanvass(*is, expected);
    return compareTimer(is->electionDeadline, expected.electionDeadline);
  }
  if (const Leader* is = is_.as<Leader>()) {
    return compareProgress(*is, *std::get_if<Leader>(&role_));
  }
  const Candidate& is = *is_.as<Candidate>();
  const Candidate& expected = *std::get_if<Candidate>(&role_);
  if (is.votesResponded != expected.votesResponded) {
    unexplained("has answers of " + names_.of(is.votesResponded),
                "those that count are of " + names_.of(expected.votesResponded) + " (§5.2)");
  }
  if (is.votesGranted != expected.votesGranted) {
    unexplained("counts votes of " + names_.of(is.votesGranted),
                "it was given those of " + names_.of(expected.votesGranted) + " (§5.2)");
  }
  if (is.retryDeadline != expected.retryDeadline) {
    unexplained("retries at " + text(is.retryDeadline),
                "by the rules it does at " + text(expected.retryDeadline) + " (§5.1)");
  }
  if (is.leadershipTransfer != expected.leadershipTransfer) {
    unexplained(is.leadershipTransfer ? "claims that its leader told it to stand"
                                      : "forgets that its leader told it to stand",
                "only a TimeoutNow does that (thesis §4.2.3)");
  }
  compareTimer(is.electionDeadline, expected.electionDeadline);
}

void Reading::compareCanvass(const Follower& is, const Follower& expected) {
  if (is.withholdVotesUntil != expected.withholdVotesUntil) {
    unexplained(
        "withholds its vote until " + text(is.withholdVotesUntil),
        "by the rules it does until " + text(expected.withholdVotesUntil) + " (thesis §4.2.3)");
  }
  if (is.canvass == expected.canvass) return;
  const auto asks = [&](const Rare<Canvass>& canvass) {
    return canvass ? "asks who would vote for it, and has " + names_.of(canvass->granted)
                   : std::string("asks nobody who would vote for it");
  };
  unexplained(asks(is.canvass), "by the rules it " + asks(expected.canvass) + " (thesis §9.6)");
}

void Reading::compareTimer(Time is, Time expected) {
  const Settings& settings = was_.settings;
  if (!timerSet_ && is != expected) {
    unexplained("sets its election timer anew",
                "only a leader's AppendEntries, a granted vote or an election do that (§5.2)");
  } else if (timerSet_ &&
             (is < now_ + settings.electionTimeoutMin || is > now_ + settings.electionTimeoutMax)) {
    unexplained("sets its election timer to " + text(is),
                "timeouts are chosen from " + text(settings.electionTimeoutMin) + " to " +
                    text(settings.electionTimeoutMax) + " (§5.2)");
  }
}

void Reading::compareProgress(const Leader& is, const Leader& expected) {
  if (is.heartbeatDeadline != expected.heartbeatDeadline) {
    unexplained("plans its next heartbeat for " + text(is.heartbeatDeadline),
                "by the rules it is due at " + text(expected.heartbeatDeadline) + " (§5.2)");
  }
  if (is.round != expected.round || is.reads != expected.reads) {
    unexplained("is in round " + text(is.round.value),
                "by the rules it is in round " + text(expected.round.value) +
                    ", and knows which rounds were answered (thesis §6.4)");
  }
  if (is.transfers != expected.transfers) {
    unexplained("keeps other account of the snapshots that it sends",
                "their followers' answers say how far they are (§7)");
  }
  if (is.transfer != expected.transfer || is.yieldNotBefore != expected.yieldNotBefore ||
      is.mayBeReplaced != expected.mayBeReplaced) {
    const auto to = [&](const Leader& leader) {
      return leader.transfer ? "hands over to " + name(leader.transfer->to)
                             : std::string("hands over to nobody");
    };
    unexplained(to(is), "by the rules it " + to(expected) + " (thesis §3.10)");
  }
  if (is.progress.size() != expected.progress.size()) {
    return unexplained("keeps track of " + text(is.progress.size()) + " servers",
                       "its cluster has " + text(expected.progress.size()));
  }
  for (ServerId peer : configuration_.members()) {
    const Progress& a = is.of(peer);
    const Progress& b = expected.of(peer);
    if (a == b) continue;
    unexplained("takes " + name(peer) + " to match up to " + progressText(a),
                "by the rules it matches up to " + progressText(b) + " (§5.3)");
  }
}

}  // namespace raft::trace
