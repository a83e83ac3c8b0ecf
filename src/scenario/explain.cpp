// What is so instead of what was expected: the words beside a failed expectation.
#include <algorithm>

#include "scenario/evaluate.h"
#include "scenario/values.h"

namespace raft::scenario {
namespace {

// A line for each server, not too many.
template <class LineOf>
std::string lines(const ServerSet& servers, LineOf lineOf) {
  std::string out;
  std::uint32_t told = 0;
  for (ServerId id : servers) {
    if (++told > 7) return out + "\n… and " + std::to_string(servers.size() - 7) + " more";
    if (!out.empty()) out += "\n";
    out += lineOf(id);
  }
  return out;
}

std::string downOrPaused(ServerId id, const Scene& scene) {
  if (!scene.world.isUp(id)) return "  (down)";
  return scene.world.isPaused(id) ? "  (paused)" : "";
}

std::string states(const ServerSet& servers, const Scene& scene) {
  return lines(servers, [&](ServerId id) {
    return trace::stateText(scene.world.server(id), scene.names) + downOrPaused(id, scene);
  });
}

// Entries 1 to `last` of a log with their commands; of many, those at the end.
std::string entriesOf(const Log& log, Index last) {
  constexpr std::uint32_t most = 10;
  if (last == Index(0)) return "nothing";
  const Index first = log.baseIndex() + 1;
  const Index from = last.value > most ? std::max(first, Index(last.value - most + 1)) : first;
  return (from > Index(1) ? "… " : "") + trace::entriesInFull(from, log.between(from, last), most);
}

// "A has committed 1^1 (no-op), 2^1 (SetX=10)": the commands, since it is about these.
std::string reachedBy(const ServerSet& servers, Stage stage, const Scene& scene) {
  return lines(servers, [&](ServerId id) {
    const Server& server = scene.world.server(id);
    const char* verb = stage == Stage::Committed ? " has committed "
                       : stage == Stage::Applied ? " has applied "
                                                 : " has ";
    return scene.names.of(id) + verb +
           entriesOf(scene.happenings.wholeLog(server), reached(server, stage)) +
           downOrPaused(id, scene);
  });
}

std::string leadersText(const Scene& scene) {
  std::string out;
  for (ServerId id : ServerSet::firstServers(scene.world.size())) {
    const Server& server = scene.world.server(id);
    if (!server.is<Leader>() || !scene.world.isUp(id) || scene.world.isPaused(id)) continue;
    if (!out.empty()) out += ", ";
    out += scene.names.of(id) + " leads term " + trace::text(server.currentTerm.value);
  }
  return out.empty() ? "there is no leader" : out;
}

// The words of the current state, by kind of condition.
struct Instead {
  const Scene& scene;

  std::string operator()(const LeaderExists&) const { return leadersText(scene); }
  std::string operator()(const LeaderIs&) const { return leadersText(scene); }
  std::string operator()(const NewLeaderExists&) const { return leadersText(scene); }
  std::string operator()(const LogsAgree& c) const { return states(spokenOf(c.who, scene), scene); }
  std::string operator()(const EntryCommits&) const {
    const Index highest = scene.happenings.highestCommit();
    return "entries are committed up to index " + trace::text(highest.value) + ", as far as any " +
           "server knows; when one began to look it was " +
           trace::text(scene.baseline.highestCommit.value);
  }
  std::string operator()(const TermChanges&) const {
    const Term highest = baselineOf(scene.world, scene.happenings).highestTerm;
    return "the highest term is " + trace::text(highest.value) +
           "; when one began to look it was " + trace::text(scene.baseline.highestTerm.value);
  }
  std::string operator()(const Standing&) const { return membership(); }
  std::string operator()(const ChangeUnderWay&) const { return membership(); }
  std::string membership() const {
    const std::optional<ServerId> leader = scene.world.leader();
    if (!leader) return leadersText(scene);
    const Server& server = scene.world.server(*leader);
    return "leader " + scene.names.of(*leader) + " uses the configuration " +
           trace::configurationText(server.configuration, scene.names) +
           (server.configurationIndex > server.commitIndex ? ", which is not committed"
            : server.as<Leader>()->changing                ? ", and is changing it"
                                                           : "");
  }
  std::string operator()(const Happens& c) const {
    const bool happens = holds({.at = {}, .text = {}, .what = c}, scene);
    return std::string("at that moment it ") + (happens ? "happens" : "does not happen") + "\n" +
           states(spokenOf(c.who, scene), scene);
  }
  std::string operator()(const VotedFor& c) const {
    std::string out;
    for (ServerId id : spokenOf(c.who, scene)) {
      if (!out.empty()) out += ", ";
      const Server& server = scene.world.server(id);
      out += scene.names.of(id) + " has voted for " + scene.names.of(server.votedFor) +
             " in term " + trace::text(server.currentTerm.value);
    }
    return out;
  }
  std::string operator()(const LogIs& c) const {
    return reachedBy(spokenOf(c.who, scene), Stage::InLog, scene);
  }
  std::string operator()(const HasThing& c) const {
    return reachedBy(spokenOf(c.who, scene), c.stage, scene);
  }
  std::string operator()(const ReachedIndex& c) const {
    return reachedBy(spokenOf(c.who, scene), c.stage, scene);
  }
  std::string operator()(const ReachedCommands& c) const {
    return reachedBy(spokenOf(c.who, scene), c.stage, scene);
  }
  std::string operator()(const ValueIs& c) const { return scenario::insteadOf(c, scene); }
  std::string operator()(const ClientIsDone& c) const { return scenario::insteadOf(c, scene); }
  std::string operator()(const ReadReturned& c) const { return scenario::insteadOf(c, scene); }
  template <class Other>
  std::string operator()(const Other& c) const {
    return states(spokenOf(c.who, scene), scene);
  }
};

}  // namespace

std::string insteadOf(const Condition& condition, const Scene& scene) {
  return std::visit(Instead{scene}, condition.what);
}

}  // namespace raft::scenario
