// How a run is watched: what a world tells of itself, step by step, to whoever listens.
//
// The checkers read it as it is, at full speed; the narrator (narrator.h) makes facts with reasons
// of it for people and programs. References hold only during the call.
#pragma once
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "raft/server.h"

namespace raft::trace {

// How messages fare from one server to another, in one direction.
struct Link {
  bool up = true;  // false: what is sent is lost
  Duration latencyMin = std::chrono::milliseconds(1);
  Duration latencyMax = std::chrono::milliseconds(5);
  std::uint32_t lossPerMillion = 0;
  std::uint32_t duplicatePerMillion = 0;
  bool operator==(const Link&) const = default;
};

// One step of one server. `before` is null unless the observer asked for it: it costs a copy.
struct Step {
  Time time;
  const Server* before;
  const Input& input;
  const Effects& effects;
  const Server& after;
  Duration clockAhead =
      Duration(0);  // what the server took for `now` was so much later than `time`
};

enum class Lost : std::uint8_t {
  Chance,        // the link loses some
  LinkDown,      // cut or partitioned when it was sent, or when it should have arrived
  ReceiverDown,  // the receiver had crashed
};

// What was done to the network.
struct Partitioned {
  std::vector<ServerSet> groups;  // links between servers that share no group are down
  bool operator==(const Partitioned&) const = default;
};
struct LinkChanged {  // cut, mended, slower, lossier …
  ServerId from;
  ServerId to;
  Link before;
  Link after;
  bool operator==(const LinkChanged&) const = default;
};
struct Healed {  // all links are up
  bool operator==(const Healed&) const = default;
};
using NetworkChange = std::variant<Partitioned, LinkChanged, Healed>;

// What was done to a disk, or to a clock, and what came of it.
struct DiskStalled {  // no write finishes
  std::optional<Time> until = {};
  bool operator==(const DiskStalled&) const = default;
};
struct WritesFail {
  std::uint64_t next = 0;   // so many, the next ones; 0: without end
  std::uint64_t every = 1;  // of these each, each second …
  std::optional<Time> until = {};
  bool operator==(const WritesFail&) const = default;
};
struct DiskWorks {  // again: it neither stalls nor fails
  bool operator==(const DiskWorks&) const = default;
};
struct TailTorn {  // by a crash; `entry` is half on the disk, and none behind it is
  Index entry;
  bool operator==(const TailTorn&) const = default;
};
struct TornTailDropped {  // by a restart
  Index entry;
  bool operator==(const TornTailDropped&) const = default;
};
struct BitFlipped {  // in an entry on the disk
  Index entry;
  bool operator==(const BitFlipped&) const = default;
};
struct StartRefused {  // a durable entry is not what was written
  Index entry;
  bool operator==(const StartRefused&) const = default;
};
struct DiskLost {  // with all that was on it; another one, empty, is in its place
  bool operator==(const DiskLost&) const = default;
};
struct ClockDrifts {            // from the start
  std::int32_t perMillion = 0;  // above 0: it is fast
  bool operator==(const ClockDrifts&) const = default;
};
using MachineChange = std::variant<DiskStalled, WritesFail, DiskWorks, TailTorn, TornTailDropped,
                                   BitFlipped, StartRefused, DiskLost, ClockDrifts>;

// What a client did. Clients are numbered 1, 2 …; `request` counts a client's commands from 1; 0 is
// its request for a session. From the first ClientAsked of a request to its ClientAnswered is when
// it must have taken effect, if it is answered and not refused: what a history consists of.
struct ClientAsked {  // sent its command to a server: the first time, or again
  std::uint32_t client;
  std::uint64_t request;
  ServerId server;
  Command command;
  std::uint32_t attempt;  // 1: the first time
  bool operator==(const ClientAsked&) const = default;
};
struct ClientRedirected {  // `server` does not lead, and named whom it takes for the leader
  std::uint32_t client;
  std::uint64_t request;
  ServerId server;
  std::optional<ServerId> leaderId;
  bool operator==(const ClientRedirected&) const = default;
};
struct ClientPutOff {  // `server` leads, and takes no command for the time being
  std::uint32_t client;
  std::uint64_t request;
  ServerId server;
  bool operator==(const ClientPutOff&) const = default;
};
struct ClientTold {  // `server` had accepted its command, which is lost, or it does not know
  std::uint32_t client;
  std::uint64_t request;
  ServerId server;
  bool lost;
  bool operator==(const ClientTold&) const = default;
};
struct ClientTimedOut {
  std::uint32_t client;
  std::uint64_t request;
  ServerId server;
  bool operator==(const ClientTimedOut&) const = default;
};
struct ClientAnswered {  // its command was applied at `index` by the server that accepted it
  std::uint32_t client;
  std::uint64_t request;
  ServerId server;
  Index index;
  Command reply = {};  // of the state machine, as text; may be empty
  bool operator==(const ClientAnswered&) const = default;
};
using ClientDeed = std::variant<ClientAsked, ClientRedirected, ClientPutOff, ClientTold,
                                ClientTimedOut, ClientAnswered>;

// What a server's state machine made of an entry that was applied to it.
struct Replied {
  enum class Kind : std::uint8_t {
    Nothing,   // to what is no command of its
    Applied,   // the command was carried out
    Repeated,  // it had been carried out before: only the reply is given again (thesis §6.3)
    Refused,   // it was not carried out
  };
  Index index;
  Entry entry;
  Kind kind = Kind::Nothing;
  Command reply = {};          // as text
  std::uint64_t session = 0;   // whose request it is, or the one that it opened; 0: none
  std::uint64_t sequence = 0;  // of a request of a session
  std::optional<std::uint64_t> expired = {};  // the session that makes room for the new one
  bool awaited = false;                       // a client waits for the reply from this server
  std::uint64_t digest = 0;                   // of the state machine after it
  bool operator==(const Replied&) const = default;
};

// A read of one key of the state machine, without the log (thesis §6.4). They are numbered 1, 2 …
// in a run.
struct ReadAsked {
  std::uint64_t read;
  ServerId server;
  Command key;
  bool local;  // of that server's state machine as it is, however old
  bool operator==(const ReadAsked&) const = default;
};
struct ReadAnswered {
  std::uint64_t read;
  ServerId server;
  Command key;
  std::optional<Command> value;  // without: there is no such key
  Index applied;                 // the state machine had applied all up to here
  bool operator==(const ReadAnswered&) const = default;
};
struct ReadUnanswered {
  enum class Why : std::uint8_t {
    NotLeader,       // `leaderId` is whom it takes for the leader
    LeadershipLost,  // it led when it took the read, and does no more
    Down,            // or paused, or it has crashed since
  };
  std::uint64_t read;
  ServerId server;
  Why why;
  std::optional<ServerId> leaderId = {};
  bool operator==(const ReadUnanswered&) const = default;
};
using ReadDeed = std::variant<ReadAsked, ReadAnswered, ReadUnanswered>;

class Observer {
 public:
  virtual ~Observer() = default;

