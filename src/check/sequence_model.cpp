#include "check/sequence_model.h"

#include <algorithm>

#include "raft/random.h"
#include "trace/json.h"

namespace raft::check {
namespace {

constexpr std::uint64_t emptyHash = 0x9e3779b97f4a7c15;

// As if byte after byte, or item after item, were appended.
constexpr std::uint64_t withItem(std::uint64_t hash, std::uint64_t item) {
  return mixBits(hash + 0x9e3779b97f4a7c15 * (item + 1));
}

}  // namespace

SequenceModel::SequenceModel(const ObjectTraits& traits, const std::vector<Operation>& part,
                             const Values& values)
    : traits_(traits), part_(part), values_(values) {
  numberOf({.hash = 1, .length = 0, .before = noState, .last = nil});
  numberOf({.hash = emptyHash, .length = 0, .before = noState, .last = nil});
  for (const Operation& operation : part) {
    const bool log = traits.kind == ObjectKind::Log;
    const bool tells =
        operation.function == Function::Read || (operation.function == Function::Append && !log);
    const bool whole = tells && operation.result != untold && (!log || operation.argument == nil);
    results_.push_back(whole ? stateOf(operation.result) : noState);
    const bool compares = operation.function == Function::CompareAndSet;
    expected_.push_back(compares ? stateOf(operation.expected) : noState);
  }
}

StateId SequenceModel::numberOf(const Node& node) {
  const std::uint32_t known = index_.find(node.hash, [&](StateId state) {
    const Node& other = nodes_[state];
    if (other.hash != node.hash || other.length != node.length) return false;
    return !traits_.lists || (other.before == node.before && other.last == node.last);
  });
  if (known != HashIndex::none) return known;
  const StateId state = static_cast<StateId>(nodes_.size());
  index_.add(node.hash, state);
  nodes_.push_back(node);
  return state;
}

StateId SequenceModel::appended(StateId state, ValueId value) {
  if (state == absent) state = empty;
  Node node = nodes_[state];
  if (traits_.lists) {
    node.hash = withItem(node.hash, value);
    ++node.length;
  } else {
    for (const char byte : values_.text(value)) {
      node.hash = withItem(node.hash, static_cast<unsigned char>(byte));
    }
    node.length += values_.text(value).size();
    if (node.length == nodes_[state].length) return state;
  }
  node.before = state;
  node.last = value;
  return numberOf(node);
}

// What a key holds once `value` was put there.
StateId SequenceModel::stateOf(ValueId value) {
  if (value == nil) return absent;
  if (traits_.lists && values_.isList(value)) {
    StateId state = empty;
    for (const ValueId item : values_.items(value)) state = appended(state, item);
    return state;
  }
  if (!traits_.lists && values_.isString(value)) return appended(empty, value);
  return numberOf({.hash = mixBits(value), .length = 1, .before = noState, .last = value});
}

ValueId SequenceModel::entryAt(StateId state, std::uint64_t position) const {
  if (position >= nodes_[state].length) return nil;
  while (nodes_[state].length > position + 1) state = nodes_[state].before;
  return nodes_[state].last;
}

bool SequenceModel::reads(StateId state, OperationId operation) const {
  const Operation& read = part_[operation];
  if (read.result == untold) return true;
  if (results_[operation] != noState) {
    // Where nothing ever was, one may also be told of an empty string or list.
    return results_[operation] == state || (state == absent && results_[operation] == empty);
  }
  std::uint64_t position = 0;
  values_.isCount(read.argument, position);
  if (position < traits_.firstPosition) return read.result == nil;
  return entryAt(state, position - traits_.firstPosition) == read.result;
}

bool SequenceModel::isClaim(OperationId operation) const {
  return traits_.kind == ObjectKind::Log && part_[operation].function == Function::Append &&
         part_[operation].result != untold;
}

StateId SequenceModel::step(StateId state, OperationId operation, bool responded) {
  const Operation& deed = part_[operation];
  switch (deed.function) {
    case Function::Read: return !responded || reads(state, operation) ? state : noState;
    case Function::Write: return stateOf(deed.argument);
    case Function::Delete: return absent;
    case Function::Append: {
      std::uint64_t position = 0;
      const bool told = responded && isClaim(operation) && values_.isCount(deed.result, position);
      if (told && position != nextPosition(state)) return noState;
      const StateId after = appended(state, deed.argument);
      const StateId result = results_[operation];
      return responded && result != noState && result != after ? noState : after;
    }
    case Function::CompareAndSet: {
      const bool equal = expected_[operation] == state;
      if (!responded) return equal ? stateOf(deed.argument) : state;
      if (deed.outcome == Outcome::Mismatch) return equal ? noState : state;
      return equal ? stateOf(deed.argument) : noState;
    }
  }
  return noState;
}

bool SequenceModel::observes(OperationId operation) const {
  if (presence_[operation] != Known::CallAndResponse) return false;
  const Operation& deed = part_[operation];
  if (deed.function == Function::Read) return deed.result != untold;
  return deed.function == Function::CompareAndSet || isClaim(operation) ||
         results_[operation] != noState;
}

void SequenceModel::count(OperationId operation, std::uint32_t difference) {
  if (!observes(operation)) return;
  observers_ += difference;
  const StateId state = results_[operation];
  if (state == noState) return;
  wholeReads_ += difference;
  // The empty one is read where nothing ever was.
  readers_[state == empty ? absent : state] += difference;
}

bool SequenceModel::begins(const std::vector<Known>& known) {
  presence_ = known;
  observers_ = wholeReads_ = 0;
  readers_.assign(nodes_.size(), 0);
  appendsAlone_ = true;
  for (OperationId i = 0; i < known.size(); ++i) {
    if (known[i] == Known::Nothing) continue;
    count(i, 1);
    const Function function = part_[i].function;
    appendsAlone_ = appendsAlone_ && (function == Function::Read || function == Function::Append);
  }
  if (appendsAlone_) return beginsToAppend();
  findLiving();
  return true;
}

void SequenceModel::findLiving() {
  if (!livingLists_.empty()) return;
  livingLists_.assign(nodes_.size(), 0);
  livingLists_[absent] = livingLists_[empty] = 1;
  std::vector<std::string_view> strings;
  for (const std::vector<StateId>* states : {&results_, &expected_}) {
    for (StateId state : *states) {
      if (state != noState && !traits_.lists && nodes_[state].before == empty) {
        strings.push_back(values_.text(nodes_[state].last));
      }
      for (; state != noState && !livingLists_[state]; state = nodes_[state].before) {
        livingLists_[state] = 1;
      }
    }
  }
  if (traits_.lists) return;
  // Sorted, so that what two strings begin with alike is noted once.
  std::ranges::sort(strings);
  std::string_view before;
  for (const std::string_view bytes : strings) {
    const auto known = std::ranges::mismatch(before, bytes).in2 - bytes.begin();
    std::uint64_t hash = emptyHash;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      hash = withItem(hash, static_cast<unsigned char>(bytes[i]));
      if (static_cast<std::ptrdiff_t>(i) >= known) livingStrings_.push_back(hash);
    }
    before = bytes;
  }
  std::ranges::sort(livingStrings_);
}

