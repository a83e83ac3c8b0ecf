// Why something is not so, as trace/why.h answers it: which question a condition asks of it.
#include <utility>

#include "raft/quorum.h"
#include "scenario/evaluate.h"
#include "scenario/values.h"

namespace raft::scenario {
namespace {

using sim::World;
using trace::Answer;

trace::View viewOf(const Scene& scene) {
  const World& world = scene.world;
  const ServerSet all = ServerSet::firstServers(world.size());
  // A link that loses everything is none.
  const auto reaches = [&](ServerId from, ServerId to) {
    return from == to || (world.network().isUp(from, to) &&
                          world.network().link(from, to).lossPerMillion < 1'000'000);
  };
  trace::View view;
  view.now = world.now();
  view.names = scene.names;
  for (ServerId id : all) {
    view.servers.push_back(&world.server(id));
    if (world.isUp(id)) view.up.insert(id);
    if (world.isPaused(id)) view.paused.insert(id);
    if (world.diskFaults(id).any()) view.badDisks.insert(id);
    view.due.push_back(world.deadline(id));
    ServerSet reached;
    for (ServerId to : all) {
      if (reaches(id, to)) reached.insert(to);
    }
    view.reaches.push_back(reached);
  }
  return view;
}

// "entry 3 of term 2", "SetX=10".
std::string textOf(const Thing& thing) {
  if (!thing.index) {
    const std::string what = thing.pattern.noop ? "A no-op" : *thing.pattern.command;
    return what + (thing.pattern.term ? " of term " + trace::text(thing.pattern.term->value) : "");
  }
  std::string out = "Entry " + trace::text(thing.index->value);
  if (thing.pattern.term) out += " of term " + trace::text(thing.pattern.term->value);
  return out;
}

// An entry that stands in the log of `server`.
struct Place {
  ServerId server;
  Index index;
};

struct WhyNot {
  const Scene& scene;
  const World& world = scene.world;
  trace::View view = viewOf(scene);

  const Server& of(ServerId id) const { return world.server(id); }
  Log whole(ServerId id) const { return scene.happenings.wholeLog(of(id)); }
  bool leads(ServerId id) const { return world.isUp(id) && of(id).is<Leader>(); }
  // The first of those whom the condition means for whom `predicate` holds.
  template <class Predicate>
  std::optional<ServerId> first(const Who& who, Predicate predicate) const {
    for (ServerId id : spokenOf(who, scene)) {
      if (predicate(id)) return id;
    }
    return std::nullopt;
  }

