// What enters a step of a server, and what the step asks of its host.
//
// The contract: call step() for every arrival. Hand `write` to the disk; send what may leave now,
// and the rest when its write is durable; `restore` the state machine if asked to, then apply
// `apply` in order. Come back by deadline(). Whatever of this a crash prevents, the protocol
// survives, as long as nothing is sent before its write.
// Storage that fails, is slow or stalls needs no other host: a write that fails is WriteFailed, one
// that is slow is a late Written, and a stall is time that passes (Settings::writeTimeout).
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "raft/message.h"
#include "raft/rare.h"
#include "raft/server_set.h"
#include "raft/snapshot.h"

namespace raft {

// The deadline has passed. Before the deadline it changes nothing.
struct Timeout {
  bool operator==(const Timeout&) const = default;
};
// Commands from clients, to stand in the log one after another. The leader takes all or none.
struct Propose {
  std::vector<Command> commands;
  bool operator==(const Propose&) const = default;
};
// From an operator: what these servers shall be from now on (thesis ch. 4). The others stay what
// they are. A server that does not vote yet first catches up as a learner (§4.2.1). The leader
// alone changes members; Effects::change says what becomes of it.
struct ChangeConfiguration {
  ServerSet voters = {};
  ServerSet learners = {};
  ServerSet removed = {};
  bool operator==(const ChangeConfiguration&) const = default;
};
// The write `id`, and with it each one before it, is durable. Ids begin anew when a server starts:
// one from its life before a crash must not be told to the new one.
struct Written {
  WriteId id;
  bool operator==(const Written&) const = default;
};
// The write `id` has failed, and with it each one after it. Nobody knows how much of them is on the
// disk: after a failed fsync the pages that were lost may read as if they had been written, and a
// second fsync reports success (Rebello et al., "Can Applications Recover from fsync Failures?",
// 2020). So trying the same again proves nothing. The server asks at once for a write of its own,
// under a new id, that says all that those said; the host performs it anew, in place of them, for a
// restart must find it and need not find them. It may let time pass before it tries, and it need
// not try at all: to stop the server instead is a crash, which is survived like any other.
struct WriteFailed {
  WriteId id;
  bool operator==(const WriteFailed&) const = default;
};
// A client wants to read the state machine, as of now or later (thesis §6.4).
struct Read {
  bool operator==(const Read&) const = default;
};
// The host has a snapshot of its state machine: `data` is all that follows from the entries up to
// `index`, each of which it has applied. The log forgets them. A host may at any time hand in any
// index that was applied and not yet compacted; one a little below lastApplied leaves something for
// followers that are only a little behind.
struct Compact {
  Index index;
  Command data = {};
  bool operator==(const Compact&) const = default;
};
// The leader is to hand over to `to` (thesis §3.10). It takes no commands until that has come about
// or has taken too long.
struct TransferLeadership {
  ServerId to;
  bool operator==(const TransferLeadership&) const = default;
};
// A message (an Envelope) has arrived. One that is late, doubled or forged is answered or ignored.
using Input = std::variant<Timeout, Propose, Written, WriteFailed, Envelope, Read, Compact,
                           TransferLeadership, ChangeConfiguration>;

// Everything that must become durable, together or (after a crash) not at all; but of `entries` a
// crash may leave the first ones only. Writes are performed in the order of their ids; what was
// asked for before a failure and did not become durable is performed no more.
//
// A snapshot replaces the one before, and with it goes the log up to its last included entry. Where
// all that cannot become durable together, term and vote must come first, then the snapshot, then
// the log; and a host that finds a snapshot beyond the beginning of its log when it restarts first
// finishes the cut with Log::restore, on its disk too.
struct Write {
  WriteId id;
  Term currentTerm;
  std::optional<ServerId> votedFor = {};
  Index from = 0;                // 0: the log is as it was. Otherwise drop the log from here on,
  Entries entries = {};          // then append these, the first at index `from`
  Rare<Snapshot> snapshot = {};  // performed before `from` and `entries`
  bool operator==(const Write&) const = default;
};

struct Send {
  Envelope envelope;
  WriteId after = 0;  // send it only when this write, or a later one, is durable; 0: at once
  bool operator==(const Send&) const = default;
};

// Committed entries for the state machine: entries[0] has index `first`.
struct Apply {
  Index first = 0;
  Entries entries = {};
  bool operator==(const Apply&) const = default;
};

// What became of a Propose: its first command will stand at `index`, if it is ever committed in
// `term`; the others follow it (there may be none: then nothing will stand there) …
struct Accepted {
  Index index;
  Term term;
  bool operator==(const Accepted&) const = default;
};
// … or this server is not the leader. `leaderId` is the one that it knows of, to ask instead.
struct NotLeader {
  std::optional<ServerId> leaderId = {};
  bool operator==(const NotLeader&) const = default;
};
// … or it is, and hands over to another one just now. Ask that one, or this one again in a while.
struct Transferring {
  ServerId to;
  bool operator==(const Transferring&) const = default;
};
// … or more waits to be committed already than Settings::maxUncommittedBytes allows: ask again
// when something was committed.
struct TooMuchUncommitted {
  std::uint64_t bytes = 0;  // that wait
  bool operator==(const TooMuchUncommitted&) const = default;
};
using Proposed = std::variant<Accepted, NotLeader, Transferring, TooMuchUncommitted>;

// What became of the commands that this server Accepted at log[first … last] in `term`, if
// Settings::tellFates. Each is told to be Committed or Lost once, as soon as this server knows; it
// may be told to be Unknown once before that. A crash forgets all that was not told. So whoever
// waits for a command waits for its fate: Committed, the result is that of applying it; Lost, it
// may be proposed again without being carried out twice; Unknown, ask again with a session, or wait
// on.
struct Fate {
  enum class Outcome : std::uint8_t {
    Committed,  // and applied: they stand in Effects::apply of the same step, or a snapshot
    Lost,       // they never will be, so they may be proposed again: others were committed there
    Unknown,  // this server leads no longer. Whoever leads may commit them yet, or overwrite them.
              // What a snapshot has jumped over stays unknown for good.
  };
  Term term;
  Index first;
  Index last;
  Outcome outcome;
  bool operator==(const Fate&) const = default;
};

// What became of a TransferLeadership. That it has come about shows in who leads.
enum class Transferred : std::uint8_t {
  Begun,
  NotLeader,            // only a leader hands over
  NotAVoter,            // who is to take over could not be elected
  ToItself,             // it leads already
  AlreadyTransferring,  // one at a time
};

// What became of a Read: it has this id, and `readable` or `readsLost` will tell of it; unless the
// server crashes, after which ids begin anew.
struct ReadAccepted {
  ReadId id;
  bool operator==(const ReadAccepted&) const = default;
};
using ReadAnswer = std::variant<ReadAccepted, NotLeader>;
// What became of a Compact, or that one is wanted.
enum class Compaction : std::uint8_t {
  None,
  Wanted,  // Settings::compactAfter entries can be compacted: the host should hand in a Compact
  Done,
  NotApplied,  // refused: the host cannot have applied the entry at that index
  Already,     // refused: a snapshot stands for the entry at that index already
};

// What becomes of a ChangeConfiguration. A leader that loses its role says nothing: its successor
// carries on what stands in the log, and nobody carries on what does not.
struct Change {
  enum class Outcome : std::uint8_t {
    Begun,
    Complete,  // the last of its configurations is committed
    // Refused, and nothing was changed:
    NotLeader,      // `leaderId` is the one that it knows of, to ask instead
    Contradictory,  // `servers` shall be two things at once
    InFlight,       // another change is not complete
    HandingOver,    // its leadership is being transferred: ask the next leader
    TooEarly,       // no entry of the leader's own term is committed yet
    NoVoter,        // nobody would be left to vote
    AlreadySo,
    // Given up: `servers` do not catch up, and stay learners.
    TooSlow,
  };
  Outcome outcome;
  ServerSet servers = {};
  std::optional<ServerId> leaderId = {};
  bool operator==(const Change&) const = default;
};

// The host may keep one Effects and pass it to every step: its memory is used again.
struct Effects {
  std::optional<Write> write = {};
  std::vector<Send> send = {};  // may be lost, duplicated, reordered
  Apply apply = {};
  std::optional<Proposed> proposed = {};

