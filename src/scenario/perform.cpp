// Deeds, done: to whom, and what stands in the way.
#include <algorithm>

#include "scenario/audience.h"
#include "scenario/parse.h"
#include "scenario/run.h"

namespace raft::scenario {
namespace {

const char* nameOf(Target::Kind kind) {
  switch (kind) {
    case Target::Kind::Leader: return "leader";
    case Target::Kind::AFollower:
    case Target::Kind::Followers: return "follower";
    case Target::Kind::ACandidate:
    case Target::Kind::Candidates: return "candidate";
    default: return "server";
  }
}

ServerSet without(ServerSet set, const ServerSet& others) {
  for (ServerId id : others) set.erase(id);
  return set;
}

bool isOne(Target::Kind kind) {
  return kind == Target::Kind::AFollower || kind == Target::Kind::ACandidate;
}

}  // namespace

// Adds to `out` whom `target` means. Of several that it may mean, one is drawn that is not `taken`.
std::optional<Run::Cannot> Run::resolve(const Target& target, const ServerSet& taken,
                                        ServerSet& out) {
  if (target.kind == Target::Kind::Others) {
    for (ServerId id : without(ServerSet::firstServers(world_.size()), taken)) out.insert(id);
    return std::nullopt;
  }
  ServerSet found = serversOf(target, scene(baseline_));
  if (target.kind == Target::Kind::All) found = ServerSet::firstServers(world_.size());
  if (isOne(target.kind)) {
    found = without(found, taken);
    std::uint64_t skip = found.empty() ? 0 : chance_.below(found.size());
    for (ServerId id : ServerSet(found)) {
      if (skip-- != 0) found.erase(id);
    }
  }
  if (found.empty()) {
    const std::string who = target.kind == Target::Kind::Named
                                ? "nobody is called '" + target.name + "' yet"
                                : std::string("there is no ") + nameOf(target.kind) + " now";
    return Cannot{who};
  }
  for (ServerId id : found) out.insert(id);
  return std::nullopt;
}

void Run::act(const Step& step, const Deed& deed, trace::Narrator* narrator) {
  Audience audience(*this, narrator);
  std::optional<Cannot> cannot;
  ServerSet acted;
  if (const auto* what = std::get_if<ServerDeed>(&deed.what)) cannot = act(*what, audience, acted);
  if (const auto* what = std::get_if<Propose>(&deed.what)) cannot = act(*what, audience, acted);
  if (const auto* what = std::get_if<TransferLeadership>(&deed.what)) {
    cannot = act(*what, audience, acted);
  }
  if (const auto* what = std::get_if<CrashInAWrite>(&deed.what)) {
    cannot = act(*what, audience, acted);
  }
  if (const auto* what = std::get_if<ChangeDisks>(&deed.what)) {
    cannot = act(*what, audience, acted);
  }
  if (const auto* what = std::get_if<ReadKey>(&deed.what)) cannot = act(*what, audience, acted);
  if (const auto* what = std::get_if<ChangeMembers>(&deed.what)) cannot = act(*what, audience);
  if (const auto* what = std::get_if<Partition>(&deed.what)) cannot = act(*what, audience);
  if (const auto* what = std::get_if<Cut>(&deed.what)) cannot = act(*what, audience);
  if (std::get_if<Heal>(&deed.what)) world_.heal(audience);
  if (const auto* what = std::get_if<ChangeNetwork>(&deed.what)) {
    cannot = change(what->patch, audience);
  }
  if (const auto* what = std::get_if<ArrangeMessages>(&deed.what)) {
    cannot = act(*what, narrator);
  }
  if (const auto* what = std::get_if<Note>(&deed.what); what && narrator) {
    // The story ends its sentences itself.
    const bool stop = what->text.ends_with('.') && !what->text.ends_with("..");
    const std::size_t size = what->text.size() - (stop ? 1 : 0);
    narrator->tell(world_.now(), trace::Said{what->text.substr(0, size)});
  }
  if (const auto* what = std::get_if<NameServers>(&deed.what)) {
    ServerSet meant;
    for (const Target& target : what->targets) {
      if (!cannot) cannot = resolve(target, meant, meant);
    }
    if (!cannot) bind(what->name, meant, narrator);
  }
  if (const auto* what = std::get_if<Expect>(&deed.what)) expect(*what, narrator);
  if (std::get_if<Watch>(&deed.what)) startWatch(deed, narrator);
  if (step.as && !acted.empty()) bind(*step.as, acted, narrator);
  if (!cannot) return;
  if (skipsImpossible_) return skipped_.push_back(next_);
  breakOff(deed.at, "this can be done: " + deed.text, cannot->why, narrator);
}

// From now on `name` means these servers. The story says so, for it will speak of them by it.
void Run::bind(const std::string& name, const ServerSet& servers, trace::Narrator* narrator) {
  bindings_[name] = servers;
  if (!narrator) return;
  const std::string are = servers.size() == 1 ? "' is " : "' are ";
  narrator->tell(world_.now(), trace::Said{"From here on '" + name + are + names_.of(servers)});
}

bool Run::can(ServerDeed::Verb verb, ServerId id) const {
  switch (verb) {
    case ServerDeed::Verb::Crash: return world_.isUp(id);
    case ServerDeed::Verb::Restart: return !world_.isUp(id);
    case ServerDeed::Verb::Pause: return world_.isUp(id) && !world_.isPaused(id);
    case ServerDeed::Verb::Resume: return world_.isPaused(id);
    case ServerDeed::Verb::Snapshot: return world_.isUp(id) && !world_.isPaused(id);
  }
  return false;
}

std::optional<Run::Cannot> Run::act(const ServerDeed& deed, trace::Observer& audience,
                                    ServerSet& acted) {
  // First see that all of it can be done.
  ServerSet meant;
  for (const Target& target : deed.targets) {
    ServerSet some;
    if (std::optional<Cannot> cannot = resolve(target, meant, some)) return cannot;
    for (ServerId id : some) {
      if (deed.verb == ServerDeed::Verb::Snapshot && can(deed.verb, id)) {
        const Server& server = world_.server(id);
        if (server.lastApplied == server.log.baseIndex()) {
          if (target.kind == Target::Kind::All) continue;
          const std::string index = trace::text(server.lastApplied.value);
          return Cannot{names_.of(id) + (server.snapshot.exists()
                                             ? " has a snapshot up to index " + index +
                                                   " already, and has applied nothing since"
                                             : " has applied nothing yet")};
        }
      }
      if (can(deed.verb, id)) {
        meant.insert(id);
      } else if (target.kind != Target::Kind::All) {
        const char* state = world_.isPaused(id) ? "paused" : world_.isUp(id) ? "running" : "down";
        return Cannot{names_.of(id) + " is " + state};
      }
    }
  }
  if (meant.empty()) return Cannot{"there is no server to which it could be done"};
  for (ServerId id : meant) {
    switch (deed.verb) {
      case ServerDeed::Verb::Crash: world_.crash(id, audience); break;
      case ServerDeed::Verb::Restart: world_.restart(id, audience); break;
      case ServerDeed::Verb::Pause: world_.pause(id, audience); break;
      case ServerDeed::Verb::Resume: world_.resume(id, audience); break;
      case ServerDeed::Verb::Snapshot: (void)world_.takeSnapshot(id, audience); break;
    }
  }
  acted = meant;
  return std::nullopt;
}

// The one server that is to be asked something, in `asked`.
std::optional<Run::Cannot> Run::whomToAsk(const Target& target, const char* refusal,
                                          ServerSet& asked) {
  if (std::optional<Cannot> cannot = resolve(target, {}, asked)) return cannot;
  if (asked.size() != 1) return Cannot{"one server is asked, and these are several"};
  const ServerId id = *asked.begin();
  if (world_.isUp(id) && !world_.isPaused(id)) return std::nullopt;
  return Cannot{names_.of(id) + " is " + (world_.isUp(id) ? "paused" : "down") + ": it " + refusal};
}

std::optional<Run::Cannot> Run::act(const Propose& deed, trace::Observer& audience,
                                    ServerSet& acted) {
  ServerSet to;
  if (std::optional<Cannot> cannot = whomToAsk(deed.to, "takes no command", to)) return cannot;
  for (const std::string& command : deed.commands) {
    (void)world_.propose(*to.begin(), Command(command), audience);
  }
  acted = to;
  return std::nullopt;
}

std::optional<Run::Cannot> Run::act(const TransferLeadership& deed, trace::Observer& audience,
                                    ServerSet& acted) {
  ServerSet from;
  if (std::optional<Cannot> cannot = resolve(deed.from, {}, from)) return cannot;
  ServerSet to;
  if (std::optional<Cannot> cannot = resolve(deed.to, from, to)) return cannot;
  if (from.size() != 1 || to.size() != 1) {
    return Cannot{"one server hands over to one, and these are several"};
  }
  const ServerId id = *from.begin();
  if (!world_.isUp(id) || world_.isPaused(id)) {
    return Cannot{names_.of(id) + " is " + (world_.isUp(id) ? "paused" : "down") +
                  ": it hands over to nobody"};
  }
  world_.transfer(id, *to.begin(), audience);
  acted = to;
  return std::nullopt;
}

std::optional<Run::Cannot> Run::act(const ReadKey& deed, trace::Observer& audience,
                                    ServerSet& acted) {
  ServerSet from;
  if (std::optional<Cannot> cannot = whomToAsk(deed.from, "answers no read", from)) return cannot;
  (void)world_.read(*from.begin(), Command(deed.key), deed.local, audience);
  acted = from;
  return std::nullopt;
}

// What comes of it, the leader says; a refusal is part of the story.
std::optional<Run::Cannot> Run::act(const ChangeMembers& deed, trace::Observer& audience) {
  const std::optional<ServerId> leader = world_.leader();
  if (!leader) return Cannot{"there is no leader now, and only a leader changes members"};
  ChangeConfiguration wish;
  const auto take = [&](const std::vector<Target>& targets, ServerSet& out) {
    std::optional<Cannot> cannot;
    for (const Target& target : targets) {
      if (!cannot) cannot = resolve(target, out, out);
    }
    return cannot;
  };
  if (auto cannot = take(deed.all, wish.voters)) return cannot;
  if (auto cannot = take(deed.add, wish.voters)) return cannot;
  if (auto cannot = take(deed.learners, wish.learners)) return cannot;
  if (auto cannot = take(deed.remove, wish.removed)) return cannot;
  if (!deed.all.empty()) {
    wish.removed = world_.server(*leader).configuration.members() - wish.voters;
  }
  (void)world_.changeConfiguration(*leader, wish, audience);
  return std::nullopt;
}

std::optional<Run::Cannot> Run::group(const std::vector<Target>& targets, ServerSet& placed,
                                      ServerSet& out) {
  for (const Target& target : targets) {
    ServerSet some;
    if (std::optional<Cannot> cannot = resolve(target, placed, some)) return cannot;
    for (ServerId id : some) {
      if (placed.contains(id)) return Cannot{names_.of(id) + " would be in two groups"};
      placed.insert(id);
      out.insert(id);
    }
  }
  return std::nullopt;
}

std::optional<Run::Cannot> Run::act(const Partition& deed, trace::Observer& audience) {
  ServerSet placed;
  ServerSet bridge;
  if (std::optional<Cannot> cannot = group(deed.bridge, placed, bridge)) return cannot;
  const auto open = [](const std::vector<Target>& targets) {
    return std::any_of(targets.begin(), targets.end(),
                       [](const Target& t) { return t.kind == Target::Kind::Others; });
  };
  std::vector<ServerSet> groups(deed.groups.size());
  for (const bool others : {false, true}) {  // `others` are known last
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (open(deed.groups[i]) != others) continue;
      if (std::optional<Cannot> cannot = group(deed.groups[i], placed, groups[i])) return cannot;
    }
  }
  const ServerSet rest = without(ServerSet::firstServers(world_.size()), placed);
  if (!rest.empty()) groups.push_back(rest);
  for (ServerSet& each : groups) {
    for (ServerId id : bridge) each.insert(id);
  }
  world_.partition(std::move(groups), audience);
  return std::nullopt;
}

