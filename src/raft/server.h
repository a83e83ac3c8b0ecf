// One Raft server as a value: no I/O, no clock, no threads, no hidden chance.
//
// Lay this header beside Figure 2 of the paper: the same state under the same names, then the
// rules, a file per box: rules.cpp (Rules for Servers), request_vote.cpp, append_entries.cpp. What
// a host must do with a server stands in effects.h.
#pragma once
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "raft/configuration.h"
#include "raft/effects.h"
#include "raft/log.h"
#include "raft/message.h"
#include "raft/random.h"
#include "raft/rare.h"
#include "raft/snapshot.h"
#include "raft/types.h"

namespace raft {

// Timeouts and the interval are above 0, and electionTimeoutMin <= electionTimeoutMax.
struct Settings {
  // Election timeouts are chosen randomly from a fixed interval (§5.2). Equal ends: no chance.
  Duration electionTimeoutMin = std::chrono::milliseconds(150);
  Duration electionTimeoutMax = std::chrono::milliseconds(300);
  // How often a leader sends heartbeats, and how long an RPC waits before it is retried (§5.1).
  Duration heartbeatInterval = std::chrono::milliseconds(50);
  // Whether a new leader appends a no-op, so that entries of earlier terms can commit (§8).
  bool noopAtElection = true;

  // Beyond Figure 2. All are off unless they are set; servers of one cluster may differ in them.

  // How long a write may take before a leader gives up its role, so that a server whose disk works
  // can take over: about an election timeout. 0: as long as it likes. See durability.cpp.
  Duration writeTimeout = Duration(0);

  // Whether a leader answers reads by a lease (thesis §6.4.1). It is safe only if all servers have
  // leaderStickiness and one electionTimeoutMin, and if no clock drifts beyond the bound: parts per
  // million, below a million, by which any server's clock may be too fast or too slow.
  bool leases = false;
  std::uint32_t clockDriftBound = 10'000;

  // Snapshots (§7): how many bytes of one a message carries, at least 1 …
  std::uint32_t snapshotChunkBytes = 64 * 1024;
  // … and after how many applied entries the core asks its host for one. 0: never.
  std::uint64_t compactAfter = 0;

  // Whether a server whose election timeout elapses first asks the others if it could win, and
  // leaves its term as it is until a majority says so (thesis §9.6). It wants checkQuorum beside
  // it: who still hears a leader lets nobody stand, even if that leader can commit nothing.
  bool preVote = false;
  // Whether a server that has heard its leader within electionTimeoutMin neither grants a vote nor
  // adopts the term of the request (thesis §4.2.3). A leader does the same, if it has checkQuorum.
  bool leaderStickiness = false;
  // Whether a leader that hears from no majority for electionTimeoutMin steps down (thesis §6.2).
  bool checkQuorum = false;
  // A leader hands over to a voter of higher priority that follows it and could win.
  std::uint32_t priority = 0;

  // Where a bound is 0 there is none. Bytes are those of commands.

