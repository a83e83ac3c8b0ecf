// What the tests of the core share, and those of the floors above may use: short literals, a step
// that checks itself, and printers that tell a state in a line (`s1@2 candidate  log 1^1 2^1`).
#pragma once
#include <cstdint>
#include <initializer_list>
#include <iosfwd>

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

// The entry that our tests put at `index` in `term`. Its command says so: `index^term`.
Entry entryAt(Index index, Term term);
// Such entries, the first at index `first`, of the given terms.
Entries entriesFrom(Index first, std::initializer_list<std::uint64_t> terms);
// The log of such entries: logOf({1, 1, 2}) is 1^1 2^1 3^2. All of it is durable.
Log logOf(std::initializer_list<std::uint64_t> terms);

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

// gtest finds these by their name. Entries are told as `index^term`.
template <class Tag, class Rep>
void PrintTo(const Number<Tag, Rep>& number, std::ostream* os) {
  *os << number.value;
}
void PrintTo(const ServerSet&, std::ostream*);
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
void PrintTo(const Envelope&, std::ostream*);
void PrintTo(const Write&, std::ostream*);
void PrintTo(const Send&, std::ostream*);
void PrintTo(const Apply&, std::ostream*);
void PrintTo(const Accepted&, std::ostream*);
void PrintTo(const NotLeader&, std::ostream*);
void PrintTo(const Effects&, std::ostream*);
void PrintTo(const Random&, std::ostream*);

}  // namespace raft
