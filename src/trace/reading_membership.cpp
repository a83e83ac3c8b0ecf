// Cluster membership changes (thesis ch. 4): a wish, the configurations that come of it, and who
// steps down in the end.
#include <algorithm>

#include "raft/quorum.h"
#include "trace/reading.h"

namespace raft::trace {

namespace {

std::string_view roleIn(const ChangeConfiguration& wish, ServerId server) {
  if (wish.voters.contains(server) && wish.learners.contains(server)) {
    return "both vote and learn";
  }
  return wish.voters.contains(server) ? "both vote and be gone" : "both learn and be gone";
}

}  // namespace

// What it is by the log that the rules lead to.
Configuration Reading::latestConfiguration(Index& index) const {
  for (index = keep_ + append_.size(); index > was_.log.baseIndex(); index = index - 1) {
    const Entry& entry = index > keep_ ? append_[index.value - keep_.value - 1] : was_.log[index];
    if (entry.type != EntryType::Configuration) continue;
    if (const std::optional<Configuration> found = decode(entry.command)) return *found;
  }
  index = 0;
  return was_.baseConfiguration;
}

// A voter, or one that was a voter until what is not known to be committed (thesis §4.2.2).
bool Reading::mayStand() const {
  if (was_.configuration.isVoter(was_.id)) return true;
  return was_.configurationIndex > was_.commitIndex &&
         configurationAt(was_.configurationIndex - 1).isVoter(was_.id);
}

void Reading::followConfiguration() {
  Index index = 0;
  const Configuration latest = latestConfiguration(index);
  // Another one may have come in its very place.
  if (index == configurationIndex_ && latest == configuration_) return;
  const bool back = index <= keep_;
  tell(ConfigurationUsed{.before = configuration_, .after = latest, .index = index, .back = back},
       back ? "the one that it used is not in its log any more; the latest in the log counts "
              "(thesis §4.1)"
            : "a server uses the latest configuration in its log, committed or not (thesis §4.1)");
  configuration_ = latest;
  configurationIndex_ = index;
}

// The same of a snapshot that was installed: the log is empty after it.
void Reading::followSnapshot() {
  if (configuration_ != snapshot_.configuration) {
    tell(ConfigurationUsed{.before = configuration_, .after = snapshot_.configuration},
         "a snapshot includes the latest configuration as of its last entry (§7)");
  }
  configuration_ = snapshot_.configuration;
  configurationIndex_ = 0;
}

std::optional<Change> Reading::refusalOf(const ChangeConfiguration& wish,
                                         const Configuration& target) const {
  using enum Change::Outcome;
  const ServerSet twice =
      (wish.voters & wish.learners) | (wish.voters & wish.removed) | (wish.learners & wish.removed);
  if (!was_.is<Leader>()) return Change{.outcome = NotLeader, .leaderId = was_.leader()};
  if (!twice.empty()) return Change{.outcome = Contradictory, .servers = twice};
  if (was_.as<Leader>()->changing) return Change{.outcome = InFlight};
  if (was_.as<Leader>()->transfer) return Change{.outcome = HandingOver};
  if (was_.log.term(was_.commitIndex) != term_) return Change{.outcome = TooEarly};
  if (target.voters.empty()) return Change{.outcome = NoVoter};
  if (target == was_.configuration) return Change{.outcome = AlreadySo};
  return std::nullopt;
}

std::string Reading::whyRefused(const ChangeConfiguration& wish, const Change& change) const {
  switch (change.outcome) {
    case Change::Outcome::NotLeader:
      return "only the leader of a term changes members (thesis §4.1)";
    case Change::Outcome::Contradictory:
      return names_.of(change.servers) + " cannot " +
             std::string(roleIn(wish, *change.servers.begin()));
    case Change::Outcome::InFlight:
      return "one change is complete before the next begins (thesis §4.1)";
    case Change::Outcome::HandingOver:
      return "it hands over to " + name(was_.as<Leader>()->transfer->to) +
             ", which would have to catch up again (thesis §3.10)";
    case Change::Outcome::TooEarly:
      return "no entry of term " + text(term_.value) +
             " is committed yet: an earlier leader's change might be, unknown to " + own() +
             " (thesis §4.1, as corrected in 2015)";
    case Change::Outcome::NoVoter: return "nobody would be left to vote";
    default: return "all of that is so already";
  }
}

void Reading::on(const ChangeConfiguration& wish) {
  const Configuration target{
      .voters = (configuration_.voters | wish.voters) - wish.learners - wish.removed,
      .learners = (configuration_.learners | wish.learners) - wish.voters - wish.removed};
  change_ = refusalOf(wish, target);
  if (change_) {
    return tell(MembershipChange{.wish = wish, .change = *change_}, whyRefused(wish, *change_));
  }
  change_ = Change{.outcome = Change::Outcome::Begun};
  Leader& leader = *std::get_if<Leader>(&role_);
  leader.changing = true;
  const ServerSet newcomers = target.voters - configuration_.voters;
  tell(MembershipChange{.wish = wish, .change = *change_},
       newcomers.empty()
           ? "it leads term " + text(term_.value) + " (thesis §4.1)"
           : names_.of(newcomers) + " must catch up first, without a vote (thesis §4.2.1)");
  if (newcomers.empty()) return goTo(target);
  Configuration learning = configuration_;
  learning.learners = learning.learners | newcomers;
  expectConfiguration(learning, newcomers == (newcomers & configuration_.learners)
                                    ? "by acknowledging it " + names_.of(newcomers) +
                                          (newcomers.size() == 1 ? " shows" : " show") +
                                          " to be there (thesis §4.2.1)"
                                    : "a new server learns before it votes (thesis §4.2.1)");
  leader.catchUp = Leader::CatchUp{.target = target,
                                   .newcomers = newcomers,
                                   .goal = keep_ + append_.size(),
                                   .roundBegan = now_,
                                   .reachedAt = now_};
}

// The configuration that leads from the one in use to `target`.
void Reading::goTo(const Configuration& target) {
  const ServerSet differ =
      (configuration_.voters - target.voters) | (target.voters - configuration_.voters);
  if (differ.empty()) return expectConfiguration(target, "no vote changes (thesis §4.2.1)");
  if (differ.size() == 1) {
    return expectConfiguration(
        target, "only the vote of " + names_.of(differ) +
                    " changes, so any majority before and any after share a server (thesis §4.1)");
  }
  expectConfiguration(
      {.voters = configuration_.voters, .nextVoters = target.voters, .learners = target.learners},
      "the votes of " + names_.of(differ) +
          " change: until that is settled, both the old voters and the new must "
          "agree (thesis §4.3)");
}

void Reading::expectConfiguration(const Configuration& next, std::string reason) {
  Leader& leader = *std::get_if<Leader>(&role_);
  explainAppendEntries();  // of what came before
  const ServerSet added = next.members() - configuration_.members();
  const std::uint64_t slots = std::max<std::uint64_t>(next.members().last().value, was_.id.value);
  if (leader.progress.size() < slots) leader.progress.resize(slots);
  if (!added.empty()) ++leader.round;
  for (ServerId server : added) {
    leader.of(server) =
        Progress{.since = leader.round, .heardAt = was_.settings.checkQuorum ? now_ : Time{}};
  }
  std::erase_if(leader.transfers, [&](const SnapshotTransfer& transfer) {
    return added.contains(transfer.to) || !next.contains(transfer.to);
  });
  const Entry entry{.term = term_, .command = encode(next), .type = EntryType::Configuration};
  append_.push_back(entry);
  const Index index = keep_ + append_.size();
  if (is_.log.lastIndex() >= index && is_.log[index] == entry) {
    tell(EntriesAppended{.first = index,
                         .entries = is_.log.between(index, index),
                         .source = Source::Change,
                         .from = {}},
         std::move(reason));
  }
  followConfiguration();
  const Index n =
      majorityIndex(configuration_, [&](ServerId i) { return leader.of(i).matchIndex; });
  if (n > commitIndex_ && n <= was_.log.lastIndex() && was_.log.term(n) == term_) {
    commitIndex_ = n;
    counted_ = configuration_;
  }
  missing_ = missing_ | configuration_.members();
}

// What a leader has to do with a configuration that is not settled.
void Reading::carryOnChange() {
  Leader* leader = std::get_if<Leader>(&role_);
  if (!leader || !leader->changing || configurationIndex_ > commitIndex_) return;
  // Nothing is appended that the target of a transfer would have to catch up with (thesis §3.10).
  if (leader->transfer && (configuration_.isJoint() || leader->catchUp)) return;
  if (configuration_.isJoint()) {
    return expectConfiguration(
        {.voters = configuration_.nextVoters, .learners = configuration_.learners},
        "the joint configuration is committed, so the new one can follow it (thesis §4.3)");
  }
  if (leader->catchUp) return waitForNewcomers(*leader);
  leader->changing = false;
  change_ = Change{.outcome = Change::Outcome::Complete};
  leaves_ = !configuration_.isVoter(was_.id);
  tell(MembershipChange{.wish = {}, .change = *change_},
       "the configuration " + configurationText(configuration_, names_) +
           " is committed (thesis §4.1)");
}

void Reading::waitForNewcomers(Leader& leader) {
  Leader::CatchUp& wait = *leader.catchUp;
  Index least = keep_ + append_.size();
  ServerSet slow;
  for (ServerId server : wait.newcomers) {
    least = std::min(least, leader.of(server).matchIndex);
    if (leader.of(server).matchIndex < wait.goal) slow.insert(server);
  }
  if (least > wait.reached) {
    wait.reached = least;
    wait.reachedAt = now_;
  }
  const auto giveUp = [&](const ServerSet& servers, std::string reason) {
    change_ = Change{.outcome = Change::Outcome::TooSlow, .servers = servers};
    leader.changing = false;
    leader.catchUp.reset();
    tell(MembershipChange{.wish = {}, .change = *change_}, std::move(reason));
  };
  if (!slow.empty()) {
    if (now_ - wait.reachedAt < was_.settings.catchUpPatience) return;
    return giveUp(slow, names_.of(slow) + " acknowledged nothing new for " +
                            text(now_ - wait.reachedAt) + " (thesis §4.2.1)");
  }
  const Duration took = now_ - wait.roundBegan;
  const std::string round = "round " + text(wait.round) + " took " + text(took);
  const Duration most = was_.settings.electionTimeoutMin;
  if (took < most) {
    tell(CaughtUp{.servers = wait.newcomers, .round = wait.round, .goal = wait.goal},
         round + ", less than an election timeout (thesis §4.2.1)");
    const Configuration target = wait.target;
    leader.catchUp.reset();
    return goTo(target);
  }
  if (wait.round >= was_.settings.catchUpRounds) {
    return giveUp(wait.newcomers,
                  round + ", more than an election timeout, and it was the last (thesis §4.2.1)");
  }
  ++wait.round;
  wait.goal = keep_ + append_.size();
  wait.roundBegan = now_;
}

// A leader that is removed steps down once C_new is committed (thesis §4.2.2).
void Reading::leaveIfRemoved() {
  if (!leaves_) return;
  stepDown(StepDownCause::Removed, "the configuration " +
                                       configurationText(configuration_, names_) +
                                       " is committed, in which it does not vote (thesis §4.2.2)");
}

void Reading::compareMembership() {
  // What a snapshot stands for comes from no entry any more.
  if (configurationIndex_ <= snapshot_.lastIncludedIndex) configurationIndex_ = 0;
  if (is_.configuration != configuration_ || is_.configurationIndex != configurationIndex_) {
    unexplained("uses the configuration " + configurationText(is_.configuration, names_) +
                    " of index " + text(is_.configurationIndex.value),
                "the latest in its log is " + configurationText(configuration_, names_) +
                    " at index " + text(configurationIndex_.value) + " (thesis §4.1)");
  }
  if (effects_.change != change_) {
    unexplained(
        "says of a change of members: " + effectsText(Effects{.change = effects_.change}, names_),
        "by the rules it says: " + effectsText(Effects{.change = change_}, names_) +
            " (thesis §4.1)");
  }
  const Leader* is = is_.as<Leader>();
  const Leader* expected = std::get_if<Leader>(&role_);
  if (!is || !expected) return;
  if (is->changing != expected->changing || is->catchUp != expected->catchUp) {
    unexplained(is->changing ? "is changing its members" : "is not changing its members",
                "by the rules it is otherwise, or waits for others (thesis §4.1, §4.2.1)");
  }
}

}  // namespace raft::trace
