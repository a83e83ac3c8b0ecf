// What the clients of a run saw, judged at its end: whether it is linearizable.
//
// Clients' requests and reads from leaders are operations on the keys of the state machine. What
// may have happened, at any time or not at all, is an operation without a response: a request that
// was given up, an attempt of one without a session (each may take effect), a proposal from
// outside, an entry that a log began with.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/client_history.h"
#include "check/violation.h"
#include "kv/reply.h"
#include "kv/request.h"
#include "trace/observer.h"

namespace raft::scenario {

// A value, as the checkers are.
class Histories final : public trace::Observer {
 public:
  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step&) override;
  void client(Time, const trace::ClientDeed&) override;
  void read(Time, const trace::ReadDeed&) override;

  // Nothing: there is an order in which all of it can have happened; or the search for one was
  // given up, for it took too long.
  std::optional<check::Violation> judge() const;

 private:
  struct Operation {
    std::uint32_t client;  // 0: somebody else
    kv::Operation what;
    bool happened = false;   // it has a response
    bool never = false;      // it did not happen
    std::string reply = {};  // as text
    Time responded = {};
  };
  struct Event {
    std::size_t operation;
    bool response;
  };
  // A client's request under way.
  struct Current {
    std::uint64_t request = 0;
    std::optional<std::size_t> operation = {};
    bool session = false;
  };

  std::size_t call(std::uint32_t client, const kv::Operation& what);
  void respond(std::size_t operation, Time now, std::string reply);
  void asked(const trace::ClientAsked&);
  void notDone(std::uint32_t client);

  std::vector<Operation> operations_ = {};
  std::vector<Event> events_ = {};
  std::map<std::uint32_t, Current> clients_ = {};
  std::map<std::uint64_t, std::size_t> reads_ = {};                     // by number, as operations
  std::map<std::pair<std::uint64_t, std::uint64_t>, bool> begun_ = {};  // entries of the start
  std::optional<Command> proposed_ = {};  // by a client, in the step to come
  std::uint64_t answers_ = 0;
};

}  // namespace raft::scenario
