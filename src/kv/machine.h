// A replicated key-value store: the state machine that each server feeds with what is committed.
//
// A value, and a function of the commands applied to it: no clock, no chance. Equal logs make equal
// machines. Copying one costs two reference counts, so a simulated world may have one a server and
// a host may save a copy on another thread while this one goes on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kv/reply.h"
#include "kv/request.h"
#include "kv/session.h"
#include "kv/tree.h"
#include "raft/assert.h"
#include "raft/log.h"

namespace raft::kv {

// What came of one entry.
struct Outcome {
  enum class Kind : std::uint8_t {
    Nothing,   // no command of ours
    Applied,   // carried out; that may have changed nothing, as with a get
    Repeated,  // carried out before: the reply is the one that was given then
    Refused,   // not carried out (Reply::refused)
  };
  Kind kind = Kind::Nothing;
  Reply reply = {};
  std::uint64_t session = 0;   // whose request it was, or the one that was opened; 0: none
  std::uint64_t sequence = 0;  // of a request of a session
  std::optional<std::uint64_t> expired = {};  // the session that made room for a new one
  bool operator==(const Outcome&) const = default;
};

class Machine {
 public:
  explicit Machine(const Limits& limits = {});

  // Applies the entry at `index`, which follows the one before it: requires index ==
  // lastApplied() + 1. Tell the client who proposed it, if this server did, Outcome::reply.
  Outcome apply(Index index, const Entry& entry);

  // The same of an entry that is no command: nothing comes of it.
  void pass(Index index) {
    RAFT_ASSERT(index == lastApplied_ + 1, "entries are applied in order, each once");
    lastApplied_ = index;
  }

  Index lastApplied() const { return lastApplied_; }
  // Null: there is no such key. Holds until the next apply().
  const Command* find(const Command& key) const { return values_.find(key); }
  const Tree<Command, Command>& values() const { return values_; }
  const Sessions& sessions() const { return sessions_; }
  // Of keys, values and sessions: equal states have equal ones, others but for one chance in 2^64.
  std::uint64_t digest() const { return hashWith(values_.digest(), sessions_.digest()); }

  // All of it as bytes, the same for equal machines; and a machine of such bytes. load() gives
  // nothing for bytes that save() would not write, `wrong` says why: keep the one you have then.
  std::string save() const;
  static std::optional<Machine> load(std::string_view bytes, const char** wrong = nullptr);

  bool operator==(const Machine&) const = default;

 private:
  Outcome apply(Index index, const Request& request);
  Reply carryOut(const Operation& operation);
  Reply on(const Other&) { return {}; }
  Reply on(const Malformed& malformed);
  Reply on(const Get& get);
  Reply on(const Put& put);
  Reply on(const Append& append);
  Reply on(const CompareAndSet& cas);
  Reply on(const Delete& erase);
  Reply on(const Register&) { return {}; }  // apply() does
  Reply on(const Close&) { return {}; }     // likewise

  Index lastApplied_ = 0;
  Tree<Command, Command> values_ = {};
  Sessions sessions_;
};

}  // namespace raft::kv