bool SequenceModel::lives(StateId state) const {
  if (state < livingLists_.size() && livingLists_[state]) return true;
  return std::ranges::binary_search(livingStrings_, nodes_[state].hash);
}

// False: what was read, or the positions that were told, contradict each other.
bool SequenceModel::beginsToAppend() {
  StateId longest = absent;
  for (OperationId i = 0; i < part_.size(); ++i) {
    const StateId state = results_[i];
    if (!observes(i) || state == noState) continue;
    if (nodes_[state].before == noState && state > empty) return false;  // nobody appends that
    if (nodes_[state].length > nodes_[longest].length) longest = state;
  }
  longest_.assign(1, emptyHash);
  if (traits_.lists) {
    longest_.resize(nodes_[longest].length + 1, emptyHash);
    for (StateId state = longest; nodes_[state].length > 0; state = nodes_[state].before) {
      longest_[nodes_[state].length] = nodes_[state].hash;
    }
  } else if (longest > empty) {
    // A string that was read was made in one piece.
    for (const char byte : values_.text(nodes_[longest].last)) {
      longest_.push_back(withItem(longest_.back(), static_cast<unsigned char>(byte)));
    }
  }
  claims_.assign(part_.size(), never);
  for (OperationId i = 0; i < part_.size(); ++i) {
    if (!observes(i)) continue;
    if (results_[i] != noState && !mayLeadToReads(results_[i])) return false;
    std::uint64_t position = 0;
    if (!isClaim(i) || !values_.isCount(part_[i].result, position)) continue;
    position -= traits_.firstPosition;
    if (position >= claims_.size() || claims_[position] != never) return false;
    claims_[position] = i;
  }
  return true;
}

