#include "bench/direct_cluster.h"

#include <algorithm>
#include <string>
#include <utility>

#include "raft/assert.h"

namespace bench {

using raft::Input;
using raft::ServerId;

DirectCluster::DirectCluster(const Workload& work)
    : copying_(work.copying), applied_(work.servers), commands_(work.size) {
  elect(work.compacted);
}

void DirectCluster::elect(std::uint64_t compacted) {
  const auto count = static_cast<std::uint32_t>(applied_.size());
  const raft::ServerSet voters = raft::ServerSet::firstServers(count);
  for (std::uint32_t id = 1; id <= count; ++id) {
    raft::Settings settings;
    settings.compactAfter = compacted;
    // Server 1 stands for election before anyone else would.
    if (id == 1) settings.electionTimeoutMax = settings.electionTimeoutMin;
    if (id != 1) settings.electionTimeoutMin = settings.electionTimeoutMax;
    servers_.push_back(raft::Server::start(id, voters, settings, id, now_));
  }
  now_ = server(1).deadline();
  step(1, raft::Timeout{});
  while (deliver()) continue;
  RAFT_ASSERT(server(1).is<raft::Leader>(), "server 1 leads");
  heartbeat();
  while (deliver()) continue;
}

void DirectCluster::propose(std::uint64_t count) {
  std::vector<raft::Command>& commands = proposal_.commands;
  commands.clear();
  for (std::uint64_t i = 0; i < count; ++i) commands.emplace_back(commands_.next());
  step(1, proposal_);
}

bool DirectCluster::deliver() {
  const Sent& arriving = *sent_;
  sent_ = &arriving == &buffers_[0] ? &buffers_[1] : &buffers_[0];
  sent_->count = 0;
  for (std::uint32_t i = 0; i < arriving.count; ++i) {
    for (const raft::Send& send : arriving.effects[i].send) {
      ++counts_.messages;
      step(send.envelope.to, send.envelope);
    }
  }
  return arriving.count > 0;
}

void DirectCluster::heartbeat() {
  ++counts_.heartbeats;
  now_ = server(1).deadline();
  step(1, raft::Timeout{});
}

std::uint64_t DirectCluster::appliedByAll() const {
  std::uint64_t least = applied_.front().count();
  for (const Digest& each : applied_) least = std::min(least, each.count());
  return least;
}

bool DirectCluster::agrees() const {
  return std::ranges::all_of(applied_, [&](const Digest& d) { return d == commands_.proposed(); });
}

template <class In>
inline void DirectCluster::step(ServerId id, const In& input) {
  raft::Effects& effects = sent_->effects[sent_->count];
  server(id).step(now_, input, effects);
  if (!effects.apply.entries.empty()) apply(id, effects.apply);
  const raft::WriteId written = effects.write ? effects.write->id : raft::WriteId{0};
  const bool compacts = effects.compaction == raft::Compaction::Wanted;
  if (!effects.send.empty()) {
    if (copying_) copyBytes(effects);
    // The next step finds another buffer, and these effects stay here until they are delivered.
    if (++sent_->count == sent_->effects.size()) sent_->effects.emplace_back();
  }
  if (written != raft::WriteId{0}) {
    // It is durable by now, so nothing had to wait for it.
    ++counts_.writes;
    step(id, raft::Written{written});
  }
  if (compacts) compact(id);
}

// What the servers replicate is small: how much they have applied, and its digest.
void DirectCluster::compact(ServerId id) {
  const std::string state = applied_[id.value - 1].text();
  step(id, raft::Compact{.index = server(id).lastApplied, .data = std::string_view(state)});
}

void DirectCluster::apply(ServerId id, const raft::Apply& apply) {
  for (const raft::Entry& entry : apply.entries) {
    if (entry.type == raft::EntryType::Command) applied_[id.value - 1].add(entry.command.bytes());
  }
}

// As if the messages had gone through a wire.
void DirectCluster::copyBytes(raft::Effects& effects) {
  for (raft::Send& send : effects.send) {
    auto* request = std::get_if<raft::AppendEntries::Request>(&send.envelope.message);
    if (!request || request->entries.empty()) continue;
    raft::Log copies;
    for (raft::Entry entry : request->entries) {
      entry.command = raft::Command(entry.command.bytes());
      copies.append(std::move(entry));
    }
    request->entries = copies.from(1);
  }
}

}  // namespace bench
