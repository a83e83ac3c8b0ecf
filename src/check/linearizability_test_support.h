// Small random histories, and linearizability by its definition: try all orders.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "check/objects.h"

namespace raft::check {

// How often each happens, relative to reads, which have 4.
struct Chances {
  std::uint32_t write = 0;
  std::uint32_t append = 0;
  std::uint32_t remove = 0;
  std::uint32_t compareAndSet = 0;
  std::uint32_t values = 3;  // so many different ones; 0: each another one
  std::uint32_t keys = 1;
  std::uint32_t unanswered = 1;  // of ten
  std::uint32_t most = 6;        // operations
  bool mismatches = false;       // a compare-and-set that fails is told
  bool strings = false;
  bool log = false;
};

// Some operations of some processes; about half of the histories are as an object would answer.
std::vector<Operation> smallHistory(std::uint64_t seed, const Chances& chances, Values& values);

// By definition: there is an order of all that responded, and of some of what did not, in which
// what responded before another was called comes before it, and in which an object that does one
// after another would have responded so. Takes keys together.
bool isLinearizable(const ObjectTraits& traits, const std::vector<Operation>& operations,
                    const Values& values);

// What is wrong with an order that was found; empty: nothing.
std::string whatIsWrongWith(const std::vector<OperationId>& order, const ObjectTraits& traits,
                            const std::vector<Operation>& part, const Values& values);
// What is wrong with what explain() says of the parts that are not linearizable.
std::string whatIsWrongWithTheExplanation(const ObjectTraits& traits,
                                          const std::vector<Operation>& operations,
                                          const Values& values);

std::string text(const std::vector<Operation>& operations, const Values& values);

}  // namespace raft::check
