#include "check/objects.h"

#include <gtest/gtest.h>

namespace raft::check {
namespace {

// A history written as literals: values are numbers unless they stand in quotes.
class Objects : public testing::Test {
 protected:
  ValueId number(int n) { return values.atom(std::to_string(n)); }
  Operation read(std::uint32_t call, std::uint32_t response, ValueId result) {
    return {.function = Function::Read,
            .outcome = Outcome::Ok,
            .result = result,
            .call = call,
            .response = response};
  }
  Operation write(std::uint32_t call, std::uint32_t response, ValueId value) {
    return {.function = Function::Write,
            .outcome = response == never ? Outcome::Unknown : Outcome::Ok,
            .argument = value,
            .call = call,
            .response = response};
  }
  Operation append(std::uint32_t call, std::uint32_t response, ValueId value,
                   ValueId position = untold) {
    return {.function = Function::Append,
            .outcome = Outcome::Ok,
            .argument = value,
            .result = position,
            .call = call,
            .response = response};
  }
  ValueId list(std::vector<ValueId> items) { return values.list(items); }

  Linearization judge(ObjectKind kind, const std::vector<Operation>& operations,
                      const Limits& limits = {}) {
    model = modelOf(traitsOf(kind, operations, values), operations, values);
    return linearize(intervalsOf(operations), *model, limits);
  }
  Verdict verdict(ObjectKind kind, const std::vector<Operation>& operations) {
    return judge(kind, operations).verdict;
  }
  std::string why(ObjectKind kind, const std::vector<Operation>& operations) {
    const Linearization found = judge(kind, operations);
    const auto explanation = explain(intervalsOf(operations), *model, found);
    if (!explanation) return "linearizable";
    return "#" + std::to_string(explanation->culprit) + ": " +
           reasonOf(*explanation, traitsOf(kind, operations, values), operations, values, *model,
                    [](OperationId i) { return "#" + std::to_string(i); })
               .sentence;
  }

