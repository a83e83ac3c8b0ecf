// What a run does with a broken assertion of the core: it ends, and whoever runs it has a finding.
#pragma once
#include "raft/assert.h"

namespace raft::scenario {

// While it lives, a broken assertion on this thread is thrown as a BrokenAssertion.
class AssertionsThrow {
 public:
  AssertionsThrow() : before_(setAssertionHandler([](const BrokenAssertion& b) { throw b; })) {}
  ~AssertionsThrow() { setAssertionHandler(before_); }
  AssertionsThrow(const AssertionsThrow&) = delete;
  AssertionsThrow& operator=(const AssertionsThrow&) = delete;

 private:
  AssertionHandler before_;
};

}  // namespace raft::scenario