  // How many AppendEntries with entries may be under way to one peer: 1, the next only after the
  // response to the one before; more, and they are pipelined (thesis §10.2.2). At least 1.
  std::uint32_t maxMessagesInFlight = 1;
  // … and how many bytes: no more is sent once so many are under way.
  std::uint64_t maxBytesInFlight = 0;
  // What one AppendEntries carries at most. One entry always goes, however large it is.
  std::uint64_t maxEntriesPerMessage = 0;
  std::uint64_t maxBytesPerMessage = 0;
  // Whether followers say where their logs part from the leader's, and leaders listen (§5.3).
  bool conflictHints = false;
  // A leader refuses a proposal that would make more bytes than this wait to be committed. If none
  // of its own entries wait it takes any.
  std::uint64_t maxUncommittedBytes = 0;
  // Whether Effects::fates tells what becomes of the proposals that this server accepts.
  bool tellFates = false;
  // A server that shall vote catches up in at most so many rounds first, the last of them shorter
  // than an election timeout (thesis §4.2.1).
  std::uint32_t catchUpRounds = 10;
  // It is given up when it acknowledges nothing new for so long.
  Duration catchUpPatience = std::chrono::seconds(5);
  bool operator==(const Settings&) const = default;
};

// Persistent state on all servers, as a restarting host read it back from its disk.
struct Persistent {
  Term currentTerm = 0;
  std::optional<ServerId> votedFor = {};
  Log log = {};            // begins after the snapshot's last included entry
  Snapshot snapshot = {};  // Beyond Figure 2: the host's state machine begins with it (§7)
  bool operator==(const Persistent&) const = default;
};

// The volatile state of a role lives exactly as long as the role does.

// Of a follower that would be candidate: who would vote for it (thesis §9.6).
struct Canvass {
  ServerSet responded = {};  // who answered, itself included
  ServerSet granted = {};
  Time retryDeadline = {};  // when to ask those again who have not answered
  bool leadershipTransfer = false;
  bool operator==(const Canvass&) const = default;
};
struct Follower {
  std::optional<ServerId> leaderId = {};  // the leader of currentTerm, once it was heard
  Time electionDeadline = {};
  // Beyond Figure 2.
  Time withholdVotesUntil = {};  // it has heard its leader: until then nobody else stands
  Rare<Canvass> canvass = {};    // its timeout has elapsed: it asks whether it could win
  bool operator==(const Follower&) const = default;
};
struct Candidate {
  ServerSet votesResponded = {};  // who answered in this election, itself included
  ServerSet votesGranted = {};
  Time electionDeadline = {};
  Time retryDeadline = {};          // when to ask those again who have not answered
  bool leadershipTransfer = false;  // Beyond Figure 2: its leader told it to stand
  bool operator==(const Candidate&) const = default;
};
// What a leader knows of one server (its own slot holds what of its log is durable).
struct Progress {
  Index nextIndex = 1;   // index of the next log entry to send to that server
  Index matchIndex = 0;  // index of highest log entry known to be replicated on server
  bool waiting = false;  // entries are on their way: nothing more before the response or heartbeat
  // Beyond Figure 2.
  Round since = 0;    // what answers a request of an earlier round does not count
  Round round = 0;    // the latest that it has answered
  Time heardAt = {};  // with checkQuorum: of its last answer, or of the election

  // How entries are sent to it (flow.cpp).
  enum class State : std::uint8_t {
    Probe,  // where the logs part is being found, or nothing is pipelined: one message at a time
    Replicate,  // the logs match up to matchIndex; what lies between it and nextIndex is under way
  };
  struct InFlight {
    Index last;               // the last entry of a message that was not acknowledged
    std::uint64_t bytes = 0;  // of its entries, if Settings::maxBytesInFlight bounds them
    bool operator==(const InFlight&) const = default;
  };
  State state = State::Probe;
  std::vector<InFlight> inFlight = {};  // in order; only while it is replicated to
  bool operator==(const Progress&) const = default;
};
// The reads that a leader has taken and cannot answer yet, and its lease (thesis §6.4).
struct Reads {
  Round round = 0;   // what `asked` waits for: that a majority answers this round; 0: none waits
  ReadId asked = 0;  // those up to here
  Round leaseRound = 0;       // once a majority has answered this one (0: none is under way) …
  Time leaseRoundBegan = {};  // … the lease is counted from here
  std::optional<Time> leaseFrom = {};
  bool operator==(const Reads&) const = default;
};
// A leader hands over (thesis §3.10).
struct Transfer {
  ServerId to;
  Time deadline = {};     // then it goes on as before
  bool askFirst = false;  // for its priority: it is to stand only if it could win
  bool told = false;      // since the last heartbeat
  bool operator==(const Transfer&) const = default;
};
struct Leader {
  std::vector<Progress> progress = {};  // reinitialised after election; see Leader::of
  Time heartbeatDeadline = {};
  // Beyond Figure 2.
  Round round = 0;  // that of the AppendEntries it sends
  Reads reads = {};
  std::vector<SnapshotTransfer> transfers = {};  // to whom a snapshot is sent (§7)
  std::optional<Transfer> transfer = {};
  bool mayBeReplaced = false;  // it has told a server to stand, whose voters need not wait
  Time yieldNotBefore = {};    // when to hand over for priority again, after it came to nothing
  bool changing = false;   // its configuration is not settled: carryOnChange() has to do with it
  struct CatchUp {         // a change waits for servers that shall vote (thesis §4.2.1)
    Configuration target;  // what comes of it, without its joint configuration
    ServerSet newcomers;   // they learn, and shall vote
    Index goal;            // a round ends when all of them have what stands up to here
    Time roundBegan;
    std::uint32_t round = 1;  // which one it is
    Index reached = 0;        // what all of them have acknowledged,
    Time reachedAt;           // and since when it is no more
    bool operator==(const CatchUp&) const = default;
  };
  Rare<CatchUp> catchUp = {};