  Answer operator()(const LeaderExists& c) const {
    std::optional<ServerId> oldest;
    for (ServerId id : ServerSet::firstServers(world.size())) {
      if (!leads(id) || world.isPaused(id)) continue;
      if (!oldest || of(id).currentTerm < of(*oldest).currentTerm) oldest = id;
    }
    if (!oldest || c.count == LeaderExists::Count::Some) return trace::whyNoLeader(view);
    return trace::whyLeader(view, *oldest);
  }
  Answer operator()(const NewLeaderExists&) const { return trace::whyNoLeader(view); }
  Answer operator()(const LeaderIs& c) const { return notLeader(c.who); }
  Answer operator()(const HasRole& c) const {
    const bool denied = c.negated || c.who.each == Who::Each::None;
    if (c.role == RoleWord::Leader) return denied ? someLeads(c.who) : notLeader(c.who);
    return denied ? Answer() : itsRole(c.who, [&](const Server& server) {
      return server.role.index() == static_cast<std::size_t>(c.role);
    });
  }
  Answer operator()(const Follows& c) const {
    if (!world.leader()) return trace::whyNoLeader(view);
    return itsRole(c.who, [&](const Server& server) {
      const Follower* follower = server.as<Follower>();
      return follower && c.leader && follower->leaderId &&
             serversOf(*c.leader, scene).contains(*follower->leaderId);
    });
  }
  Answer operator()(const VotedFor& c) const {
    return c.candidate ? noVote(c.who, *c.candidate) : Answer();
  }
  Answer operator()(const HasThing& c) const {
    if (c.stage == Stage::InLog) return c.negated ? Answer() : notInLog(c.who, c.thing);
    if (!c.negated) return notReached(c.who, c.stage, c.thing);
    const std::optional<Place> place = placeOf(c.thing);
    if (c.stage == Stage::Applied || !place) return {};
    return trace::whyNotCommitted(view, place->index);  // which says that it is
  }
  Answer operator()(const ReachedIndex& c) const {
    return c.index == Index(0) ? Answer() : notReached(c.who, c.stage, {.index = c.index});
  }
  Answer operator()(const ReachedCommands& c) const;
  Answer operator()(const LogIs& c) const {
    for (const EntryPattern& each : c.log) {
      if (each.command && !placeOf({.pattern = each})) return inNoLog({.pattern = each});
    }
    const std::optional<ServerId> leader = world.leader();
    if (!leader) return {};
    const std::optional<ServerId> other =
        first(c.who, [&](ServerId id) { return differ(id, *leader); });
    return other ? trace::whyLogsDiffer(view, *leader, *other) : Answer();
  }
  Answer operator()(const LogsAgree& c) const {
    const ServerId one = *spokenOf(c.who, scene).begin();
    const std::optional<ServerId> other =
        first(c.who, [&](ServerId id) { return differ(id, one); });
    return other ? trace::whyLogsDiffer(view, one, *other) : Answer();
  }
  Answer operator()(const ValueIs& c) const { return scenario::whyNot(c, scene, view); }
  Answer operator()(const ClientIsDone&) const { return {}; }
  Answer operator()(const ReadReturned&) const { return {}; }
  Answer operator()(const EntryCommits&) const {
    return trace::whyNotCommitted(view, scene.happenings.highestCommit() + 1);
  }
  Answer operator()(const Happens& c) const;
  Answer operator()(const HasState&) const { return {}; }
  Answer operator()(const HasSnapshot& c) const;
  Answer operator()(const Standing& c) const {
    if (c.negated || c.word != Standing::Word::Voter) return trace::whyChangeNotComplete(view);
    const std::optional<ServerId> leader = world.leader();
    const std::optional<ServerId> id = first(c.who, [&](ServerId each) {
      return !leader || of(*leader).as<Leader>()->changing ||
             !of(*leader).configuration.isVoter(each);
    });
    return id ? trace::whyNoVoter(view, *id) : Answer();
  }
  Answer operator()(const ChangeUnderWay&) const { return trace::whyChangeNotComplete(view); }
  Answer operator()(const InTerm& c) const {
    const std::optional<ServerId> other =
        first(c.who, [&](ServerId id) { return of(id).currentTerm != c.term; });
    return other ? trace::whyInTerm(view, *other) : Answer();
  }
  Answer operator()(const TermChanges&) const { return trace::whyInTerm(view, inNewestTerm()); }

  // Questions about terms, roles and votes.
  ServerId inNewestTerm() const {
    ServerId newest = 1;
    for (ServerId id : ServerSet::firstServers(world.size())) {
      if (of(id).currentTerm > of(newest).currentTerm) newest = id;
    }
    return newest;
  }
  Answer notLeader(const Who& who) const {
    if (!world.leader()) return trace::whyNoLeader(view);
    const std::optional<ServerId> id = first(who, [&](ServerId each) { return !leads(each); });
    return id ? trace::whyNotLeader(view, *id) : someLeads(who);
  }
  Answer someLeads(const Who& who) const {
    const std::optional<ServerId> id = first(who, [&](ServerId each) { return leads(each); });
    return id ? trace::whyLeader(view, *id) : Answer();
  }
  template <class Predicate>
  Answer itsRole(const Who& who, Predicate asExpected) const {
    const std::optional<ServerId> id =
        first(who, [&](ServerId each) { return !asExpected(of(each)); });
    if (!id) return {};
    return leads(*id) ? trace::whyLeader(view, *id) : trace::whyNotLeader(view, *id);
  }
  Answer noVote(const Who& voters, const Target& target) const {
    const ServerSet candidates = serversOf(target, scene);
    const std::optional<ServerId> voter = first(voters, [&](ServerId id) {
      return !of(id).votedFor || !candidates.contains(*of(id).votedFor);
    });
    if (candidates.empty()) return {};
    return trace::whyNoVote(view, voter.value_or(*spokenOf(voters, scene).begin()),
                            *candidates.begin());
  }

