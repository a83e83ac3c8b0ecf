// libraft's core driven as bench/direct_cluster.h drives ours: a raft_io that hands messages over
// in memory, writes that are durable at once, one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/workload.h"

extern "C" {
#include <raft.h>
}

namespace bench {

class LibraftCluster {
 public:
  explicit LibraftCluster(const Workload& work);  // server 1 leads when this returns
  ~LibraftCluster();
  LibraftCluster(const LibraftCluster&) = delete;
  LibraftCluster& operator=(const LibraftCluster&) = delete;

  void propose(std::uint64_t count);
  bool deliver();
  void heartbeat();

  std::uint64_t appliedByAll() const;
  const Counts& counts() const { return counts_; }
  bool agrees() const;

 private:
  using Request = struct raft_apply;  // there is a function of this name too
  // A request of libraft that is done, and whose callback it awaits.
  struct Done {
    void (*call)(void* request);
    void* request;
  };
  struct Server {
    LibraftCluster* cluster;
    raft_id id;
    std::string address;
    raft core;
    raft_io io;
    raft_fsm machine;
    raft_tracer tracer;  // not enabled: its text costs more than the protocol
    raft_io_tick_cb tick = nullptr;
    raft_io_recv_cb receive = nullptr;
    std::vector<raft_message> sent, arriving;  // to this server
    std::vector<Done> done, ready;
    Digest applied;
  };

  static Server& of(raft_io* io) { return *static_cast<Server*>(io->impl); }
  static raft_io makeIo(Server& server);
  static raft_fsm makeMachine(Server& server);
  static int load(raft_io*, raft_term*, raft_id*, raft_snapshot**, raft_index*, raft_entry*[],
                  std::size_t*);
  static int send(raft_io*, raft_io_send*, const raft_message*, raft_io_send_cb);
  static int append(raft_io*, raft_io_append*, const raft_entry[], unsigned, raft_io_append_cb);
  static int putSnapshot(raft_io*, unsigned, raft_io_snapshot_put*, const raft_snapshot*,
                         raft_io_snapshot_put_cb);
  static int takeSnapshot(raft_fsm*, raft_buffer*[], unsigned*);
  static void copyEntries(raft_append_entries& request);
  bool deliverTo(Server& server);
  void start(Server& server);
  Request* request();

  raft_configuration configuration_;
  const std::uint64_t compacted_;
  raft_time now_ = 1000;
  std::vector<std::unique_ptr<Server>> servers_;
  CommandSource commands_;
  Counts counts_;
  std::vector<raft_buffer> buffers_;
  std::vector<std::unique_ptr<Request>> requests_;  // all that were ever needed
  std::vector<Request*> free_;                      // of them, those that are done
};

}  // namespace bench
