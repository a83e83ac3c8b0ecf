#include "bench/direct_cluster.h"

#include <algorithm>
#include <string>
#include <utility>

#include "raft/assert.h"

namespace bench {

DirectCluster::DirectCluster(const Workload& work) : copying_(work.copying), commands_(work.size) {
  elect(work.servers, work.compacted);
}

void DirectCluster::elect(std::uint32_t servers, std::uint64_t compacted) {
  const raft::ServerSet voters = raft::ServerSet::firstServers(servers);
  for (std::uint32_t id = 1; id <= servers; ++id) {
    raft::Settings settings;
    settings.compactAfter = compacted;
    // Server 1 stands for election before anyone else would.
    if (id == 1) settings.electionTimeoutMax = settings.electionTimeoutMin;
    if (id != 1) settings.electionTimeoutMin = settings.electionTimeoutMax;
    members_.push_back({.server = raft::Server::start(id, voters, settings, id, now_)});
  }
  now_ = leader().deadline();
  step(member(1), raft::Timeout{});
  while (deliver()) continue;
  RAFT_ASSERT(leader().is<raft::Leader>(), "server 1 leads");
  heartbeat();
  while (deliver()) continue;
}

void DirectCluster::propose(std::uint64_t count) {
  std::vector<raft::Command>& commands = proposal_.commands;
  commands.clear();
  for (std::uint64_t i = 0; i < count; ++i) commands.emplace_back(commands_.next());
  step(member(1), proposal_);
}

bool DirectCluster::deliver() {
  Sent& arriving = *sent_;
  sent_ = &arriving == &buffers_[0] ? &buffers_[1] : &buffers_[0];
  const raft::Effects* const first = arriving.effects.data();
  const raft::Effects* const end = std::exchange(arriving.next, arriving.effects.data());
  for (const raft::Effects* effects = first; effects != end; ++effects) {
    for (const raft::Send& send : effects->send) {
      ++counts_.messages;
      step(member(send.envelope.to), send.envelope);
    }
  }
  return first != end;
}

void DirectCluster::heartbeat() {
  ++counts_.heartbeats;
  now_ = leader().deadline();
  step(member(1), raft::Timeout{});
}

std::uint64_t DirectCluster::appliedByAll() const {
  std::uint64_t least = members_.front().applied.count();
  for (const Member& each : members_) least = std::min(least, each.applied.count());
  return least;
}

bool DirectCluster::agrees() const {
  const Digest& proposed = commands_.proposed();
  return std::ranges::all_of(members_, [&](const Member& m) { return m.applied == proposed; });
}

template <class In>
inline void DirectCluster::step(Member& member, const In& input) {
  raft::Effects& effects = *sent_->next;
  member.server.step(now_, input, effects);
  if (!effects.apply.entries.empty()) apply(member, effects.apply.entries);
  const raft::WriteId written = effects.write ? effects.write->id : raft::WriteId{0};
  const bool compacts = effects.compaction == raft::Compaction::Wanted;
  if (!effects.send.empty()) {
    if (copying_) copyBytes(effects);
    // The next step finds another buffer, and these effects stay here until they are delivered.
    sent_->keep();
  }
  if (written != raft::WriteId{0}) {
    // It is durable by now, so nothing had to wait for it.
    ++counts_.writes;
    step(member, raft::Written{written});
  }
  if (compacts) compact(member);
}

// What the servers replicate is small: how much they have applied, and its digest.
void DirectCluster::compact(Member& member) {
  const std::string state = member.applied.text();
  step(member, raft::Compact{.index = member.server.lastApplied, .data = std::string_view(state)});
}

inline void DirectCluster::apply(Member& member, const raft::Entries& entries) {
  for (const raft::Entry& entry : entries) {
    if (entry.type == raft::EntryType::Command) member.applied.add(entry.command.bytes());
  }
}

void DirectCluster::Sent::grow() {
  const std::size_t used = effects.size();
  effects.emplace_back();
  next = effects.data() + used;
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
