// The work that is measured, the same for every implementation: commands are proposed to a cluster
// until all its servers have applied them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bench {

struct Workload {
  std::uint32_t servers = 3;
  std::uint64_t window = 1;     // commands under way at most: proposed, and not yet applied by all
  bool batched = false;         // as many as the window has room for are proposed at once
  std::uint32_t size = 16;      // bytes of a command, at least 8
  bool copying = false;         // whether each follower receives a copy of the bytes, not a share
  std::uint64_t compacted = 0;  // entries after which a log is cut short; 0: it grows for ever
};

// What the cluster had to do for it.
struct Counts {
  std::uint64_t messages = 0;  // between servers, of every kind
  std::uint64_t heartbeats =
      0;                     // times that nothing moved until the leader's timer was let run out
  std::uint64_t writes = 0;  // handed to the disks, each durable at once

  friend Counts operator-(const Counts& a, const Counts& b) {
    return {a.messages - b.messages, a.heartbeats - b.heartbeats, a.writes - b.writes};
  }
};

// What a server makes of the commands that it applies: it reads every byte, in order.
class Digest {
 public:
  void add(std::string_view bytes) {
    std::uint64_t sum = bytes.size();
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      sum += word;
    }
    for (; at != end; ++at) sum += static_cast<unsigned char>(*at);
    value_ = value_ * 0x9e3779b97f4a7c15 + sum;
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  std::string text() const { return std::to_string(count_) + " " + std::to_string(value_); }
  bool operator==(const Digest&) const = default;

 private:
  std::uint64_t count_ = 0;
  std::uint64_t value_ = 0;
};

// The commands 1, 2, 3 … of one size, no two of them the same.
class CommandSource {
 public:
  explicit CommandSource(std::uint32_t size) : bytes_(std::max(size, 8u), 'x') {}

  std::string_view next() {
    ++number_;
    std::memcpy(bytes_.data(), &number_, sizeof number_);
    proposed_.add(bytes_);
    return bytes_;
  }
  const Digest& proposed() const { return proposed_; }

 private:
  std::string bytes_;
  std::uint64_t number_ = 0;
  Digest proposed_;
};

// Proposes `entries` more commands to a cluster and returns when every server has applied them.
//
// The cluster is driven as a host would drive it that is never idle: commands are proposed while
// the window has room; then what was sent by then is delivered; and only if nothing is under way,
// time passes until the leader's next heartbeat, which tells followers what has committed.
template <class Cluster>
void replicate(Cluster& cluster, const Workload& work, std::uint64_t entries) {
  std::uint64_t applied = cluster.appliedByAll();
  std::uint64_t proposed = applied;
  const std::uint64_t goal = applied + entries;
  while (applied < goal) {
    const std::uint64_t fresh = std::min(work.window - (proposed - applied), goal - proposed);
    if (work.batched && fresh > 0) {
      cluster.propose(fresh);
    } else {
      for (std::uint64_t i = 0; i < fresh; ++i) cluster.propose(1);
    }
    proposed += fresh;
    if (!cluster.deliver()) cluster.heartbeat();
    applied = cluster.appliedByAll();
  }
  while (cluster.deliver()) continue;
}

}  // namespace bench