  // Questions about entries.
  bool differ(ServerId a, ServerId b) const { return whole(a) != whole(b); }
  Answer inNoLog(const Thing& thing) const { return {textOf(thing) + " stands in no log."}; }
  ServerId authority() const;
  std::optional<Place> placeOf(const Thing& thing) const;
  Answer notReached(const Who& who, Stage stage, const Thing& thing) const;
  Answer notCommitted(const Place& place) const;
  Answer notInLog(const Who& who, const Thing& thing) const;
};

// Whose log counts: the leader's, or that of the running server most up-to-date (§5.4.1).
ServerId WhyNot::authority() const {
  if (const std::optional<ServerId> leader = world.leader()) return *leader;
  std::optional<ServerId> best;
  for (ServerId id : ServerSet::firstServers(world.size())) {
    if (!world.isUp(id) || world.isPaused(id)) continue;
    const Log& log = of(id).log;
    const auto newer = [&](const Log& other) {
      return log.lastTerm() != other.lastTerm() ? log.lastTerm() > other.lastTerm()
                                                : log.lastIndex() > other.lastIndex();
    };
    if (!best || newer(of(*best).log)) best = id;
  }
  return best.value_or(1);
}

std::optional<Place> WhyNot::placeOf(const Thing& thing) const {
  const auto in = [&](ServerId id) -> std::optional<Place> {
    const std::optional<Index> index = indexOf(thing, whole(id), of(id).log.lastIndex());
    return index ? std::optional(Place{id, *index}) : std::nullopt;
  };
  std::optional<Place> out = in(authority());
  for (ServerId id : ServerSet::firstServers(world.size())) {
    if (!out) out = in(id);
  }
  return out;
}

Answer WhyNot::notReached(const Who& who, Stage stage, const Thing& thing) const {
  const std::optional<Place> place = placeOf(thing);
  // Nor does one that is known by its index alone stand anywhere: why.h says how far the logs go.
  if (!place && thing.index && !thing.pattern.term)
    return trace::whyNotCommitted(view, *thing.index);
  if (!place) return inNoLog(thing);
  const Term term = whole(place->server).term(place->index);
  const auto reached = [&](ServerId id, Stage how) {
    const Server& server = of(id);
    return (how == Stage::Applied ? server.lastApplied : server.commitIndex) >= place->index &&
           server.log.matches(place->index, term);
  };
  const std::optional<ServerId> late = first(who, [&](ServerId id) { return !reached(id, stage); });
  bool known = false;
  for (ServerId id : ServerSet::firstServers(world.size())) {
    known = known || reached(id, Stage::Committed);
  }
  if (!known) return notCommitted(*place);
  return late ? trace::whyNotApplied(view, *late, place->index)
              : trace::whyNotCommitted(view, place->index);
}

Answer WhyNot::notCommitted(const Place& place) const {
  const Log log = whole(place.server);
  const Term term = log.term(place.index);
  const ServerId whose = authority();
  if (of(whose).log.matches(place.index, term)) return trace::whyNotCommitted(view, place.index);
  ServerSet have;
  for (ServerId id : ServerSet::firstServers(world.size())) {
    if (of(id).log.matches(place.index, term)) have.insert(id);
  }
  const std::uint32_t need = majority(world.size());
  const std::string who = (world.leader() ? "Leader " : "") + scene.names.of(whose);
  const bool other = of(whose).log.lastIndex() >= place.index;
  return {
      "Entry " + trace::entriesInFull(place.index, log.between(place.index, place.index)) +
          " stands on " + trace::text(have.size()) + " of " + trace::text(world.size()) +
          " servers (" + scene.names.of(have) + ")" +
          (have.size() < need ? "; " + trace::text(need) + " are needed (§5.3)." : ", a majority."),
      who + (other ? " has " + trace::entryText(place.index, whole(whose).term(place.index)) +
                         " in its place (§5.3)."
                   : " does not have it, and a leader takes over nothing from others (§5.3).")};
}

Answer WhyNot::notInLog(const Who& who, const Thing& thing) const {
  if (!placeOf(thing)) return inNoLog(thing);
  const std::optional<ServerId> leader = world.leader();
  if (!leader) return trace::whyNoLeader(view);
  const std::optional<ServerId> late = first(who, [&](ServerId id) {
    return id != *leader && !indexOf(thing, whole(id), of(id).log.lastIndex()) &&
           differ(id, *leader);
  });
  return late ? trace::whyLogsDiffer(view, *leader, *late) : Answer();
}

Answer WhyNot::operator()(const ReachedCommands& c) const {
  for (ServerId id : spokenOf(c.who, scene)) {
    const Server& server = of(id);
    const Index last = c.stage == Stage::Applied ? server.lastApplied : server.commitIndex;
    const Log log = whole(id);
    std::size_t found = 0;  // so many are as expected
    bool other = false;
    for (Index i = log.baseIndex() + 1; i <= last && !other; ++i) {
      if (log[i].type != EntryType::Command) continue;
      other = found == c.commands.size() || !matches(c.commands[found], log[i]);
      if (!other) ++found;
    }
    if (other || found == c.commands.size()) continue;
    const Target itself{.kind = Target::Kind::Server, .server = id};
    return notReached({.targets = {itself}}, c.stage, {.pattern = c.commands[found]});
  }
  return {};
}

// Why somebody has no snapshot, or another one.
Answer WhyNot::operator()(const HasSnapshot& c) const {
  if (c.negated || c.who.each == Who::Each::None) return {};
  const std::optional<ServerId> id = first(c.who, [&](ServerId each) {
    const Index last = of(each).snapshot.lastIncludedIndex;
    return c.lastIncluded ? last != *c.lastIncluded : last == Index(0);
  });
  return id ? trace::whySnapshot(view, *id) : Answer();
}

Answer WhyNot::operator()(const Happens& c) const {
  switch (c.verb) {
    case Happens::Verb::Becomes: return c.role == RoleWord::Leader ? notLeader(c.who) : Answer();
    case Happens::Verb::VotesFor:
      if (!c.other || c.who.each == Who::Each::None) return {};
      return noVote(c.who, c.other->targets.front());
    case Happens::Verb::Commits:
      return c.thing ? notReached(c.who, Stage::Committed, *c.thing) : Answer();
    case Happens::Verb::Applies:
      return c.thing ? notReached(c.who, Stage::Applied, *c.thing) : Answer();
    case Happens::Verb::Appends: return c.thing ? notInLog(c.who, *c.thing) : Answer();
    default: return {};
  }
}

// Why something is so that should never have been.
struct WhySo {
  WhyNot why;

