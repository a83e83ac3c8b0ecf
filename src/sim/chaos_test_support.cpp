#include "sim/chaos_test_support.h"

#include <algorithm>

namespace raft::sim {

namespace {

using std::chrono::milliseconds;
constexpr std::uint64_t settingsPurpose = 1001;  // apart from the world's own purposes
constexpr std::uint64_t faultsPurpose = 1002;
constexpr std::uint64_t disksPurpose = 1003;
constexpr std::uint64_t snapshotsPurpose = 1004;
constexpr std::uint64_t beyondPurpose = 1005;  // what lies beyond Figure 2, of elections
constexpr std::uint64_t membershipPurpose = 1006;

Link anyLink(Random& chance) {
  Link link;
  link.latencyMin = chance.between(Duration(0), milliseconds(5));
  link.latencyMax = link.latencyMin + chance.between(Duration(0), milliseconds(30));
  if (chance.chance(400'000)) link.lossPerMillion = 200'000;
  if (chance.chance(400'000)) link.duplicatePerMillion = 300'000;
  return link;
}

// In half of the runs: small windows, small messages, hints, back-pressure, fates. They are drawn
// apart, so that the other half is as it was.
void anyReplication(std::uint64_t seed, Settings& to) {
  Random chance = Random::stream(seed, settingsPurpose, 1);
  if (chance.chance(500'000)) return;
  to.maxMessagesInFlight = static_cast<std::uint32_t>(chance.below(6)) + 1;
  to.maxEntriesPerMessage = chance.below(4);
  if (chance.chance(300'000)) to.maxBytesPerMessage = chance.below(20) + 1;
  if (chance.chance(300'000)) to.maxBytesInFlight = chance.below(40) + 1;
  if (chance.chance(300'000)) to.maxUncommittedBytes = chance.below(60) + 1;
  to.conflictHints = chance.chance(500'000);
  to.tellFates = chance.chance(500'000);
}

struct Chaos {
  World& world;
  Observer& observer;
  Random chance;
  Random beyond;
  Random membership;  // of its own, so that runs without changes stay as they were
  bool changesMembers;

  ServerId anyServer() { return static_cast<std::uint32_t>(chance.below(world.size())) + 1; }

  void crashOrRestart(ServerId server) {
    world.isUp(server) ? world.crash(server, observer) : world.restart(server, observer);
  }
  void pauseOrResume(ServerId server) {
    if (!world.isUp(server)) return;
    world.isPaused(server) ? world.resume(server, observer) : world.pause(server, observer);
  }
  // Two groups, and now and then a bridge between them.
  void partition() {
    std::vector<ServerSet> groups(2);
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      const std::uint64_t place = chance.below(9);
      if (place < 5) groups[0].insert(id);
      if (place >= 4) groups[1].insert(id);
    }
    world.partition(std::move(groups), observer);
  }
  // Now and then, a wish of the leader: any server may become anything.
  void changeMembers() {
    Random& dice = membership;
    ChangeConfiguration wish;
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      const std::uint64_t lot = dice.below(10);
      if (lot < 3) wish.voters.insert(id);
      if (lot == 3) wish.learners.insert(id);
      if (lot == 4 || lot == 5) wish.removed.insert(id);
    }
    const bool now = dice.chance(400'000);
    const std::optional<ServerId> leader = world.leader();
    if (now && leader) world.changeConfiguration(*leader, wish, observer);
  }
  void changeLink() {
    const ServerId from = anyServer();
    const ServerId to = anyServer();
    if (from == to) return;
    Link link = anyLink(chance);
    link.up = chance.chance(600'000);
    world.setLink(from, to, link, observer);
  }
  // Now and then a server, mostly the leader, is told to hand over to one that may not even exist.
  void transfer() {
    if (!beyond.chance(100'000)) return;
    const auto drawn = [&] { return static_cast<std::uint32_t>(beyond.below(world.size() + 1)); };
    const ServerId to = drawn() + 1;
    const ServerId other = std::max(drawn(), 1u);
    const std::optional<ServerId> leader = world.leader();
    world.transfer(leader && beyond.chance(800'000) ? *leader : other, to, observer);
  }
};

// The same for disks, drawn apart. Of what befalls them only that which Raft must survive: a server
// that forgets what was durable is not among it.
struct DiskChaos {
  World& world;
  Observer& observer;
  Random chance;

  std::optional<Time> whileOrOn() {
    if (chance.chance(300'000)) return std::nullopt;
    return world.now() + chance.between(milliseconds(10), milliseconds(600));
  }
  void disturb() {
    const ServerId server = static_cast<std::uint32_t>(chance.below(world.size())) + 1;
    switch (chance.below(6)) {
      case 0: world.stallDisk(server, whileOrOn(), observer); break;
      case 1: world.failWrites(server, {.next = chance.below(3) + 1}, observer); break;
      case 2:
        world.failWrites(server, {.every = chance.below(3) + 1, .until = whileOrOn()}, observer);
        break;
      case 3: world.mendDisk(server, observer); break;
      default: tearAndRestart(server);
    }
  }
  void tearAndRestart(ServerId server) {
    if (world.isUp(server)) world.crash(server, observer, chance.below(4));
    world.runUntil(world.now() + milliseconds(chance.below(50)), observer);
    world.restart(server, observer);
  }
};

}  // namespace

WorldSettings chaoticSettings(std::uint64_t seed) {
  Random chance = Random::stream(seed, settingsPurpose, 0);
  WorldSettings settings{.servers = static_cast<std::uint32_t>(chance.below(7)) + 1, .seed = seed};
  Settings raft;
  raft.noopAtElection = chance.chance(700'000);
  Random snapshots = Random::stream(seed, snapshotsPurpose, 0);
  if (snapshots.chance(500'000)) {
    raft.compactAfter = snapshots.below(30) + 1;
    raft.snapshotChunkBytes = static_cast<std::uint32_t>(snapshots.below(30)) + 1;
  }
  anyReplication(seed, raft);
  // Half of the clusters are of Figure 2 alone; in the others each server has some of what lies
  // beyond it, or all have the same.
  Random beyond = Random::stream(seed, beyondPurpose, 0);
  const bool plain = beyond.chance(500'000);
  const bool mixed = beyond.chance(500'000);
  for (std::uint32_t i = 0; i < settings.servers; ++i) {
    if (!plain && (i == 0 || mixed)) {
      raft.preVote = beyond.chance(700'000);
      raft.leaderStickiness = beyond.chance(700'000);
      raft.checkQuorum = beyond.chance(700'000);
    }
    if (!plain) raft.priority = static_cast<std::uint32_t>(beyond.below(3)) * mixed;
    settings.raft.push_back(raft);
  }
  if (chance.chance(600'000)) settings.disks = {{Duration(0), milliseconds(chance.below(20))}};
  settings.link = anyLink(chance);
  for (std::uint64_t count = chance.below(4); count > 0; --count) {
    settings.clients.push_back({.timeout = milliseconds(100 + chance.below(400))});
  }
  Random disks = Random::stream(seed, disksPurpose, 0);
  const bool impatient = disks.chance(500'000);
  for (Settings& each : settings.raft) {
    if (impatient) each.writeTimeout = milliseconds(200);
  }
  if (disks.chance(400'000)) {
    for (std::uint32_t i = 0; i < settings.servers; ++i) {
      const auto drift = static_cast<std::int32_t>(disks.below(200'001));
      settings.clocks.push_back({drift - 100'000});
    }
  }
  Random membership = Random::stream(seed, membershipPurpose, 1);
  if (membership.chance(400'000)) {  // some servers only come later
    const auto members = static_cast<std::uint32_t>(membership.below(settings.servers)) + 1;
    settings.members = ServerSet::firstServers(members);
  }
  return settings;
}

void makeChaos(World& world, std::uint64_t seed, Observer& observer) {
  Random membership = Random::stream(seed, membershipPurpose, 0);
  const bool changesMembers = membership.chance(500'000);
  Chaos chaos{world,
              observer,
              Random::stream(seed, faultsPurpose, 0),
              Random::stream(seed, beyondPurpose, 1),
              membership,
              changesMembers};
  DiskChaos disks{world, observer, Random::stream(seed, disksPurpose, 1)};
  const bool disturbsDisks = disks.chance.chance(500'000);
  bool does[5];
  for (bool& each : does) each = chaos.chance.chance(600'000);
  for (int round = 0; round < 50; ++round) {
    world.runUntil(world.now() + chaos.chance.between(milliseconds(5), milliseconds(150)),
                   observer);
    // Each is drawn whether or not it is used, so that the others stay where they are.
    const std::uint64_t deed = chaos.chance.below(6);
    const ServerId server = chaos.anyServer();
    if (deed == 0 && does[0]) chaos.crashOrRestart(server);
    if (deed == 1 && does[1]) chaos.pauseOrResume(server);
    if (deed == 2 && does[2]) chaos.partition();
    if (deed == 3 && does[3]) chaos.changeLink();
    if (deed == 4 && (does[2] || does[3])) world.heal(observer);
    if (deed == 5 && does[4]) world.propose(server, "from outside", observer);
    if (disturbsDisks && disks.chance.chance(250'000)) disks.disturb();
    chaos.transfer();
    if (chaos.changesMembers) chaos.changeMembers();
  }
}

void mend(World& world, Observer& observer) {
  world.heal(observer);
  for (std::uint32_t from = 1; from <= world.size(); ++from) {
    world.mendDisk(from, observer);
    if (world.isPaused(from)) world.resume(from, observer);
    if (!world.isUp(from)) world.restart(from, observer);
    for (std::uint32_t to = 1; to <= world.size(); ++to) {
      if (from != to) world.setLink(from, to, Link{}, observer);
    }
  }
  world.runUntil(world.now() + std::chrono::seconds(3), observer);
  // Whoever is removed and has not heard of it disturbs the others (thesis §4.2.3): it is stopped,
  // as soon as there is a leader to say so.
  for (int i = 0; i < 100 && !world.leader(); ++i) {
    world.runUntil(world.now() + std::chrono::milliseconds(20), observer);
  }
  if (const std::optional<ServerId> leader = world.leader()) {
    const Configuration members = world.server(*leader).configuration;
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      const bool stands = world.server(id).mayStand();
      if (stands && !members.contains(id)) world.crash(id, observer);
    }
  }
  world.runUntil(world.now() + std::chrono::seconds(5), observer);
}

}  // namespace raft::sim
