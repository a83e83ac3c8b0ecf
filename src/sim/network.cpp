#include "sim/network.h"

#include <algorithm>

#include "raft/assert.h"
#include "sim/streams.h"

namespace raft::sim {

namespace {

constexpr std::uint32_t million = 1'000'000;

void requirePossible(const Link& link) {
  RAFT_ASSERT(Duration(0) <= link.latencyMin && link.latencyMin <= link.latencyMax,
              "a latency lies between its ends and is not negative");
  RAFT_ASSERT(link.lossPerMillion <= million && link.duplicatePerMillion <= million,
              "of a million messages at most a million are lost or doubled");
}

}  // namespace

Network::Network(std::uint32_t servers, const Link& link, std::uint64_t seed)
    : servers_(servers), together_(servers, ServerSet::firstServers(servers)) {
  requirePossible(link);
  wires_.reserve(servers * servers);
  for (std::uint32_t from = 1; from <= servers; ++from) {
    for (std::uint32_t to = 1; to <= servers; ++to) {
      // Not numbered densely: the streams of a link are the same in a cluster of any size.
      const std::uint64_t entity = from * std::uint64_t{ServerSet::maxServers + 1} + to;
      const auto purpose = static_cast<std::uint64_t>(Purpose::Link);
      wires_.push_back({.link = link, .chance = Random::stream(seed, purpose, entity)});
    }
  }
}

void Network::setLink(ServerId from, ServerId to, const Link& link) {
  requirePossible(link);
  wire(from, to).link = link;
}

void Network::partition(const std::vector<ServerSet>& groups) {
  for (std::uint32_t i = 0; i < servers_; ++i) {
    together_[i] = {};
    for (const ServerSet& group : groups) {
      if (!group.contains(i + 1)) continue;
      for (ServerId other : group) together_[i].insert(other);
    }
  }
}

void Network::heal() {
  together_.assign(servers_, ServerSet::firstServers(servers_));
  for (Wire& wire : wires_) wire.link.up = true;
}

void Network::arrange(ServerId from, ServerId to, const Carriage& carriage) {
  RAFT_ASSERT(carriage.lost.value_or(Lost::Chance) == Lost::Chance,
              "only a link or a receiver that is down loses for another reason");
  arranged_.push_back({from, to, carriage});
}

std::vector<Network::Arranged>::const_iterator Network::arranged(ServerId from, ServerId to) const {
  return std::ranges::find_if(
      arranged_, [&](const Arranged& each) { return each.from == from && each.to == to; });
}

Carriage Network::carry(ServerId from, ServerId to) {
  const Carriage carriage = next(from, to);
  wire(from, to).chance.counter += drawsPerMessage;
  if (!arranged_.empty()) {
    if (const auto first = arranged(from, to); first != arranged_.end()) arranged_.erase(first);
  }
  return carriage;
}

Carriage Network::next(ServerId from, ServerId to) const {
  const Wire& wire = this->wire(from, to);
  const auto draw = [&](Draw purpose) {
    return Random{.seed = wire.chance.seed, .counter = wire.chance.counter + purpose};
  };
  const auto between = [&](Draw purpose) {
    const Link& link = wire.link;
    if (link.latencyMin == link.latencyMax) return link.latencyMin;
    return draw(purpose).between(link.latencyMin, link.latencyMax);
  };

  if (!isUp(from, to)) return {.lost = Lost::LinkDown};
  if (!arranged_.empty()) {
    if (const auto first = arranged(from, to); first != arranged_.end()) return first->carriage;
  }
  if (draw(loss).chance(wire.link.lossPerMillion)) return {.lost = Lost::Chance};
  Carriage carriage{.latency = between(latency)};
  if (draw(duplication).chance(wire.link.duplicatePerMillion)) {
    carriage.copyLatency = between(latencyOfCopy);
  }
  return carriage;
}

}  // namespace raft::sim
