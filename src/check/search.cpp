#include "check/search.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <set>

#include "raft/assert.h"

namespace raft::check {

Search::Search(const std::vector<Interval>& operations, Model& model, const Limits& limits,
               OperationId watched)
    : operations_(operations),
      model_(model),
      limits_(limits),
      watched_(watched),
      calls_(static_cast<Link>(2 * operations.size())),
      pending_(calls_ + 1),
      next_(2 * operations.size() + 2),
      previous_(2 * operations.size() + 2),
      slots_(operations.size()),
      placed_(operations.size()),
      onlyReads_(operations.size()),
      seen_(1, 0) {
  RAFT_ASSERT(operations.size() < (std::uint64_t{1} << 30), "a billion operations fit in 31 bits");
  order();
  giveSlots();
  key_.resize(1 + mask_.size());
  seen_ = Configurations(key_.size(), limits.bytes);
}

// Links all events in the order of time.
void Search::order() {
  std::vector<std::pair<std::uint32_t, Link>> events;
  Link lastPending = pending_;
  for (OperationId i = 0; i < operations_.size(); ++i) {
    const Interval& operation = operations_[i];
    onlyReads_[i] = i != watched_ && model_.onlyReads(i);
    if (operation.call == never || (!responds(i) && onlyReads_[i])) continue;
    events.emplace_back(operation.call, 2 * i);
    if (responds(i)) events.emplace_back(operation.response, 2 * i + 1);
  }
  std::sort(events.begin(), events.end());
  Link last = calls_;
  for (const auto& [when, at] : events) {
    const OperationId operation = at / 2;
    Link& before = responds(operation) ? last : lastPending;
    next_[before] = at;
    previous_[at] = before;
    before = at;
    if (at % 2 == 1) responses_.push_back(operation);
  }
  next_[last] = calls_;
  previous_[calls_] = last;
  next_[lastPending] = pending_;
  previous_[pending_] = lastPending;
}

void Search::giveSlots() {
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
  std::uint32_t count = 0;
  for (Link at = next_[calls_]; at != calls_; at = next_[at]) {
    if (at % 2 == 1) {
      free.push(slots_[at / 2]);
    } else if (free.empty()) {
      slots_[at / 2] = count++;
    } else {
      slots_[at / 2] = free.top();
      free.pop();
    }
  }
  for (Link at = next_[pending_]; at != pending_; at = next_[at]) slots_[at / 2] = count++;
  mask_.assign((count + 63) / 64, 0);
}

void Search::unlink(Link at) {
  next_[previous_[at]] = next_[at];
  previous_[next_[at]] = previous_[at];
}

void Search::link(Link at) {
  next_[previous_[at]] = at;
  previous_[next_[at]] = at;
}

bool Search::place(OperationId operation, StateId after, bool forced) {
  const StateId before = state_;
  stack_.push_back({operation, frontier_, before, forced});
  unlink(2 * operation);
  if (responds(operation)) unlink(2 * operation + 1);
  placed_[operation] = 1;
  flip(operation);
  while (frontier_ < responses_.size() && placed_[responses_[frontier_]]) {
    flip(responses_[frontier_++]);
  }
  state_ = after;
  return model_.placed(operation, before, after);
}

void Search::takeBack() {
  const Frame frame = stack_.back();
  stack_.pop_back();
  model_.takenBack(frame.operation, frame.before, state_);
  while (frontier_ > frame.frontier) flip(responses_[--frontier_]);
  flip(frame.operation);
  placed_[frame.operation] = 0;
  if (responds(frame.operation)) link(2 * frame.operation + 1);
  link(2 * frame.operation);
  state_ = frame.before;
}

void Search::takeBackTo(std::uint64_t depth) {
  while (stack_.size() > depth) takeBack();
}

void Search::absorb(bool readsAlone) {
  for (Link at = next_[calls_]; at != calls_ && at % 2 == 0;) {
    const Link before = previous_[at];
    const OperationId operation = at / 2;
    if (onlyReads_[operation] || (!readsAlone && model_.harmless(state_, operation))) {
      const StateId after = model_.step(state_, operation, true);
      if (after != noState) place(operation, after, true);
    }
    at = placed_[operation] ? next_[before] : next_[at];
  }
}

StateId Search::tryOut(OperationId operation) {
  // Where it could happen, it was absorbed.
  if (onlyReads_[operation]) return noState;
  if (responds(operation)) return model_.step(state_, operation, true);
  if (operation == watched_) return model_.step(state_, operation, false);
  const OperationId twin = operations_[operation].twin;
  const bool isTwin = twin != never && twin != watched_ && operations_[twin].call != never;
  if (isTwin && !placed_[twin]) return noState;
  const StateId after = model_.step(state_, operation, false);
  return after == state_ ? noState : after;  // it need not happen, so not in vain either
}

OperationId Search::candidate(Link& cursor) const {
  if (cursor == calls_ || (cursor < calls_ && cursor % 2 == 1)) cursor = next_[pending_];
  if (cursor == pending_) return never;
  const OperationId operation = cursor / 2;
  if (responds(operation) || frontier_ == responses_.size()) return operation;
  const Interval& first = operations_[responses_[frontier_]];
  return operations_[operation].call < first.response ? operation : never;
}

bool Search::backtrack(Link& cursor) {
  while (!stack_.empty()) {
    const Frame frame = stack_.back();
    takeBack();
    if (frame.forced) continue;
    cursor = next_[2 * frame.operation];
    return true;
  }
  return false;
}

Configurations::Noted Search::note() {
  key_[0] = std::uint64_t{frontier_} << 32 | model_.canonical(state_);
  std::copy(mask_.begin(), mask_.end(), key_.begin() + 1);
  return seen_.note(key_.data());
}

GaveUp Search::shouldGiveUp() {
  if (++steps_ % 1024 != 0) return GaveUp::No;
  if (limits_.stop && limits_.stop()) return GaveUp::Stopped;
  const std::uint64_t others = bytes() - seen_.bytes();
  if (others > limits_.bytes) return GaveUp::OutOfMemory;
  seen_.limit(limits_.bytes - others);
  return GaveUp::No;
}

Linearization Search::result(Verdict verdict, GaveUp gaveUp) const {
  Linearization out{.verdict = verdict,
                    .gaveUp = gaveUp,
                    .configurations = seen_.size(),
                    .steps = steps_,
                    .bytes = bytes(),
                    .responsesPlaced = best_};
  if (verdict != Verdict::Linearizable) return out;
  out.order.reserve(stack_.size());
  for (const Frame& frame : stack_) out.order.push_back(frame.operation);
  return out;
}

std::uint64_t Search::bytes() const {
  return 4 * (next_.capacity() + previous_.capacity() + responses_.capacity() + slots_.capacity()) +
         2 * placed_.capacity() + sizeof(Frame) * stack_.capacity() + seen_.bytes() +
         model_.bytes();
}

namespace {

std::vector<Known> whatIsKnown(const std::vector<Interval>& operations) {
  std::vector<Known> known;
  known.reserve(operations.size());
  for (const Interval& operation : operations) {
    known.push_back(operation.call == never       ? Known::Nothing
                    : operation.response == never ? Known::Call
                                                  : Known::CallAndResponse);
  }
  return known;
}

}  // namespace

Linearization Search::decide() {
  state_ = model_.initial();
  if (limits_.stop && limits_.stop()) return result(Verdict::Unknown, GaveUp::Stopped);
  if (!model_.begins(whatIsKnown(operations_))) return result(Verdict::NotLinearizable);
  absorb(false);
  best_ = frontier_;
  Link cursor = next_[calls_];
  while (frontier_ < responses_.size()) {
    const GaveUp gaveUp = shouldGiveUp();
    if (gaveUp != GaveUp::No) return result(Verdict::Unknown, gaveUp);
    const OperationId operation = candidate(cursor);
    if (operation == never) {
      if (!backtrack(cursor)) return result(Verdict::NotLinearizable);
      continue;
    }
    cursor = next_[cursor];
    const StateId after = tryOut(operation);
    if (after == noState) continue;
    const std::uint64_t depth = stack_.size();
    if (place(operation, after, false)) {
      absorb(false);
      switch (note()) {
        case Configurations::Noted::New:
          best_ = std::max(best_, frontier_);
          cursor = next_[calls_];
          continue;
        case Configurations::Noted::OutOfMemory:
          return result(Verdict::Unknown, GaveUp::OutOfMemory);
        case Configurations::Noted::Known: break;
      }
    }
    takeBackTo(depth);
  }
  return result(Verdict::Linearizable);
}

// Depth first as above, but to the end of all orders. A configuration *completes* if from there all
// that responded can be placed; whether it does is known when it is left.
std::optional<std::vector<StateId>> Search::statesAroundWatched() {
  constexpr std::uint64_t most = 50'000;
  struct Visit {
    OperationId placed;  // that led here …
    StateId before;      // … from this state
    std::uint64_t depth;
    Link cursor;
    std::vector<std::uint64_t> key;
    bool completes;
  };
  std::map<std::vector<std::uint64_t>, bool> left;  // configurations, and whether they complete
  std::set<StateId> found;
  std::vector<Visit> visits;
  const auto leave = [&](OperationId placed, StateId before, std::uint64_t depth, bool completes) {
    takeBackTo(depth);
    if (!completes) return;
    if (placed == watched_) found.insert(before);
    if (!visits.empty()) visits.back().completes = true;
  };
  const auto arrive = [&](OperationId placed, StateId before, std::uint64_t depth) {
    std::vector<std::uint64_t> key = mask_;
    key.push_back(std::uint64_t{frontier_} << 32 | state_);
    const auto known = left.find(key);
    if (known != left.end()) return leave(placed, before, depth, known->second);
    const bool all = frontier_ == responses_.size();
    visits.push_back({placed, before, depth, next_[calls_], std::move(key), all});
  };
  state_ = model_.initial();
  if (!model_.begins(whatIsKnown(operations_))) return std::vector<StateId>{};
  absorb(true);
  arrive(never, state_, 0);
  while (!visits.empty()) {
    if (shouldGiveUp() != GaveUp::No || left.size() > most) return std::nullopt;
    Visit& visit = visits.back();
    const OperationId next = candidate(visit.cursor);
    if (next == never) {
      const Visit done = std::move(visit);
      visits.pop_back();
      left.emplace(done.key, done.completes);
      leave(done.placed, done.before, done.depth, done.completes);
      continue;
    }
    visit.cursor = next_[visit.cursor];
    const StateId before = state_;
    const StateId after = tryOut(next);
    if (after == noState) continue;
    const std::uint64_t depth = stack_.size();
    place(next, after, false);
    absorb(true);
    arrive(next, before, depth);
  }
  return std::vector<StateId>(found.begin(), found.end());
}

}  // namespace raft::check
