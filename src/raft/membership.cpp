// Cluster membership changes (thesis ch. 4).
//
// A change is one entry if at most one server begins or ceases to vote (§4.1), otherwise two: the
// joint configuration C_old,new, and once that is committed C_new (§4.3). Servers that shall vote
// are learners first, until they are close to the leader (§4.2.1). Whoever leads carries on what
// stands in its log.
#include <algorithm>

#include "raft/assert.h"
#include "raft/server.h"

namespace raft {

namespace {

// What `now` becomes. A server that is named twice is refused before.
Configuration changed(const Configuration& now, const ChangeConfiguration& wish) {
  return {.voters = (now.voters | wish.voters) - wish.learners - wish.removed,
          .learners = (now.learners | wish.learners) - wish.voters - wish.removed};
}

// How to get from `now` to `target`. When adding a single server to, or removing one from, a
// cluster, any majority of the old cluster overlaps with any majority of the new one (§4.1). More
// need the joint configuration between (§4.3).
Configuration next(const Configuration& now, const Configuration& target) {
  const ServerSet differ = (now.voters - target.voters) | (target.voters - now.voters);
  if (differ.size() <= 1) return target;
  return {.voters = now.voters, .nextVoters = target.voters, .learners = target.learners};
}

}  // namespace

// A server always uses the latest configuration in its log, regardless of whether the entry is
// committed (§4.1). When that is truncated, the one before it is the latest again.
void Server::useLatestConfiguration() {
  configurationIndex = log.lastIndex();
  while (configurationIndex > log.baseIndex() &&
         log[configurationIndex].type != EntryType::Configuration) {
    configurationIndex = configurationIndex - 1;
  }
  configuration = baseConfiguration;
  if (configurationIndex == log.baseIndex()) {
    configurationIndex = 0;
    return;
  }
  const std::optional<Configuration> latest = decode(log[configurationIndex].command);
  RAFT_ASSERT(latest, "a configuration in a log can be read");
  configuration = *latest;
}

// A server that is not part of its own latest configuration should still start new elections, as it
// might still be needed until the C_new entry is committed (§4.2.2): by those who do not have it
// yet, if no log of theirs is as long. Nobody is who was no voter before it either, for that one
// is committed.
bool Server::mayStand() const {
  if (configuration.isVoter(id)) return true;
  return configurationIndex > commitIndex && configurationAt(configurationIndex - 1).isVoter(id);
}

void Server::on(const ChangeConfiguration& wish, Time now, Effects& out) {
  using enum Change::Outcome;
  if (!is<Leader>()) {
    out.beyond().change = Change{.outcome = NotLeader, .leaderId = leader()};
    return;
  }
  Leader& leader = *as<Leader>();
  const auto refuse = [&](Change::Outcome why, const ServerSet& servers = {}) {
    out.beyond().change = Change{.outcome = why, .servers = servers};
  };
  const ServerSet twice =
      (wish.voters & wish.learners) | (wish.voters & wish.removed) | (wish.learners & wish.removed);
  if (!twice.empty()) return refuse(Contradictory, twice);
  // Each change must be committed before the next one begins (§4.1).
  if (leader.changing) return refuse(InFlight);
  // What it appended now would keep its target from being up to date (thesis §3.10).
  if (leader.transfer) return refuse(HandingOver);
  // A leader must not append a new configuration before it has committed an entry of its own term:
  // an earlier one that it does not have might be committed at the same time (erratum of 2015).
  if (log.term(commitIndex) != currentTerm) return refuse(TooEarly);
  const Configuration target = changed(configuration, wish);
  if (target.voters.empty()) return refuse(NoVoter);
  if (target == configuration) return refuse(AlreadySo);

  out.beyond().change = Change{.outcome = Begun};
  leader.changing = true;
  const ServerSet newcomers = target.voters - configuration.voters;
  if (newcomers.empty()) return appendConfiguration(next(configuration, target), now, out);
  // A new server joins the cluster as a non-voting member: the leader replicates log entries to it,
  // but it is not counted towards majorities (§4.2.1). Learners that had all are asked as well, by
  // the same entry: they may have gone away since.
  Configuration learning = configuration;
  learning.learners = learning.learners | newcomers;
  appendConfiguration(learning, now, out);
  leader.catchUp = Leader::CatchUp{.target = target,
                                   .newcomers = newcomers,
                                   .goal = log.lastIndex(),
                                   .roundBegan = now,
                                   .reachedAt = now};
}

// The leader's: in force at once, for it too.
void Server::appendConfiguration(const Configuration& next, Time now, Effects& out) {
  Leader& leader = *as<Leader>();
  const ServerSet added = next.members() - configuration.members();
  const std::uint64_t slots = std::max<std::uint64_t>(next.members().last().value, id.value);
  if (slots > leader.progress.size()) leader.progress.resize(slots);
  // Such a server may have been a member before, in this very term. What it acknowledged then, it
  // may have lost since.
  if (!added.empty()) ++leader.round;
  for (ServerId server : added) {
    leader.of(server) = Progress{.since = leader.round, .heardAt = heardAt(now)};
  }
  std::erase_if(leader.transfers, [&](const SnapshotTransfer& transfer) {
    return added.contains(transfer.to) || !next.contains(transfer.to);
  });

  log.append({.term = currentTerm, .command = encode(next), .type = EntryType::Configuration});
  configuration = next;
  configurationIndex = log.lastIndex();
  // Of the voters that are left a majority may have what was not committed yet.
  advanceCommitIndex(log.lastIndex());
  for (ServerId peer : configuration.members()) {
    if (peer != id) sendWhatIsMissing(peer, out);
  }
}

// What the leader has to do with a configuration that is not settled, after each step.
void Server::carryOnChange(Time now, Effects& out) {
  if (configurationIndex > commitIndex) return;
  Leader& leader = *as<Leader>();
  // What it appended now would keep its target from being up to date (§3.10). The next leader
  // carries on, or this one when nothing has come of that.
  if (leader.transfer && (configuration.isJoint() || leader.catchUp)) return;
  // Once C_old,new has been committed, it is safe for a leader to create a log entry describing
  // C_new (§4.3). A new leader does so with one that it finds.
  if (configuration.isJoint()) {
    return appendConfiguration(
        {.voters = configuration.nextVoters, .learners = configuration.learners}, now, out);
  }
  if (leader.catchUp) {
    if (!newcomersAreClose(now, out)) return;
    const Configuration target = leader.catchUp->target;
    leader.catchUp.reset();
    return appendConfiguration(next(configuration, target), now, out);
  }
  leader.changing = false;
  out.beyond().change = Change{.outcome = Change::Outcome::Complete};
  // A leader that is removed steps down once C_new is committed (§4.2.2).
  if (!configuration.isVoter(id)) stepDown(now);
}

// Replication to a new server is split into rounds: each replicates all the entries in the leader's
// log at its start. If the last round lasts less than an election timeout, the server is close
// enough; otherwise, after a fixed number of rounds, the change is given up (§4.2.1).
// Not in the thesis: the first round that is short is the last one; and all newcomers share rounds.
bool Server::newcomersAreClose(Time now, Effects& out) {
  Leader& leader = *as<Leader>();
  Leader::CatchUp& catchUp = *leader.catchUp;
  const auto behind = [&](Index index) {
    ServerSet servers;
    for (ServerId server : catchUp.newcomers) {
      if (leader.of(server).matchIndex < index) servers.insert(server);
    }
    return servers;
  };
  const auto giveUp = [&](ServerSet slow) {
    leader.changing = false;
    leader.catchUp.reset();
    out.beyond().change = Change{.outcome = Change::Outcome::TooSlow, .servers = slow};
    return false;
  };
  if (behind(catchUp.reached + 1).empty()) {
    catchUp.reached = log.lastIndex();
    for (ServerId server : catchUp.newcomers) {
      catchUp.reached = std::min(catchUp.reached, leader.of(server).matchIndex);
    }
    catchUp.reachedAt = now;
  }
  if (catchUp.reached < catchUp.goal) {
    const bool patient = now - catchUp.reachedAt < settings.catchUpPatience;
    return patient ? false : giveUp(behind(catchUp.goal));
  }
  if (now - catchUp.roundBegan < settings.electionTimeoutMin) return true;
  if (catchUp.round >= settings.catchUpRounds) return giveUp(catchUp.newcomers);
  ++catchUp.round;
  catchUp.goal = log.lastIndex();
  catchUp.roundBegan = now;
  return false;
}

}  // namespace raft
