// What the state machine answers.
#pragma once
#include <cstdint>
#include <string>

#include "kv/hash.h"
#include "raft/command.h"

namespace raft::kv {

struct Reply {
  enum class Status : std::uint8_t {
    Nothing,     // to text that is no operation, and to entries that are no commands
    Ok,          // done
    Value,       // get: `value` is what stands there; append: what stands there now
    NotThere,    // get, delete, cas: there is no such key
    Different,   // cas: `value` stands there, not what was expected; nothing was changed
    Malformed,   // `value` says what was expected
    Registered,  // `value` is the session's number, in digits
    // These three are refusals: the command was not carried out, this time.
    NoSession,  // the session has expired or was closed, or there never was one
    Discarded,  // carried out before, and the client has said that it has the reply
    TooMany,    // more requests without reply than a session keeps replies for
  };
  Status status = Status::Nothing;
  Command value = {};

  bool refused() const { return status >= Status::NoSession; }
  bool operator==(const Reply&) const = default;
};

inline std::uint64_t hashOf(const Reply& reply) {
  return hashWith(static_cast<std::uint64_t>(reply.status), hashOf(reply.value));
}

// "ok", "10", "nothing" (of a key that is not there), "it is 10", "session 7" … Different replies
// have different texts. The text of Status::Nothing is empty.
std::string text(const Reply& reply);

}  // namespace raft::kv
