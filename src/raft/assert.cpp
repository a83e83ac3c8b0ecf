#include "raft/assert.h"

namespace raft {

namespace {
thread_local AssertionHandler currentHandler = nullptr;
}  // namespace

AssertionHandler setAssertionHandler(AssertionHandler handler) {
  AssertionHandler previous = currentHandler;
  currentHandler = handler;
  return previous;
}

void assertionBroken(const BrokenAssertion& broken) {
  if (currentHandler != nullptr) currentHandler(broken);
  __builtin_trap();
}

}  // namespace raft
