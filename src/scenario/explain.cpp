// What is so instead of what was expected, and why: the words beside a failed expectation.
#include <algorithm>

#include "scenario/evaluate.h"

namespace raft::scenario {
namespace {

using sim::World;

// Everybody of whom the condition speaks; all if it names nobody in particular.
ServerSet spokenOf(const Who* who, const Scene& scene) {
  ServerSet out;
  if (who) {
    for (const Target& target : who->targets) {
      for (ServerId id : serversOf(target, scene)) out.insert(id);
    }
  }
  return out.empty() ? ServerSet::firstServers(scene.world.size()) : out;
}

std::string stateOf(ServerId id, const Scene& scene) {
  std::string out = trace::stateText(scene.world.server(id), scene.names);
  if (!scene.world.isUp(id)) out += "  (down)";
  if (scene.world.isPaused(id)) out += "  (paused)";
  return out;
}

std::string states(const ServerSet& servers, const Scene& scene) {
  std::string out;
  std::uint32_t told = 0;
  for (ServerId id : servers) {
    if (++told > 7) return out + "\n… and " + std::to_string(servers.size() - 7) + " more";
    if (!out.empty()) out += "\n";
    out += stateOf(id, scene);
  }
  return out;
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

trace::View viewOf(const Scene& scene) {
  const World& world = scene.world;
  const ServerSet all = ServerSet::firstServers(world.size());
  trace::View view;
  view.now = world.now();
  view.names = scene.names;
  for (ServerId id : all) {
    view.servers.push_back(&world.server(id));
    if (world.isUp(id)) view.up.insert(id);
    if (world.isPaused(id)) view.paused.insert(id);
    ServerSet reached;
    for (ServerId to : all) {
      if (to == id || world.network().isUp(id, to)) reached.insert(to);
    }
    view.reaches.push_back(reached);
  }
  return view;
}

// The words of the current state, by kind of condition.
struct Instead {
  const Scene& scene;

  std::string operator()(const LeaderExists&) const { return leadersText(scene); }
  std::string operator()(const LeaderIs&) const { return leadersText(scene); }
  std::string operator()(const NewLeaderExists&) const { return leadersText(scene); }
  std::string operator()(const LogsAgree& c) const {
    return states(spokenOf(&c.who, scene), scene);
  }
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
  std::string operator()(const Happens& c) const {
    return "at that moment it does not happen\n" + states(spokenOf(&c.who, scene), scene);
  }
  std::string operator()(const VotedFor& c) const {
    std::string out;
    for (ServerId id : spokenOf(&c.who, scene)) {
      if (!out.empty()) out += ", ";
      const Server& server = scene.world.server(id);
      out += scene.names.of(id) + " has voted for " + scene.names.of(server.votedFor) +
             " in term " + trace::text(server.currentTerm.value);
    }
    return out;
  }
  template <class Other>
  std::string operator()(const Other& c) const {
    return states(spokenOf(&c.who, scene), scene);
  }
};

// The first of those whom the condition means for whom `predicate` holds.
template <class Predicate>
std::optional<ServerId> first(const Who& who, const Scene& scene, Predicate predicate) {
  for (ServerId id : spokenOf(&who, scene)) {
    if (predicate(scene.world.server(id))) return id;
  }
  return std::nullopt;
}

struct WhyNot {
  const Scene& scene;
  trace::View view = viewOf(scene);

  trace::Answer operator()(const LeaderExists& c) const {
    if (c.count != LeaderExists::Count::None) return trace::whyNoLeader(view);
    const std::optional<ServerId> leader = scene.world.leader();
    return leader ? trace::whyLeader(view, *leader) : trace::Answer();
  }
  trace::Answer operator()(const NewLeaderExists&) const { return trace::whyNoLeader(view); }
  trace::Answer operator()(const LeaderIs& c) const { return notLeader(c.who); }
  trace::Answer operator()(const HasRole& c) const {
    if (c.role != RoleWord::Leader) return {};
    return c.negated ? trace::Answer() : notLeader(c.who);
  }
  trace::Answer operator()(const VotedFor& c) const {
    if (!c.candidate) return {};
    const ServerSet candidates = serversOf(*c.candidate, scene);
    if (candidates.empty()) return {};
    const ServerId candidate = *candidates.begin();
    const std::optional<ServerId> voter =
        first(c.who, scene, [&](const Server& s) { return s.votedFor != candidate; });
    return voter ? trace::whyNoVote(view, *voter, candidate) : trace::Answer();
  }
  trace::Answer operator()(const HasThing& c) const {
    if (c.negated || c.stage == Stage::InLog || !c.thing.index) return {};
    return progress(c.who, c.stage, *c.thing.index);
  }
  trace::Answer operator()(const ReachedIndex& c) const {
    return c.index == Index(0) ? trace::Answer() : progress(c.who, c.stage, c.index);
  }
  trace::Answer operator()(const LogsAgree& c) const {
    const ServerSet meant = spokenOf(&c.who, scene);
    const ServerId one = *meant.begin();
    const std::optional<ServerId> other = first(c.who, scene, [&](const Server& s) {
      return s.log.lastIndex() != scene.world.server(one).log.lastIndex() ||
             !(s.log == scene.world.server(one).log);
    });
    return other ? trace::whyLogsDiffer(view, one, *other) : trace::Answer();
  }
  template <class Other>
  trace::Answer operator()(const Other&) const {
    return {};
  }

  trace::Answer notLeader(const Who& who) const {
    if (!scene.world.leader()) return trace::whyNoLeader(view);
    const std::optional<ServerId> id =
        first(who, scene, [](const Server& s) { return !s.is<Leader>(); });
    return id ? trace::whyNotLeader(view, *id) : trace::Answer();
  }
  trace::Answer progress(const Who& who, Stage stage, Index index) const {
    const std::optional<ServerId> late = first(who, scene, [&](const Server& s) {
      return (stage == Stage::Applied ? s.lastApplied : s.commitIndex) < index;
    });
    if (!late) return {};
    const bool known = std::any_of(view.servers.begin(), view.servers.end(),
                                   [&](const Server* s) { return s->commitIndex >= index; });
    return known ? trace::whyNotApplied(view, *late, index) : trace::whyNotCommitted(view, index);
  }
};

}  // namespace

std::string insteadOf(const Condition& condition, const Scene& scene) {
  return std::visit(Instead{scene}, condition.what);
}

trace::Answer whyNot(const Condition& condition, const Scene& scene) {
  return std::visit(WhyNot{scene}, condition.what);
}

}  // namespace raft::scenario
