#include "scenario/evaluate.h"

#include <algorithm>

#include "scenario/values.h"

namespace raft::scenario {
namespace {

using sim::World;

bool isRunning(const World& world, ServerId id) { return world.isUp(id) && !world.isPaused(id); }

ServerSet serversOf(const Who& who, const Scene& scene) {
  ServerSet out;
  for (const Target& target : who.targets) {
    for (ServerId id : serversOf(target, scene)) out.insert(id);
  }
  return out;
}

// Asks for each of those who are meant, as the words want it.
template <class Predicate>
bool quantify(const Who& who, const ServerSet& meant, Predicate predicate) {
  bool any = false;
  bool all = !meant.empty();
  for (ServerId id : meant) {
    const bool is = predicate(id);
    any = any || is;
    all = all && is;
  }
  if (who.each == Who::Each::None) return !any;
  return who.each == Who::Each::Any ? any : all;
}

bool targetsMeet(const std::optional<Target>& target, const Scene& scene,
                 const std::optional<ServerId>& server) {
  if (!target) return !server;
  return server && serversOf(*target, scene).contains(*server);
}

struct Holds {
  const Scene& scene;
  const World& world = scene.world;

  template <class Predicate>
  bool each(const Who& who, Predicate predicate) const {
    return quantify(who, serversOf(who, scene), predicate);
  }

  // Those that a snapshot stands for are spoken of as if they stood there.
  Log whole(ServerId id) const { return scene.happenings.wholeLog(world.server(id)); }

