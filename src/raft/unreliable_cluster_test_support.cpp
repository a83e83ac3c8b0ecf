#include "raft/unreliable_cluster_test_support.h"

#include <algorithm>
#include <string>

namespace raft {

UnreliableCluster::UnreliableCluster(std::uint32_t count, const Settings& settings,
                                     std::uint64_t seed)
    : random_(Random::stream(seed, 7, 7)), settings_(settings), disks_(count) {
  const ServerSet voters = ServerSet::firstServers(count);
  for (ServerId id : voters) {
    servers.push_back(Server::start(id, voters, settings_, random_.next(), now));
  }
}

void UnreliableCluster::step(ServerId id, const Input& input) {
  const Server before = of(id);
  const Effects effects = stepChecked(of(id), now, input);
  Disk& disk = disks_[id.value - 1];
  if (effects.write) disk.writing.push_back(*effects.write);
  for (const Send& send : effects.send) {
    if (send.after == WriteId{0}) {
      network_.push_back(send.envelope);
    } else {
      disk.held.push_back(send);
    }
  }
  for (std::uint64_t i = 0; i < effects.apply.entries.size(); ++i) {
    const std::uint64_t at = effects.apply.first.value - 1 + i;
    if (at >= committed.size()) committed.push_back(effects.apply.entries[i]);
    ASSERT_EQ(committed[at], effects.apply.entries[i]) << "another entry at " << at + 1;
  }
  if (watch) watch(before, input, of(id), effects);
}

void UnreliableCluster::deliver(std::size_t message) {
  const Envelope envelope = network_[message];
  network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(message));
  step(envelope.to, envelope);
}

void UnreliableCluster::finishWrite(ServerId id) {
  Disk& disk = disks_[id.value - 1];
  if (disk.writing.empty()) return;
  const Write write = disk.writing.front();
  disk.writing.erase(disk.writing.begin());
  disk.durable.currentTerm = write.currentTerm;
  disk.durable.votedFor = write.votedFor;
  if (write.from != Index{0}) {
    disk.durable.log.truncateFrom(write.from);
    disk.durable.log.append(write.entries);
    disk.durable.log.takeChange();
  }
  step(id, Written{write.id});
  std::erase_if(disk.held, [&](const Send& send) {
    if (send.after > write.id) return false;
    network_.push_back(send.envelope);
    return true;
  });
}

void UnreliableCluster::crash(ServerId id) {
  Disk& disk = disks_[id.value - 1];
  disk.writing.clear();
  disk.held.clear();
  if (crashed) crashed(id);
  of(id) =
      Server::start(id, of(id).baseConfiguration, settings_, random_.next(), now, disk.durable);
}

void UnreliableCluster::timeOutNext() {
  const auto next = std::ranges::min_element(servers, {}, &Server::deadline);
  now = std::max(now, next->deadline());
  step(next->id, Timeout{});
}

Propose UnreliableCluster::proposal() {
  Propose proposal;
  for (std::uint64_t i = 0, count = random_.below(3) + 1; i < count; ++i) {
    std::string bytes = std::to_string(++proposals_);
    bytes.resize(std::max<std::uint64_t>(bytes.size(), random_.below(41)), '.');
    proposal.commands.emplace_back(std::string_view(bytes));
  }
  return proposal;
}

void UnreliableCluster::happen() {
  const std::uint64_t chance = random_.below(1000);
  const ServerId anybody = random_.below(servers.size()) + 1;
  if (chance < 550 && !network_.empty()) {
    const std::uint64_t near = std::min<std::uint64_t>(network_.size(), 6);
    const std::size_t message = random_.chance(800'000) ? 0 : random_.below(near);
    if (random_.chance(60'000)) network_.push_back(network_[message]);
    if (random_.chance(60'000)) {
      network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(message));
    } else {
      deliver(message);
    }
  } else if (chance < 750) {
    const auto leads = [](const Server& server) { return server.is<Leader>(); };
    const auto leader = std::ranges::find_if(servers, leads);
    const bool known = leader != servers.end() && !random_.chance(100'000);
    step(known ? leader->id : anybody, proposal());
  } else if (chance < 900) {
    finishWrite(anybody);
  } else if (chance < 980) {
    timeOutNext();
  } else if (chance < 990) {
    crash(anybody);
  } else {  // whoever it is, it has heard nothing for too long
    now = std::max(now, of(anybody).deadline());
    step(anybody, Timeout{});
  }
}

bool UnreliableCluster::agrees() const {
  return std::ranges::all_of(servers, [&](const Server& server) {
    return server.log == servers[0].log && server.commitIndex == server.log.lastIndex();
  });
}

void UnreliableCluster::settle() {
  for (int round = 0; round < 3000 && !testing::Test::HasFailure(); ++round) {
    while (!network_.empty()) deliver(0);
    for (const Server& server : servers) {
      while (!disks_[server.id.value - 1].writing.empty()) finishWrite(server.id);
    }
    if (!network_.empty()) continue;
    if (agrees()) return;
    timeOutNext();
  }
  ADD_FAILURE() << "the logs do not come to agree: " << testing::PrintToString(servers);
}

}  // namespace raft
