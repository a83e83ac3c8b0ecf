// Would a hunt find a mistake sooner if what it has seen steered what it tries next?
//
// steering [--first SEED] [--worlds N] [--steered yes]
// runs worlds until one finds something, N at most, and prints how many it took, as JSON. With
// `--steered yes` half of the plans are made of one that had led to states never seen before: of
// the latest 200 such, with another seed, other settings, or another continuation. A state is
// abstract: of each server its role and whether its term, log, commit index and configuration are
// the latest; who is who does not matter. It is of use with a mutant applied (docs/hunting.md).
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "bench/cpu_time.h"
#include "hunt/generate.h"
#include "hunt/trial.h"
#include "raft/random.h"

namespace bench {
namespace {

using namespace raft;
using namespace raft::hunt;

constexpr std::uint64_t purpose = 0x73746565;  // of the stream that steers
constexpr std::size_t latest = 200;

// Of the servers, sorted: a number of three bits for each thing that is said of one.
std::uint64_t abstractState(const sim::World& world) {
  std::array<std::uint64_t, 4> newest = {};
  const auto look = [](const Server& server) {
    return std::array<std::uint64_t, 4>{server.currentTerm.value, server.log.lastTerm().value,
                                        server.commitIndex.value, server.configurationIndex.value};
  };
  for (std::uint32_t id = 1; id <= world.size(); ++id) {
    const auto has = look(world.server(id));
    for (std::size_t i = 0; i < has.size(); ++i) newest[i] = std::max(newest[i], has[i]);
  }
  std::vector<std::uint64_t> servers;
  for (std::uint32_t id = 1; id <= world.size(); ++id) {
    const Server& server = world.server(id);
    std::uint64_t state = world.isUp(id) ? server.role.index() : 3;
    const auto has = look(server);
    for (std::size_t i = 0; i < has.size(); ++i) state = 2 * state + (has[i] == newest[i] ? 1 : 0);
    servers.push_back(state);
  }
  std::ranges::sort(servers);
  std::uint64_t out = world.size();
  for (const std::uint64_t each : servers) out = out * 64 + each;
  return out;
}

struct Tried {
  bool found = false;
  std::vector<std::uint64_t> states = {};
};

Tried attempt(const Plan& plan, bool watches) {
  Tried out;
  Running running(scenarioOf(plan));
  while (!running.done()) {
    running.advance();
    if (!watches) continue;
    const std::uint64_t state = abstractState(running.world());
    if (out.states.empty() || out.states.back() != state) out.states.push_back(state);
  }
  out.found = running.trial().find.has_value();
  return out;
}

Plan madeOf(const Plan& parent, const Plan& fresh, Random& chance) {
  Plan out = parent;
  out.seed = fresh.seed;
  const std::uint64_t how = chance.below(3);
  if (how == 0 || fresh.servers != parent.servers) return out;
  if (how == 1) {
    out.settings = fresh.settings;
    out.clients = fresh.clients;
    return out;
  }
  out.steps.resize(chance.below(parent.steps.size() + 1));
  const Time end = out.steps.empty() ? Time(0) : out.steps.back().at;
  for (const Step& step : fresh.steps) out.steps.push_back({end + step.at, step.deed});
  out.until = end + fresh.until;
  return out;
}

struct Work {
  std::uint64_t first = 1;
  std::uint64_t worlds = 4000;
  bool steered = false;
};

void run(const Work& work) {
  const double began = cpuSeconds();
  std::unordered_set<std::uint64_t> seen;
  std::vector<Plan> parents;
  bool found = false;
  std::uint64_t worlds = 0;
  while (!found && worlds < work.worlds) {
    const std::uint64_t seed = work.first + worlds++;
    Plan plan = generate(seed);
    Random chance = Random::stream(seed, purpose, 0);
    if (!parents.empty() && chance.below(2) == 0) {
      const std::size_t back = chance.below(std::min(parents.size(), latest));
      plan = madeOf(parents[parents.size() - 1 - back], plan, chance);
    }
    const Tried tried = attempt(plan, work.steered);
    found = tried.found;
    const std::size_t before = seen.size();
    seen.insert(tried.states.begin(), tried.states.end());
    if (seen.size() > before) parents.push_back(std::move(plan));
  }
  std::printf("{\"found\": %s, \"worlds\": %llu, \"states\": %zu, \"seconds\": %.2f}\n",
              found ? "true" : "false", static_cast<unsigned long long>(worlds), seen.size(),
              cpuSeconds() - began);
}

bool read(int argc, char** argv, Work& work) {
  std::map<std::string_view, std::string_view> flags;
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  if (argc % 2 == 0) return false;
  const auto number = [](std::string_view text) { return std::strtoull(text.data(), nullptr, 10); };
  if (const auto at = flags.extract("--first")) work.first = number(at.mapped());
  if (const auto at = flags.extract("--worlds")) work.worlds = number(at.mapped());
  if (const auto at = flags.extract("--steered")) work.steered = at.mapped() == "yes";
  return flags.empty();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Work work;
  if (!bench::read(argc, argv, work)) {
    std::fputs("usage: steering [--first SEED] [--worlds N] [--steered yes]\n", stderr);
    return 2;
  }
  bench::run(work);
}