  // Beyond Figure 2.
  Rare<Snapshot> restore = {};  // the state machine becomes this, whatever it was, before `apply`
  Compaction compaction = Compaction::None;
  std::optional<Transferred> transferred = {};
  std::vector<Fate> fates = {};  // after `apply`
  std::optional<Change> change = {};
  std::optional<ReadAnswer> read = {};
  // Once `apply` is done, every read up to this id that was not told of before may be answered from
  // the state machine. 0: none.
  ReadId readable = 0;
  // Every read up to this id that was not told of before must be asked of the next leader. 0: none.
  ReadId readsLost = 0;

  // Whether anything beyond Figure 2 may be said: few steps do, so clear() need not look for it. No
  // part of the value. Who says it in Effects that are used again says it through beyond(), which
  // notes it.
  struct Hint {
    bool set = true;
    bool operator==(const Hint&) const { return true; }
  };
  Hint maySayMore = {};
  Effects& beyond() {
    maySayMore.set = true;
    return *this;
  }

  void clear();
  template <class Make>
  void addSend(ServerId from, ServerId to, Make make);  // what make() returns, to leave at once
  bool operator==(const Effects&) const = default;

 private:
  [[gnu::noinline]] void clearBeyond() {
    restore.reset();
    compaction = Compaction::None;
    transferred.reset();
    fates.clear();
    change.reset();
    read.reset();
    readable = readsLost = 0;
    maySayMore.set = false;
  }
};

inline void Effects::clear() {
  write.reset();
  send.clear();
  if (!apply.entries.empty()) apply = {};
  proposed.reset();
  if (maySayMore.set) clearBeyond();
}

// Builds the message where it will stand: what converts itself to its type is not copied into it.
template <class Make>
void Effects::addSend(ServerId from, ServerId to, Make make) {
  using Rpc = decltype(make());
  struct Made {
    Make& make;
    operator Rpc() const { return make(); }
  };
  struct Built {
    ServerId from, to;
    Make& make;
    operator Send() const {
      return {.envelope = {from, to, Message(std::in_place_type<Rpc>, Made{make})}};
    }
  };
  send.emplace_back(Built{from, to, make});
}

}  // namespace raft
