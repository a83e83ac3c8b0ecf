// A world in steady state allocates nothing.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "sim/world.h"

namespace {
std::uint64_t allocations = 0;
}  // namespace

// Replaced for the whole program, so that each allocation is counted whoever makes it.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace raft::sim {
namespace {

using std::chrono::seconds;

TEST(Allocation, AnIdleClusterAllocatesNothing) {
  for (std::uint32_t servers : {1u, 3u, 5u, 101u}) {
    World world({.servers = servers, .link = {.duplicatePerMillion = 100'000}});
    struct Nobody : Observer {
    } nobody;
    world.runUntil(seconds(20), nobody);
    const std::uint64_t before = allocations;
    const std::uint64_t events = world.events();
    world.runUntil(seconds(30), nobody);
    EXPECT_GE(world.events() - events, 200u);
    // The most messages under way at once may still rise, as chance has it.
    EXPECT_LE(allocations - before, servers == 101 ? 2u : 0u) << servers << " servers";
  }
}

TEST(Allocation, KeepingTheServerAsItWasAllocatesNothing) {
  struct Curious : Observer {
    bool needsBefore() const override { return true; }
  } curious;
  World world({.servers = 3});
  world.runUntil(seconds(10), curious);
  const std::uint64_t before = allocations;
  world.runUntil(seconds(20), curious);
  // A leader's progress[] is assigned over that of another role.
  EXPECT_EQ(allocations - before, 0u);
}

TEST(Allocation, ACommandCostsThoseOfItsBytesAndOfTheLogsGrowth) {
  World world({.servers = 3, .clients = {{.start = seconds(1)}}});
  struct Nobody : Observer {
  } nobody;
  world.runUntil(seconds(10), nobody);
  const std::uint64_t before = allocations;
  const Index first = world.server(1).lastApplied;
  world.runUntil(seconds(20), nobody);
  const std::uint64_t commands = world.server(1).lastApplied.value - first.value;
  EXPECT_GT(commands, 300u);
  // The bytes and the list that Propose carries; and a few times the log of a server or a disk.
  EXPECT_LE(allocations - before, 2 * commands + 20);
}

}  // namespace
}  // namespace raft::sim
