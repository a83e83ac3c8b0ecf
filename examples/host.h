// A complete host: one server of a replicated key-value store, a thread with an inbox and a file.
//
// Servers of one process stand in for those of a network: post() is what a socket would do. Read
// run() and perform() first: docs/embedding.md explains their numbered lines.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include <kv/machine.h>

#include "file.h"

class Host;

// A message to a server that is down is lost, as any message may be.
class Network {
 public:
  explicit Network(std::uint32_t servers) : hosts_(servers) {}
  void connect(raft::ServerId id, Host* host) {
    const std::lock_guard lock(mutex_);
    hosts_[id.value - 1] = host;
  }
  void send(raft::Envelope message);

 private:
  std::mutex mutex_;
  std::vector<Host*> hosts_;  // [0] is server 1; null: it is down
};

class Host {
 public:
  // Starts with what stands in the file, if it is there. The seed must be another one each time.
  Host(raft::ServerId id, const raft::ServerSet& voters, const std::string& file,
       std::uint64_t seed, Network& network)
      : file_(file),
        network_(network),
        server_(raft::Server::start(id, {voters}, {}, seed, now(), file_.read())) {
    network_.connect(id, this);
    thread_ = std::thread([this] { run(); });
  }
  // Stops, and saves nothing: it knows no other end than a crash.
  ~Host() {
    network_.connect(server_.id, nullptr);
    post(std::nullopt);
    thread_.join();
  }

  using Client = std::promise<raft::kv::Reply>;  // who waits for a reply

  // An arrival, from any thread. Nothing: stop.
  void post(std::optional<raft::Input> input, std::optional<Client> client = {}) {
    const std::lock_guard lock(mutex_);
    inbox_.push_back({std::move(input), std::move(client)});
    arrived_.notify_one();
  }
  // A client's command. The reply comes when it is applied. If none comes (the promise is broken,
  // or for too long) nobody knows what became of it: the client asks again, in its session.
  std::future<raft::kv::Reply> propose(const std::string& command) {
    Client client;
    auto reply = client.get_future();
    post(raft::Propose{{std::string_view(command)}}, std::move(client));
    return reply;
  }

 private:
  struct Arrival {
    std::optional<raft::Input> input;
    std::optional<Client> client;
  };
  struct Waiting {
    raft::Term term;
    Client client;
  };

  using Clock = std::chrono::steady_clock;
  static raft::Time now() {
    return std::chrono::duration_cast<raft::Time>(Clock::now().time_since_epoch());
  }
  // The next arrival, or a Timeout when the server's deadline has come.
  Arrival next() {
    std::unique_lock lock(mutex_);
    const Clock::time_point deadline(server_.deadline());
    const bool some = arrived_.wait_until(lock, deadline, [this] { return !inbox_.empty(); });
    if (!some) return {raft::Timeout{}, {}};
    Arrival first = std::move(inbox_.front());
    inbox_.pop_front();
    return first;
  }
  void run() {
    for (Arrival arrival = next(); arrival.input; arrival = next()) {  // 1
      server_.step(now(), *arrival.input, effects_);                   // 2
      if (arrival.client) remember(std::move(*arrival.client));        // 3
      perform();
    }
  }
  void perform() {
    const std::optional<raft::Write> write = std::move(effects_.write);  // 4
    for (raft::Send& each : effects_.send) sendOrHold(std::move(each));  // 5
    if (!effects_.apply.entries.empty()) apply(effects_.apply);          // 6
    if (!write) return;
    file_.append(*write);                                                           // 7
    durable_ = write->id;                                                           // 8
    for (raft::Send& each : std::exchange(held_, {})) sendOrHold(std::move(each));  // 9
    server_.step(now(), raft::Written{durable_}, effects_);                         // 10
    perform();
  }
  void sendOrHold(raft::Send&& send) {
    if (send.after > durable_) return held_.push_back(std::move(send));
    network_.send(std::move(send.envelope));
  }
  void remember(Client client) {
    const auto* accepted = std::get_if<raft::Accepted>(&*effects_.proposed);
    if (accepted) waiting_[accepted->index] = {accepted->term, std::move(client)};
  }
  void apply(const raft::Apply& apply) {
    raft::Index index = apply.first;
    for (const raft::Entry& entry : apply.entries) {
      const raft::kv::Outcome outcome = machine_.apply(index, entry);
      if (auto waiting = waiting_.extract(index)) {
        if (waiting.mapped().term == entry.term) waiting.mapped().client.set_value(outcome.reply);
      }
      ++index;
    }
  }

  File file_;
  Network& network_;
  raft::Server server_;
  raft::kv::Machine machine_;
  raft::Effects effects_;
  raft::WriteId durable_ = 0;
  std::vector<raft::Send> held_;
  std::map<raft::Index, Waiting> waiting_;  // who wants the reply to which entry
  std::mutex mutex_;                        // of the inbox
  std::condition_variable arrived_;
  std::deque<Arrival> inbox_;
  std::thread thread_;
};

inline void Network::send(raft::Envelope message) {
  const std::lock_guard lock(mutex_);
  if (Host* to = hosts_[message.to.value - 1]) to->post(std::move(message));
}
