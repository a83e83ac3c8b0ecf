#include "sim/world.h"

#include <algorithm>

#include "raft/assert.h"
#include "raft/invariants.h"
#include "sim/streams.h"

namespace raft::sim {

namespace {

// The value for server number `i`, counted from 0: the last one stands for all that follow it.
template <class T>
T valueFor(std::uint32_t i, const std::vector<T>& values) {
  return values.empty() ? T{} : values[std::min<std::uint64_t>(i, values.size() - 1)];
}

void requirePossible(const Disk& disk) {
  const Duration none(0);
  RAFT_ASSERT(none <= disk.latencyMin && disk.latencyMin <= disk.latencyMax,
              "a disk's latency lies between its ends and is not negative");
}

void requirePossible(const Clock& clock) {
  const std::int32_t drift = clock.driftPerMillion;
  RAFT_ASSERT(-Clock::mostDrift <= drift && drift <= Clock::mostDrift,
              "time goes on on each clock");
}

void requirePossible(const ClientSettings& client) {
  const Duration none(0);
  RAFT_ASSERT(none <= client.start, "a client starts when the run does, or later");
  RAFT_ASSERT(none < client.interval && none < client.timeout && none < client.retry,
              "time goes on between two requests");
}

}  // namespace

World::World(const WorldSettings& settings)
    : seed_(settings.seed),
      network_(settings.servers, settings.link, settings.seed),
      alarms_(2 * settings.servers + static_cast<std::uint32_t>(settings.clients.size())) {
  RAFT_ASSERT(1 <= settings.servers && settings.servers <= ServerSet::maxServers,
              "a cluster has 1 to 256 servers");
  const ServerSet members = settings.members.value_or(ServerSet::firstServers(settings.servers));
  hosts_.reserve(settings.servers);
  for (std::uint32_t i = 0; i < settings.servers; ++i) {
    const ServerId id = i + 1;
    const Settings raft = valueFor(i, settings.raft);
    Persistent durable = valueFor(i, settings.disksHold);
    durable.log.takeChange();
    Host& host = hosts_.emplace_back(
        Host{.server = Server::start(id, members.contains(id) ? members : ServerSet{}, raft,
                                     timerSeed(seed_, id, 1), now_, durable),
             .base = members.contains(id) ? members : ServerSet{},
             .machine = kv::Machine(settings.sessions),
             .rules = settings.rules,
             .disk = durable,
             .speed = valueFor(i, settings.disks),
             .chance = Random::stream(seed_, static_cast<std::uint64_t>(Purpose::Disk), i + 1),
             .clock = valueFor(i, settings.clocks)});
    host.restoreMachine(durable.snapshot);
    requirePossible(host.speed);
    requirePossible(host.clock);
    if (i < settings.firstTimeout.size() && settings.firstTimeout[i]) {
      host.server.as<Follower>()->electionDeadline = now_ + *settings.firstTimeout[i];
    }
  }
  for (Host& host : hosts_) armTimer(host, now_);
  for (const ClientSettings& its : settings.clients) {
    requirePossible(its);
    Client& client = clients_.emplace_back();
    client.id = static_cast<std::uint32_t>(clients_.size());
    client.settings = its;
    client.rules = settings.rules;
    client.chance = Random::stream(seed_, static_cast<std::uint64_t>(Purpose::Client), client.id);
    client.operations =
        Random::stream(seed_, static_cast<std::uint64_t>(Purpose::Operation), client.id);
    client.server = static_cast<std::uint32_t>(client.chance.below(size())) + 1;
    alarms_.set(alarmOf(client), at(its.start));
  }
}

Host& World::host(ServerId id) {
  RAFT_ASSERT(1 <= id.value && id.value <= size(), "the server exists");
  return hosts_[id.value - 1];
}
const Host& World::host(ServerId id) const {
  RAFT_ASSERT(1 <= id.value && id.value <= size(), "the server exists");
  return hosts_[id.value - 1];
}

std::optional<ServerId> World::leader() const {
  const Server* leader = nullptr;
  for (const Host& host : hosts_) {
    if (host.state != Host::State::Running || !host.server.is<Leader>()) continue;
    if (!leader || leader->currentTerm < host.server.currentTerm) leader = &host.server;
  }
  return leader ? std::optional(leader->id) : std::nullopt;
}

void World::tellStart(Observer& observer) {
  if (startTold_) return;
  startTold_ = true;
  for (const Host& host : hosts_) {
    const std::int32_t drift = host.clock.driftPerMillion;
    if (drift != 0) observer.machineChanged(now_, host.server.id, trace::ClockDrifts{drift});
  }
  for (const Host& host : hosts_) observer.started(now_, host.server, false);
}

std::optional<Time> World::nextEvent() const {
  const Time next = std::min(messages_.next().time, alarms_.next().time);
  return next == never ? std::nullopt : std::optional(next);
}

void World::step(Observer& observer) {
  tellStart(observer);
  const Moment message = messages_.next();
  const Moment alarm = alarms_.next();
  const bool messageFirst = message < alarm;
  RAFT_ASSERT((messageFirst ? message : alarm).time != never, "something is still to happen");
  ++events_;
  if (messageFirst) {
    now_ = message.time;
    arrive(messages_.pop(), observer);
  } else {
    now_ = alarm.time;
    ring(alarms_.nextOwner(), observer);
  }
}

void World::runUntil(Time limit, Observer& observer) {
  tellStart(observer);
  for (std::optional<Time> next = nextEvent(); next && *next <= limit; next = nextEvent()) {
    step(observer);
  }
  now_ = std::max(now_, limit);
}

void World::arrive(const MessageQueue::Event& event, Observer& observer) {
  Input& input = messages_[event.slot];
  Envelope& message = *std::get_if<Envelope>(&input);
  Host& host = hosts_[message.to.value - 1];
  const bool forgotten = event.life != 0 && event.life != host.life;  // it has crashed since
  if (event.life == 0 && !network_.isUp(message.from, message.to)) {
    observer.lost(now_, message, Lost::LinkDown);
  } else if (forgotten || host.state == Host::State::Crashed) {
    observer.lost(now_, message, Lost::ReceiverDown);
  } else if (host.state == Host::State::Paused) {
    host.waiting.push_back(std::move(message));
  } else {
    stepServer(host, input, observer);
    messages_.release(event.slot);
    return perform(host, observer);
  }
  messages_.release(event.slot);
}

void World::ring(std::uint32_t owner, Observer& observer) {
  if (owner < size()) return timeOut(hosts_[owner], observer);
  if (owner < 2 * size()) return finishWrites(hosts_[owner - size()], observer);
  takeTurn(clients_[owner - 2 * size()], observer);
}

void World::timeOut(Host& host, Observer& observer) {
  stepServer(host, Timeout{}, observer);
  perform(host, observer);
  // Should a server leave its deadline where it was, it is not asked for ever at one moment.
  if (alarms_.of(timerOf(host)).time <= now_) armTimer(host, now_ + Duration(1));
}

void World::finishWrites(Host& host, Observer& observer) {
  if (host.faults.until <= now_) {
    host.faults = {};
    tellWorks(host, true, observer);
  }
  const bool faulty = host.faults.any();
  const Host::Finished finished = host.finishWrites(now_);
  if (finished.some) {
    tellWritten(host, observer);
    armDisk(host);
    perform(host, observer);
  }
  if (finished.failing) {
    tellFailed(host, observer);
    tellWorks(host, faulty, observer);
    armDisk(host);
    perform(host, observer);
  }
  if (!finished.some && !finished.failing) armDisk(host);
}

// What is under way is forgotten before the server asks for it again.
void World::tellFailed(Host& host, Observer& observer) {
  stepServer(host, WriteFailed{host.fail(now_)}, observer);
}

void World::tellWorks(Host& host, bool faulty, Observer& observer) {
  if (faulty && !host.faults.any()) {
    observer.machineChanged(now_, host.server.id, trace::DiskWorks{});
  }
}

// The server learns what is durable before what waited for it leaves, which speaks of it.
void World::tellWritten(Host& host, Observer& observer) {
  stepServer(host, Written{host.durable}, observer);
  auto mayLeave = host.held.begin();
  for (; mayLeave != host.held.end() && mayLeave->after <= host.durable; ++mayLeave) {
    transmit(std::move(mayLeave->envelope), observer);
  }
  host.held.erase(host.held.begin(), mayLeave);
}

// One step and what is to be told and checked of it. Its effects are in scratch_.effects.
void World::stepServer(Host& host, const Input& input, Observer& observer) {
  const Vitals before = Vitals::of(host.server);
  const Server* serverBefore = nullptr;
  if (observer.needsBefore()) {
    scratch_.before.resize(size());
    Server& kept = scratch_.before[host.server.id.value - 1];
    kept = host.server;
    serverBefore = &kept;
  }
  Effects& effects = scratch_.effects;
  const Time clock = clockOf(host);
  host.server.step(clock, input, effects);
  observer.stepped({.time = now_,
                    .before = serverBefore,
                    .input = input,
                    .effects = effects,
                    .after = host.server,
                    .clockAhead = clock - now_});
  if (const char* broken = brokenInvariant(before, host.server, effects)) {
    observer.invariantBroken(now_, host.server, broken);
  }
}

void World::handInSnapshot(Host& host, Observer& observer) {
  const Index applied = host.server.lastApplied;
  stepServer(host, Compact{.index = applied, .data = std::string_view(host.saveMachine())},
             observer);
}

// Performs the effects of the step before, and of those that follow: from a disk without latency,
// or from a host that is asked for a snapshot.
void World::perform(Host& host, Observer& observer) {
  Effects& effects = scratch_.effects;
  bool snapshotWanted = false;
  for (bool more = true; more;) {
    const WriteId durable = host.durable;
    const bool faulty = host.faults.any();
    Host::Begun begun = Host::Begun::UnderWay;
    if (effects.write) {
      begun = host.begin(std::move(*effects.write), now_);
      if (host.writing.size() == 1) armDisk(host);
    }
    for (Send& send : effects.send) {
      if (send.after <= durable) {
        transmit(std::move(send.envelope), observer);
      } else {
        host.held.push_back(std::move(send));
      }
    }
    if (effects.restore) host.restoreMachine(*effects.restore);
    if (!effects.apply.entries.empty()) apply(host, effects.apply, observer);
    for (const Fate& fate : effects.fates) tell(host, fate, observer);
    if (!host.reading.empty()) answerReads(host, observer);
    snapshotWanted = snapshotWanted || effects.compaction == Compaction::Wanted;
    more = begun != Host::Begun::UnderWay || snapshotWanted;
    if (begun == Host::Begun::Durable) {
      tellWritten(host, observer);
    } else if (begun == Host::Begun::Failed) {
      tellFailed(host, observer);
      tellWorks(host, faulty, observer);
    } else if (std::exchange(snapshotWanted, false)) {
      handInSnapshot(host, observer);
    }
  }
  armTimer(host, now_);
}

// The state machine takes what is committed, and who waits for a reply gets it.
void World::apply(Host& host, const Apply& apply, Observer& observer) {
  scratch_.replies.clear();
  Index index = apply.first;
  for (const Entry& entry : apply.entries) {
    kv::Reply& reply = scratch_.replies.emplace_back();
    if (!host.canApply(index)) {
      // A mistake in the core has left it without those before: the checkers find that.
    } else if (entry.type == EntryType::Command) {
      kv::Outcome outcome = host.apply(index, entry);
      observer.replied(now_, host.server.id, repliedOf(host, index, entry, outcome));
      reply = std::move(outcome.reply);
    } else {
      host.pass(index);
      observer.replied(now_, host.server.id,
                       {.index = index, .entry = entry, .digest = host.machineDigest()});
    }
    ++index;
  }
  answer(host, apply, observer);
}

trace::Replied World::repliedOf(const Host& host, Index index, const Entry& entry,
                                const kv::Outcome& outcome) const {
  using Kind = kv::Outcome::Kind;
  const bool awaited =
      outcome.kind != Kind::Nothing && std::ranges::any_of(clients_, [&](const Client& client) {
        return client.server == host.server.id &&
               client.accepted == Accepted{.index = index, .term = entry.term};
      });
  trace::Replied::Kind kind = trace::Replied::Kind::Nothing;
  if (outcome.kind == Kind::Applied) kind = trace::Replied::Kind::Applied;
  if (outcome.kind == Kind::Repeated) kind = trace::Replied::Kind::Repeated;
  if (outcome.kind == Kind::Refused) kind = trace::Replied::Kind::Refused;
  return {.index = index,
          .entry = entry,
          .kind = kind,
          .reply = std::string_view(kv::text(outcome.reply)),
          .session = outcome.session,
          .sequence = outcome.sequence,
          .expired = outcome.expired,
          .awaited = awaited,
          .digest = host.machineDigest()};
}

void World::transmit(Envelope&& message, Observer& observer) {
  const bool exists = 1 <= message.to.value && message.to.value <= size();
  RAFT_ASSERT(exists, "a server sends to servers of its cluster");
  observer.sent(now_, message);
  const Carriage carriage = network_.carry(message.from, message.to);
  if (carriage.lost) return observer.lost(now_, message, *carriage.lost);
  if (carriage.copyLatency) {
    observer.duplicated(now_, message);
    const Moment first = at(now_ + carriage.latency);
    messages_.push(at(now_ + *carriage.copyLatency), Envelope(message));
    return messages_.push(first, std::move(message));
  }
  messages_.push(at(now_ + carriage.latency), std::move(message));
}

// A deadline that has passed already (while it was paused) is due at `earliest`.
void World::armTimer(Host& host, Time earliest) {
  const Time due = std::max(host.clock.when(host.server.deadline()), earliest);
  if (alarms_.of(timerOf(host)).time != due) alarms_.set(timerOf(host), at(due));
}

void World::armDisk(Host& host) {
  Time due = host.faults.until;
  if (!host.writing.empty() && !host.faults.stalls) {
    due = std::min(due, host.writing.front().durableAt);
  }
  if (due == never) return alarms_.turnOff(diskOf(host));
  alarms_.set(diskOf(host), at(std::max(due, now_)));
}

}  // namespace raft::sim