  // The bytes of log[after + 1 … last], as last counted (flow.cpp).
  struct Counted {
    Index after = 0;
    Index last = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Counted&) const = default;
  };
  Counted uncommitted = {};

  Progress& of(ServerId server) { return progress[server.value - 1]; }
  const Progress& of(ServerId server) const { return progress[server.value - 1]; }
  bool operator==(const Leader&) const = default;
};
using Role = std::variant<Follower, Candidate, Leader>;

struct Server {
  ServerId id;
  Configuration configuration;  // the servers of the cluster: the latest in the log (thesis §4.1)
  Settings settings = {};
  Random random = {};  // all chance comes from here

  // Persistent state on all servers (updated on stable storage before responding to RPCs).
  Term currentTerm = 0;                   // latest term server has seen
  std::optional<ServerId> votedFor = {};  // candidate that received vote in current term
  Log log = {};                           // log entries

  // Volatile state on all servers; that on candidates and on leaders is in the role.
  Index commitIndex = 0;  // index of highest log entry known to be committed
  Index lastApplied = 0;  // index of highest log entry applied to state machine
  Role role = Follower{};

  // Not in Figure 2: what of the persistent state is durable by now (thesis §10.2.1).
  struct Writing {
    WriteId id;
    Index lastIndex;             // the log is durable up to here once `id` is
    Time overdue = Time::max();  // when it will have taken longer than Settings::writeTimeout
    bool snapshot = false;       // whether it brings a new one
    bool operator==(const Writing&) const = default;
  };
  WriteId lastWrite = 0;              // the last write asked for
  std::vector<Writing> writing = {};  // asked for and not durable yet, in order
  Index durableIndex = 0;             // the log is durable up to here

  // Beyond Figure 2.
  // The entry that `configuration` stands in. 0: none does, and it is the one that came before all
  // that the log holds.
  Index configurationIndex = 0;
  Configuration baseConfiguration = {};
  // Snapshots (§7).
  Snapshot snapshot = {};                // stands for the log up to log.baseIndex()
  Rare<PartialSnapshot> receiving = {};  // from the leader of currentTerm
  Index compactionAsked = 0;             // lastApplied when a snapshot was last asked for

  ReadId lastRead = 0;    // the last that this server has taken, as leader of any term
  ReadId readsEnded = 0;  // those up to here may be answered, or are lost

  // Accepted as leader (fate.cpp), and not known to be committed or lost. Commands
  // log[first … last] of `term`, in the order in which they were accepted.
  struct Pending {
    Term term;
    Index first;
    Index last;
    bool unknown = false;  // and it has been said that this is not known
    bool operator==(const Pending&) const = default;
  };
  std::vector<Pending> pending = {};

  // A server that starts at `now`, for the first time or after a crash, as a follower. A restarted
  // server needs a seed that it has not had before, or it repeats its timeouts (§5.2). `base` is
  // the configuration that the cluster began with, the same at each start; a server that is to join
  // has an empty one. While it may not stand for election, it only follows. Requires possible
  // settings.
  static Server start(ServerId id, const Configuration& base, const Settings& settings,
                      std::uint64_t seed, Time now, Persistent durable = {});

  // The one way in. Replaces `out` by what the host must do. Equal servers given equal inputs at
  // equal times become equal and ask for equal effects. `now` should not run backwards; if it
  // does, timeouts are early or late and nothing worse happens.
  void step(Time now, const Input& input, Effects& out);
  // The same for one of those that an Input may be. Flat, as where it is defined, for GCC goes by
  // the declaration where it meets a call first.
  template <class In>
  requires(!std::same_as<In, Input> && std::convertible_to<In, Input>)
      [[gnu::flatten]] void step(Time now, const In& input, Effects& out);
  Effects step(Time now, const Input& input);