  Values values;
  std::unique_ptr<Model> model;
};

TEST_F(Objects, AReadOfWhatWasReplacedIsExplained) {
  EXPECT_EQ(why(ObjectKind::Register,
                {write(0, 1, number(1)), write(2, 3, number(2)), read(4, 5, number(1))}),
            "#2: 1 came from #0, and #1 had replaced it before. Between its call and its response "
            "there can only have been 2.");
}

TEST_F(Objects, AReadOfWhatNobodyWroteIsExplained) {
  EXPECT_EQ(why(ObjectKind::Register, {write(0, 4, number(1)), read(1, 2, number(7))}),
            "#1: Nobody ever wrote 7. Between its call and its response there can only have "
            "been nil or 1.");
  EXPECT_EQ(why(ObjectKind::Register, {read(0, 1, number(7)), write(2, 3, number(7))}),
            "#0: 7 is written only later, by #1. Between its call and its response there can "
            "only have been nil.");
  EXPECT_EQ(why(ObjectKind::Register, {write(0, 1, number(1)), read(2, 3, nil)}),
            "#1: #0 had put something there before, and nothing removes it. Between its call and "
            "its response there can only have been 1.");
}

// What comes later may make an earlier operation impossible; the explanation is of the earliest
// moment at which no order was left.
TEST_F(Objects, TheCulpritIsTheFirstWithWhichThereIsNoOrder) {
  // The first read alone would be possible, if 1 was written last.
  const std::vector<Operation> operations = {
      write(0, 7, number(1)), write(1, 8, number(2)), read(2, 3, number(1)),
      read(4, 5, number(2)),  read(6, 9, number(1)),
  };
  EXPECT_EQ(why(ObjectKind::Register, operations),
            "#4: Between its call and its response there can only have been 2.");
}

TEST_F(Objects, AComparisonThatCannotHaveSucceededIsExplained) {
  Operation cas{.function = Function::CompareAndSet,
                .outcome = Outcome::Ok,
                .argument = number(3),
                .expected = number(2),
                .call = 2,
                .response = 3};
  EXPECT_EQ(why(ObjectKind::Register, {write(0, 1, number(1)), cas}),
            "#1: Nobody ever wrote 2. Between its call and its response there can only have "
            "been 1.");
  cas.expected = number(1);
  cas.outcome = Outcome::Mismatch;
  EXPECT_EQ(why(ObjectKind::Register, {write(0, 1, number(1)), cas}),
            "#1: It says that 1 was not there. Between its call and its response there can only "
            "have been 1.");
}

TEST_F(Objects, AnAppendThatWasLostIsExplained) {
  const ValueId a = values.string("a");
  const ValueId b = values.string("b");
  EXPECT_EQ(
      why(ObjectKind::KeyValue, {append(0, 1, a), append(2, 3, b), read(4, 5, values.string("b"))}),
      "#2: Between its call and its response there can only have been \"ab\".");
  EXPECT_EQ(why(ObjectKind::KeyValue, {append(0, 1, number(1)), read(4, 5, list({number(2)}))}),
            "#1: Nobody had appended 2 by then. Between its call and its response there can only "
            "have been [1].");
}

TEST_F(Objects, APositionThatWasTakenIsExplained) {
  EXPECT_EQ(why(ObjectKind::Log,
                {append(0, 1, number(7), number(1)), append(2, 3, number(8), number(1))}),
            "#1: It was told the position of #0.");
  EXPECT_EQ(why(ObjectKind::Log,
                {append(0, 1, number(7), number(1)), append(2, 3, number(8), number(5))}),
            "#1: Its position can only have been 2.");
}

TEST_F(Objects, ALogsPositionsBeginWith0Or1) {
  for (const int first : {0, 1}) {
    EXPECT_EQ(verdict(ObjectKind::Log, {append(0, 1, number(7), number(first)),
                                        append(2, 3, number(8), number(first + 1))}),
              Verdict::Linearizable);
  }
  EXPECT_EQ(verdict(ObjectKind::Log, {append(0, 1, number(7), number(2))}),
            Verdict::NotLinearizable);
}

TEST_F(Objects, WhereNothingWasAppendedOneReadsNothingOrAnEmptyOne) {
  for (const ValueId result : {nil, values.string("")}) {
    EXPECT_EQ(verdict(ObjectKind::KeyValue, {read(0, 1, result), append(2, 3, values.string("a"))}),
              Verdict::Linearizable);
    EXPECT_EQ(verdict(ObjectKind::KeyValue, {append(0, 1, values.string("a")), read(2, 3, result)}),
              Verdict::NotLinearizable);
  }
}

TEST_F(Objects, StringsAreEqualHoweverTheyWereMade) {
  EXPECT_EQ(verdict(ObjectKind::KeyValue,
                    {append(0, 1, values.string("ab")), append(2, 3, values.string("c")),
                     write(4, 9, values.string("a")), append(5, 10, values.string("bc")),
                     read(11, 12, values.string("abc"))}),
            Verdict::Linearizable);
}

TEST_F(Objects, KeysAreIndependent) {
  std::vector<Operation> operations = {write(0, 1, number(1)), write(2, 3, number(2)),
                                       read(4, 5, number(1))};
  operations[1].key = number(9);
  const auto parts = partsOf(operations);
  ASSERT_EQ(parts.size(), 2u);
  for (const auto& part : parts) {
    EXPECT_EQ(verdict(ObjectKind::KeyValue, part), Verdict::Linearizable);
  }
}

TEST_F(Objects, AWriteWithoutResponseMayHappenMuchLaterOrNot) {
  const Operation lost = write(0, never, number(1));
  EXPECT_EQ(verdict(ObjectKind::Register, {lost, write(1, 2, number(2)), read(3, 4, number(2)),
                                           read(5, 6, number(1)), read(7, 8, number(1))}),
            Verdict::Linearizable);
  // But once.
  EXPECT_EQ(verdict(ObjectKind::Register, {lost, write(1, 2, number(2)), read(3, 4, number(1)),
                                           write(5, 6, number(3)), read(7, 8, number(1))}),
            Verdict::NotLinearizable);
}

// A hundred clients write at once, then somebody reads what was written in the middle: without
// foresight that is 2^100 sets of writes.
TEST_F(Objects, AHundredWritesAtOnceAreNoTrouble) {
  std::vector<Operation> operations;
  for (int i = 0; i < 100; ++i) {
    operations.push_back(
        write(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(200 + i), number(i)));
  }
  operations.push_back(read(150, 151, number(50)));
  operations.push_back(read(152, 153, number(51)));
  const Linearization found = judge(ObjectKind::Register, operations);
  EXPECT_EQ(found.verdict, Verdict::Linearizable);
  EXPECT_LT(found.configurations, 300u);
  operations.push_back(read(154, 155, number(50)));
  EXPECT_EQ(verdict(ObjectKind::Register, operations), Verdict::NotLinearizable);
}

// Comparisons that succeeded, in an order that is hard to find: nothing helps here but to try.
std::vector<Operation> hardOnes(Values& values, std::uint32_t count) {
  std::vector<Operation> operations;
  for (std::uint32_t i = 0; i < count; ++i) {
    operations.push_back({.function = Function::CompareAndSet,
                          .outcome = Outcome::Ok,
                          .argument = values.atom(std::to_string((i + 1) % 7)),
                          .expected = values.atom(std::to_string(i * 3 % 7)),
                          .call = i,
                          .response = 1000 + i});
  }
  operations.insert(operations.begin(), {.function = Function::Write,
                                         .outcome = Outcome::Ok,
                                         .argument = values.atom("0"),
                                         .call = 500,
                                         .response = 501});
  return operations;
}

TEST_F(Objects, WhenMemoryRunsOutTheVerdictIsUnknown) {
  const std::vector<Operation> operations = hardOnes(values, 60);
  const Linearization found =
      judge(ObjectKind::Register, operations, {.bytes = std::uint64_t{1} << 20});
  EXPECT_EQ(found.verdict, Verdict::Unknown);
  EXPECT_EQ(found.gaveUp, GaveUp::OutOfMemory);
  EXPECT_LE(found.bytes, std::uint64_t{1} << 20);
}

// A model that says that its states take so much.
class Heavy final : public Model {
 public:
  Heavy(Model& model, std::uint64_t bytes) : model_(model), bytes_(bytes) {}
  StateId initial() override { return model_.initial(); }
  StateId step(StateId state, OperationId operation, bool responded) override {
    return model_.step(state, operation, responded);
  }
  std::uint64_t bytes() const override { return bytes_; }

