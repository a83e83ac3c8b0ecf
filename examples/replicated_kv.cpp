// Three servers in one process that replicate a key-value store, a file each, and a client that
// appends to a key while servers are killed and started again.
//
// usage: replicated_kv FOLDER [SECONDS]
//
// Prints what became of it. Exit code 1: something was lost, done twice, or different somewhere.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "host.h"

using namespace std::chrono_literals;

class Servers {
 public:
  explicit Servers(const std::string& folder) : folder_(folder), hosts_(count) {
    for (std::uint32_t i = 0; i < count; ++i) start(i);
  }
  void start(std::uint32_t i) {
    hosts_[i] = std::make_unique<Host>(i + 1, raft::ServerSet::firstServers(count), file(i),
                                       std::random_device()(), network_);
  }
  void kill(std::uint32_t i) { hosts_[i].reset(); }
  std::string file(std::uint32_t i) const { return folder_ + "/server" + std::to_string(i + 1); }

  // Asks one server after another until one replies: the same command each time.
  raft::kv::Reply ask(const std::string& command) {
    for (;; asked_ = (asked_ + 1) % count) {
      if (!hosts_[asked_]) continue;
      std::future<raft::kv::Reply> reply = hosts_[asked_]->propose(command);
      try {
        if (reply.wait_for(300ms) == std::future_status::ready) return reply.get();
      } catch (const std::future_error&) {  // it does not lead, or lost it
        std::this_thread::sleep_for(10ms);
      }
    }
  }

  static constexpr std::uint32_t count = 3;

 private:
  std::string folder_;
  Network network_{count};
  std::vector<std::unique_ptr<Host>> hosts_;
  std::uint32_t asked_ = 0;
};

// A crash in the middle of a write leaves half a record.
void tearTail(const std::string& file) {
  std::ofstream(file, std::ios::binary | std::ios::app) << "half a rec";
}

// What a server would restart with: applied up to where all have it, they must agree.
std::string valueIn(const std::string& file, raft::Index upTo) {
  const raft::Persistent found = File(file).read();
  raft::kv::Machine machine;
  for (raft::Index i = 1; i <= upTo; ++i) machine.apply(i, found.log[i]);
  return std::to_string(machine.digest());
}

int main(int count, char** arguments) {
  if (count < 2) return std::fprintf(stderr, "usage: replicated_kv FOLDER [SECONDS]\n"), 2;
  const std::string folder = arguments[1];
  const std::chrono::seconds duration(count > 2 ? std::atoi(arguments[2]) : 2);
  std::filesystem::create_directories(folder);
  raft::kv::Reply value;
  std::uint64_t appended = 0;
  std::uint64_t kills = 0;
  {
    Servers servers(folder);
    const std::string session = "@" + std::string(servers.ask("register").value.bytes()) + "#";
    servers.ask(session + "1 put x \"\"");
    const auto end = std::chrono::steady_clock::now() + duration;
    auto nextKill = std::chrono::steady_clock::now() + 100ms;
    std::optional<std::uint32_t> down;
    while (std::chrono::steady_clock::now() < end || down) {
      value = servers.ask(session + std::to_string(appended + 2) + " append x y");
      ++appended;
      if (std::chrono::steady_clock::now() < nextKill) continue;
      nextKill += 200ms;
      if (down) {
        servers.start(*down);
        down.reset();
      } else {
        down = kills++ % Servers::count;
        servers.kill(*down);
        tearTail(servers.file(*down));
      }
    }
    std::this_thread::sleep_for(500ms);  // the last heartbeats tell everybody what is committed
  }
  raft::Index all = UINT64_MAX;
  std::vector<std::string> states;
  const auto file = [&](int i) { return folder + "/server" + std::to_string(i); };
  for (int i = 1; i <= 3; ++i) all = std::min(all, File(file(i)).read().log.lastIndex());
  for (int i = 1; i <= 3; ++i) states.push_back(valueIn(file(i), all));
  const bool once = value.value.bytes().size() == appended;
  const bool same = all.value > appended && states[0] == states[1] && states[1] == states[2];
  std::printf("%llu appends, %llu kills; each counted once: %s; the files agree: %s\n",
              static_cast<unsigned long long>(appended), static_cast<unsigned long long>(kills),
              once ? "yes" : "no", same ? "yes" : "no");
  return once && same && kills > 0 ? 0 : 1;
}
