// What is written and sent, and progress with disks that fail and clocks that drift.
#include <gtest/gtest.h>

#include "check/check_test_support.h"
#include "check/progress.h"
#include "check/safety.h"

namespace raft::check {
namespace {

Server leader(ServerId id, Term term, Log log) {
  return {.id = id,
          .configuration = {{1, 2, 3}},
          .currentTerm = term,
          .votedFor = id,
          .log = std::move(log),
          .role = Leader{}};
}

// s1 led term 2 and had 2^2, which was lost since.
Safety secondEntryKnown() {
  Safety safety;
  for (ServerId id : {1, 2, 3}) {
    Server server = leader(id, 1, logOf({1}));
    server.role = Follower{};
    safety.started(ms(0), server, false);
  }
  tellStep(safety, ms(10), leader(1, 2, logOf({1, 2})));
  return safety;
}

Effects sending(Entries entries) {
  const AppendEntries::Request request{
      .term = 2, .leaderId = 1, .prevLogIndex = 1, .prevLogTerm = 1, .entries = std::move(entries)};
  return {.send = {{.envelope = {1, 2, request}}}};
}

// An index and a term name one entry, for ever: also where a log was cut meanwhile.
TEST(EntryNames, AnotherEntryOfOneNameThatIsSentIsFound) {
  Safety safety = secondEntryKnown();
  tellStep(safety, ms(20), leader(1, 2, logOf({1, 2})), sending(entriesFrom(2, {2})));
  tellStep(safety, ms(20), leader(1, 2, logOf({1, 2})), sending({{3, "of another term"}}));
  EXPECT_EQ(safety.violation(), nullptr);
  tellStep(safety, ms(30), leader(1, 2, logOf({1, 2})), sending({{2, "another 2^2"}}));
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::LogMatching);
  EXPECT_EQ(tell(*safety.violation()), "s1 writes or sends another 2^2 than s1 had (10 ms)");
}

TEST(EntryNames, AnotherEntryOfOneNameThatIsWrittenIsFound) {
  Safety safety = secondEntryKnown();
  Effects effects;
  effects.write =
      Write{.id = 1, .currentTerm = 2, .votedFor = 1, .from = 2, .entries = {{2, "another 2^2"}}};
  tellStep(safety, ms(30), leader(1, 2, logOf({1, 2})), effects);
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::LogMatching);
}

constexpr ProgressSettings quick{.link = {.latencyMin = ms(1), .latencyMax = ms(1)},
                                 .bound = ms(1000)};

Progress began(const std::vector<trace::MachineChange>& machineOfS1, Settings settings = {}) {
  Progress progress(quick);
  for (const trace::MachineChange& each : machineOfS1) progress.machineChanged(ms(0), 1, each);
  for (ServerId id : {1, 2, 3}) {
    progress.started(ms(0), {.id = id, .configuration = {{1, 2, 3}}, .settings = settings}, false);
  }
  return progress;
}

bool finds(Progress progress) {
  progress.finish(ms(100'000));
  return progress.violation() != nullptr;
}

TEST(Progress, IsOwedAgainOnlyWhenEachDiskWorks) {
  EXPECT_TRUE(finds(began({})));
  Progress stalls = began({trace::DiskStalled{}});
  EXPECT_FALSE(finds(stalls));
  EXPECT_FALSE(finds(began({trace::WritesFail{.every = 2}})));
  stalls.machineChanged(ms(5000), 1, trace::DiskWorks{});
  EXPECT_TRUE(finds(stalls));
}

TEST(Progress, ADiskSlowerThanTheWriteTimeoutPromisesNothing) {
  EXPECT_TRUE(finds(began({}, {.writeTimeout = ms(1)})));
  ProgressSettings slow = quick;
  slow.diskLatencyMax = ms(10);
  for (const Duration timeout : {ms(10), ms(11)}) {
    Progress progress(slow);
    const Settings settings{.writeTimeout = timeout};
    for (ServerId id : {1, 2, 3}) {
      progress.started(ms(0), {.id = id, .configuration = {{1, 2, 3}}, .settings = settings},
                       false);
    }
    EXPECT_EQ(finds(progress), timeout > slow.diskLatencyMax);
  }
}

// By a clock at half the pace, heartbeats come every 100 ms: s2 and s3, at twice theirs, do not
// wait as long.
TEST(Progress, ClocksThatDriftTooFarPromiseNothing) {
  const auto with = [](std::int32_t s1, std::int32_t others) {
    Progress progress(quick);
    for (ServerId id : {1, 2, 3}) {
      progress.machineChanged(ms(0), id, trace::ClockDrifts{id == ServerId{1} ? s1 : others});
    }
    for (ServerId id : {1, 2, 3}) {
      progress.started(ms(0), {.id = id, .configuration = {{1, 2, 3}}}, false);
    }
    return finds(progress);
  };
  EXPECT_TRUE(with(50'000, -50'000));
  EXPECT_FALSE(with(-500'000, 900'000));
}

}  // namespace
}  // namespace raft::check