  // Whether stepped() is to be told the server as it was before.
  virtual bool needsBefore() const { return false; }

  // A server exists from now on, for the first time or restarted from its disk.
  virtual void started(Time, const Server&, bool /*again*/) {}
  virtual void stepped(const Step&) {}
  // A message was handed to the network; a second copy of it was made; it will not arrive. That it
  // arrived is told by the receiver's step.
  virtual void sent(Time, const Envelope&) {}
  virtual void duplicated(Time, const Envelope&) {}
  virtual void lost(Time, const Envelope&, Lost) {}
  // `server` as it was: all but what is durable is gone.
  virtual void crashed(Time, const Server&) {}
  virtual void paused(Time, ServerId) {}
  virtual void resumed(Time, ServerId) {}
  virtual void networkChanged(Time, const NetworkChange&) {}
  virtual void machineChanged(Time, ServerId, const MachineChange&) {}
  virtual void client(Time, const ClientDeed&) {}
  virtual void read(Time, const ReadDeed&) {}
  // After the step in which the server applied the entry, one after another.
  virtual void replied(Time, ServerId, const Replied&) {}
  // A promise of one server is broken (raft/invariants.h): a mistake in the protocol's code.
  virtual void invariantBroken(Time, const Server&, const char* /*sentence*/) {}

 protected:
  Observer() = default;
  Observer(const Observer&) = default;
  Observer& operator=(const Observer&) = default;
};

// Tells several observers, in order.
class Observers : public Observer {
 public:
  explicit Observers(std::vector<Observer*> all) : all_(std::move(all)) {}

  bool needsBefore() const override {
    for (const Observer* each : all_) {
      if (each->needsBefore()) return true;
    }
    return false;
  }
  void started(Time t, const Server& s, bool again) override {
    tell(&Observer::started, t, s, again);
  }
  void stepped(const Step& step) override { tell(&Observer::stepped, step); }
  void sent(Time t, const Envelope& e) override { tell(&Observer::sent, t, e); }
  void duplicated(Time t, const Envelope& e) override { tell(&Observer::duplicated, t, e); }
  void lost(Time t, const Envelope& e, Lost why) override { tell(&Observer::lost, t, e, why); }
  void crashed(Time t, const Server& s) override { tell(&Observer::crashed, t, s); }
  void paused(Time t, ServerId s) override { tell(&Observer::paused, t, s); }
  void resumed(Time t, ServerId s) override { tell(&Observer::resumed, t, s); }
  void networkChanged(Time t, const NetworkChange& c) override {
    tell(&Observer::networkChanged, t, c);
  }
  void machineChanged(Time t, ServerId s, const MachineChange& c) override {
    tell(&Observer::machineChanged, t, s, c);
  }
  void client(Time t, const ClientDeed& d) override { tell(&Observer::client, t, d); }
  void read(Time t, const ReadDeed& d) override { tell(&Observer::read, t, d); }
  void replied(Time t, ServerId s, const Replied& r) override { tell(&Observer::replied, t, s, r); }
  void invariantBroken(Time t, const Server& s, const char* sentence) override {
    tell(&Observer::invariantBroken, t, s, sentence);
  }

 private:
  template <class Method, class... Args>
  void tell(Method method, const Args&... args) {
    for (Observer* each : all_) (each->*method)(args...);
  }

  std::vector<Observer*> all_;
};

}  // namespace raft::trace
