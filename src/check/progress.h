// Progress: a connected majority that is left in peace for long enough has a leader, keeps it, and
// commits what that leader accepts (§5.6).
//
// An observer that judges only where Raft promises something, so that what it finds is a mistake:
// progress.cpp says when that is, and how long is long enough.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "check/violation.h"
#include "raft/server.h"
#include "trace/observer.h"

namespace raft::check {

struct ProgressSettings {
  trace::Link link = {};                  // every link, until the network is changed
  Duration diskLatencyMax = Duration(0);  // the slowest write of any server
  // How long without a fault is long enough. 0: worked out from the servers' settings, the links
  // and the disks, so that a correct cluster fails once in 10^12 times.
  Duration bound = Duration(0);
  bool operator==(const ProgressSettings&) const = default;
};

// It demands nothing where Raft promises nothing: unless those who run and are not paused include a
// majority whose links among each other are all up, without loss and quick beside their election
// timeouts, whose timeouts are random, whose disks neither stall nor fail, and to whom nobody else
// who runs can send.
class Progress : public trace::Observer {
 public:
  explicit Progress(const ProgressSettings& settings = {}) {
    s_.settings = settings;
    s_.slowestLink = settings.link.latencyMax;
  }

  // Judges all that happened before `now`. Call it when the run ends.
  void finish(Time now);
  // Null: all was as promised so far.
  const Violation* violation() const { return s_.found ? &*s_.found : nullptr; }
  // How long those who can communicate may take from now on, if nothing disturbs them; nothing if
  // no progress is promised as things stand. In a front end it tells how long a run has to be.
  std::optional<Duration> bound() const;

  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step&) override;
  void crashed(Time, const Server&) override;
  void paused(Time, ServerId) override;
  void resumed(Time, ServerId) override;
  void networkChanged(Time, const trace::NetworkChange&) override;
  void machineChanged(Time, ServerId, const trace::MachineChange&) override;

  bool operator==(const Progress& other) const { return s_ == other.s_; }

 private:
  struct Seen {
    bool up = false;
    bool paused = false;
    bool flawed = false;     // its disk stalls or fails
    std::int32_t drift = 0;  // of its clock, in parts of a million
    Settings settings = {};
    ServerSet together = {};           // with whom it shares a group of the partition
    std::uint32_t writes = 0;          // on their way to its disk
    Configuration configuration = {};  // that it uses
    Index configurationIndex = 0;
    bool stands = false;     // Server::mayStand
    Term leaderOf = 0;       // the term that it leads now; 0: none
    bool handsOver = false;  // to another server (thesis §3.10)
    Index commitIndex = 0;
    // Since when its commitIndex stood still, though it should rise: if it leads, as it has entries
    // of its own term to commit; otherwise, as its leader has committed more. max: it should not.
    Time waiting = Time::max();
    std::uint64_t gap = 0;      // for how many entries a leader may first have to ask a follower
    Position uncommitted = {};  // if it leads: the last entry that it has to commit
    Position committed = {};    // and the last that it has committed
    bool operator==(const Seen&) const = default;
  };
  struct OddLink {  // one that may not be as settings.link says
    ServerId from;
    ServerId to;
    trace::Link link;
    bool operator==(const OddLink&) const = default;
  };
  enum class Phase : std::uint8_t {
    Disturbed,  // until `calm`
    Idle,       // nothing is promised
    Waiting,    // for a leader in `core`, until `due`
    Led,        // by `leader`, and nobody else will
  };
  struct State {
    ProgressSettings settings;
    std::optional<Violation> found = {};
    std::vector<Seen> servers = {};
    std::vector<OddLink> oddLinks = {};  // in the order of (from, to)
    bool partitioned = false;
    Duration slowestLink = {};  // what is under way takes no longer
    Phase phase = Phase::Disturbed;
    Time calm = {};          // since when nothing disturbs
    Time due = Time::max();  // after which there is something to judge
    ServerSet core = {};     // the connected majority
    Duration bound = {};     // what it may take
    Duration round = {};     // the longest that a request and its response take
    ServerId leader = 0;
    bool followersWatched = false;  // whether it is known how far behind the leader they are
    bool operator==(const State&) const = default;
  };

  Seen& seen(ServerId server);
  const Seen& seen(ServerId server) const { return s_.servers[server.value - 1]; }
  trace::Link link(ServerId from, ServerId to) const;
  ServerSet running() const;
  ServerSet reaching(ServerId server, const ServerSet& running) const;
  bool connected(const ServerSet& servers) const;
  bool canAgree(const ServerSet& servers) const;
  void noteConfiguration(const trace::Step& step);
  ServerSet connectedMajority() const;
  Duration slowest(const ServerSet& servers) const;
  bool timely(const ServerSet& servers) const;
  std::optional<Duration> boundFor(const ServerSet& servers) const;

  void disturbed(Time now);
  void judge(Time now);
  void begin();
  void judgeLeader();
  void judgeCommit();
  Time dueOf(const Seen& known) const;
  void noteLeader(const trace::Step& step, Seen& known, bool moved);
  void noteFollowers(Time now, const Server& leader);
  void noteFollower(Time now, ServerId follower, bool moved, std::uint64_t gap);
  void leadershipChanged(Time now, ServerId server, Term termBefore);
  void report(ServerId first, Violation violation);

  State s_;
};

}  // namespace raft::check
