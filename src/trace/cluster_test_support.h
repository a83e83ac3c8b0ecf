// A small cluster, to have runs to tell of: fixed latencies, no chance, disks of one latency.
// Cut links lose what is sent; what reaches a crashed server is lost.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "raft/server.h"
#include "trace/observer.h"
#include "trace/why.h"

namespace raft::trace {

struct TestCluster {
  struct Event {
    Time at;
    std::uint64_t order;
    ServerId to;
    Input input;
    std::uint32_t life;  // what is meant for a server that crashed since does not reach it
  };

  explicit TestCluster(Observer& watching, std::vector<Persistent> disks, Settings settings,
                       std::vector<Duration> firstTimeout = {})
      : observer(watching) {
    const auto count = static_cast<std::uint32_t>(disks.size());
    reaches.assign(count, ServerSet::firstServers(count));
    latency.assign(count, std::vector<Duration>(count, std::chrono::milliseconds(2)));
    life.assign(count, 0);
    running = ServerSet::firstServers(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      servers.push_back(Server::start(i + 1, ServerSet::firstServers(count), settings, 100 + i, now,
                                      std::move(disks[i])));
      if (i < firstTimeout.size()) {
        servers[i].as<Follower>()->electionDeadline = firstTimeout[i];
      }
      durable.push_back({servers[i].currentTerm, servers[i].votedFor, servers[i].log});
      observer.started(now, servers[i], false);
    }
  }

  Server& of(ServerId id) { return servers[id.value - 1]; }

  void give(ServerId to, const Input& input) {
    const Server before = of(to);
    const Effects effects = of(to).step(now, input);
    observer.stepped({now, &before, input, effects, of(to)});
    if (effects.write) {
      writes.push_back({to, *effects.write});
      push(now + disk, to, Written{effects.write->id});
    }
    for (const Send& send : effects.send) {
      if (send.after == WriteId{0}) post(send.envelope);
      if (send.after != WriteId{0}) waiting.push_back(send);
    }
  }

  void runUntil(Time end) {
    for (;;) {
      auto next = std::ranges::min_element(events, {},
                                           [](const Event& e) { return std::pair(e.at, e.order); });
      std::optional<ServerId> due;
      for (ServerId id : running) {
        if (!due || of(id).deadline() < of(*due).deadline()) due = id;
      }
      const bool event = next != events.end() && (!due || next->at <= of(*due).deadline());
      if (!event && !due) break;
      const Time at = event ? next->at : of(*due).deadline();
      if (at > end) break;
      now = std::max(now, at);
      if (!event) {
        give(*due, Timeout{});
        continue;
      }
      const Event taken = *next;
      events.erase(next);
      arrive(taken);
    }
    now = end;
  }

  void crash(ServerId id) {
    observer.crashed(now, of(id));
    running.erase(id);
    ++life[id.value - 1];
    std::erase_if(waiting, [&](const Send& s) { return s.envelope.from == id; });
    std::erase_if(writes, [&](const auto& w) { return w.first == id; });
  }
  void restart(ServerId id) {
    Server& old = of(id);
    old = Server::start(id, old.baseConfiguration, old.settings, 7777 + id.value, now,
                        durable[id.value - 1]);
    running.insert(id);
    observer.started(now, old, true);
  }
  void partition(std::vector<ServerSet> groups) {
    for (std::uint32_t i = 0; i < reaches.size(); ++i) {
      reaches[i] = {};
      for (const ServerSet& group : groups) {
        if (!group.contains(i + 1)) continue;
        for (ServerId each : group) reaches[i].insert(each);
      }
    }
    observer.networkChanged(now, Partitioned{std::move(groups)});
  }
  void heal() {
    for (ServerSet& each : reaches) each = ServerSet::firstServers(size());
    observer.networkChanged(now, Healed{});
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(servers.size()); }
  View view(Names names) const {
    View view{.now = now,
              .servers = {},
              .up = running,
              .paused = {},
              .reaches = reaches,
              .names = std::move(names)};
    for (const Server& server : servers) view.servers.push_back(&server);
    return view;
  }

  void push(Time at, ServerId to, Input input) {
    events.push_back({at, ++order, to, std::move(input), life[to.value - 1]});
  }
  void post(const Envelope& envelope) {
    observer.sent(now, envelope);
    const std::uint32_t from = envelope.from.value - 1;
    if (!reaches[from].contains(envelope.to)) return observer.lost(now, envelope, Lost::LinkDown);
    push(now + latency[from][envelope.to.value - 1], envelope.to, envelope);
  }
  void arrive(const Event& event) {
    if (!running.contains(event.to)) {
      const auto* envelope = std::get_if<Envelope>(&event.input);
      if (envelope) observer.lost(now, *envelope, Lost::ReceiverDown);
      return;
    }
    const auto* written = std::get_if<Written>(&event.input);
    if (written && event.life != life[event.to.value - 1]) return;
    if (written) store(event.to, written->id);
    give(event.to, event.input);
    if (!written) return;
    std::vector<Send> ready;
    std::erase_if(waiting, [&](const Send& s) {
      const bool leaves = s.envelope.from == event.to && s.after <= written->id;
      if (leaves) ready.push_back(s);
      return leaves;
    });
    for (const Send& send : ready) post(send.envelope);
  }
  void store(ServerId id, WriteId upTo) {
    Persistent& disk = durable[id.value - 1];
    std::erase_if(writes, [&](const auto& each) {
      const auto& [of, write] = each;
      if (of != id || write.id > upTo) return false;
      disk.currentTerm = write.currentTerm;
      disk.votedFor = write.votedFor;
      if (write.from != Index{0}) {
        disk.log.truncateFrom(write.from);
        disk.log.append(write.entries.begin(), write.entries.end());
      }
      return true;
    });
  }

  Observer& observer;
  Time now = Time(0);
  Duration disk = Duration(0);
  std::vector<Server> servers;
  ServerSet running;
  std::vector<ServerSet> reaches;
  std::vector<std::vector<Duration>> latency;
  std::vector<std::uint32_t> life;
  std::vector<Persistent> durable;
  std::vector<Event> events;
  std::vector<Send> waiting;
  std::vector<std::pair<ServerId, Write>> writes;
  std::uint64_t order = 0;
};

}  // namespace raft::trace
