// Runs a fixed set of seeds with every fault, each twice, and prints a digest of each run.
//
//   digests        a line for each seed; exit 1 if a seed went two ways, saying where
//   digests SEED   the digest after each step of that seed, to find where two builds part
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sim/chaos_test_support.h"
#include "sim/digest.h"

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

struct Run {
  std::uint64_t digest;
  std::uint64_t events;
  std::vector<Trail::Point> trail;
};

Run run(std::uint64_t seed) {
  sim::Digest digest;
  Trail trail(digest);
  trace::Observers both({&digest, &trail});
  sim::World world(sim::chaoticSettings(seed));
  sim::makeChaos(world, seed, both);
  sim::mend(world, both);
  return {digest.value(), world.events(), std::move(trail.points)};
}

void print(const char* what, std::uint64_t number, const Trail::Point& p) {
  std::printf("%s %llu: t=%lld us  s%u  %016llx\n", what, static_cast<unsigned long long>(number),
              static_cast<long long>(p.time.count()), p.server.value,
              static_cast<unsigned long long>(p.digest));
}

// Whether a seed went the same way twice; if not, says where it parted.
bool sameTwice(std::uint64_t seed, const Run& once, const Run& again) {
  if (once.digest == again.digest) return true;
  for (std::size_t i = 0; i < once.trail.size() && i < again.trail.size(); ++i) {
    if (once.trail[i] == again.trail[i]) continue;
    std::printf("seed %llu goes two ways in one program:\n", static_cast<unsigned long long>(seed));
    print("once,  step", i, once.trail[i]);
    print("again, step", i, again.trail[i]);
    return false;
  }
  std::printf("seed %llu goes two ways in one program: one ends after the other\n",
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
    std::printf("seed %llu: %016llx after %llu events\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(once.digest),
                static_cast<unsigned long long>(once.events));
  }
  return same ? 0 : 1;
}