bool SequenceModel::mayLeadToReads(StateId state) const {
  const Node& node = nodes_[state];
  return state <= empty || (node.length < longest_.size() && longest_[node.length] == node.hash);
}

bool SequenceModel::placed(OperationId operation, StateId before, StateId after) {
  count(operation, static_cast<std::uint32_t>(-1));
  if (before == after) return true;
  if (presence_[operation] != Known::CallAndResponse && observers_ == 0) return false;
  // An empty string, appended to nothing: who reads one may do so before and after.
  if (!appendsAlone_ || after == empty) return true;
  // Nothing ever becomes shorter.
  if (before < readers_.size() && readers_[before] != 0) return false;
  if (wholeReads_ != 0 && !mayLeadToReads(after)) return false;
  if (!traits_.lists || nodes_[before].length >= claims_.size()) return true;
  const OperationId owner = claims_[nodes_[before].length];
  return owner == never || owner == operation;
}

void SequenceModel::takenBack(OperationId operation, StateId, StateId) { count(operation, 1); }

bool SequenceModel::harmless(StateId, OperationId operation) const {
  return onlyReads(operation) || observers_ == 0;
}

StateId SequenceModel::canonical(StateId state) const {
  if (observers_ == 0) return noState - 1;
  return appendsAlone_ || lives(state) ? state : noState - 2;
}

std::uint64_t SequenceModel::bytes() const {
  return sizeof(Node) * nodes_.capacity() + index_.bytes() +
         4 * (results_.capacity() + expected_.capacity() + readers_.capacity() +
              claims_.capacity()) +
         8 * (longest_.capacity() + livingStrings_.capacity()) + presence_.capacity() +
         livingLists_.capacity();
}

// The end of a long one says more than its beginning.
std::string SequenceModel::tell(StateId state) const {
  constexpr std::uint32_t most = 40;
  if (state == absent) return "nothing";
  if (nodes_[state].before == noState && state != empty) return values_.tell(nodes_[state].last);
  std::string out;
  if (!traits_.lists) {
    for (; state > empty && out.size() < 4 * most; state = nodes_[state].before) {
      out.insert(0, values_.text(nodes_[state].last));
    }
    const bool cut = state > empty || out.size() > most;
    if (out.size() > most) out.erase(0, out.size() - most);
    std::string quoted;
    trace::appendJsonString(quoted, out);
    return cut ? quoted.insert(1, "…") : quoted;
  }
  for (; state > empty && out.size() < most; state = nodes_[state].before) {
    out.insert(0, values_.tell(nodes_[state].last) + (out.empty() ? "" : " "));
    if (nodes_[state].before == noState) return out + " and more";
  }
  return (state > empty ? "[… " : "[") + out + "]";
}

}  // namespace raft::check
