// What the tests of the core share, and those of the floors above may use: short literals, a step
// that checks itself, and printers that tell a state in a line (`s1@2 candidate  log 1^1 2^1`).
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <vector>

#include <gtest/gtest.h>

#include "raft/invariants.h"
#include "raft/server.h"

namespace raft {

constexpr Time ms(std::int64_t n) { return std::chrono::milliseconds(n); }

// Timeouts without chance, no no-op: what happens is what the test says.
inline constexpr Settings plain{.electionTimeoutMin = ms(100),
                                .electionTimeoutMax = ms(100),
                                .heartbeatInterval = ms(20),
                                .noopAtElection = false};

// The same with everything on that lies beyond Figure 2.
inline constexpr Settings extended{.electionTimeoutMin = ms(100),
                                   .electionTimeoutMax = ms(100),
                                   .heartbeatInterval = ms(20),
                                   .noopAtElection = false,
                                   .preVote = true,
                                   .leaderStickiness = true,
                                   .checkQuorum = true};

inline const ServerSet three{1, 2, 3};

// The entry that our tests put at `index` in `term`. Its command says so: `index^term`.
Entry entryAt(Index index, Term term);
// Such entries, the first at index `first`, of the given terms.
Entries entriesFrom(Index first, std::initializer_list<std::uint64_t> terms);
// The log of such entries: logOf({1, 1, 2}) is 1^1 2^1 3^2. All of it is durable.
Log logOf(std::initializer_list<std::uint64_t> terms);
// The same after a snapshot: logAfter(7, 2, {2, 3}) is 8^2 9^3, and 7^2 the last included entry.
Log logAfter(Index lastIncludedIndex, Term lastIncludedTerm,
             std::initializer_list<std::uint64_t> terms);

// Takes the step and fails the test if an invariant of the core is broken, or if the step is not a
// function: if a copy of the server, given the same, becomes another or asks for other effects.
Effects stepChecked(Server& server, Time now, const Input& input);

// The message, or null, that `effects` sends to `to`; fails the test if there are several of M.
template <class M>
const M* sentTo(const Effects& effects, ServerId to) {
  const M* found = nullptr;
  for (const Send& send : effects.send) {
    const M* message = std::get_if<M>(&send.envelope.message);
    if (message == nullptr || send.envelope.to != to) continue;
    EXPECT_EQ(found, nullptr) << "two messages of one kind to s" << to.value;
    found = message;
  }
  return found;
}

// The same, where there must be one: fails the test and returns an empty message if there is none.
template <class M>
M sent(const Effects& effects, ServerId to) {
  const M* found = sentTo<M>(effects, to);
  EXPECT_NE(found, nullptr) << "none to s" << to.value << ": " << testing::PrintToString(effects);
  return found ? *found : M{};
}

// A follower of `term` that has heard no leader yet; its election timeout is due at 100 ms. Its log
// is durable.
Server followerOf(ServerId id, Term term, const Log& log, const Configuration& configuration);
// The leader of `term`, just elected: it knows nothing of its peers. Its log is durable.
Server leaderOf(ServerId id, Term term, const Log& log, const Configuration& configuration);
// s1, leader of term 2 with the log 1^1, which all have; its next write has id 6.
Server settledLeader(const Settings& settings = plain);

// The servers 1, 2 … of a cluster whose disks and network take no time. Time passes when a test
// says so, and a server takes no step that the test does not ask for or a message bring.
struct TestCluster {
  std::vector<Server> servers;
  ServerSet reached =
      ServerSet::firstServers(ServerSet::maxServers);  // others neither tell nor hear
  Time now = ms(0);
  std::vector<Envelope> delivered = {};          // in order
  std::vector<std::vector<Entry>> applied = {};  // by each server, s1 first; of a snapshot: none
  using Watch = std::function<void(const Server& before, const Server& after, const Effects&)>;
  Watch watch = {};  // called after each step

  Server& of(ServerId id) { return servers[id.value - 1]; }
  const std::vector<Entry>& appliedBy(ServerId id) { return applied[id.value - 1]; }
  // The step and the write that it asks for. Returns what is sent.
  std::vector<Envelope> step(ServerId id, const Input& input);
  // Delivers the messages and all that follow from them, first come first served.
  void deliver(std::vector<Envelope> messages);
  void run(ServerId id, const Input& input) { deliver(step(id, input)); }
  // Lets the time come at which the server's next step is due, and has it take that step.
  void timeOut(ServerId id);
  // Lets more time pass than any timeout takes, and has the server stand for election.
  void stand(ServerId id);
};

// Five servers through `events` elections, commands, heartbeats and restarts, of each of which only
// some servers hear: logs diverge and are repaired. `prepare` sees the cluster before it begins,
// `check` after each event.
void runWithFailures(std::uint64_t seed, int events,
                     const std::function<void(TestCluster&)>& prepare,
                     const std::function<void(TestCluster&)>& check);

// gtest finds these by their name. Entries are told as `index^term`.
template <class Tag, class Rep>
void PrintTo(const Number<Tag, Rep>& number, std::ostream* os) {
  *os << number.value;
}
void PrintTo(const ServerSet&, std::ostream*);
void PrintTo(const Configuration&, std::ostream*);
void PrintTo(const Command&, std::ostream*);
void PrintTo(const Entry&, std::ostream*);
void PrintTo(const Entries&, std::ostream*);  // indexes unknown: counted from +1
void PrintTo(const Log&, std::ostream*);
void PrintTo(const Follower&, std::ostream*);
void PrintTo(const Candidate&, std::ostream*);
void PrintTo(const Leader&, std::ostream*);
void PrintTo(const Progress&, std::ostream*);
void PrintTo(const Server&, std::ostream*);
void PrintTo(const RequestVote::Request&, std::ostream*);
void PrintTo(const RequestVote::Response&, std::ostream*);
void PrintTo(const AppendEntries::Request&, std::ostream*);
void PrintTo(const AppendEntries::Response&, std::ostream*);
void PrintTo(const InstallSnapshot::Request&, std::ostream*);
void PrintTo(const InstallSnapshot::Response&, std::ostream*);
void PrintTo(const PreVote::Request&, std::ostream*);
void PrintTo(const PreVote::Response&, std::ostream*);
void PrintTo(const TimeoutNow::Request&, std::ostream*);
void PrintTo(const Envelope&, std::ostream*);
void PrintTo(const Snapshot&, std::ostream*);
void PrintTo(const Write&, std::ostream*);
void PrintTo(const Send&, std::ostream*);
void PrintTo(const Apply&, std::ostream*);
void PrintTo(const Accepted&, std::ostream*);
void PrintTo(const NotLeader&, std::ostream*);
void PrintTo(const ReadAccepted&, std::ostream*);
void PrintTo(const Transferring&, std::ostream*);
void PrintTo(Transferred, std::ostream*);
void PrintTo(const TooMuchUncommitted&, std::ostream*);
void PrintTo(const Fate&, std::ostream*);
void PrintTo(const Change&, std::ostream*);
void PrintTo(const Effects&, std::ostream*);
void PrintTo(const Random&, std::ostream*);

}  // namespace raft
