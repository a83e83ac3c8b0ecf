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

// A model without foresight.
class Blind final : public Model {
 public:
  explicit Blind(Model& model) : model_(model) {}
  StateId initial() override { return model_.initial(); }
  StateId step(StateId state, OperationId operation, bool responded) override {
    return model_.step(state, operation, responded);
  }

 private:
  Model& model_;
};

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

// Where a definition would take years: longer histories, with more clients at once.
TEST(Linearizability, IsTheSameWithoutForesight) {
  const std::uint64_t count = howMany() / 20;
  std::uint64_t no = 0;
  for (const auto& [kind, chances] : std::vector<std::pair<ObjectKind, Chances>>{
           {ObjectKind::Register, {.write = 4, .values = 0}},
           {ObjectKind::Register, {.write = 2, .compareAndSet = 4, .mismatches = true}},
           {ObjectKind::KeyValue, {.write = 2, .append = 4, .remove = 1, .strings = true}},
           {ObjectKind::KeyValue, {.write = 1, .append = 4, .compareAndSet = 1}},
           {ObjectKind::KeyValue, {.append = 4}},
           {ObjectKind::Log, {.append = 5, .log = true}}}) {
    Chances longer = chances;
    longer.most = 16;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
      Values values;
      const std::vector<Operation> operations = smallHistory(seed, longer, values);
      const ObjectTraits traits = traitsOf(kind, operations, values);
      const std::unique_ptr<Model> model = modelOf(traits, operations, values);
      Blind blind(*model);
      const Linearization found = linearize(intervalsOf(operations), *model);
      ASSERT_EQ(linearize(intervalsOf(operations), blind).verdict, found.verdict)
          << "seed " << seed << "\n"
          << text(operations, values);
      no += found.verdict == Verdict::NotLinearizable ? 1 : 0;
    }
  }
  EXPECT_GT(no, count);
  EXPECT_LT(no, 5 * count);
}

}  // namespace
}  // namespace raft::check
