#include "kv/machine.h"

#include "raft/assert.h"

namespace raft::kv {

namespace {

using Status = Reply::Status;

}  // namespace

Machine::Machine(const Limits& limits) : sessions_(limits) {
  RAFT_ASSERT(limits.sessions > 0 && limits.outstanding > 0, "there is room for a session");
}

// 5. Apply command in log order
// 7. Reply OK with state machine output
Outcome Machine::apply(Index index, const Entry& entry) {
  pass(index);
  if (entry.type != EntryType::Command) return {};
  return apply(index, parse(entry.command.bytes()));
}

Outcome Machine::apply(Index index, const Request& request) {
  Outcome out{.session = request.session, .sequence = request.sequence};
  if (std::holds_alternative<Register>(request.operation)) {
    out.kind = Outcome::Kind::Applied;
    out.expired = sessions_.open(index);
    out.session = index.value;
    out.reply = {Status::Registered, std::string_view(std::to_string(index.value))};
    return out;
  }
  if (std::holds_alternative<Close>(request.operation)) {
    const bool open = sessions_.all().find(request.session);
    out.kind = open ? Outcome::Kind::Applied : Outcome::Kind::Refused;
    out.reply = {.status = open ? Status::Ok : Status::NoSession};
    sessions_.close(request.session);
    return out;
  }
  if (request.session == 0) {
    out.reply = carryOut(request.operation);
    if (!std::holds_alternative<Other>(request.operation)) out.kind = Outcome::Kind::Applied;
    return out;
  }
  if (const std::optional<Reply> known = sessions_.find(index, request)) {
    out.kind = known->refused() ? Outcome::Kind::Refused : Outcome::Kind::Repeated;
    out.reply = *known;
    return out;
  }
  out.kind = Outcome::Kind::Applied;
  out.reply = carryOut(request.operation);
  sessions_.keep(request, out.reply);
  return out;
}

Reply Machine::carryOut(const Operation& operation) {
  return std::visit([this](const auto& each) { return on(each); }, operation);
}

Reply Machine::on(const Malformed& malformed) { return {Status::Malformed, malformed.expected}; }

Reply Machine::on(const Get& get) {
  const Command* value = find(get.key);
  return value ? Reply{Status::Value, *value} : Reply{Status::NotThere};
}

Reply Machine::on(const Put& put) {
  values_.set(put.key, put.value);
  return {Status::Ok};
}

Reply Machine::on(const Append& append) {
  const Command* before = find(append.key);
  std::string value(before ? before->bytes() : std::string_view());
  value += append.value.bytes();
  const Command after{std::string_view(value)};
  values_.set(append.key, after);
  return {Status::Value, after};
}

Reply Machine::on(const CompareAndSet& cas) {
  const Command* value = find(cas.key);
  if (!value) return {Status::NotThere};
  if (*value != cas.expected) return {Status::Different, *value};
  values_.set(cas.key, cas.value);
  return {Status::Ok};
}

Reply Machine::on(const Delete& erase) {
  if (!find(erase.key)) return {Status::NotThere};
  values_.erase(erase.key);
  return {Status::Ok};
}

}  // namespace raft::kv
