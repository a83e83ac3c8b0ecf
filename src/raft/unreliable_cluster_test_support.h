// A cluster to which anything happens that can: messages are lost, doubled and reordered, disks
// take their time, servers crash and restart, any server may stand for election, and clients
// propose.
#pragma once
#include <functional>
#include <vector>

#include "raft/raft_test_support.h"
#include "raft/random.h"

namespace raft {

class UnreliableCluster {
 public:
  // Called after each step: the server before and after it, what led to it, what it asked for.
  using Watch = std::function<void(const Server&, const Input&, const Server&, const Effects&)>;

  UnreliableCluster(std::uint32_t servers, const Settings& settings, std::uint64_t seed);

  std::vector<Server> servers = {};
  Time now = ms(0);
  std::vector<Entry> committed = {};  // what was applied anywhere, from index 1
  Watch watch = {};
  std::function<void(ServerId)> crashed = {};

  Server& of(ServerId id) { return servers[id.value - 1]; }
  void happen();  // one thing, by chance
  // From now on nothing is lost: goes on until all logs agree and are committed, or fails the test.
  void settle();
  // Commands that no other proposal has had, of 0 to 40 bytes.
  Propose proposal();

 private:
  struct Disk {
    Persistent durable = {};
    std::vector<Write> writing = {};
    std::vector<Send> held = {};
  };

  void step(ServerId id, const Input& input);
  void deliver(std::size_t message);
  void finishWrite(ServerId id);
  void crash(ServerId id);
  void timeOutNext();
  bool agrees() const;

  Random random_;
  Settings settings_;
  std::vector<Disk> disks_ = {};
  std::vector<Envelope> network_ = {};
  std::uint64_t proposals_ = 0;
};

}  // namespace raft
