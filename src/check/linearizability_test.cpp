#include "check/linearizability.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "check/linearizability_test_support.h"
#include "check/states.h"

namespace raft::check {
namespace {

// What the search says of a history, with its order checked against the definition.
Verdict verdictOf(const ObjectTraits& traits, const std::vector<Operation>& operations,
                  const Values& values) {
  Verdict verdict = Verdict::Linearizable;
  for (const std::vector<Operation>& part : partsOf(operations)) {
    const std::unique_ptr<Model> model = modelOf(traits, part, values);
    const Linearization found = linearize(intervalsOf(part), *model);
    if (found.verdict != Verdict::Linearizable) {
      verdict = found.verdict;
      continue;
    }
    EXPECT_EQ(whatIsWrongWith(found.order, traits, part, values), "");
  }
  return verdict;
}

// 100,000 of each model where that takes a second, and a tenth in a build for a debugger;
// RAFTLAB_HISTORIES asks for another number.
std::uint64_t howMany() {
#ifdef NDEBUG
  constexpr std::uint64_t usual = 100'000;
#else
  constexpr std::uint64_t usual = 10'000;
#endif
  const char* asked = std::getenv("RAFTLAB_HISTORIES");
  return asked ? std::strtoull(asked, nullptr, 10) : usual;
}

void compareWithTheDefinition(ObjectKind kind, const Chances& chances) {
  std::uint64_t no = 0;
  const std::uint64_t count = howMany();
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    Values values;
    const std::vector<Operation> operations = smallHistory(seed, chances, values);
    const ObjectTraits traits = traitsOf(kind, operations, values);
    const bool expected = isLinearizable(traits, operations, values);
    const Verdict verdict = verdictOf(traits, operations, values);
    ASSERT_EQ(verdict, expected ? Verdict::Linearizable : Verdict::NotLinearizable)
        << "seed " << seed << "\n"
        << text(operations, values);
    if (expected) continue;
    ++no;
    if (seed % 8 == 0) {
      ASSERT_EQ(whatIsWrongWithTheExplanation(traits, operations, values), "")
          << "seed " << seed << "\n"
          << text(operations, values);
    }
  }
  // Either verdict is frequent, or the comparison says little.
  EXPECT_GT(no, count / 10);
  EXPECT_LT(no, count - count / 10);
}

TEST(LinearizabilityByDefinition, OfRegisters) {
  compareWithTheDefinition(ObjectKind::Register, {.write = 4, .values = 3});
}

TEST(LinearizabilityByDefinition, OfRegistersWhereEachValueIsWrittenOnce) {
  compareWithTheDefinition(ObjectKind::Register, {.write = 4, .values = 0, .unanswered = 3});
}

TEST(LinearizabilityByDefinition, OfCompareAndSetRegisters) {
  compareWithTheDefinition(ObjectKind::Register,
                           {.write = 2, .compareAndSet = 4, .values = 3, .unanswered = 3});
}

TEST(LinearizabilityByDefinition, OfCompareAndSetRegistersThatTellOfMismatches) {
  compareWithTheDefinition(
      ObjectKind::Register,
      {.write = 2, .compareAndSet = 4, .values = 3, .unanswered = 3, .mismatches = true});
}

TEST(LinearizabilityByDefinition, OfKeyValueStores) {
  compareWithTheDefinition(ObjectKind::KeyValue, {.write = 3,
                                                  .remove = 1,
                                                  .compareAndSet = 1,
                                                  .values = 2,
                                                  .keys = 2,
                                                  .unanswered = 3,
                                                  .mismatches = true});
}

TEST(LinearizabilityByDefinition, OfKeyValueStoresThatAppendToStrings) {
  compareWithTheDefinition(ObjectKind::KeyValue,
                           {.append = 4, .values = 2, .unanswered = 2, .strings = true});
  compareWithTheDefinition(ObjectKind::KeyValue, {.write = 1,
                                                  .append = 3,
                                                  .remove = 1,
                                                  .compareAndSet = 1,
                                                  .values = 2,
                                                  .unanswered = 2,
                                                  .mismatches = true,
                                                  .strings = true});
}

TEST(LinearizabilityByDefinition, OfKeyValueStoresThatAppendToLists) {
  compareWithTheDefinition(ObjectKind::KeyValue,
                           {.append = 4, .values = 2, .keys = 2, .unanswered = 2});
  compareWithTheDefinition(
      ObjectKind::KeyValue,
      {.write = 1, .append = 3, .remove = 1, .compareAndSet = 1, .values = 2, .unanswered = 2});
}

TEST(LinearizabilityByDefinition, OfLogs) {
  compareWithTheDefinition(ObjectKind::Log,
                           {.append = 5, .values = 2, .unanswered = 2, .log = true});
}

}  // namespace
}  // namespace raft::check
