// Sessions: how a command that comes twice is carried out once (thesis §6.3).
//
// A session is part of the state machine, as keys and values are: what becomes of it follows from
// the log alone, so that each server opens, uses and expires the same ones.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "kv/reply.h"
#include "kv/request.h"
#include "kv/tree.h"
#include "raft/types.h"

namespace raft::kv {

// Equal on all servers of a cluster, or their state machines part ways. Both are above 0.
struct Limits {
  std::uint32_t sessions = 1000;  // one more, and the one that was not used for longest expires
  // How far a client may be ahead of the first request that it has no reply to.
  std::uint32_t outstanding = 100;
  bool operator==(const Limits&) const = default;
};

struct Session {
  struct Kept {
    std::uint64_t sequence;
    Reply reply;
    bool operator==(const Kept&) const = default;
  };
  Index lastUsed;                     // the entry that used it last
  std::uint64_t firstUnanswered = 1;  // the client has the replies to all requests below
  std::vector<Kept> kept = {};        // of those that were carried out, in order of sequence

  bool operator==(const Session&) const = default;
};

std::uint64_t hashOf(const Session& session);

class Sessions {
 public:
  explicit Sessions(const Limits& limits = {}) : limits_(limits) {}

  // Opens the session that has the number of the entry. Returns the one that had to make room.
  std::optional<std::uint64_t> open(Index entry);
  void close(std::uint64_t session) { all_.erase(session); }

  // The reply to a request of a session if it is not to be carried out: the one that was kept, or
  // a refusal. Nothing: carry it out, and then keep() its reply. Requires request.session.
  std::optional<Reply> find(Index entry, const Request& request);
  void keep(const Request& request, const Reply& reply);

  const Tree<std::uint64_t, Session>& all() const { return all_; }  // by number
  const Limits& limits() const { return limits_; }
  std::uint64_t digest() const { return all_.digest(); }

  // As they were when they were saved; false: there can be no such session.
  bool restore(std::uint64_t number, Session session, Index lastApplied);

  bool operator==(const Sessions&) const = default;

 private:
  Limits limits_;
  Tree<std::uint64_t, Session> all_ = {};
};

}  // namespace raft::kv
