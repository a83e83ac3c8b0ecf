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
  raft::Server& server(raft::ServerId id) { return servers_[id.value - 1]; }
  template <class In>
  void step(raft::ServerId id, const In& input);
  void apply(raft::ServerId id, const raft::Apply& apply);
  void compact(raft::ServerId id);
  static void copyBytes(raft::Effects& effects);

  void elect(std::uint64_t compacted);

  const bool copying_;
  raft::Time now_ = {};
  std::vector<raft::Server> servers_;
  std::vector<Digest> applied_;
  CommandSource commands_;
  Counts counts_;

  // Memory that is used again and again.
  raft::Propose proposal_;
  // What was sent and is not delivered yet, in the effects of the steps that sent it: no message is
  // moved. While one buffer is delivered, the other fills.
  struct Sent {
    std::vector<raft::Effects> effects = std::vector<raft::Effects>(1);
    std::uint32_t count = 0;  // how many of them are in use; there is always one more
  };
  Sent buffers_[2];
  Sent* sent_ = &buffers_[0];
};

}  // namespace bench