  // When step(now, Timeout{}) is due. Changes only in a step.
  Time deadline() const;

  template <class R>
  bool is() const {
    return std::holds_alternative<R>(role);
  }
  template <class R>
  R* as() {
    return std::get_if<R>(&role);
  }
  template <class R>
  const R* as() const {
    return std::get_if<R>(&role);
  }
  // The leader of currentTerm, as far as this server knows.
  std::optional<ServerId> leader() const;

  // Beyond Figure 2.

  // Whether it is a voter; or was one until a configuration that it does not know to be committed
  // (thesis §4.2.2).
  bool mayStand() const;
  // Whether its disk takes longer for a write than Settings::writeTimeout.
  bool diskStalls(Time now) const { return stallsAt() <= now; }

  bool operator==(const Server&) const = default;

 private:
  // rules.cpp: Rules for Servers.
  void on(const Timeout&, Time now, Effects& out);
  void on(const Propose&, Time now, Effects& out);
  void on(const Written&, Time now, Effects& out);
  [[gnu::noinline]] void on(const WriteFailed&, Time now, Effects& out);
  void on(const Envelope&, Time now, Effects& out);
  [[gnu::noinline]] void on(const Read&, Time now, Effects& out);
  [[gnu::noinline]] void on(const Compact&, Time now, Effects& out);
  void becomeFollower(Term term, Time now);
  void becomeCandidate(Time now, Effects& out, bool leadershipTransfer = false);
  void becomeLeader(Time now, Effects& out);
  Time electionDeadline(Time now);
  void applyCommitted(Effects& out);

  // request_vote.cpp, append_entries.cpp: the two RPCs, receivers and senders.
  void receive(ServerId from, const RequestVote::Request&, Time now, Effects& out);
  void receive(ServerId from, const RequestVote::Response&, Time now, Effects& out);
  void receive(ServerId from, const AppendEntries::Request&, Time now, Effects& out);
  void receive(ServerId from, const AppendEntries::Response&, Time now, Effects& out);
  bool isUpToDate(Index lastLogIndex, Term lastLogTerm) const;
  bool storeEntries(const AppendEntries::Request&);
  void sendRequestVotes(Effects& out) const;
  void sendAppendEntries(ServerId to, Effects& out);
  void sendEntries(ServerId to, Index first, Index last, Effects& out);
  void broadcastAppendEntries(Time now, Effects& out);
  void sendWhatIsMissing(ServerId to, Effects& out);
  void countVotes(Time now, Effects& out);
  void advanceCommitIndex(Index matched);

  // read_index.cpp
  bool knowsWhatIsCommitted() const;
  [[gnu::noinline]] void goOnWithReads(Effects& out);
  bool beginReadRound(Effects& out);
  bool isConfirmed(Round round) const;
  void endReads(ReadId last, Effects& out);
  void sendHeartbeat(ServerId to, Effects& out) const;
  bool holdsLease(Time now) const;
  void beginLeaseRound(Time now);

  // membership.cpp
  [[gnu::noinline]] void on(const ChangeConfiguration&, Time now, Effects& out);
  [[gnu::noinline]] void useLatestConfiguration();
  void appendConfiguration(const Configuration& next, Time now, Effects& out);
  [[gnu::noinline]] void carryOnChange(Time now, Effects& out);
  bool newcomersAreClose(Time now, Effects& out);

  // install_snapshot.cpp (§7).
  void startFrom(Snapshot durable);
  [[gnu::noinline]] void receive(ServerId from, const InstallSnapshot::Request&, Time now,
                                 Effects& out);
  [[gnu::noinline]] void receive(ServerId from, const InstallSnapshot::Response&, Time now,
                                 Effects& out);
  void storeChunk(const InstallSnapshot::Request&);
  void installSnapshot(const InstallSnapshot::Request&, Effects& out);
  Configuration configurationAt(Index index) const;
  SnapshotTransfer& transferTo(ServerId to);
  void forgetSettledTransfers();
  void takeOver(Snapshot&& newer, Effects& out);
  [[gnu::noinline]] void sendSnapshot(ServerId to, Effects& out);
  void askToCompact(Effects& out);

