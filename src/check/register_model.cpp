#include "check/register_model.h"

#include <algorithm>

#include "check/zones.h"

namespace raft::check {

RegisterModel::RegisterModel(const std::vector<Operation>& part, const Values& values)
    : part_(part), values_(values) {
  known_.push_back(nil);
  for (const Operation& operation : part) {
    known_.insert(known_.end(), {operation.argument, operation.expected});
    if (operation.result != untold) known_.push_back(operation.result);
  }
  std::ranges::sort(known_);
  known_.erase(std::ranges::unique(known_).begin(), known_.end());
  for (const Operation& operation : part) {
    Deed deed{operation.function, operation.outcome, noState, noState};
    switch (operation.function) {
      case Function::Read:
        if (operation.result != untold) deed.needs = numberOf(operation.result);
        break;
      case Function::CompareAndSet:
        deed.needs = numberOf(operation.expected);
        deed.makes = numberOf(operation.argument);
        break;
      case Function::Delete: deed.makes = numberOf(nil); break;
      case Function::Write:
      case Function::Append: deed.makes = numberOf(operation.argument); break;
    }
    deeds_.push_back(deed);
  }
}

StateId RegisterModel::numberOf(ValueId value) const {
  return static_cast<StateId>(std::ranges::lower_bound(known_, value) - known_.begin());
}

std::uint64_t RegisterModel::bytes() const {
  return sizeof(ValueId) * known_.capacity() + sizeof(Deed) * deeds_.capacity() +
         presence_.capacity() + sizeof(Outlook) * outlook_.capacity();
}

StateId RegisterModel::step(StateId state, OperationId operation, bool responded) {
  const Deed& deed = deeds_[operation];
  switch (deed.function) {
    case Function::Read:
      return !responded || deed.needs == noState || deed.needs == state ? state : noState;
    case Function::CompareAndSet:
      if (!responded) return deed.needs == state ? deed.makes : state;
      if (deed.outcome == Outcome::Mismatch) return deed.needs == state ? noState : state;
      return deed.needs == state ? deed.makes : noState;
    default: return deed.makes;
  }
}

void RegisterModel::count(OperationId operation, std::uint32_t difference) {
  const Deed& deed = deeds_[operation];
  const bool responded = presence_[operation] == Known::CallAndResponse;
  if (deed.function == Function::CompareAndSet && deed.outcome == Outcome::Mismatch && responded) {
    unequal_ += difference;
    return;
  }
  if (deed.makes != noState) outlook_[deed.makes].written += difference;
  if (deed.needs == noState) return;
  if (responded) outlook_[deed.needs].needed += difference;
  if (!responded && deed.makes != noState) outlook_[deed.needs].allows += difference;
}

bool RegisterModel::begins(const std::vector<Known>& known) {
  presence_ = known;
  outlook_.assign(known_.size(), {});
  unequal_ = 0;
  for (OperationId i = 0; i < known.size(); ++i) {
    if (known[i] != Known::Nothing) count(i, 1);
  }
  for (StateId state = 0; state < outlook_.size(); ++state) {
    if (outlook_[state].needed != 0 && outlook_[state].written == 0 && state != initial()) {
      return false;
    }
  }
  return zonesFit();
}

bool RegisterModel::zonesFit() const {
  // One brings it about, or none does and it is there from the beginning.
  const auto isOnce = [&](StateId state) {
    const StateId first = numberOf(nil);
    return outlook_[state].written == (state == first ? 0 : 1) && outlook_[state].needed != 0;
  };
  // Events are counted from 1 here: before them stands what was there from the beginning.
  std::vector<Zone> zones(known_.size(), {never, 0});
  zones[numberOf(nil)].firstResponse = 0;
  std::vector<std::uint32_t> written(known_.size(), 0);
  const auto add = [&](StateId state, OperationId i) {
    const bool responded = presence_[i] == Known::CallAndResponse;
    const std::uint32_t response = responded ? part_[i].response + 1 : never;
    zones[state].firstResponse = std::min(zones[state].firstResponse, response);
    zones[state].lastCall = std::max(zones[state].lastCall, part_[i].call + 1);
  };
  for (OperationId i = 0; i < deeds_.size(); ++i) {
    const Deed& deed = deeds_[i];
    if (presence_[i] == Known::Nothing || deed.outcome == Outcome::Mismatch) continue;
    if (deed.makes != noState) {
      add(deed.makes, i);
      written[deed.makes] = part_[i].call + 1;
    }
    if (deed.needs != noState && presence_[i] == Known::CallAndResponse) add(deed.needs, i);
  }
  std::vector<Zone> once;
  for (StateId state = 0; state < zones.size(); ++state) {
    if (!isOnce(state)) continue;
    if (zones[state].firstResponse < written[state]) return false;  // seen before
    once.push_back(zones[state]);
  }
  return check::zonesFit(once);
}

bool RegisterModel::placed(OperationId operation, StateId before, StateId after) {
  count(operation, static_cast<std::uint32_t>(-1));
  if (before == after) return true;
  // What is overwritten must not be needed any more, or be written again.
  if (outlook_[before].needed != 0 && outlook_[before].written == 0) return false;
  // What never responded need not happen; if it is of no use, it does not.
  return presence_[operation] == Known::CallAndResponse || !unused(after);
}

void RegisterModel::takenBack(OperationId operation, StateId, StateId) { count(operation, 1); }

// Where nobody wants to see what is there, a write that nobody wants to see does not matter.
bool RegisterModel::harmless(StateId state, OperationId operation) const {
  const Deed& deed = deeds_[operation];
  if (deed.function == Function::Read) return true;
  if (deed.function == Function::CompareAndSet) return false;
  return unused(state) && unused(deed.makes);
}

StateId RegisterModel::canonical(StateId state) const {
  return unused(state) ? static_cast<StateId>(known_.size()) : state;
}

}  // namespace raft::check
