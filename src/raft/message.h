// The RPCs of Figure 2: one struct per box, Request = Arguments, Response = Results.
//
// They are messages in one direction: a response may be lost, doubled, or arrive when it is no
// longer wanted, so it carries what lets its receiver tell (raft.tla does the same).
#pragma once
#include <cstdint>
#include <variant>

#include "raft/configuration.h"
#include "raft/log.h"
#include "raft/types.h"

namespace raft {

// Invoked by candidates to gather votes (§5.2).
struct RequestVote {
  struct Request {
    Term term;                        // candidate's term
    ServerId candidateId;             // candidate requesting vote
    Index lastLogIndex;               // index of candidate's last log entry (§5.4)
    Term lastLogTerm;                 // term of candidate's last log entry (§5.4)
    bool leadershipTransfer = false;  // Not in Figure 2: its leader told it to (thesis §4.2.3)
    bool operator==(const Request&) const = default;
  };
  struct Response {
    Term term;                 // currentTerm, for candidate to update itself
    bool voteGranted = false;  // true means candidate received vote
    bool operator==(const Response&) const = default;
  };
};

// Beyond Figure 2: where a follower's log may yet match the leader's (§5.3): a run of entries of
// one term, log[first … last], and what stands before it. Nothing may match: 0, 1, 0.
struct ConflictHint {
  Term term = 0;
  Index first = 0;  // 0: there is no hint
  Index last = 0;
  bool given() const { return first != Index{0}; }
  bool operator==(const ConflictHint&) const = default;
};

// Invoked by leader to replicate log entries (§5.3); also used as heartbeat (§5.2).
struct AppendEntries {
  struct Request {
    Term term;               // leader's term
    ServerId leaderId;       // so follower can redirect clients
    Index prevLogIndex;      // index of log entry immediately preceding new ones
    Term prevLogTerm;        // term of prevLogIndex entry
    Entries entries = {};    // log entries to store (empty for heartbeat)
    Index leaderCommit = 0;  // leader's commitIndex
    Round round = 0;         // Not in Figure 2: echoed, so that the leader knows what is answered
    bool operator==(const Request&) const = default;
  };
  struct Response {
    Term term;               // currentTerm, for leader to update itself
    bool success = false;    // true if follower contained entry matching prevLogIndex, prevLogTerm
    Index prevLogIndex = 0;  // Not in Figure 2: of the request, so that a stale refusal is known
    Index matchIndex = 0;    // Not in Figure 2: last entry known to match, if success (raft.tla)
    Round round = 0;         // Not in Figure 2: of the request
    std::uint32_t priority = 0;  // Not in Figure 2: of the follower (transfer.cpp)
    ConflictHint hint = {};      // Beyond Figure 2: of a refusal, if its sender gives one
    bool operator==(const Response&) const = default;
  };
};

// Beyond Figure 2.

// Invoked by leader to send chunks of a snapshot to a follower. Leaders always send chunks in order
// (Figure 13, §7).
struct InstallSnapshot {
  struct Request {
    Term term;                // leader's term
    ServerId leaderId;        // so follower can redirect clients
    Index lastIncludedIndex;  // the snapshot replaces all entries up through and including this
    Term lastIncludedTerm;    // term of lastIncludedIndex
    Configuration configuration = {};  // the latest as of lastIncludedIndex (thesis §5.1)
    std::uint64_t offset = 0;          // byte offset where chunk is positioned in the snapshot file
    Command data = {};                 // raw bytes of the snapshot chunk, starting at offset
    bool done = false;                 // true if this is the last chunk
    Round round = 0;                   // Not in Figure 13: as in AppendEntries
    bool operator==(const Request&) const = default;
  };
  struct Response {
    Term term;  // currentTerm, for leader to update itself
    // Not in Figure 13: of the request, so that a stale response is known.
    Index lastIncludedIndex = 0;
    std::uint64_t offset = 0;
    // Not in Figure 13: how much of the snapshot the follower has, for the leader to go on from …
    std::uint64_t stored = 0;
    // … and once it has all that the snapshot stands for: last entry known to match. 0: not yet.
    Index matchIndex = 0;
    Round round = 0;  // Not in Figure 13: of the request
    bool operator==(const Response&) const = default;
  };
};

// Invoked by a server that would be a candidate, to learn whether it could win (thesis §9.6).
struct PreVote {
  struct Request {
    Term term;                        // the term that it would stand in: its own and one
    ServerId candidateId;             // the server that asks
    Index lastLogIndex;               // index of its last log entry
    Term lastLogTerm;                 // term of its last log entry
    bool leadershipTransfer = false;  // its leader told it to (thesis §4.2.3)
    bool operator==(const Request&) const = default;
  };
  struct Response {
    Term term;                 // currentTerm, for the server that asked to update itself
    bool voteGranted = false;  // true means that it would receive the vote
    Term requestTerm = 0;      // of the request, so that an answer to an earlier one is known
    bool operator==(const Response&) const = default;
  };
};

// Invoked by leader so that another server takes over from it (thesis §3.10).
struct TimeoutNow {
  struct Request {
    Term term;              // leader's term
    ServerId leaderId;      // leader that hands over
    bool askFirst = false;  // whether to learn first if it could win (PreVote)
    bool operator==(const Request&) const = default;
  };
};

using Message =
    std::variant<RequestVote::Request, RequestVote::Response, AppendEntries::Request,
                 AppendEntries::Response, InstallSnapshot::Request, InstallSnapshot::Response,
                 PreVote::Request, PreVote::Response, TimeoutNow::Request>;

struct Envelope {
  ServerId from;
  ServerId to;
  Message message;
  bool operator==(const Envelope&) const = default;
};

// The term that its sender is in.
inline Term termOf(const Message& message) {
  if (const auto* ask = std::get_if<PreVote::Request>(&message)) return ask->term - 1;
  return std::visit([](const auto& rpc) { return rpc.term; }, message);
}

}  // namespace raft
