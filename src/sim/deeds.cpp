// What is done to a world from outside, and when two worlds are equal.
#include <algorithm>

#include "raft/assert.h"
#include "sim/world.h"

namespace raft::sim {

void World::crash(ServerId id, Observer& observer, std::optional<std::uint64_t> whole) {
  tellStart(observer);
  Host& host = this->host(id);
  RAFT_ASSERT(host.state != Host::State::Crashed, "what crashes was up");
  host.crash(now_, whole);
  alarms_.turnOff(timerOf(host));
  alarms_.turnOff(diskOf(host));
  for (Client& client : clients_) {
    if (client.server == id) client.accepted.reset();
  }
  observer.crashed(now_, host.server);
  if (host.damage.torn != Index{0}) {
    observer.machineChanged(now_, id, trace::TailTorn{host.damage.torn});
  }
  for (const Envelope& message : host.waiting) observer.lost(now_, message, Lost::ReceiverDown);
  host.waiting.clear();
  forgetReads(host, observer);
}

void World::restart(ServerId id, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  RAFT_ASSERT(host.state == Host::State::Crashed, "what restarts had crashed");
  const Index wrong = host.damage.firstWrong(host.disk.log);
  if (wrong != Index{0}) {
    return observer.machineChanged(now_, id, trace::StartRefused{wrong});
  }
  if (const Index torn = std::exchange(host.damage.torn, 0); torn != Index{0}) {
    observer.machineChanged(now_, id, trace::TornTailDropped{torn});
  }
  host.restart(timerSeed(seed_, id, host.life + 1), clockOf(host));
  armTimer(host, now_);
  armDisk(host);
  observer.started(now_, host.server, true);
}

void World::pause(ServerId id, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  RAFT_ASSERT(host.state == Host::State::Running, "what is paused was running");
  host.state = Host::State::Paused;
  alarms_.turnOff(timerOf(host));
  alarms_.turnOff(diskOf(host));
  observer.paused(now_, id);
}

void World::resume(ServerId id, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  RAFT_ASSERT(host.state == Host::State::Paused, "what resumes was paused");
  host.state = Host::State::Running;
  observer.resumed(now_, id);
  for (Envelope& message : host.waiting) messages_.push(at(now_), std::move(message), host.life);
  host.waiting.clear();
  armDisk(host);
  armTimer(host, now_);
}

void World::stallDisk(ServerId id, std::optional<Time> until, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  host.faults = {.stalls = true, .until = until.value_or(never)};
  if (host.state == Host::State::Running) armDisk(host);
  observer.machineChanged(now_, id, trace::DiskStalled{until});
}

void World::failWrites(ServerId id, const trace::WritesFail& which, Observer& observer) {
  tellStart(observer);
  RAFT_ASSERT(which.every != 0, "each write fails, or each second …");
  Host& host = this->host(id);
  host.faults = {
      .failEvery = which.every, .failNext = which.next, .until = which.until.value_or(never)};
  if (host.state == Host::State::Running) armDisk(host);
  observer.machineChanged(now_, id, which);
}

void World::mendDisk(ServerId id, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  const bool faulty = host.faults.any();
  host.faults = {};
  tellWorks(host, faulty, observer);
  if (host.state == Host::State::Running) armDisk(host);
}

void World::flipBit(ServerId id, Index index, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  host.damage.flipBit(host.disk.log, index);
  observer.machineChanged(now_, id, trace::BitFlipped{index});
}

void World::loseDisk(ServerId id, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  RAFT_ASSERT(host.state == Host::State::Crashed, "a server without a disk is down");
  host.loseDisk();
  observer.machineChanged(now_, id, trace::DiskLost{});
}

Proposed World::propose(ServerId id, Command command, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  if (host.state != Host::State::Running) return NotLeader{};
  stepServer(host, Propose{.commands = {std::move(command)}}, observer);
  const Proposed proposed = scratch_.effects.proposed.value_or(NotLeader{});
  perform(host, observer);
  return proposed;
}

Compaction World::takeSnapshot(ServerId id, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  RAFT_ASSERT(host.state == Host::State::Running, "who takes a snapshot runs");
  handInSnapshot(host, observer);
  const Compaction outcome = scratch_.effects.compaction;
  perform(host, observer);
  return outcome;
}

Transferred World::transfer(ServerId id, ServerId to, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  if (host.state != Host::State::Running) return Transferred::NotLeader;
  stepServer(host, TransferLeadership{.to = to}, observer);
  const Transferred answer = scratch_.effects.transferred.value_or(Transferred::NotLeader);
  perform(host, observer);
  return answer;
}

Change World::changeConfiguration(ServerId id, const ChangeConfiguration& wish,
                                  Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  const Change nobody{.outcome = Change::Outcome::NotLeader};
  if (host.state != Host::State::Running) return nobody;
  stepServer(host, wish, observer);
  const Change change = scratch_.effects.change.value_or(nobody);
  perform(host, observer);
  return change;
}

void World::partition(std::vector<ServerSet> groups, Observer& observer) {
  tellStart(observer);
  network_.partition(groups);
  observer.networkChanged(now_, trace::Partitioned{std::move(groups)});
}

void World::arrange(ServerId from, ServerId to, const Carriage& carriage) {
  network_.arrange(from, to, carriage);
}

void World::setLink(ServerId from, ServerId to, const Link& link, Observer& observer) {
  tellStart(observer);
  RAFT_ASSERT(host(from).server.id != host(to).server.id, "a link has two ends");
  const Link before = network_.link(from, to);
  network_.setLink(from, to, link);
  observer.networkChanged(
      now_, trace::LinkChanged{.from = from, .to = to, .before = before, .after = link});
}

void World::heal(Observer& observer) {
  tellStart(observer);
  network_.heal();
  observer.networkChanged(now_, trace::Healed{});
}

namespace {

// Something that is to happen: a message's arrival, or an owner's alarm.
struct Ahead {
  Moment at;
  const Input* message;
  std::uint32_t owner;
  std::uint32_t life;  // in which it waited at a paused server
};

std::vector<Ahead> inOrder(const MessageQueue& messages, const Alarms& alarms) {
  std::vector<Ahead> all;
  for (const MessageQueue::Event& event : messages.events()) {
    all.push_back({event.at, &messages[event.slot], 0, event.life});
  }
  for (std::uint32_t owner = 0; owner < alarms.size(); ++owner) {
    if (alarms.of(owner).time == never) continue;
    all.push_back({alarms.of(owner), nullptr, owner, 0});
  }
  std::ranges::sort(all, [](const Ahead& a, const Ahead& b) { return a.at < b.at; });
  return all;
}

// Sequence numbers count causes since the beginning: only the order that they give matters.
bool same(const Ahead& a, const Ahead& b) {
  if (a.at.time != b.at.time || a.owner != b.owner || a.life != b.life) return false;
  if (a.message == nullptr || b.message == nullptr) return a.message == b.message;
  return *a.message == *b.message;
}

}  // namespace

bool World::operator==(const World& other) const {
  if (seed_ != other.seed_ || now_ != other.now_ || hosts_ != other.hosts_ ||
      clients_ != other.clients_ || network_ != other.network_ || lastRead_ != other.lastRead_) {
    return false;
  }
  return std::ranges::equal(inOrder(messages_, alarms_), inOrder(other.messages_, other.alarms_),
                            same);
}

}  // namespace raft::sim
