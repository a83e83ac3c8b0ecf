#include "check/fresh_reads.h"

#include <algorithm>

namespace raft::check {

void FreshReads::seen(const trace::Step& step) {
  const Server& server = step.after;
  highest_ = {.index = server.lastApplied,
              .term = server.log.term(server.lastApplied),
              .server = server.id,
              .since = step.time};
}

void FreshReads::read(Time now, const trace::ReadDeed& deed) {
  if (const auto* asked = std::get_if<trace::ReadAsked>(&deed)) {
    if (!asked->local) open_.push_back({.read = asked->read, .before = highest_});
    return;
  }
  const std::uint64_t read = std::visit([](const auto& each) { return each.read; }, deed);
  const auto at = std::ranges::find(open_, read, &Open::read);
  if (at == open_.end()) return;
  const Applied before = at->before;
  open_.erase(at);
  const auto* answered = std::get_if<trace::ReadAnswered>(&deed);
  if (!answered || answered->applied >= before.index || violation_) return;
  violation_ = Violation{
      .property = Property::FreshReads,
      .time = now,
      .servers = {answered->server, before.server},
      .entries = {{before.index, before.term}},
      .earlier = before.since,
      .sentence = "{s1} answers a read as of index " + trace::text(answered->applied.value) +
                  ", though {s2} had applied {e1} at {then}, before the read was asked"};
}

}  // namespace raft::check
