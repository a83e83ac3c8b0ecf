#include "hunt/generate.h"

#include <algorithm>

#include "raft/random.h"
#include "scenario/words.h"

namespace raft::hunt {

namespace {

using scenario::durationText;
using std::chrono::milliseconds;

constexpr std::uint64_t huntPurpose = 0x68756e74;  // of the streams that plans are drawn from
enum Part : std::uint64_t { ofCluster, ofClients, ofFaults };

constexpr Duration quiet = std::chrono::seconds(4);  // the second phase

// Draws of several kinds, from one stream. Two operands of one +, or two arguments of one call,
// would be drawn in whichever order the compiler likes, and a seed would have more than one world.
struct Draws {
  Random chance;

  bool percent(std::uint32_t share) { return chance.chance(share * 10'000); }
  std::uint64_t below(std::uint64_t bound) { return chance.below(bound); }
  std::uint64_t from(std::uint64_t least, std::uint64_t most) {
    return least + below(most - least + 1);
  }
  std::string ms(std::uint64_t least, std::uint64_t most) {
    return std::to_string(from(least, most)) + " ms";
  }
  template <class T, std::size_t n>
  T oneOf(const T (&all)[n]) {
    return all[below(n)];
  }
  std::string range(std::uint64_t least, std::uint64_t most) {
    const std::uint64_t first = from(least, most);
    return std::to_string(first) + ".." + std::to_string(from(first, most)) + " ms";
  }
  std::string network() {
    std::string out = "{latency: " + range(0, percent(70) ? 8 : 60);
    if (percent(40)) out += ", loss: " + std::to_string(from(1, 30)) + " %";
    if (percent(40)) out += ", duplicates: " + std::to_string(from(1, 40)) + " %";
    return out + "}";
  }
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed)
      : cluster_{Random::stream(seed, huntPurpose, ofCluster)},
        clients_{Random::stream(seed, huntPurpose, ofClients)},
        faults_{Random::stream(seed, huntPurpose, ofFaults)} {
    plan_.seed = seed;
    constexpr std::uint32_t sizes[] = {3, 3, 3, 3, 3, 5, 5, 5, 4, 2, 1, 7};
    plan_.servers = cluster_.oneOf(sizes);
    changesMembers_ = plan_.servers > 1 && cluster_.percent(30);
  }

  Plan generate() {
    if (changesMembers_) set("members", someServers(cluster_));
    timing();
    elections();
    replication();
    storage();
    clients();
    faults();
    mend();
    return std::move(plan_);
  }

 private:
  void set(std::string key, std::string value) {
    plan_.settings.push_back({std::move(key), std::move(value)});
  }
  // {A: …, B: …}: another value for each server; or one for all.
  template <class Value>
  void setEach(const std::string& key, bool each, Value value) {
    if (!each) return set(key, value());
    std::string out = "{";
    for (std::uint32_t i = 1; i <= plan_.servers; ++i) {
      out += (i == 1 ? "" : ", ") + nameOf(i) + ": " + value();
    }
    set(key, out + "}");
  }

  void timing() {
    if (cluster_.percent(30)) {
      setEach("election timeout", cluster_.percent(30), [&] {
        const std::uint64_t least = cluster_.from(60, 250);
        return std::to_string(least) + ".." + std::to_string(least + cluster_.from(10, 200)) +
               " ms";
      });
    }
    if (cluster_.percent(20)) set("heartbeat interval", cluster_.ms(15, 60));
    if (cluster_.percent(25)) {
      setEach("clock drift", true, [&] {
        const char* way = cluster_.percent(50) ? " % fast" : " % slow";
        return std::to_string(cluster_.from(1, 10)) + way;
      });
    }
    set("network", cluster_.network());
  }

  void elections() {
    if (cluster_.percent(30)) set("no-op", "off");
    const bool leases = cluster_.percent(20) && !has("clock drift") && !has("election timeout");
    if (leases) {
      set("leader stickiness", "on");
      set("leases", "on");
    }
    if (cluster_.percent(50)) {
      const bool mixed = cluster_.percent(30);
      const auto onOrOff = [&] { return std::string(cluster_.percent(70) ? "on" : "off"); };
      setEach("pre-vote", mixed, onOrOff);
      setEach("check quorum", mixed, onOrOff);
      if (!leases) setEach("leader stickiness", mixed, onOrOff);
    }
    if (cluster_.percent(15)) {
      setEach("priority", true, [&] { return std::to_string(cluster_.below(3)); });
    }
  }

  void replication() {
    if (cluster_.percent(50)) return;
    std::string out = "{messages in flight: " + std::to_string(cluster_.from(1, 6));
    const auto maybe = [&](std::uint32_t share, const char* key, std::uint64_t most) {
      if (!cluster_.percent(share)) return;
      out.append(", ").append(key).append(": ").append(std::to_string(cluster_.from(1, most)));
    };
    maybe(40, "entries per message", 4);
    maybe(20, "bytes per message", 30);
    maybe(20, "bytes in flight", 60);
    maybe(20, "uncommitted bytes", 80);
    if (cluster_.percent(50)) out += ", conflict hints: on";
    if (cluster_.percent(50)) out += ", fates: on";
    set("replication", out + "}");
  }

  void storage() {
    if (cluster_.percent(60)) set("disk latency", cluster_.range(0, cluster_.percent(80) ? 6 : 40));
    if (cluster_.percent(30)) set("write timeout", cluster_.ms(100, 300));
    if (cluster_.percent(50)) {
      set("snapshot after", std::to_string(cluster_.from(1, 30)));
      set("snapshot chunk", std::to_string(cluster_.from(1, 60)));
    }
  }

  void clients() {
    const std::uint64_t count = clients_.below(4);
    if (count > 0 && clients_.percent(20)) set("sessions", std::to_string(clients_.from(1, 2)));
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string timeout = clients_.ms(50, 500);
      std::string out = "{interval: " + clients_.ms(1, 30) + ", timeout: " + timeout;
      if (clients_.percent(60)) out += ", session: on";
      if (clients_.percent(80)) out += ", keys: " + std::to_string(clients_.from(1, 4));
      plan_.clients.push_back(out + "}");
    }
  }