 private:
  Model& model_;
  std::uint64_t bytes_;
};

TEST_F(Objects, TheStatesOfAModelCountAsMemory) {
  const std::vector<Operation> operations = hardOnes(values, 60);
  model = modelOf(traitsOf(ObjectKind::Register, operations, values), operations, values);
  Heavy heavy(*model, std::uint64_t{1} << 31);
  std::uint32_t asked = 0;
  const Linearization found =
      linearize(intervalsOf(operations), heavy,
                {.bytes = std::uint64_t{1} << 30, .stop = [&] { return ++asked == 5; }});
  EXPECT_EQ(found.gaveUp, GaveUp::OutOfMemory);
  EXPECT_GE(found.bytes, std::uint64_t{1} << 31);
}

TEST_F(Objects, WhenAskedToStopTheVerdictIsUnknown) {
  const std::vector<Operation> operations = hardOnes(values, 60);
  std::uint32_t asked = 0;
  const Linearization found =
      judge(ObjectKind::Register, operations, {.stop = [&] { return ++asked == 5; }});
  EXPECT_EQ(found.verdict, Verdict::Unknown);
  EXPECT_EQ(found.gaveUp, GaveUp::Stopped);
  EXPECT_EQ(found.order, std::vector<OperationId>{});
}

TEST_F(Objects, NoOperationsAreLinearizable) {
  EXPECT_EQ(verdict(ObjectKind::Register, {}), Verdict::Linearizable);
}

}  // namespace
}  // namespace raft::check