  // durability.cpp: what must be written, and who has to wait for it.
  void writeChanges(Term termBefore, bool votedBefore, Time now, Effects& out);
  void askForWrite(Index from, Time overdue, Effects& out);
  void holdBack(Effects& out) const;
  bool allDurable() const { return writing.empty(); }

  // Beyond Figure 2.

  // durability.cpp: storage that fails or stalls.
  Time stallsAt() const { return writing.empty() ? Time::max() : writing.front().overdue; }
  // step_down.cpp
  [[gnu::noinline]] void stepDown(Time now);

  // pre_vote.cpp: who asks first, and who is content with its leader.
  [[gnu::noinline]] void canvass(Time now, Effects& out, bool leadershipTransfer = false);
  [[gnu::noinline]] void canvassAgain(Time now, Effects& out);
  void countPreVotes(Time now, Effects& out);
  void sendPreVotes(Effects& out) const;
  [[gnu::noinline]] void receive(ServerId from, const PreVote::Request&, Time now, Effects& out);
  [[gnu::noinline]] void receive(ServerId from, const PreVote::Response&, Time now, Effects& out);
  bool hearsLeader(Time now) const;
  Time withholdVotesUntil(Time now) const;
  void withholdVotesAfterRestart(Time now);
  // Whether a message does not count that is of a newer term.
  template <class Rpc>
  bool disregards(const Rpc&, Time /*now*/) const {
    return false;
  }
  bool disregards(const RequestVote::Request&, Time now) const;
  bool disregards(const PreVote::Request&, Time /*now*/) const { return true; }

  // check_quorum.cpp
  Time heardAt(Time now) const { return settings.checkQuorum ? now : Time{}; }  // of a peer
  bool lostQuorum(Time now) const;

  // transfer.cpp: leadership transfer, and priorities.
  [[gnu::noinline]] void on(const TransferLeadership&, Time now, Effects& out);
  void beginTransfer(ServerId to, Time deadline, bool askFirst, Effects& out);
  [[gnu::noinline]] void continueTransfer(Time now, Effects& out);
  [[gnu::noinline]] void handOver(ServerId from, std::uint32_t priority, Time now, Effects& out);
  void sendTimeoutNow(Effects& out);
  [[gnu::noinline]] void receive(ServerId from, const TimeoutNow::Request&, Time now, Effects& out);

  // What is cold is not inlined, so that a step stays short: see Server::step.

  // flow.cpp: how much is under way to each peer, and how much waits to be committed.
  bool isBounded(const Progress& to) const {
    return to.state != Progress::State::Probe ||
           (settings.maxEntriesPerMessage | settings.maxBytesPerMessage |
            settings.maxBytesInFlight) != 0;
  }
  [[gnu::noinline]] void sendWithinBounds(ServerId to, Effects& out);
  Index lastToSend(const Progress&) const;
  void noteSent(Progress&, Index last) const;
  [[gnu::noinline]] void noteAcknowledged(Progress&) const;
  [[gnu::noinline]] void noteRefused(Progress&, Index prevLogIndex) const;
  bool windowIsFull(const Progress&) const;
  std::uint64_t bytesUnderWay(const Progress&) const;
  std::uint64_t bytesOf(Index first, Index last) const;
  [[gnu::noinline]] bool tooMuchUncommitted(const Propose&, Effects& out);

  // conflict_hint.cpp
  [[gnu::noinline]] void addHint(const AppendEntries::Request&, Effects& out) const;
  [[gnu::noinline]] Index nextIndexByHint(const Progress&, const ConflictHint&) const;

  // fate.cpp
  [[gnu::noinline]] void rememberProposal(Index first, std::uint64_t commands);
  [[gnu::noinline]] void tellFates(Effects& out);
  bool tellFate(Pending&, Effects& out) const;

  template <class Rpc>
  void send(ServerId to, Rpc&& rpc, Effects& out) const {
    static_assert(!std::is_reference_v<Rpc>, "it is moved from");
    out.addSend(id, to, [&] { return std::move(rpc); });
  }
};

// How long a lease lasts from the beginning of its round, by the leader's clock.
Duration leaseDuration(const Settings& settings);

}  // namespace raft