  bool has(std::string_view key) const {
    return std::ranges::count(plan_.settings, key, &Line::key) != 0;
  }

  std::string anyServer() {
    return nameOf(static_cast<std::uint32_t>(faults_.below(plan_.servers)) + 1);
  }
  // "[A, C]": at least one.
  std::string someServers(Draws& draws) const {
    std::string out;
    const std::uint64_t one = draws.below(plan_.servers) + 1;
    for (std::uint32_t i = 1; i <= plan_.servers; ++i) {
      if (!draws.percent(60) && i != one) continue;
      out += (out.empty() ? "[" : ", ") + nameOf(i);
    }
    return out + "]";
  }
  std::string anyTarget() { return faults_.percent(40) ? "leader" : anyServer(); }

  void faults();
  Line anyFault(std::size_t kind);
  Line anyPartition();
  Line anyDiskFault();
  Line anyChangeOfMembers();
  void mend();

  Draws cluster_;
  Draws clients_;
  Draws faults_;
  Plan plan_ = {};
  bool changesMembers_ = false;
  Time now_ = Time(0);
};

enum Fault : std::size_t {
  crash,
  tornCrash,
  pause,
  partition,
  cut,
  network,
  disk,
  transfer,
  snapshot,
  propose,
  read,
  members,
  faultKinds
};

Line Generator::anyPartition() {
  if (faults_.percent(30)) return {"partition", "[[leader], [others]]"};
  std::string groups[2];
  std::string bridge;
  for (std::uint32_t i = 1; i <= plan_.servers; ++i) {
    std::string& to = faults_.percent(10) ? bridge : groups[faults_.below(2)];
    to += (to.empty() ? "" : ", ") + nameOf(i);
  }
  std::string all;
  for (const std::string& group : groups) {
    if (!group.empty()) all += (all.empty() ? "[" : ", [") + group + "]";
  }
  if (all.empty()) return {"heal", "all"};
  if (bridge.empty()) return {"partition", "[" + all + "]"};
  return {"partition", "{groups: [" + all + "], bridge: [" + bridge + "]}"};
}

Line Generator::anyDiskFault() {
  std::string what = "stalls for " + faults_.ms(10, 600);
  if (faults_.percent(50))
    what = "fails its next " + std::to_string(faults_.from(1, 3)) + " writes";
  if (what == "fails its next 1 writes") what = "fails its next write";
  if (faults_.percent(15)) what = "fails every 3rd write for " + faults_.ms(50, 600);
  return {"disk", "{" + anyTarget() + ": " + what + "}"};
}

Line Generator::anyChangeOfMembers() {
  const std::string server = anyServer();
  switch (faults_.below(5)) {
    case 0: return {"members", someServers(faults_)};
    case 1: return {"members", "{learner: " + server + "}"};
    case 2: return {"members", "{remove: " + server + "}"};
    default: return {"members", "{add: " + server + "}"};
  }
}

// What goes wrong, or what somebody asks for. What cannot be done when its time comes is left out
// by the trial (hunt/trial.h).
Line Generator::anyFault(std::size_t kind) {
  switch (kind) {
    case crash:
      if (faults_.percent(50)) return {"crash", anyTarget()};
      return {"restart", faults_.percent(50) ? std::string("all") : anyServer()};
    case tornCrash: {
      const std::string entries = std::to_string(faults_.below(4));
      return {"crash", "{servers: " + anyTarget() + ", torn after: " + entries + "}"};
    }
    case pause:
      if (faults_.percent(50)) return {"pause", anyTarget()};
      return {"resume", faults_.percent(50) ? std::string("all") : anyServer()};
    case partition:
      if (faults_.percent(40)) return {"heal", "all"};
      return anyPartition();
    case cut: {
      const char* arrow = faults_.percent(50) ? " -> " : " <-> ";
      if (faults_.percent(40)) return {"heal", "all"};
      if (faults_.percent(30)) return {"cut", "leader" + std::string(arrow) + "a follower"};
      const std::string to = anyServer();
      return {"cut", anyServer() + arrow + to};
    }
    case network: return {"network", faults_.network()};
    case disk: return anyDiskFault();
    case transfer:
      return {"transfer", faults_.percent(60) ? std::string("a follower") : anyServer()};
    case snapshot: return {"snapshot", anyTarget()};
    case members: return anyChangeOfMembers();
    case read: return {"read", "{key: k1, from: " + anyTarget() + "}"};
    default:
      return {"propose", "{command: put k1 p" + std::to_string(plan_.steps.size()) +
                             ", to: " + anyTarget() + "}"};
  }
}

void Generator::faults() {
  bool on[faultKinds];
  for (bool& each : on) each = faults_.percent(45);
  on[members] = changesMembers_;
  constexpr std::uint64_t paces[] = {10, 40, 100, 300};
  const std::uint64_t pace = faults_.oneOf(paces);
  const std::uint64_t count = faults_.from(5, 60);
  for (std::uint64_t i = 0; i < count; ++i) {
    now_ += milliseconds(faults_.from(1, pace));
    const std::size_t kind = faults_.below(faultKinds);
    const Line deed = anyFault(kind);  // drawn whether or not it is used
    const std::size_t arrow = deed.value.find("> ");
    const bool toItself = deed.key == "cut" && arrow == deed.value.size() - 3 &&
                          deed.value.front() == deed.value.back();
    if (on[kind] && !toItself) plan_.steps.push_back({now_, deed});
    // Who has crashed soon comes back; or little would happen in most runs.
    if (on[kind] && deed.key == "crash" && faults_.percent(60)) {
      now_ += milliseconds(faults_.from(1, 2 * pace));
      plan_.steps.push_back({now_, {"restart", "all"}});
    }
  }
}

void Generator::mend() {
  now_ += milliseconds(faults_.from(1, 200));
  const Line all[] = {{"heal", "all"},
                      {"network", "{latency: 1..5 ms, loss: 0 %, duplicates: 0 %}"},
                      {"disk", "{all: works}"},
                      {"resume", "all"},
                      {"restart", "all"}};
  for (const Line& deed : all) plan_.steps.push_back({now_, deed});
  plan_.until = now_ + quiet;
}

}  // namespace

Plan generate(std::uint64_t seed) { return Generator(seed).generate(); }

}  // namespace raft::hunt
