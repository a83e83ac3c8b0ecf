// A cluster of cores in one thread with nothing between them: messages are handed over as they are,
// writes are durable at once. It is also the least that a host must do, in thirty lines.
#pragma once
#include <cstdint>
#include <vector>

#include "bench/workload.h"
#include "raft/server.h"

namespace bench {

class DirectCluster {
 public:
  // Server 1 leads when this returns, and all have applied its no-op.
  explicit DirectCluster(const Workload& work);

  // Hands `count` commands to the leader, in one input.
  void propose(std::uint64_t count);
  // Delivers what was sent before this call. False if there was nothing.
  bool deliver();
  // Lets time pass until the leader's next heartbeat.
  void heartbeat();

  std::uint64_t appliedByAll() const;  // commands
  const Counts& counts() const { return counts_; }
  // Whether every server applied exactly what was proposed, in order.
  bool agrees() const;

 private:
  // A server and what it has applied.
  struct Member {
    raft::Server server;
    Digest applied = {};
  };
  // What was sent and is not delivered yet, in the effects of the steps that sent it: no message is
  // moved.
  struct Sent {
    std::vector<raft::Effects> effects = std::vector<raft::Effects>(1);
    raft::Effects* next = effects.data();  // those of the next step; there always are

    void keep() {
      if (++next == effects.data() + effects.size()) grow();
    }
    [[gnu::noinline]] void grow();
  };

  Member& member(raft::ServerId id) { return members_[id.value - 1]; }
  raft::Server& leader() { return members_.front().server; }
  template <class In>
  void step(Member& member, const In& input);
  static void apply(Member& member, const raft::Entries& entries);
  [[gnu::noinline]] void compact(Member& member);
  [[gnu::noinline]] static void copyBytes(raft::Effects& effects);

  void elect(std::uint32_t servers, std::uint64_t compacted);

  const bool copying_;
  raft::Time now_ = {};
  std::vector<Member> members_;
  CommandSource commands_;
  Counts counts_;

  // Memory that is used again and again.
  raft::Propose proposal_;
  Sent buffers_[2];  // while one is delivered, the other fills
  Sent* sent_ = &buffers_[0];
};

}  // namespace bench
