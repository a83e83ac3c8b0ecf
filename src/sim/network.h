// The network between the servers: a link for each direction of each pair.
//
// A link has a latency, loses and duplicates by chance, and is up or down. It is down while it was
// set so (a cut) and while a partition keeps its ends apart. What is under way when its link goes
// down is lost if the link is still down when it should arrive.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "raft/random.h"
#include "raft/server_set.h"
#include "trace/observer.h"

namespace raft::sim {

using trace::Link;
using trace::Lost;

// What the network does with one message.
struct Carriage {
  std::optional<Lost> lost = {};
  Duration latency = {};                     // until it arrives, if it is not lost
  std::optional<Duration> copyLatency = {};  // if a second copy was made: until that arrives
  bool operator==(const Carriage&) const = default;
};

class Network {
 public:
  Network() = default;
  // All links alike. The chances of each are drawn from a stream of its own.
  Network(std::uint32_t servers, const Link& link, std::uint64_t seed);

  const Link& link(ServerId from, ServerId to) const { return wire(from, to).link; }
  void setLink(ServerId from, ServerId to, const Link& link);

  // Whether what is sent now would leave, and what should arrive now arrives.
  bool isUp(ServerId from, ServerId to) const {
    return link(from, to).up && together_[from.value - 1].contains(to);
  }
  // Links between servers that share no group are down; the partition before is over. A server may
  // be in several groups (a bridge), or in none (alone).
  void partition(const std::vector<ServerSet>& groups);
  // All links are up, cuts and partition gone; they are as slow and as lossy as before.
  void heal();

  // What becomes of a message that is sent now. If nothing was arranged, it is drawn.
  Carriage carry(ServerId from, ServerId to);
  // What carry() would say.
  Carriage next(ServerId from, ServerId to) const;
  // Of the messages that are sent from now on over this link, the next one of which nothing was
  // arranged yet fares so, if the link is up. The chances of all others are as they were.
  void arrange(ServerId from, ServerId to, const Carriage&);

  bool operator==(const Network&) const = default;

 private:
  // Each message takes this many places in its link's stream, used or not: so the latency of the
  // hundredth message is the same whether or not the link also loses some.
  enum Draw : std::uint64_t { latency, loss, duplication, latencyOfCopy, drawsPerMessage };
  struct Wire {
    Link link;
    Random chance;
    bool operator==(const Wire&) const = default;
  };

  struct Arranged {
    ServerId from;
    ServerId to;
    Carriage carriage;
    bool operator==(const Arranged&) const = default;
  };
  // The first one for this link, or the end.
  std::vector<Arranged>::const_iterator arranged(ServerId from, ServerId to) const;

  Wire& wire(ServerId from, ServerId to) {
    return wires_[(from.value - 1) * servers_ + (to.value - 1)];
  }
  const Wire& wire(ServerId from, ServerId to) const {
    return wires_[(from.value - 1) * servers_ + (to.value - 1)];
  }

  std::uint32_t servers_ = 0;
  std::vector<Wire> wires_;          // by sender, then by receiver
  std::vector<ServerSet> together_;  // by server: with whom it shares a group
  std::vector<Arranged> arranged_;   // in the order of messages
};

}  // namespace raft::sim
