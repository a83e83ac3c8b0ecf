// When Raft promises progress, and by when.
//
// Raft will be able to elect and maintain a steady leader as long as the system satisfies the
// timing requirement: broadcastTime << electionTimeout << MTBF (§5.6). Made exact, for servers
// whose messages to each other take at most L, whose writes take at most D, and who hear from
// nobody else:
//
// 1. A vote is asked for, granted and told within 2 (L + D), and the first heartbeat needs L more.
//    If that is less than the least election timeout, whoever granted a vote still waits when the
//    leader it helped to elect comes forward.
// 2. If heartbeatInterval + L is less than the least election timeout too, the leader stays.
// 3. At worst a single server X can win, because it alone has all that is committed. Its attempt
//    succeeds if nobody else's timeout falls within W = L + 2 D of its own. One that falls later
//    meets its request, grants it and starts anew; one that falls before has told X its term.
//    X drew its timeout from an interval of width S. Each of the others has at most
//    m = (S + 2 W) / (its least timeout) + 1 timeouts within it, each of which spoils 2 W of S. So
//    an attempt succeeds with a chance of at least p, the product of 1 - 2 W m / S over the others.
// 4. An attempt takes at most X's longest timeout and W. Two are lost on learning the newest term.
//    The bound is what so many attempts take that all fail once in 10^12 times, and then 1.
// 5. A leader repeats what was lost at the next heartbeat, and for each entry that a follower lacks
//    it may have to ask once (nextIndex goes back by one), and for each chunk of a snapshot that a
//    follower needs, twice at most. With that allowed for, its commitIndex
//    does not stand still for a bound while it has an entry of its own term to commit, nor does a
//    follower's while its leader's is higher.
// 6. Who asks before it stands (pre-vote) is 2 (L + D) later: W includes it. Who withholds its vote
//    does so for its least election timeout at most, and lets X lose two more attempts. A leader
//    that checks its quorum stays if heartbeatInterval + 2 (L + D) is less than that timeout. One
//    that begins or ceases to hand over disturbs, as a fault does.
#include "check/progress.h"

#include <algorithm>

#include "check/gap.h"
#include "raft/quorum.h"

