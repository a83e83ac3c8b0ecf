// RAFT_ASSERT: what must hold, checked in every build.
//
// A broken assertion is a mistake in this program, never the consequence of a message, a file or a
// fault. It calls the handler, which the simulator replaces to turn it into a finding.
#pragma once

namespace raft {

struct BrokenAssertion {
  const char* condition;  // the source text that was false
  const char* meaning;    // what it stands for, as a sentence
  const char* file;
  int line;
};

// Called for a broken assertion. It may throw (where exceptions exist) or end the process; if it
// returns, the process traps.
using AssertionHandler = void (*)(const BrokenAssertion&);

// Replaces the calling thread's handler and returns the one before it. A null handler traps.
AssertionHandler setAssertionHandler(AssertionHandler handler);

// Calls the handler, then traps.
[[noreturn, gnu::cold]] void assertionBroken(const BrokenAssertion& broken);

}  // namespace raft

// What is to be told stands ready, so that what holds costs the comparison alone.
#define RAFT_ASSERT(condition, meaning)                                                       \
  ((condition) ? void() : [] {                                                                \
    static constexpr ::raft::BrokenAssertion broken{#condition, meaning, __FILE__, __LINE__}; \
    ::raft::assertionBroken(broken);                                                          \
  }())