  Answer operator()(const LeaderExists& c) const {
    if (c.count == LeaderExists::Count::None) return trace::whyNoLeader(why.view);
    return leader();
  }
  Answer operator()(const NewLeaderExists&) const { return leader(); }
  Answer operator()(const LeaderIs& c) const { return why.someLeads(c.who); }
  Answer operator()(const HasRole& c) const {
    if (c.negated) return {};
    if (c.role == RoleWord::Leader) return why.someLeads(c.who);
    const auto index = static_cast<std::size_t>(c.role);
    return inItsTerm(c.who, [&](const Server& s) { return s.role.index() == index; });
  }
  Answer operator()(const InTerm& c) const {
    return inItsTerm(c.who, [&](const Server& s) { return s.currentTerm == c.term; });
  }
  Answer operator()(const TermChanges& c) const { return why(c); }
  Answer operator()(const EntryCommits&) const {
    return trace::whyNotCommitted(why.view, why.scene.happenings.highestCommit());
  }
  Answer operator()(const HasThing& c) const {
    const std::optional<Place> place = why.placeOf(c.thing);
    if (c.negated || c.stage == Stage::InLog || !place) return {};
    return trace::whyNotCommitted(why.view, place->index);  // which says that it is
  }
  Answer operator()(const Happens& c) const {
    if (c.verb != Happens::Verb::Becomes && c.verb != Happens::Verb::TimesOut) return {};
    return inItsTerm(c.who, [&](const Server& s) { return s.votedFor == s.id; });
  }
  template <class Other>
  Answer operator()(const Other&) const {
    return {};
  }