namespace raft::check {

namespace {

constexpr std::uint64_t million = 1'000'000;

// How many attempts until all have failed with a chance below 10^-12, if each succeeds with
// `chance` parts of a million. Nothing if that is more than anybody waits for.
std::optional<std::int64_t> attempts(std::uint64_t chance) {
  const std::int64_t most = 1000;
  const std::uint64_t fails = million - chance;
  std::uint64_t allFail = million * million;
  for (std::int64_t count = 0; count < most; ++count) {
    if (allFail == 0) return count;
    allFail = allFail / million * fails + allFail % million * fails / million;
  }
  return std::nullopt;
}

// The chance, in parts of a million, that none of `servers` spoils an attempt of `x`; 0: none.
template <class SettingsOf>
std::uint64_t chanceOf(ServerId x, const ServerSet& servers, Duration window, SettingsOf of) {
  const Duration width = of(x).electionTimeoutMax - of(x).electionTimeoutMin;
  std::uint64_t chance = million;
  for (ServerId y : servers) {
    if (x == y) continue;
    const auto timeouts = (width + 2 * window) / of(y).electionTimeoutMin + 1;
    const Duration spoilt = 2 * window * timeouts;
    if (spoilt >= width) return 0;
    chance = chance * static_cast<std::uint64_t>((width - spoilt).count()) /
             static_cast<std::uint64_t>(width.count());
  }
  return chance;
}

// How long what takes `local` by a clock that drifts takes in truth.
Duration inTruth(Duration local, std::int32_t drift) {
  const std::int64_t rate = static_cast<std::int64_t>(million) + drift;
  const std::int64_t parts = static_cast<std::int64_t>(million);
  return Duration(local.count() / rate * parts + local.count() % rate * parts / rate);
}

Settings inTruth(Settings settings, std::int32_t drift) {
  for (Duration* each :
       {&settings.electionTimeoutMin, &settings.electionTimeoutMax, &settings.heartbeatInterval}) {
    *each = inTruth(*each, drift);
  }
  return settings;
}

}  // namespace

Progress::Seen& Progress::seen(ServerId server) {
  if (server.value > s_.servers.size()) s_.servers.resize(server.value);
  return s_.servers[server.value - 1];
}

ServerSet Progress::running() const {
  ServerSet all;
  for (ServerId id = 1; id.value <= s_.servers.size(); ++id) {
    if (seen(id).up && !seen(id).paused) all.insert(id);
  }
  return all;
}

trace::Link Progress::link(ServerId from, ServerId to) const {
  const auto at =
      std::ranges::lower_bound(s_.oddLinks, std::pair(from, to), {},
                               [](const OddLink& l) { return std::pair(l.from, l.to); });
  const bool odd = at != s_.oddLinks.end() && at->from == from && at->to == to;
  trace::Link link = odd ? at->link : s_.settings.link;
  if (s_.partitioned && !seen(from).together.contains(to)) link.up = false;
  return link;
}

// All who run and can send to `server`, directly or through others, and itself.
ServerSet Progress::reaching(ServerId server, const ServerSet& running) const {
  ServerSet found{server};
  std::vector<ServerId> next{server};
  while (!next.empty()) {
    const ServerId to = next.back();
    next.pop_back();
    for (ServerId from : running) {
      if (found.contains(from) || !link(from, to).up) continue;
      found.insert(from);
      next.push_back(from);
    }
  }
  return found;
}

// Whether each hears each, always, and can write what it hears.
bool Progress::connected(const ServerSet& servers) const {
  for (ServerId from : servers) {
    if (seen(from).flawed) return false;
    for (ServerId to : servers) {
      if (from == to) continue;
      const trace::Link each = link(from, to);
      if (!each.up || each.lossPerMillion != 0) return false;
    }
  }
  return true;
}

Duration Progress::slowest(const ServerSet& servers) const {
  Duration most = Duration(0);
  for (ServerId from : servers) {
    for (ServerId to : servers) {
      if (from != to) most = std::max(most, link(from, to).latencyMax);
    }
  }
  return most;
}

// 1 and 2: whether who is elected comes forward, and stays.
bool Progress::timely(const ServerSet& servers) const {
  const Duration message = slowest(servers);
  Duration least = Duration::max();
  Duration heartbeat = Duration(0);
  bool checked = false;  // whether a leader wants its heartbeats answered
  for (ServerId each : servers) {
    checked |= seen(each).settings.checkQuorum;
    least = std::min(least, seen(each).settings.electionTimeoutMin);
    heartbeat = std::max(heartbeat, seen(each).settings.heartbeatInterval);
  }
  const Duration election = 3 * message + 2 * s_.settings.diskLatencyMax;
  if (checked) heartbeat += message + 2 * s_.settings.diskLatencyMax;
  return election < least && heartbeat + message < least;
}

std::optional<Duration> Progress::boundFor(const ServerSet& servers) const {
  if (!canAgree(servers)) return std::nullopt;
  if (servers.size() > 1 && !timely(servers)) return std::nullopt;
  const Duration message = slowest(servers);
  const Duration disk = s_.settings.diskLatencyMax;
  Duration window = message + 2 * disk;
  Duration withheld = Duration(0);  // the longest that a vote is
  for (ServerId each : servers) {
    const Settings& its = seen(each).settings;
    // Or it gives up its role for a disk that is as it always is.
    if (its.writeTimeout != Duration(0) && its.writeTimeout <= disk) return std::nullopt;
    if (its.preVote) window = 3 * message + 4 * disk;
    if (its.preVote || its.leaderStickiness) withheld = std::max(withheld, its.electionTimeoutMin);
  }
  const auto settingsOf = [&](ServerId id) -> const Settings& { return seen(id).settings; };
  Duration attempt = Duration(0);
  std::uint64_t chance = million;
  for (ServerId x : servers) {
    attempt = std::max(attempt, settingsOf(x).electionTimeoutMax + window);
    chance = std::min(chance, chanceOf(x, servers, window, settingsOf));
  }
  if (chance == 0) return std::nullopt;
  if (s_.settings.bound != Duration(0)) return s_.settings.bound;
  const std::optional<std::int64_t> needed = attempts(chance);
  if (!needed) return std::nullopt;
  if (withheld != Duration(0)) withheld += 2 * attempt;
  return attempt * (*needed + 2) + withheld + 3 * message + 2 * disk;
}

std::optional<Duration> Progress::bound() const { return boundFor(connectedMajority()); }

// Faults. Each is judged first: until now, nothing was disturbed.

// Whatever was promised holds no more. What is under way may still arrive, what is being written
// still takes its time, and then there is peace.
void Progress::disturbed(Time now) {
  Duration slowestNow = s_.settings.link.latencyMax;
  for (const OddLink& odd : s_.oddLinks) slowestNow = std::max(slowestNow, odd.link.latencyMax);
  std::uint32_t writes = 0;
  for (const Seen& each : s_.servers) writes = std::max(writes, each.writes);
  const Duration rest = std::max(s_.slowestLink, slowestNow) +
                        s_.settings.diskLatencyMax * static_cast<std::int64_t>(writes + 1);
  s_.slowestLink = slowestNow;
  s_.phase = Phase::Disturbed;
  s_.calm = s_.due = std::max(s_.calm, now + rest);
}

void Progress::started(Time now, const Server& server, bool) {
  judge(now);
  Seen& known = seen(server.id);
  known = {.up = true,
           .flawed = known.flawed,
           .drift = known.drift,
           .settings = inTruth(server.settings, known.drift),
           .together = known.together,
           .configuration = server.configuration,
           .configurationIndex = server.configurationIndex,
           .stands = server.mayStand()};
  disturbed(now);
  // A first timeout that was chosen by hand may be longer than those that are drawn. When no more
  // of it is left than of one of these, it is as good as one.
  s_.calm = s_.due = std::max(
      s_.calm, inTruth(server.deadline(), known.drift) - known.settings.electionTimeoutMax);
}

void Progress::crashed(Time now, const Server& server) {
  judge(now);
  Seen& known = seen(server.id);
  known = {.flawed = known.flawed, .drift = known.drift, .together = known.together};
  disturbed(now);
}

void Progress::paused(Time now, ServerId server) {
  judge(now);
  seen(server).paused = true;
  disturbed(now);
}

void Progress::resumed(Time now, ServerId server) {
  judge(now);
  seen(server).paused = false;
  disturbed(now);
}

void Progress::machineChanged(Time now, ServerId server, const trace::MachineChange& change) {
  judge(now);
  Seen& known = seen(server);
  if (const auto* clock = std::get_if<trace::ClockDrifts>(&change)) {
    known.drift = clock->perMillion;
  } else if (std::holds_alternative<trace::DiskStalled>(change) ||
             std::holds_alternative<trace::WritesFail>(change)) {
    known.flawed = true;
  } else if (std::holds_alternative<trace::DiskWorks>(change) ||
             std::holds_alternative<trace::DiskLost>(change)) {
    known.flawed = false;
  }
  disturbed(now);
}

void Progress::networkChanged(Time now, const trace::NetworkChange& change) {
  judge(now);
  if (const auto* partition = std::get_if<trace::Partitioned>(&change)) {
    s_.partitioned = true;
    for (Seen& each : s_.servers) each.together = {};
    for (const ServerSet& group : partition->groups) {
      for (ServerId member : group) {
        for (ServerId other : group) seen(member).together.insert(other);
      }
    }
  } else if (const auto* changed = std::get_if<trace::LinkChanged>(&change)) {
    const auto at =
        std::ranges::lower_bound(s_.oddLinks, std::pair(changed->from, changed->to), {},
                                 [](const OddLink& l) { return std::pair(l.from, l.to); });
    if (at != s_.oddLinks.end() && at->from == changed->from && at->to == changed->to) {
      at->link = changed->after;
    } else {
      s_.oddLinks.insert(at, {changed->from, changed->to, changed->after});
    }
  } else {
    s_.partitioned = false;
    s_.settings.link.up = true;
    for (OddLink& odd : s_.oddLinks) odd.link.up = true;
  }
  disturbed(now);
}

// Judging. Nothing changes between two deeds: what was due before this one is judged by the state
// that the deed before left behind.

void Progress::finish(Time now) { judge(now); }

void Progress::judge(Time now) {
  while (s_.due < now && !s_.found) {
    switch (s_.phase) {
      case Phase::Disturbed: begin(); break;
      case Phase::Waiting: judgeLeader(); break;
      case Phase::Led: judgeCommit(); break;
      case Phase::Idle: s_.due = Time::max(); break;
    }
  }
}

// Peace has come. What is promised?
void Progress::begin() {
  s_.core = connectedMajority();
  const std::optional<Duration> bound = boundFor(s_.core);
  s_.phase = bound ? Phase::Waiting : Phase::Idle;
  s_.due = Time::max();
  if (!bound) return;
  s_.bound = *bound;
  s_.round = 2 * (slowest(s_.core) + s_.settings.diskLatencyMax);
  s_.due = s_.calm + s_.bound;
}

void Progress::judgeLeader() {
  s_.leader = 0;
  Term newest = 0;
  for (ServerId each : s_.core) {
    if (seen(each).leaderOf > newest) s_.leader = each, newest = seen(each).leaderOf;
  }
  if (newest == Term{0}) {
    return report(0,
                  {.property = Property::Progress,
                   .time = s_.due,
                   .sentence = "{all} are a majority, all connected and undisturbed since {then}, "
                               "and none of them leads"});
  }
  s_.phase = Phase::Led;
  s_.followersWatched = false;
  s_.due = dueOf(seen(s_.leader));
}

Time Progress::dueOf(const Seen& known) const {
  if (known.waiting == Time::max()) return Time::max();
  const Duration asking = s_.round * static_cast<std::int64_t>(known.gap);
  return std::max(known.waiting, s_.calm) + s_.bound + asking;
}

// s_.due was the first that was due, when that was last worked out; it may have come since.
void Progress::judgeCommit() {
  ServerId late = s_.leader;
  for (ServerId each : s_.core) {
    if (each != s_.leader && seen(each).leaderOf != Term{0}) continue;  // an older leader
    if (dueOf(seen(each)) < dueOf(seen(late))) late = each;
  }
  const Time due = dueOf(seen(late));
  if (due > s_.due) {
    s_.due = due;
    return;
  }
  const Seen& leader = seen(s_.leader);
  const bool leads = late == s_.leader;
  report(late, {.property = Property::Progress,
                .time = s_.due,
                .entries = {leads ? leader.uncommitted : leader.committed},
                .term = leader.leaderOf,
                .sentence = leads ? "{s1} leads term {term} and does not commit {e1}, though {all} "
                                    "are a majority, all connected and undisturbed since {then}"
                                  : "{s1} does not commit {e1}, as the leader of term {term} did, "
                                    "though {all} are a majority, all connected and undisturbed "
                                    "since {then}"});
}

void Progress::stepped(const trace::Step& step) {
  if (step.time > s_.due) judge(step.time);
  const Server& server = step.after;
  Seen& known = seen(server.id);
  known.writes = static_cast<std::uint32_t>(server.writing.size());
  const bool moved = std::exchange(known.commitIndex, server.commitIndex) != server.commitIndex;
  if (known.configurationIndex != Index{0} || server.configurationIndex != Index{0}) {
    noteConfiguration(step);
  }
  if (known.leaderOf != Term{0} || server.is<Leader>()) {
    noteLeader(step, known, moved);
  } else if (moved && s_.phase == Phase::Led && s_.core.contains(server.id)) {
    noteFollower(step.time, server.id, true, 0);
  }
}

void Progress::noteLeader(const trace::Step& step, Seen& known, bool moved) {
  const Server& server = step.after;
  const Leader* leader = server.as<Leader>();
  const Term term = leader ? server.currentTerm : Term{0};
  const bool handsOver = leader && leader->transfer;
  if (std::exchange(known.handsOver, handsOver) != handsOver) disturbed(step.time);
  if (term != known.leaderOf) {
    const Term termBefore = std::exchange(known.leaderOf, term);
    known.waiting = Time::max();
    leadershipChanged(step.time, server.id, termBefore);
  }
  if (!leader) return;
  if (moved) {
    const Index committed = std::min(server.commitIndex, server.log.lastIndex());
    known.committed = {committed, server.log.term(committed)};
  }
  const bool judged = s_.phase == Phase::Led && s_.leader == server.id;
  if (judged && (moved || !s_.followersWatched)) noteFollowers(step.time, server);

  const bool waits =
      server.commitIndex < server.log.lastIndex() && server.log.lastTerm() == server.currentTerm;
  if (!waits) {
    known.waiting = Time::max();
  } else if (moved || known.waiting == Time::max()) {
    known.waiting = step.time;
    known.uncommitted = {server.log.lastIndex(), server.currentTerm};
    known.gap = 0;
    for (ServerId peer : server.configuration.members()) {
      if (peer != server.id) known.gap = std::max(known.gap, gapOf(server, peer));
    }
    if (judged) s_.due = std::min(s_.due, dueOf(known));
  }
}

void Progress::noteFollowers(Time now, const Server& leader) {
  s_.followersWatched = true;
  for (ServerId each : s_.core) {
    if (each == s_.leader || !seen(s_.leader).configuration.contains(each)) continue;
    noteFollower(now, each, false, gapOf(leader, each));
  }
}

// Its commitIndex or its leader's has changed.
void Progress::noteFollower(Time now, ServerId follower, bool moved, std::uint64_t gap) {
  Seen& known = seen(follower);
  if (known.leaderOf != Term{0} || !seen(s_.leader).configuration.contains(follower)) return;
  if (known.commitIndex >= seen(s_.leader).commitIndex) {
    known.waiting = Time::max();
  } else if (moved || known.waiting == Time::max()) {
    known.waiting = now;
    known.gap = gap;
    s_.due = std::min(s_.due, dueOf(known));
  }
}

// In peace, a leader that a majority has heard of stays.
void Progress::leadershipChanged(Time now, ServerId server, Term termBefore) {
  if (s_.phase != Phase::Led || s_.found || !s_.core.contains(server)) return;
  const Term term = seen(server).leaderOf;
  const bool deposed = term == Term{0};
  if (deposed && server != s_.leader) return;  // an older leader, as it should
  report(server,
         {.property = Property::Progress,
          .time = now,
          .term = deposed ? termBefore : term,
          .sentence = deposed ? "{s1} gives up the lead of term {term}, though {all} are all "
                                "connected and undisturbed since {then}"
                              : "{s1} takes the lead in term {term}, though {all} had a leader, "
                                "all connected and undisturbed since {then}"});
}

// `first`: whose deed it is; 0: nobody's.
void Progress::report(ServerId first, Violation violation) {
  violation.earlier = s_.calm;
  if (first != ServerId{0}) violation.servers.push_back(first);
  for (ServerId each : s_.core) {
    if (each != first) violation.servers.push_back(each);
  }
  s_.found = std::move(violation);
  s_.due = Time::max();  // one is enough: what follows may be its consequence
}

}  // namespace raft::check
