// The narrator: makes facts, with their reasons, of what an observer sees.
//
// The core logs nothing. What a server did, and by which rule, is worked out from the server before
// the step, the input, the effects and the server after. It trusts none of them: each difference
// and each effect must be explained by a rule, and what none explains is told as Unexplained.
#pragma once
#include <cstdint>
#include <vector>

#include "trace/fact.h"
#include "trace/notation.h"
#include "trace/observer.h"

namespace raft::trace {

// Keeps every fact. For tests, and for runs that are told afterwards.
class FactList : public FactSink {
 public:
  void told(const Fact& fact) override { facts.push_back(fact); }
  std::vector<Fact> facts;
};

class Narrator : public Observer {
 public:
  // Tells `sink`, which must outlive it; servers are called by `names` in reasons.
  explicit Narrator(FactSink& sink, Names names = {});
  // Goes on where `other` is, and tells `sink`.
  Narrator(const Narrator& other, FactSink& sink) : Narrator(other) { sink_ = &sink; }

  // Beside what it observes: a fact from somebody else, as Said, Expected or PropertyViolated, so
  // that it stands in the stream at its place and with a number of its own.
  void tell(Time time, What what, std::string reason = {});

  // How many findings (isFinding) it has told.
  std::uint64_t findings() const { return findings_; }

  bool needsBefore() const override { return true; }
  void started(Time, const Server&, bool again) override;
  void stepped(const Step&) override;
  void sent(Time, const Envelope&) override;
  void duplicated(Time, const Envelope&) override;
  void lost(Time, const Envelope&, Lost) override;
  void crashed(Time, const Server&) override;
  void paused(Time, ServerId) override;
  void resumed(Time, ServerId) override;
  void networkChanged(Time, const NetworkChange&) override;
  void machineChanged(Time, ServerId, const MachineChange&) override;
  void client(Time, const ClientDeed&) override;
  void read(Time, const ReadDeed&) override;
  void replied(Time, ServerId, const Replied&) override;
  void invariantBroken(Time, const Server&, const char* sentence) override;

 private:
  struct Known {  // what it remembers of a server between steps
    Term term;
    RoleName role = RoleName::Follower;
    Time timerSet = Time(-1);  // when its election timer was set; negative: that was not seen
  };
  Known& known(ServerId server);
  void tell(Time time, ServerId server, What what, std::string reason = {});
  void deliver(const Fact& fact);

  FactSink* sink_;
  Names names_;
  std::uint64_t step_ = 0;
  std::uint64_t findings_ = 0;
  std::vector<Known> known_;  // by server
  Index replied_ = 0;         // the highest index to which a state machine was seen to reply
};

// The facts of one step, in the order in which they read best. `waited`: how long the election
// timer ran when it is known. Fact::step is left 0. Requires step.before.
std::vector<Fact> factsOf(const Step& step, const Names& names,
                          std::optional<Duration> waited = {});

}  // namespace raft::trace
