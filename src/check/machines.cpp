#include "check/machines.h"

#include <algorithm>
#include <string>

namespace raft::check {

using Kind = trace::Replied::Kind;

void Machines::report(Violation violation) {
  if (std::ranges::count(found_, violation.property, &Violation::property) != 0) return;
  found_.push_back(std::move(violation));
}

void Machines::replied(Time now, ServerId server, const trace::Replied& reply) {
  checkSame(now, server, reply);
  if (reply.sequence != 0) checkOnce(now, server, reply);
}

void Machines::checkSame(Time now, ServerId server, const trace::Replied& reply) {
  const bool isNew =
      reply.index.value > first_.size() || first_[reply.index.value - 1].server == ServerId{0};
  if (isNew) return noteFirst(now, server, reply);
  const Known& known = first_[reply.index.value - 1];
  const bool other = known.term != reply.entry.term;
  if (other && (parted_ == Index{0} || reply.index < parted_)) parted_ = reply.index;
  if (parted_ != Index{0} && parted_ <= reply.index) return;
  if (known.digest != reply.digest || known.reply != reply.reply) reportOther(now, server, reply);
}

void Machines::noteFirst(Time now, ServerId server, const trace::Replied& reply) {
  if (reply.index.value > first_.size()) first_.resize(reply.index.value);
  first_[reply.index.value - 1] = {server, reply.entry.term, now, reply.digest, reply.reply};
}

void Machines::reportOther(Time now, ServerId server, const trace::Replied& reply) {
  const Known& known = first_[reply.index.value - 1];
  const bool state = known.digest != reply.digest;
  report({.property = Property::SameState,
          .time = now,
          .servers = {server, known.server},
          .entries = {{reply.index, reply.entry.term}},
          .earlier = known.since,
          .sentence = state ? "the state machines of {s1} and {s2}, which applied it at {then}, "
                              "differ after {e1}"
                            : "{s1} replies to {e1} otherwise than {s2} did at {then}"});
}

// "Commands take effect instantaneously and exactly once according to their first appearance in
// the Raft log" (thesis §6.3). A restarted server carries out the same entries again: that is no
// second effect.
void Machines::checkOnce(Time now, ServerId server, const trace::Replied& reply) {
  const Position entry{reply.index, reply.entry.term};
  const std::pair request(reply.session, reply.sequence);
  const std::string named =
      "request " + trace::text(reply.sequence) + " of session " + trace::text(reply.session);
  Violation violation{
      .property = Property::ExactlyOnce, .time = now, .servers = {server}, .entries = {entry}};
  if (reply.kind == Kind::Applied) {
    const auto [at, isNew] = requests_.try_emplace(request, Effect{entry, reply.reply});
    if (isNew || at->second.entry.index == reply.index) return;
    violation.entries.push_back(at->second.entry);
    violation.sentence = "{s1} carries out " + named + " with {e1}, though it was with {e2}";
    return report(std::move(violation));
  }
  if (reply.kind != Kind::Repeated) return;
  const auto at = requests_.find(request);
  if (at == requests_.end()) {
    violation.sentence = "{s1} takes {e1} for a repetition of " + named + ", which never was";
    return report(std::move(violation));
  }
  if (at->second.reply == reply.reply) return;
  violation.entries.push_back(at->second.entry);
  violation.sentence =
      "{s1} replies to {e1}, a repetition of " + named + ", otherwise than to {e2}";
  report(std::move(violation));
}

}  // namespace raft::check
