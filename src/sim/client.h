// A client of the cluster: one request after another, until it is answered.
//
// It begins with a server by chance, follows hints to the leader, and after a timeout asks another
// server the same again. Unless it has a session, nothing tells the servers that it is the same: a
// command may be applied twice (§8). With one, the state machine knows (kv/session.h). If servers
// tell fates (Settings::tellFates) a client asks again at once when its command is lost, and only
// then it is safe to without a session: one that is put off asks the same server again after a
// while.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "kv/reply.h"
#include "raft/effects.h"
#include "raft/random.h"
#include "sim/rules.h"

namespace raft::sim {

struct ClientSettings {
  Time start = Time(0);                               // of the first request
  Duration interval = std::chrono::milliseconds(10);  // from an answer to the next request, >= 1 µs
  Duration timeout = std::chrono::milliseconds(500);  // after which it asks another server
  // After a refusal that names no leader, or one that is none yet, or too many in a row, or being
  // put off: until it asks again.
  Duration retry = std::chrono::milliseconds(50);
  std::uint64_t requests = 0;  // how many it makes; 0: without end
  // Whether it first opens a session, and makes its requests in it. Should it expire, the request
  // of then is given up, for nobody knows whether it was carried out, and the next has a new one.
  bool session = false;
  std::vector<Command> commands = {};  // its requests, one after another and then from the first
  std::uint32_t keys = 0;              // without these: makes up operations on so many keys
  bool operator==(const ClientSettings&) const = default;
};

// Its commands are `c<client>.<request>`, unless the settings say otherwise. What passes between it
// and a server takes no time, and is lost if the server is down or paused: the client then hears
// nothing and times out.
struct Client {
  enum class State : std::uint8_t {
    Idle,     // until the next request
    Asking,   // until an answer or the timeout
    Refused,  // until it asks again
    Done,
  };

  std::uint32_t id;  // 1, 2 …
  ClientSettings settings = {};
  const Rules* rules = nullptr;  // if there are any, they say what it asks for
  Random chance = {};
  State state = State::Idle;
  std::uint64_t request = 0;  // the one that it makes or made last, counted from 1
  Command command = {};
  Random operations = {};       // draws those that it makes up,
  std::optional<Command> read;  // `cas` among them: what it read last,
  Command readFrom = {};        // and of which key
  std::uint64_t session = 0;    // its number; 0: none
  std::uint64_t sequence = 0;   // of the request in the session
  bool registering = false;     // its command asks for a session
  std::uint32_t attempt = 0;    // how often it was sent
  std::uint32_t redirects = 0;  // hints followed since it last waited
  ServerId server = 1;          // whom it asks
  // Where that server put the command: it answers when it applies just this entry, unless it
  // crashes before.
  std::optional<Accepted> accepted = {};

  void nextRequest();
  // What Observer::client() calls the request that it makes: 0 is that for a session.
  std::uint64_t number() const { return registering ? 0 : request; }
  // Takes the reply. True: that was its last request.
  bool take(const kv::Reply& reply);
  // Any server but the one it asked; that one if there is no other.
  void chooseAnother(std::uint32_t servers);

  bool operator==(const Client&) const = default;

 private:
  Command madeUp();
};

}  // namespace raft::sim
