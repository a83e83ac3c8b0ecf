// A whole run as one number: two runs with equal digests went the same way, event by event.
//
// Feed it to a run as its observer. What it takes in is named field by field, never as bytes of
// memory, so the number is the same under every compiler.
#pragma once
#include <cstdint>

#include "trace/observer.h"

namespace raft::sim {

class Digest : public trace::Observer {
 public:
  // Rolls on with all that is told: times, inputs, effects, the servers after each step.
  std::uint64_t value() const { return value_; }
  bool operator==(const Digest& other) const { return value_ == other.value_; }

  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step&) override;
  void sent(Time, const Envelope&) override;
  void duplicated(Time, const Envelope&) override;
  void lost(Time, const Envelope&, trace::Lost) override;
  void crashed(Time, const Server&) override;
  void paused(Time, ServerId) override;
  void resumed(Time, ServerId) override;
  void networkChanged(Time, const trace::NetworkChange&) override;
  void machineChanged(Time, ServerId, const trace::MachineChange&) override;
  void read(Time, const trace::ReadDeed&) override;
  void replied(Time, ServerId, const trace::Replied&) override;
  void client(Time, const trace::ClientDeed&) override;
  void invariantBroken(Time, const Server&, const char* sentence) override;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace raft::sim