std::optional<Run::Cannot> Run::resolveEnds(const Arrow& arrow, ServerSet& from, ServerSet& to) {
  // `others` are those who do not stand at the other end.
  const auto isOpen = [](const Target& t) { return t.kind == Target::Kind::Others; };
  const bool fromOpen = std::any_of(arrow.from.begin(), arrow.from.end(), isOpen);
  const auto end = [&](const std::vector<Target>& targets, const ServerSet& other,
                       ServerSet& out) -> std::optional<Cannot> {
    for (const Target& target : targets) {
      if (std::optional<Cannot> cannot = resolve(target, other, out)) return cannot;
    }
    return std::nullopt;
  };
  if (fromOpen) {
    if (std::optional<Cannot> cannot = end(arrow.to, {}, to)) return cannot;
    return end(arrow.from, to, from);
  }
  if (std::optional<Cannot> cannot = end(arrow.from, {}, from)) return cannot;
  return end(arrow.to, from, to);
}

std::optional<Run::Cannot> Run::setLinks(const Arrow& arrow, const LinkPatch& patch,
                                         std::optional<bool> up, trace::Observer& audience) {
  ServerSet from;
  ServerSet to;
  if (std::optional<Cannot> cannot = resolveEnds(arrow, from, to)) return cannot;
  const auto set = [&](ServerId a, ServerId b) {
    trace::Link link = world_.network().link(a, b);
    patch.applyTo(link);
    link.up = up.value_or(link.up);
    if (a != b && link != world_.network().link(a, b)) world_.setLink(a, b, link, audience);
  };
  for (ServerId a : from) {
    for (ServerId b : to) {
      if (a == b) continue;
      set(a, b);
      if (arrow.bothWays) set(b, a);
    }
  }
  return std::nullopt;
}

