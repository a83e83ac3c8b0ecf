#include "check/objects.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "check/register_model.h"
#include "check/sequence_model.h"

namespace raft::check {

ObjectTraits traitsOf(ObjectKind kind, const std::vector<Operation>& operations,
                      const Values& values) {
  ObjectTraits traits{.kind = kind};
  bool strings = true;
  bool zero = false;
  for (const Operation& operation : operations) {
    const bool append = operation.function == Function::Append;
    traits.appends = traits.appends || append;
    if (append && !values.isString(operation.argument)) strings = false;
    const bool told = operation.result != untold;
    const bool tells = append || operation.function == Function::Read;
    if (tells && told && values.isList(operation.result)) {
      strings = false;
    }
    const bool reads = operation.function == Function::Read && operation.argument != nil;
    std::uint64_t position = 1;
    values.isCount(reads ? operation.argument : operation.result, position);
    if ((append && told && position == 0) || (reads && position == 0)) zero = true;
  }
  traits.lists = kind == ObjectKind::Log || (traits.appends && !strings);
  traits.firstPosition = kind == ObjectKind::Log && !zero ? 1 : 0;
  return traits;
}

std::vector<std::vector<Operation>> partsOf(const std::vector<Operation>& operations) {
  std::vector<std::vector<Operation>> parts;
  std::map<ValueId, std::uint32_t> partOfKey;
  for (const Operation& operation : operations) {
    const auto [at, isNew] =
        partOfKey.emplace(operation.key, static_cast<std::uint32_t>(parts.size()));
    if (isNew) parts.emplace_back();
    parts[at->second].push_back(operation);
  }
  for (std::vector<Operation>& part : parts) {
    std::ranges::stable_sort(part, {}, &Operation::call);
  }
  return parts;
}

std::vector<Interval> intervalsOf(const std::vector<Operation>& part) {
  std::vector<Interval> intervals;
  using Deed = std::tuple<Function, ValueId, ValueId>;
  std::map<Deed, OperationId> latest;  // that never responded
  for (OperationId i = 0; i < part.size(); ++i) {
    const Operation& operation = part[i];
    Interval interval{.call = operation.call, .response = operation.response};
    if (operation.response == never) {
      const Deed deed(operation.function, operation.argument, operation.expected);
      const auto [at, isNew] = latest.emplace(deed, i);
      if (!isNew) interval.twin = std::exchange(at->second, i);
    }
    intervals.push_back(interval);
  }
  return intervals;
}

std::unique_ptr<Model> modelOf(const ObjectTraits& traits, const std::vector<Operation>& part,
                               const Values& values) {
  if (traits.kind == ObjectKind::Log || traits.appends) {
    return std::make_unique<SequenceModel>(traits, part, values);
  }
  return std::make_unique<RegisterModel>(part, values);
}

}  // namespace raft::check
