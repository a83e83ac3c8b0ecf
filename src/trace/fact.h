// Facts: everything that happens in a run, each with the reason that explains it.
//
// A run is one stream of these, in the order of what happened. The narrator (narrator.h) works them
// out; the story, the JSON lines, the page and error messages are made of them and of nothing else.
// Those of elections stand in fact_elections.h.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "raft/server.h"
#include "trace/fact_elections.h"
#include "trace/observer.h"
#include "trace/snapshot_facts.h"

namespace raft::trace {

// The world, and what is done to servers.

struct Started {  // as a follower; `again`: after a crash, with what was durable
  bool again = false;
  std::optional<ServerId> votedFor = {};
  Index lastIndex = {};  // of the log that it found on its disk
  Term lastTerm = {};
  std::optional<Time> electionDeadline = {};
  bool operator==(const Started&) const = default;
};
struct Crashed {  // what it was, and what of that is lost for good
  RoleName role = {};
  Index lastIndex = {};
  Index durableIndex = {};  // the log survives up to here
  bool writing = {};        // a write was on its way to the disk and may be lost
  bool operator==(const Crashed&) const = default;
};
struct Paused {
  RoleName role = {};
  bool operator==(const Paused&) const = default;
};
struct Resumed {
  RoleName role = {};
  bool operator==(const Resumed&) const = default;
};

// The log (§5.3).

struct ProposalAccepted {
  Index first = {};
  Index last = {};
  bool operator==(const ProposalAccepted&) const = default;
};
struct ProposalRefused {
  std::optional<ServerId> leader = {};  // whom it knows as the leader, or hands over to
  std::uint64_t commands = {};
  bool handsOver = false;                              // it is the leader, but not for long
  std::optional<std::uint64_t> uncommittedBytes = {};  // why, if it leads: so many wait already
  bool operator==(const ProposalRefused&) const = default;
};
enum class Source : std::uint8_t {
  Client,    // the leader, of a client's command
  Election,  // the leader, its no-op
  Leader,    // a follower, what the leader sent
  Change,    // the leader, a configuration
};
struct EntriesAppended {
  Index first = {};
  Entries entries = {};
  Source source = {};
  std::optional<ServerId> from = {};  // the leader that sent them
  bool operator==(const EntriesAppended&) const = default;
};
struct EntriesTruncated {
  Index first = {};  // where the conflict is
  Index last = {};
  Term ours = {};
  Term theirs = {};
  ServerId leader = {};
  bool operator==(const EntriesTruncated&) const = default;
};
struct HeartbeatsSent {  // AppendEntries without entries
  ServerSet to = {};
  bool first = false;  // upon election
  bool operator==(const HeartbeatsSent&) const = default;
};
struct EntriesSent {
  ServerSet to = {};
  Index first = {};
  Index last = {};
  bool again = false;  // they were sent before and not acknowledged
  bool operator==(const EntriesSent&) const = default;
};
enum class Held : std::uint8_t {
  Probing,   // where its log parts from the leader's is being found out: one message at a time
  Messages,  // as many messages are under way as may be
  Bytes,     // as many bytes are
};
struct EntriesHeld {  // not sent yet, though the followers lack them; told when that begins
  ServerSet to = {};
  Index first = {};
  Index last = {};
  Held why = {};
  bool operator==(const EntriesHeld&) const = default;
};
struct PipeliningBegun {  // the follower's log is known to match: more than one message at a time
  ServerId follower = {};
  Index matchIndex = {};
  bool operator==(const PipeliningBegun&) const = default;
};
struct AppendAccepted {
  ServerId leader = {};
  Index matchIndex = {};       // the logs agree up to here
  std::uint64_t entries = {};  // in the message; 0: a heartbeat
  bool operator==(const AppendAccepted&) const = default;
};
enum class AppendRefusal : std::uint8_t {
  OldTerm,  // 1. term < currentTerm
  NoMatch,  // 2. no entry at prevLogIndex whose term is prevLogTerm
};
struct AppendRefused {
  ServerId leader = {};
  AppendRefusal why = {};
  Index prevLogIndex = {};
  Term prevLogTerm = {};
  std::optional<Term> ours = {};  // the term of what stands at prevLogIndex, if anything
  ConflictHint hint = {};
  bool operator==(const AppendRefused&) const = default;
};
struct MatchIndexRaised {
  ServerId follower = {};
  Index before = {};
  Index after = {};
  bool operator==(const MatchIndexRaised&) const = default;
};
struct NextIndexLowered {
  ServerId follower = {};
  Index before = {};
  Index after = {};
  bool operator==(const NextIndexLowered&) const = default;
};

// Committing and applying (§5.3, §5.4).

struct CommitAdvanced {
  Index before = {};
  Index after = {};
  bool byCounting = {};    // the leader does; a follower is told by its leader
  ServerSet holders = {};  // whom the leader knows to hold log[after]; empty for a follower
  bool operator==(const CommitAdvanced&) const = default;
};
struct CommitHeldBack {  // a majority holds log[index], which is of an earlier term (§5.4.2)
  Index index = {};
  Term term = {};
  ServerSet holders = {};
  bool operator==(const CommitHeldBack&) const = default;
};
struct Applied {
  Index first = {};
  Entries entries = {};
  bool operator==(const Applied&) const = default;
};

// What became of proposals.

struct FateTold {  // of commands that this server accepted in `term`
  Index first = {};
  Index last = {};
  Term term = {};
  Fate::Outcome outcome = {};
  bool operator==(const FateTold&) const = default;
};

// The disk.

struct WriteAsked {
  WriteId id = {};
  bool term = {};   // currentTerm changed
  bool vote = {};   // votedFor changed
  Index from = {};  // the log is written anew from here; 0: not at all
  std::uint64_t entries = {};
  bool again = false;   // for a write that failed: all that is not durable
  Index snapshot = {};  // its last included index; 0: there is no new one
  bool operator==(const WriteAsked&) const = default;
};
struct WriteDurable {
  WriteId id = {};
  Index durableIndex = {};  // the log is durable up to here
  bool operator==(const WriteDurable&) const = default;
};

struct WriteFailure {  // and with it each one after it
  WriteId id = {};
  Index durableIndex = {};  // the log is durable up to here, or will be by an earlier write
  bool operator==(const WriteFailure&) const = default;
};

// Reads without the log (thesis §6.4).

struct ReadTaken {  // by a leader
  ReadId id = {};
  bool operator==(const ReadTaken&) const = default;
};
struct ReadRefused {
  std::optional<ServerId> leader = {};  // whom it knows as the leader
  bool operator==(const ReadRefused&) const = default;
};
struct ReadRoundBegan {  // heartbeats, whose answers will prove that the leader still leads
  Round round = {};
  ReadId first = {};  // the reads that wait for it
  ReadId last = {};
  ServerSet to = {};
  bool operator==(const ReadRoundBegan&) const = default;
};
struct ReadsConfirmed {  // they may be answered
  ReadId first = {};
  ReadId last = {};
  bool byLease = {};     // otherwise by a round of heartbeats,
  ServerSet by = {};     // which these have answered, the leader included
  Index readIndex = {};  // what is applied by now
  bool operator==(const ReadsConfirmed&) const = default;
};
struct ReadsLost {  // the leader that took them leads no longer
  ReadId first = {};
  ReadId last = {};
  bool operator==(const ReadsLost&) const = default;
};
struct LeaseExtended {
  Time until = {};
  ServerSet by = {};  // who has answered, the leader included
  bool operator==(const LeaseExtended&) const = default;
};

// Membership (thesis ch. 4).

struct ConfigurationUsed {  // from now on
  Configuration before = {};
  Configuration after = {};
  Index index = {};  // of its entry; 0: of none: the snapshot's, or what the server began with
  bool back = {};    // the one before was truncated; of a snapshot it is not known
  bool operator==(const ConfigurationUsed&) const = default;
};
struct MembershipChange {         // what the leader says of it
  ChangeConfiguration wish = {};  // with what begins or is refused
  Change change = {};
  bool operator==(const MembershipChange&) const = default;
};
struct CaughtUp {  // they are close enough to vote
  ServerSet servers = {};
  std::uint64_t round = {};
  Index goal = {};  // of that round
  bool operator==(const CaughtUp&) const = default;
};

// Messages.

enum class Ignored : std::uint8_t {
  Astray,             // addressed to somebody else, or from itself
  Forged,             // says what no server following the rules would say
  Foreign,            // an answer from a server that is not of this cluster, or has no vote in it
  ElectionOver,       // an answer to a candidate that is none any more, or of an earlier term
  LeadershipOver,     // an answer to a leader that is none any more, or of an earlier term
  SecondLeader,       // a term has one leader; somebody claims to be another
  ContradictsCommit,  // it would truncate what is committed
  Late,               // about something that has been settled since
  NotItsLeader,       // only the leader that a server follows tells it to stand
};
struct MessageIgnored {
  Envelope envelope = {};
  Ignored why = {};
  bool operator==(const MessageIgnored&) const = default;
};
struct MessageSent {
  Envelope envelope = {};
  bool operator==(const MessageSent&) const = default;
};
struct MessageDelivered {
  Envelope envelope = {};
  bool operator==(const MessageDelivered&) const = default;
};
struct MessageDuplicated {
  Envelope envelope = {};
  bool operator==(const MessageDuplicated&) const = default;
};
struct MessageLost {
  Envelope envelope = {};
  Lost why = {};
  bool operator==(const MessageLost&) const = default;
};

// Beside the servers: Partitioned, LinkChanged, Healed, ClientAsked, ClientRedirected,
// ClientPutOff, ClientTold, ClientTimedOut and ClientAnswered stand in observer.h, and so does what
// befalls their machines: DiskStalled to ClockDrifts; ReadAsked, ReadAnswered and ReadUnanswered;
// and Replied, of a state machine: it is told of the first server to apply an entry, and only if
// there is more to say than that it was done. What the run's author says and expects:

struct Said {  // a heading or a remark of the scenario
  std::string text = {};
  bool operator==(const Said&) const = default;
};
struct Expected {  // Fact::reason: what is so instead; if it holds, sentences that say why
  std::string text = {};
  bool holds = {};
  bool operator==(const Expected&) const = default;
};

// Findings: mistakes in the protocol's code, never the consequence of a fault.

struct InvariantBroken {  // of one server (raft/invariants.h)
  std::string sentence = {};
  bool operator==(const InvariantBroken&) const = default;
};
struct PropertyViolated {  // of the cluster (Figure 3); told by the checkers
  std::string property = {};
  bool operator==(const PropertyViolated&) const = default;
};
struct Unexplained {  // a change of state or an effect that no rule explains
  std::string deed = {};
  bool operator==(const Unexplained&) const = default;
};

// A line each, in the order of kindNames in kind_name.cpp.
// clang-format off
using What = std::variant<
    Started,
    Crashed,
    Paused,
    Resumed,
    ElectionTimedOut,
    BecameCandidate,
    VotesRequested,
    VoteGranted,
    VoteRefused,
    VoteCounted,
    BecameLeader,
    TermAdopted,
    BecameFollower,
    SteppedDown,
    LeaderHeard,
    ProposalAccepted,
    ProposalRefused,
    EntriesAppended,
    EntriesTruncated,
    HeartbeatsSent,
    EntriesSent,
    EntriesHeld,
    PipeliningBegun,
    AppendAccepted,
    AppendRefused,
    MatchIndexRaised,
    NextIndexLowered,
    CommitAdvanced,
    CommitHeldBack,
    Applied,
    FateTold,
    WriteAsked,
    WriteDurable,
    WriteFailure,
    ReadTaken,
    ReadRefused,
    ReadRoundBegan,
    ReadsConfirmed,
    ReadsLost,
    LeaseExtended,
    SnapshotWanted,
    SnapshotTaken,
    SnapshotRefused,
    SnapshotSent,
    ChunkReceived,
    SnapshotInstalled,
    SnapshotNotNeeded,
    ChunkAcknowledged,
    ConfigurationUsed,
    MembershipChange,
    CaughtUp,
    MessageIgnored,
    MessageSent,
    MessageDelivered,
    MessageDuplicated,
    MessageLost,
    Partitioned,
    LinkChanged,
    Healed,
    DiskStalled,
    WritesFail,
    DiskWorks,
    TailTorn,
    TornTailDropped,
    BitFlipped,
    StartRefused,
    DiskLost,
    ClockDrifts,
    ClientAsked,
    ClientRedirected,
    ClientPutOff,
    ClientTold,
    ClientTimedOut,
    ClientAnswered,
    ReadAsked,
    ReadAnswered,
    ReadUnanswered,
    Replied,
    Said,
    Expected,
    InvariantBroken,
    PropertyViolated,
    Unexplained,
    PreVotesRequested,
    PreVoteGranted,
    PreVoteRefused,
    PreVoteCounted,
    TransferBegun,
    TransferRefused,
    TransferGivenUp,
    ToldToStand,
    HeardToStand>;
// clang-format on

struct Fact {
  Time time;
  std::uint64_t step = 0;  // facts of one step, or one deed, share a number; rising from 1
  ServerId server = 0;     // whose deed it is; 0: the world's or a client's
  Term term = 0;           // that server's currentTerm after the step
  What what;
  std::string reason = {};  // a clause with its section, without a full stop; empty: plain deed
  bool operator==(const Fact&) const = default;

  template <class W>
  bool is() const {
    return std::holds_alternative<W>(what);
  }
  template <class W>
  const W* as() const {
    return std::get_if<W>(&what);
  }
};

// Whether it is a finding: InvariantBroken, PropertyViolated or Unexplained.
inline bool isFinding(const Fact& fact) {
  return fact.is<InvariantBroken>() || fact.is<PropertyViolated>() || fact.is<Unexplained>();
}

// Where facts go. Whoever tells facts calls told() once for each, in the order of what happened:
// neither time nor step ever goes back. A sink keeps what it needs; `fact` may be gone after the
// call.
class FactSink {
 public:
  virtual ~FactSink() = default;
  virtual void told(const Fact& fact) = 0;

 protected:
  FactSink() = default;
  FactSink(const FactSink&) = default;
  FactSink& operator=(const FactSink&) = default;
};

}  // namespace raft::trace
