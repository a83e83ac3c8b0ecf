#include "check/check_test_support.h"

#include <algorithm>

namespace raft::check {

void tellStep(trace::Observer& to, Time now, const Server& after, const Effects& effects,
              const Input& input) {
  to.stepped({.time = now, .before = nullptr, .input = input, .effects = effects, .after = after});
}

void tellWrite(trace::Observer& to, Time now, const Server& after, Index from) {
  const Write write{.id = after.lastWrite,
                    .currentTerm = after.currentTerm,
                    .votedFor = after.votedFor,
                    .from = from,
                    .entries = from == Index{0} ? Entries{} : after.log.from(from)};
  tellStep(to, now, after, {.write = write});
}

void tellWritten(trace::Observer& to, Time now, const Server& after) {
  tellStep(to, now, after, {}, Written{after.lastWrite});
}

void tellApply(trace::Observer& to, Time now, const Server& after, Index first) {
  const Apply apply{.first = first, .entries = after.log.between(first, after.commitIndex)};
  tellStep(to, now, after, {.apply = apply});
}

MiniCluster::MiniCluster(std::uint32_t count, trace::Observer& observer, Settings settings)
    : observer_(observer), up_(count, true) {
  const ServerSet voters = ServerSet::firstServers(count);
  for (ServerId id = 1; id.value <= count; ++id) {
    servers.push_back(Server::start(id, voters, settings, ++seed_, now));
    observer_.started(now, servers.back(), false);
  }
}

Effects MiniCluster::take(ServerId id, const Input& input) {
  Server& server = servers[id.value - 1];
  const Effects effects = stepChecked(server, now, input);
  tellStep(observer_, now, server, effects, input);
  for (const Send& send : effects.send) {
    if (delivers(send.envelope)) underWay_.push_back({now + ms(1), send.envelope});
  }
  if (effects.write) take(id, Written{effects.write->id});
  return effects;
}

void MiniCluster::runUntil(Time end) {
  for (;;) {
    Time next = underWay_.empty() ? end : std::min(end, underWay_.front().arrives);
    ServerId due = 0;
    for (const Server& server : servers) {
      if (up_[server.id.value - 1] && server.deadline() < next) {
        next = server.deadline();
        due = server.id;
      }
    }
    now = next;
    if (due != ServerId{0}) {
      take(due, Timeout{});
    } else if (!underWay_.empty() && underWay_.front().arrives <= end) {
      const Envelope envelope = underWay_.front().envelope;
      underWay_.erase(underWay_.begin());
      if (up_[envelope.to.value - 1]) take(envelope.to, envelope);
    } else {
      return;
    }
  }
}

void MiniCluster::crash(ServerId id) {
  up_[id.value - 1] = false;
  observer_.crashed(now, servers[id.value - 1]);
}

void MiniCluster::restart(ServerId id) {
  Server& server = servers[id.value - 1];
  Log log(server.log.from(1));
  server = Server::start(id, server.baseConfiguration, server.settings, ++seed_, now,
                         {server.currentTerm, server.votedFor, std::move(log)});
  up_[id.value - 1] = true;
  observer_.started(now, server, true);
}

Proposed MiniCluster::propose(ServerId id, Command command) {
  return *take(id, Propose{{std::move(command)}}).proposed;
}

ServerId MiniCluster::leader() const {
  const Server* found = nullptr;
  for (const Server& server : servers) {
    if (!up_[server.id.value - 1] || !server.is<Leader>()) continue;
    if (!found || server.currentTerm > found->currentTerm) found = &server;
  }
  return found ? found->id : ServerId{0};
}

}  // namespace raft::check