  Answer leader() const {
    const std::optional<ServerId> id = why.world.leader();
    return id ? trace::whyLeader(why.view, *id) : Answer();
  }
  template <class Predicate>
  Answer inItsTerm(const Who& who, Predicate predicate) const {
    const std::optional<ServerId> id =
        why.first(who, [&](ServerId each) { return predicate(why.of(each)); });
    return id ? trace::whyInTerm(why.view, *id) : Answer();
  }
};

// What a condition denies: that there is a leader, that something is committed.
struct Denied {
  using What = std::optional<decltype(Condition::what)>;

  What operator()(const LeaderExists& c) const {
    if (c.count != LeaderExists::Count::None) return std::nullopt;
    return LeaderExists{LeaderExists::Count::Some};
  }
  What operator()(HasRole c) const {
    if (c.role != RoleWord::Leader) return std::nullopt;
    if (c.who.each == Who::Each::None) return LeaderExists{LeaderExists::Count::Some};
    return std::exchange(c.negated, false) ? What(c) : std::nullopt;
  }
  What operator()(HasThing c) const {
    if (c.stage == Stage::InLog) return std::nullopt;
    return std::exchange(c.negated, false) ? What(c) : std::nullopt;
  }
  template <class Other>
  What operator()(const Other&) const {
    return std::nullopt;
  }
};

// Whether there is an answer to why this is not so at any time.
struct HasAnswer {
  bool operator()(const LeaderExists& c) const { return c.count == LeaderExists::Count::Some; }
  bool operator()(const NewLeaderExists&) const { return true; }
  bool operator()(const LeaderIs&) const { return true; }
  bool operator()(const HasRole& c) const {
    return c.role == RoleWord::Leader && !c.negated && c.who.each != Who::Each::None;
  }
  bool operator()(const HasThing& c) const { return c.stage != Stage::InLog && !c.negated; }
  bool operator()(const EntryCommits&) const { return true; }
  bool operator()(const Standing& c) const { return !c.negated; }
  bool operator()(const ChangeUnderWay& c) const { return c.negated; }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

}  // namespace

Answer whyNot(const Condition& condition, const Scene& scene) {
  const WhyNot why{scene};
  Answer out = std::visit(why, condition.what);
  if (why.view.up.empty() && !std::holds_alternative<HasState>(condition.what)) {
    out.insert(out.begin(), "No server is up.");
  }
  return out;
}

Answer whySo(const Condition& condition, const Scene& scene) {
  return std::visit(WhySo{{scene}}, condition.what);
}

Answer whyDenied(const Condition& condition, const Scene& scene) {
  const Denied::What denied = std::visit(Denied{}, condition.what);
  return denied ? std::visit(WhyNot{scene}, *denied) : Answer();
}

Answer whyNever(const Condition& condition, const Scene& scene) {
  if (!std::visit(HasAnswer{}, condition.what)) return {};
  return std::visit(WhyNot{scene}, condition.what);
}

}  // namespace raft::scenario