  bool operator()(const LeaderExists& c) const {
    std::uint32_t leaders = 0;
    for (ServerId id : ServerSet::firstServers(world.size())) {
      if (isRunning(world, id) && world.server(id).is<Leader>()) ++leaders;
    }
    if (c.count == LeaderExists::Count::None) return leaders == 0;
    return c.count == LeaderExists::Count::One ? leaders == 1 : leaders > 0;
  }
  bool operator()(const LeaderIs& c) const {
    return each(c.who, [&](ServerId id) { return world.leader() == id; });
  }
  bool operator()(const HasRole& c) const {
    return each(c.who, [&](ServerId id) {
      const Server& server = world.server(id);
      const bool is = world.isUp(id) && server.role.index() == static_cast<std::size_t>(c.role) &&
                      (!c.term || server.currentTerm == *c.term);
      return is != c.negated;
    });
  }
  bool operator()(const HasState& c) const {
    ServerSet meant = serversOf(c.who, scene);
    // "all are up" speaks of all, also of those that are not.
    for (const Target& target : c.who.targets) {
      if (target.kind == Target::Kind::All) meant = ServerSet::firstServers(world.size());
    }
    return quantify(c.who, meant, [&](ServerId id) {
      bool is = false;
      switch (c.state) {
        case StateWord::Up: is = world.isUp(id); break;
        case StateWord::Down: is = !world.isUp(id); break;
        case StateWord::Paused: is = world.isPaused(id); break;
        case StateWord::Running: is = isRunning(world, id); break;
      }
      return is != c.negated;
    });
  }
  bool operator()(const Standing& c) const {
    const std::optional<ServerId> leader = world.leader();
    if (!leader) return false;
    const Server& s = world.server(*leader);
    if (s.configurationIndex > s.commitIndex) return false;
    const auto is = [&](ServerId id) {
      switch (c.word) {
        case Standing::Word::Voter: return s.configuration.isVoter(id);
        case Standing::Word::Learner: return s.configuration.learners.contains(id);
        case Standing::Word::Member: return s.configuration.contains(id);
      }
      return false;
    };
    return each(c.who, [&](ServerId id) { return is(id) != c.negated; });
  }
  bool operator()(const ChangeUnderWay& c) const {
    const std::optional<ServerId> leader = world.leader();
    if (!leader) return false;
    return world.server(*leader).as<Leader>()->changing != c.negated;
  }
  bool operator()(const InTerm& c) const {
    return each(c.who, [&](ServerId id) { return world.server(id).currentTerm == c.term; });
  }
  bool operator()(const VotedFor& c) const {
    return each(c.who, [&](ServerId id) {
      return targetsMeet(c.candidate, scene, world.server(id).votedFor);
    });
  }
  bool operator()(const Follows& c) const {
    return each(c.who, [&](ServerId id) {
      const Follower* follower = world.server(id).as<Follower>();
      return follower && targetsMeet(c.leader, scene, follower->leaderId);
    });
  }
  bool operator()(const LogIs& c) const {
    return each(c.who, [&](ServerId id) {
      const Log log = whole(id);
      if (log.lastIndex() != Index(c.log.size()) || log.baseIndex() != Index(0)) return false;
      for (Index i = 1; i <= log.lastIndex(); ++i) {
        if (!matches(c.log[i.value - 1], log[i])) return false;
      }
      return true;
    });
  }
  bool operator()(const HasThing& c) const {
    const auto has = [&](ServerId id) {
      const Server& server = world.server(id);
      return indexOf(c.thing, whole(id), reached(server, c.stage)).has_value();
    };
    if (c.who.targets.empty()) {  // anywhere
      const ServerSet all = serversOf(Target{}, scene);
      return quantify(c.who, all, has) != c.negated;
    }
    return each(c.who, [&](ServerId id) { return has(id) != c.negated; });
  }
  bool operator()(const ReachedIndex& c) const {
    return each(c.who, [&](ServerId id) { return reached(world.server(id), c.stage) == c.index; });
  }
  bool operator()(const ReachedCommands& c) const {
    return each(c.who, [&](ServerId id) {
      const Server& server = world.server(id);
      const Log log = whole(id);
      std::size_t found = 0;
      for (Index i = log.baseIndex() + 1; i <= reached(server, c.stage); ++i) {
        if (log[i].type != EntryType::Command) continue;
        if (found == c.commands.size() || !matches(c.commands[found], log[i])) return false;
        ++found;
      }
      return found == c.commands.size();
    });
  }
  bool operator()(const LogsAgree& c) const {
    const ServerSet meant = serversOf(c.who, scene);
    std::optional<Log> first;
    for (ServerId id : meant) {
      const Log log = whole(id);
      if (!first) first = log;
      if (log != *first) return false;
    }
    return first.has_value();
  }
  bool operator()(const HasSnapshot& c) const {
    return each(c.who, [&](ServerId id) {
      const Snapshot& snapshot = world.server(id).snapshot;
      const bool has =
          snapshot.exists() && (!c.lastIncluded || snapshot.lastIncludedIndex == *c.lastIncluded);
      return has != c.negated;
    });
  }
  bool operator()(const ValueIs& c) const {
    return each(c.who, [&](ServerId id) { return valueIs(c, id, scene); });
  }
  bool operator()(const ReadReturned& c) const { return readReturned(c, scene); }
  bool operator()(const ClientIsDone& c) const {
    return world.clients()[c.client - 1].state == sim::Client::State::Done;
  }
  bool operator()(const EntryCommits&) const {
    return scene.happenings.highestCommit() > scene.baseline.highestCommit;
  }
  bool operator()(const TermChanges&) const {
    return baselineOf(world, scene.happenings).highestTerm > scene.baseline.highestTerm;
  }
  bool operator()(const NewLeaderExists&) const {
    const std::optional<ServerId> leader = world.leader();
    return leader && world.server(*leader).currentTerm > scene.baseline.leaderTerm;
  }
  bool operator()(const Happens& c) const;
};

bool isKind(Happens::Kind wanted, Happens::Kind kind) {
  using Kind = Happens::Kind;
  if (wanted == Kind::AppendEntries) return kind == Kind::Entries || kind == Kind::Heartbeat;
  return wanted == Kind::Any || wanted == kind;
}

bool concerns(const Happening& happening, const Thing& thing) {
  for (std::uint64_t i = 0; i < happening.count; ++i) {
    if (thing.index && *thing.index != happening.first + i) continue;
    if (matches(thing.pattern, happening.entries[i])) return true;
  }
  return false;
}

struct NamesAreGiven {
  const Bindings& bindings;

