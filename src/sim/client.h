// A client of the cluster: one request after another, until it is answered.
//
// It begins with a server by chance, follows hints to the leader, and after a timeout asks another
// server the same again. Nothing tells the servers that it is the same: a command may be applied
// twice (exactly-once sessions, §8, are not here yet). If servers tell fates (Settings::tellFates)
// a client asks again at once when its command is lost, and only then it is safe to: one that is
// put off asks the same server again after a while.
#pragma once
#include <cstdint>
#include <optional>

#include "raft/effects.h"
#include "raft/random.h"

namespace raft::sim {

struct ClientSettings {
  Time start = Time(0);                               // of the first request
  Duration interval = std::chrono::milliseconds(10);  // from an answer to the next request, >= 1 µs
  Duration timeout = std::chrono::milliseconds(500);  // after which it asks another server
  // After a refusal that names no leader, or one that is none yet, or too many in a row, or being
  // put off: until it asks again.
  Duration retry = std::chrono::milliseconds(50);
  std::uint64_t requests = 0;  // how many it makes; 0: without end
  bool operator==(const ClientSettings&) const = default;
};

// Its commands are `c<client>.<request>`. What passes between it and a server takes no time, and is
// lost if the server is down or paused: the client then hears nothing and times out.
struct Client {
  enum class State : std::uint8_t {
    Idle,     // until the next request
    Asking,   // until an answer or the timeout
    Refused,  // until it asks again
    Done,
  };

  std::uint32_t id;  // 1, 2 …
  ClientSettings settings = {};
  Random chance = {};
  State state = State::Idle;
  std::uint64_t request = 0;  // the one that it makes or made last, counted from 1
  Command command = {};
  std::uint32_t attempt = 0;    // how often it was sent
  std::uint32_t redirects = 0;  // hints followed since it last waited
  ServerId server = 1;          // whom it asks
  // Where that server put the command: it answers when it applies just this entry, unless it
  // crashes before.
  std::optional<Accepted> accepted = {};

  void nextRequest();
  // Any server but the one it asked; that one if there is no other.
  void chooseAnother(std::uint32_t servers);

  bool operator==(const Client&) const = default;
};

}  // namespace raft::sim
