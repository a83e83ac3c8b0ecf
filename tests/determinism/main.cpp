// Runs a fixed set of seeds with every fault, each twice, and prints a digest of each run: of its
// events, and of its trace, fact by fact with its reason.
//
//   digests        a line for each seed; exit 1 if a seed went two ways, saying where
//   digests SEED   the digest after each step of that seed, to find where two builds part
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sim/chaos_test_support.h"
#include "sim/digest.h"
#include "trace/json.h"
#include "trace/narrator.h"

namespace {

using namespace raft;

// The digest after each step, with when and where it was.
struct Trail : trace::Observer {
  struct Point {
    Time time;
    ServerId server;
    std::uint64_t digest;
    bool operator==(const Point&) const = default;
  };
  const sim::Digest& digest;
  std::vector<Point> points = {};

  explicit Trail(const sim::Digest& d) : digest(d) {}
  void stepped(const trace::Step& step) override {
    points.push_back({step.time, step.after.id, digest.value()});
  }
};

// What is told of a run, as one number.
struct Telling : trace::FactSink {
  std::uint64_t value = 0;
  std::string line = {};
  void told(const trace::Fact& fact) override {
    line.clear();
    trace::appendJson(line, fact, trace::Names());
    for (const char c : line) value = mixBits(value ^ static_cast<unsigned char>(c));
  }
};

struct Run {
  std::uint64_t digest;
  std::uint64_t told;
  std::uint64_t events;
  std::vector<Trail::Point> trail;
};

Run run(std::uint64_t seed) {
  sim::Digest digest;
  Trail trail(digest);
  Telling telling;
  trace::Narrator narrator(telling);
  trace::Observers all({&digest, &trail, &narrator});
  sim::World world(sim::chaoticSettings(seed));
  sim::makeChaos(world, seed, all);
  sim::mend(world, all);
  return {digest.value(), telling.value, world.events(), std::move(trail.points)};
}

void print(const char* what, std::uint64_t number, const Trail::Point& p) {
  std::printf("%s %llu: t=%lld us  s%u  %016llx\n", what, static_cast<unsigned long long>(number),
              static_cast<long long>(p.time.count()), p.server.value,
              static_cast<unsigned long long>(p.digest));
}

// Whether a seed went the same way twice; if not, says where it parted.
bool sameTwice(std::uint64_t seed, const Run& once, const Run& again) {
  if (once.digest == again.digest && once.told == again.told) return true;
  for (std::size_t i = 0; i < once.trail.size() && i < again.trail.size(); ++i) {
    if (once.trail[i] == again.trail[i]) continue;
    std::printf("seed %llu goes two ways in one program:\n", static_cast<unsigned long long>(seed));
    print("once,  step", i, once.trail[i]);
    print("again, step", i, again.trail[i]);
    return false;
  }
  std::printf(
      "seed %llu goes two ways in one program: one ends after the other, or is told\n"
      "in other words\n",
      static_cast<unsigned long long>(seed));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    const Run one = run(std::strtoull(argv[1], nullptr, 10));
    for (std::size_t i = 0; i < one.trail.size(); ++i) print("step", i, one.trail[i]);
    return 0;
  }
  bool same = true;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const Run once = run(seed);
    same = sameTwice(seed, once, run(seed)) && same;
    std::printf("seed %llu: %016llx after %llu events, told as %016llx\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(once.digest),
                static_cast<unsigned long long>(once.events),
                static_cast<unsigned long long>(once.told));
  }
  return same ? 0 : 1;
}