  bool given(const Target& target) const {
    return target.kind != Target::Kind::Named || bindings.contains(target.name);
  }
  bool given(const Who& who) const {
    return std::ranges::all_of(who.targets, [&](const Target& each) { return given(each); });
  }
  template <class One>
  bool given(const std::optional<One>& one) const {
    return !one || given(*one);
  }
  template <class C>
  bool operator()(const C& c) const {
    bool all = true;
    if constexpr (requires { c.who; }) all = all && given(c.who);
    if constexpr (requires { c.candidate; }) all = all && given(c.candidate);
    if constexpr (requires { c.leader; }) all = all && given(c.leader);
    if constexpr (requires { c.other; }) all = all && given(c.other);
    return all;
  }
};

bool Holds::operator()(const Happens& c) const {
  const std::vector<Happening>& now = scene.happenings.at(world.now());
  const auto does = [&](ServerId id, const ServerId* other) {
    return std::any_of(now.begin(), now.end(), [&](const Happening& h) {
      return h.verb == c.verb && h.server == id && (!other || h.other == *other) &&
             isKind(c.kind, h.kind) && (c.verb != Happens::Verb::Becomes || h.role == c.role) &&
             (!c.thing || concerns(h, *c.thing));
    });
  };
  // Who does it may be down by now.
  ServerSet meant = serversOf(c.who, scene);
  for (const Target& target : c.who.targets) {
    if (target.kind == Target::Kind::All && c.who.each != Who::Each::All) {
      meant = ServerSet::firstServers(world.size());
    }
  }
  return quantify(c.who, meant, [&](ServerId id) {
    if (!c.other) return does(id, nullptr);
    return quantify(*c.other, serversOf(*c.other, scene),
                    [&](ServerId other) { return does(id, &other); });
  });
}

}  // namespace

bool matches(const EntryPattern& pattern, const Entry& entry) {
  if (pattern.term && *pattern.term != entry.term) return false;
  if (pattern.noop && entry.type != EntryType::Noop) return false;
  if (!pattern.command) return true;
  return entry.type == EntryType::Command && entry.command.bytes() == *pattern.command;
}

std::optional<Index> indexOf(const Thing& thing, const Log& log, Index last) {
  const Index first = log.baseIndex() + 1;
  for (Index i = thing.index.value_or(first); i <= thing.index.value_or(last) && i <= last; ++i) {
    if (i >= first && matches(thing.pattern, log[i])) return i;
  }
  return std::nullopt;
}

Index reached(const Server& server, Stage stage) {
  if (stage == Stage::Committed) return server.commitIndex;
  return stage == Stage::Applied ? server.lastApplied : server.log.lastIndex();
}

ServerSet spokenOf(const Who& who, const Scene& scene) {
  const ServerSet out = serversOf(who, scene);
  return out.empty() ? ServerSet::firstServers(scene.world.size()) : out;
}

Baseline baselineOf(const World& world, const Happenings& happenings) {
  Baseline out{.highestCommit = happenings.highestCommit()};
  for (ServerId id : ServerSet::firstServers(world.size())) {
    const Server& server = world.server(id);
    out.highestTerm = std::max(out.highestTerm, server.currentTerm);
    if (server.is<Leader>()) out.leaderTerm = std::max(out.leaderTerm, server.currentTerm);
  }
  return out;
}

ServerSet serversOf(const Target& target, const Scene& scene) {
  using Kind = Target::Kind;
  ServerSet out;
  const auto running = [&](std::size_t role) {
    for (ServerId id : ServerSet::firstServers(scene.world.size())) {
      if (isRunning(scene.world, id) && scene.world.server(id).role.index() == role) out.insert(id);
    }
  };
  switch (target.kind) {
    case Kind::Server: out.insert(target.server); break;
    case Kind::Named: {
      const auto found = scene.bindings.find(target.name);
      if (found != scene.bindings.end()) out = found->second;
      break;
    }
    case Kind::Leader:
      if (const std::optional<ServerId> leader = scene.world.leader()) out.insert(*leader);
      break;
    case Kind::AFollower:
    case Kind::Followers: running(0); break;
    case Kind::ACandidate:
    case Kind::Candidates: running(1); break;
    case Kind::All:
      for (ServerId id : ServerSet::firstServers(scene.world.size())) {
        if (scene.world.isUp(id)) out.insert(id);
      }
      break;
    case Kind::Others: break;
  }
  return out;
}

bool holds(const Condition& condition, const Scene& scene) {
  return std::visit(Holds{scene}, condition.what);
}

bool namesAreGiven(const Condition& condition, const Scene& scene) {
  return std::visit(NamesAreGiven{scene.bindings}, condition.what);
}

bool needsHappenings(const Condition& condition) {
  return std::holds_alternative<Happens>(condition.what) ||
         std::holds_alternative<EntryCommits>(condition.what);
}

}  // namespace raft::scenario
