#include "bench/direct_cluster.h"

#include <algorithm>
#include <utility>

#include "raft/assert.h"

namespace bench {

using raft::Input;
using raft::ServerId;

DirectCluster::DirectCluster(const Workload& work)
    : copying_(work.copying), applied_(work.servers), commands_(work.size) {
  startAnew();
}

void DirectCluster::startAnew() {
  const auto count = static_cast<std::uint32_t>(applied_.size());
  const raft::ServerSet voters = raft::ServerSet::firstServers(count);
  servers_.clear();
  for (std::uint32_t id = 1; id <= count; ++id) {
    raft::Settings settings;
    // Server 1 stands for election before anyone else would.
    if (id == 1) settings.electionTimeoutMax = settings.electionTimeoutMin;
    if (id != 1) settings.electionTimeoutMin = settings.electionTimeoutMax;
    servers_.push_back(raft::Server::start(id, voters, settings, id, now_));
  }
  now_ = server(1).deadline();
  step(1, raft::Input(raft::Timeout{}));
  while (deliver()) continue;
  RAFT_ASSERT(server(1).is<raft::Leader>(), "server 1 leads");
  heartbeat();
  while (deliver()) continue;
}

void DirectCluster::propose(std::uint64_t count) {
  std::vector<raft::Command>& commands = std::get<raft::Propose>(proposal_).commands;
  commands.clear();
  for (std::uint64_t i = 0; i < count; ++i) commands.emplace_back(commands_.next());
  step(1, proposal_);
}

bool DirectCluster::deliver() {
  std::swap(sent_, arriving_);
  const std::size_t count = std::exchange(sentCount_, 0);
  for (std::size_t i = 0; i < count; ++i) {
    for (const raft::Send& send : arriving_[i]) step(send.envelope.to, send.envelope);
    arriving_[i].clear();
  }
  return count > 0;
}

void DirectCluster::heartbeat() {
  ++counts_.heartbeats;
  now_ = server(1).deadline();
  step(1, raft::Input(raft::Timeout{}));
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
void DirectCluster::step(ServerId id, const In& input) {
  server(id).step(now_, input, effects_);
  perform(id);
  while (effects_.write) {
    // It is durable by now, so nothing had to wait for it.
    ++counts_.writes;
    std::get<raft::Written>(written_).id = effects_.write->id;
    server(id).step(now_, written_, effects_);
    perform(id);
  }
}

void DirectCluster::perform(ServerId id) {
  if (!effects_.send.empty()) {
    counts_.messages += effects_.send.size();
    for (raft::Send& send : effects_.send) {
      if (copying_) copyBytes(send.envelope.message);
    }
    if (sentCount_ == sent_.size()) sent_.emplace_back();
    effects_.send.swap(sent_[sentCount_++]);
  }
  if (!effects_.apply.entries.empty()) apply(id, effects_.apply);
}

void DirectCluster::apply(ServerId id, const raft::Apply& apply) {
  for (const raft::Entry& entry : apply.entries) {
    if (entry.type == raft::EntryType::Command) applied_[id.value - 1].add(entry.command.bytes());
  }
}

// As if the message had gone through a wire.
void DirectCluster::copyBytes(raft::Message& message) const {
  raft::AppendEntries::Request* request = std::get_if<raft::AppendEntries::Request>(&message);
  if (!request || request->entries.empty()) return;
  raft::Log copies;
  for (raft::Entry entry : request->entries) {
    entry.command = raft::Command(entry.command.bytes());
    copies.append(std::move(entry));
  }
  request->entries = copies.from(1);
}

}  // namespace bench
