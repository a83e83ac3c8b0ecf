// Reads of the state machine that add nothing to the log (thesis §6.4).
#include <algorithm>

#include "sim/world.h"

namespace raft::sim {

namespace {

trace::ReadAnswered answerOf(const Host& host, std::uint64_t read, const Command& key) {
  std::optional<Command> value;
  // One's own has no keys: what is read there is when.
  if (const Command* found = host.machine.find(key)) value = *found;
  return {.read = read,
          .server = host.server.id,
          .key = key,
          .value = std::move(value),
          .applied = host.lastApplied()};
}

}  // namespace

std::uint64_t World::read(ServerId id, const Command& key, bool local, Observer& observer) {
  tellStart(observer);
  Host& host = this->host(id);
  const std::uint64_t number = ++reads_;
  const trace::ReadAsked asked{.read = number, .server = id, .key = key, .local = local};
  lastRead_ = asked;
  observer.read(now_, asked);
  using Why = trace::ReadUnanswered::Why;
  if (host.state != Host::State::Running) {
    endRead(trace::ReadUnanswered{.read = number, .server = id, .why = Why::Down}, observer);
  } else if (local) {
    endRead(answerOf(host, number, key), observer);
  } else {
    stepServer(host, Read{}, observer);
    const ReadAnswer answer = scratch_.effects.read.value_or(NotLeader{});
    if (const auto* accepted = std::get_if<ReadAccepted>(&answer)) {
      host.reading.push_back({.id = accepted->id, .read = number, .key = key});
    } else {
      endRead(trace::ReadUnanswered{.read = number,
                                    .server = id,
                                    .why = Why::NotLeader,
                                    .leaderId = std::get<NotLeader>(answer).leaderId},
              observer);
    }
    perform(host, observer);
  }
  return number;
}

// What the last step says of reads; what it applied is in the state machine.
void World::answerReads(Host& host, Observer& observer) {
  const ReadId readable = scratch_.effects.readable;
  const ReadId lost = scratch_.effects.readsLost;
  auto next = host.reading.begin();
  for (; next != host.reading.end() && next->id <= readable; ++next) {
    endRead(answerOf(host, next->read, next->key), observer);
  }
  for (; next != host.reading.end() && next->id <= lost; ++next) {
    endRead(trace::ReadUnanswered{.read = next->read,
                                  .server = host.server.id,
                                  .why = trace::ReadUnanswered::Why::LeadershipLost,
                                  .leaderId = host.server.leader()},
            observer);
  }
  host.reading.erase(host.reading.begin(), next);
}

// It has crashed.
void World::forgetReads(Host& host, Observer& observer) {
  for (const Host::WaitingRead& each : host.reading) {
    endRead(
        trace::ReadUnanswered{
            .read = each.read, .server = host.server.id, .why = trace::ReadUnanswered::Why::Down},
        observer);
  }
  host.reading.clear();
}

void World::endRead(const trace::ReadDeed& end, Observer& observer) {
  const auto numberOf = [](const trace::ReadDeed& deed) {
    return std::visit([](const auto& each) { return each.read; }, deed);
  };
  if (numberOf(*lastRead_) == numberOf(end)) lastRead_ = end;
  observer.read(now_, end);
}

}  // namespace raft::sim
