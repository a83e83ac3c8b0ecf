// A simulated cluster as a value: servers, their disks, the network between them, clients, time.
//
// It can be copied, compared, stepped event by event and run until a time or a condition. All
// chance is drawn from the seed, a stream per purpose, so one seed gives one run and taking one
// fault away leaves the other draws as they were. Whoever wants to know what happens passes an
// observer; the world keeps none.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "raft/server.h"
#include "sim/client.h"
#include "sim/event_queue.h"
#include "sim/host.h"
#include "sim/network.h"
#include "trace/observer.h"

namespace raft::sim {

using trace::Observer;

struct WorldSettings {
  std::uint32_t servers = 3;  // 1 to ServerSet::maxServers
  // Who is in the cluster at the start; absent: all. The others have an empty configuration.
  std::optional<ServerSet> members = {};
  std::uint64_t seed = 1;
  // By server; if shorter, the last (or the default) for the rest. Timeouts and heartbeat interval
  // must be above 0, or time would stand still.
  std::vector<Settings> raft = {};
  std::vector<Disk> disks = {};    // likewise
  std::vector<Clock> clocks = {};  // likewise; all say 0 when the run begins
  Link link = {};                  // of every link; change single ones with setLink
  std::vector<ClientSettings> clients = {};
  // What servers find on their disks at the start, likewise.
  std::vector<Persistent> disksHold = {};
  kv::Limits sessions = {};      // of the clients' sessions, in each state machine
  const Rules* rules = nullptr;  // somebody's own, instead of the key-value store's
  // The first election timeout of each server, drawn if absent: election timeouts by hand.
  std::vector<std::optional<Duration>> firstTimeout = {};
  bool operator==(const WorldSettings&) const = default;
};

class World {
 public:
  explicit World(const WorldSettings& settings);  // started() is told by the first run or deed

  Time now() const { return now_; }
  std::uint64_t events() const { return events_; }  // how many have happened
  std::uint32_t size() const {                      // servers; their ids are 1 … size()
    return static_cast<std::uint32_t>(hosts_.size());
  }
  const Server& server(ServerId id) const { return host(id).server; }  // crashed: as it was
  bool isUp(ServerId id) const { return host(id).state != Host::State::Crashed; }  // maybe paused
  bool isPaused(ServerId id) const { return host(id).state == Host::State::Paused; }
  // What it would find there if it restarted now.
  const Persistent& disk(ServerId id) const { return host(id).disk; }
  const DiskFaults& diskFaults(ServerId id) const { return host(id).faults; }
  bool isWriting(ServerId id) const { return !host(id).writing.empty(); }  // or has failed to
  // When its deadline comes, which it knows by its own clock.
  Time deadline(ServerId id) const { return host(id).clock.when(host(id).server.deadline()); }
  // Of a crashed server: an empty one.
  const kv::Machine& machine(ServerId id) const { return host(id).machine; }
  // With WorldSettings::rules, in its place: Rules::machine(), and what was applied to it.
  const OwnMachine& own(ServerId id) const { return host(id).own; }
  const Network& network() const { return network_; }
  const std::vector<Client>& clients() const { return clients_; }
  // What came of the read that was asked last: ReadAsked if nothing yet. Null: there was none.
  const std::optional<trace::ReadDeed>& lastRead() const { return lastRead_; }

  // Of the leaders that are neither crashed nor paused, the one of the highest term.
  std::optional<ServerId> leader() const;

  // Running. Events at equal times happen in the order in which they were caused. An event is an
  // arrival, a timeout, a finished write or a client's turn, with the step of the server that it
  // leads to; writes that are durable at once belong to the event that asked for them.
  std::optional<Time> nextEvent() const;
  void step(Observer&);            // the next event. Requires one.
  void runUntil(Time, Observer&);  // all events at or before it; now() is then that time
  // After each event asks holds(*this). True: it came to hold, and now() is the time of that event.
  template <class Condition>
  bool runUntil(Time limit, Observer& observer, Condition holds) {
    for (std::optional<Time> next = nextEvent(); next && *next <= limit; next = nextEvent()) {
      step(observer);
      if (holds(static_cast<const World&>(*this))) return true;
    }
    runUntil(limit, observer);
    return false;
  }

  // Deeds, at now(). What is asked for must be possible (assertions): crash a server that is up,
  // restart one that is not, pause one that is up and not paused, resume one that is paused.