std::optional<Run::Cannot> Run::act(const Cut& deed, trace::Observer& audience) {
  for (const Arrow& arrow : deed.arrows) {
    if (std::optional<Cannot> cannot = setLinks(arrow, {}, deed.up, audience)) return cannot;
  }
  return std::nullopt;
}

// Told at once, for the message may be long in coming.
std::optional<Run::Cannot> Run::act(const ArrangeMessages& deed, trace::Narrator* narrator) {
  const auto arrange = [&](ServerId from, ServerId to, const std::vector<sim::Carriage>& next) {
    for (std::size_t i = 0; i < next.size(); ++i) {
      world_.arrange(from, to, next[i]);
      if (!narrator) continue;
      const std::string which = i == 0 ? "The next message" : "The one after that";
      narrator->tell(world_.now(), trace::Said{which + " from " + names_.of(from) + " to " +
                                               names_.of(to) + " " + textOf(next[i])});
    }
  };
  for (const ArrangeMessages::One& link : deed.links) {
    ServerSet from;
    ServerSet to;
    if (std::optional<Cannot> cannot = resolveEnds(link.arrow, from, to)) return cannot;
    for (ServerId a : from) {
      for (ServerId b : to) {
        if (a == b) continue;
        arrange(a, b, link.next);
        if (link.arrow.bothWays) arrange(b, a, link.next);
      }
    }
  }
  return std::nullopt;
}

std::optional<Run::Cannot> Run::change(const NetworkPatch& patch, trace::Observer& audience) {
  const Target all;
  const Arrow everywhere{.from = {all}, .to = {all}};
  if (std::optional<Cannot> cannot = setLinks(everywhere, patch.all, {}, audience)) return cannot;
  for (const ArrowPatch& one : patch.links) {
    if (std::optional<Cannot> cannot = setLinks(one.arrow, one.patch, {}, audience)) return cannot;
  }
  return std::nullopt;
}

}  // namespace raft::scenario