  // All but what is durable is gone: writes that are not finished, messages that waited for them or
  // had arrived at a paused server. What it had sent before is still under way.
  // With `whole`: of what was being written so many entries are on the disk, and the next one is
  // torn.
  void crash(ServerId, Observer&, std::optional<std::uint64_t> whole = {});
  // It stays down if a durable entry on its disk fails its checksum.
  void restart(ServerId, Observer&);
  // It stands still: what arrives waits for it, and so do its timer and its disk. When it resumes,
  // it first takes what has arrived, in order, then what its disk has finished, then its timeout.
  void pause(ServerId, Observer&);
  void resume(ServerId, Observer&);
  // Its disk stalls: what is being written is not finished before it works again, at `until` or
  // when it is mended. Or writes that finish fail. What is on the disk stays in both cases.
  void stallDisk(ServerId, std::optional<Time> until, Observer&);
  void failWrites(ServerId, const trace::WritesFail&, Observer&);
  void mendDisk(ServerId, Observer&);
  // One bit of a durable entry. Requires that the entry is there.
  void flipBit(ServerId, Index, Observer&);
  // With all that is on it; the new one is empty. Requires a server that is down. If it restarts,
  // it does so under its old name and remembers nothing, which no server may (thesis §3.8).
  void loseDisk(ServerId, Observer&);
  // A client's command, handed to `server` itself. If it is down or paused: not leader, unknown.
  Proposed propose(ServerId server, Command, Observer&);
  // `server` is told to hand over to `to`. If it is down or paused: not leader.
  Transferred transfer(ServerId server, ServerId to, Observer&);

  // The server's state machine as it is becomes a snapshot, which the server is handed. Requires
  // that it runs. Settings::compactAfter has hosts do so of their own accord.
  Compaction takeSnapshot(ServerId, Observer&);
  // An operator's wish, handed to `server` itself. If it is down or paused: not leader, unknown.
  Change changeConfiguration(ServerId server, const ChangeConfiguration& wish, Observer&);

  // Reads a key of the server's state machine, without the log: once the server is sure that it
  // leads, or, if `local`, as it is there, however old. Returns the read's number, from 1.
  std::uint64_t read(ServerId server, const Command& key, bool local, Observer&);

  // Replaces an earlier partition; single links that were cut stay so. See Network.
  void partition(std::vector<ServerSet> groups, Observer&);
  void setLink(ServerId from, ServerId to, const Link&, Observer&);  // one direction
  void heal(Observer&);
  // What becomes of the next message on this link (Network::arrange). Nothing is told before that.
  void arrange(ServerId from, ServerId to, const Carriage&);

  // Whether the two will go the same way: the same servers, disks, clients, network and chance, and
  // the same ahead of them in the same order. How they got there does not matter.
  bool operator==(const World&) const;

 private:
  // Memory that steps use again. It is no part of the value.
  struct Scratch {
    Effects effects = {};
    std::vector<kv::Reply> replies = {};  // to the entries that were applied last
    std::vector<Server> before = {};  // by server, so that each finds the memory of its role again
    Scratch() = default;
    Scratch(const Scratch&) : Scratch() {}
    Scratch& operator=(const Scratch&) { return *this; }
  };
  // Owners of alarms: the servers' timers, then their disks, then the clients.
  std::uint32_t timerOf(const Host& host) const { return host.server.id.value - 1; }
  std::uint32_t diskOf(const Host& host) const { return size() + host.server.id.value - 1; }
  std::uint32_t alarmOf(const Client& client) const { return 2 * size() + client.id - 1; }

  Host& host(ServerId id);
  const Host& host(ServerId id) const;
  Time clockOf(const Host& host) const { return host.clock.read(now_); }
  Moment at(Time time) { return {.time = time, .sequence = ++sequence_}; }
  void tellStart(Observer&);

  // world.cpp: events and the steps that they lead to.
  void arrive(const MessageQueue::Event&, Observer&);
  void ring(std::uint32_t owner, Observer&);
  void timeOut(Host&, Observer&);
  void finishWrites(Host&, Observer&);
  void tellWritten(Host&, Observer&);
  void tellFailed(Host&, Observer&);
  void tellWorks(Host&, bool faulty, Observer&);
  void stepServer(Host&, const Input&, Observer&);
  void handInSnapshot(Host&, Observer&);
  void perform(Host&, Observer&);
  void apply(Host&, const Apply&, Observer&);
  trace::Replied repliedOf(const Host&, Index, const Entry&, const kv::Outcome&) const;
  void transmit(Envelope&&, Observer&);
  void armTimer(Host&, Time earliest);
  void armDisk(Host&);

  // reads.cpp
  void answerReads(Host&, Observer&);
  void endRead(const trace::ReadDeed&, Observer&);
  void forgetReads(Host&, Observer&);

  // clients.cpp
  void takeTurn(Client&, Observer&);
  void ask(Client&, Observer&);
  bool refused(Client&, const NotLeader&, Observer&);
  void askLater(Client&, ServerId leader, Observer&);
  void answer(const Host&, const Apply&, Observer&);
  void tell(const Host&, const Fate&, Observer&);
  void answered(Client&, Index, const kv::Reply&, Observer&);
  void wait(Client&, Client::State, Duration);

  std::uint64_t seed_ = 0;
  Time now_ = Time(0);
  std::uint64_t sequence_ = 0;  // causes so far
  std::uint64_t events_ = 0;
  bool startTold_ = false;
  std::vector<Host> hosts_;
  std::vector<Client> clients_;
  std::uint64_t reads_ = 0;  // asked so far
  std::optional<trace::ReadDeed> lastRead_ = {};
  Network network_;
  MessageQueue messages_;
  Alarms alarms_;
  Scratch scratch_;
};

}  // namespace raft::sim
