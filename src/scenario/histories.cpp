#include "scenario/histories.h"

#include <algorithm>
#include <variant>

namespace raft::scenario {

namespace {

using check::ClientHistory;
using check::Function;
using check::OperationId;

// The search looks this often whether it should stop. It asks after so many steps of its own, so
// whether it gives up is the same on every machine.
constexpr std::uint64_t patience = 200;

bool isOperation(const kv::Operation& what) {
  return std::holds_alternative<kv::Get>(what) || std::holds_alternative<kv::Put>(what) ||
         std::holds_alternative<kv::Append>(what) ||
         std::holds_alternative<kv::CompareAndSet>(what) ||
         std::holds_alternative<kv::Delete>(what);
}

OperationId called(ClientHistory& history, std::uint32_t client, const kv::Operation& what) {
  if (const auto* get = std::get_if<kv::Get>(&what)) {
    return history.called(client, Function::Read, get->key.bytes());
  }
  if (const auto* put = std::get_if<kv::Put>(&what)) {
    return history.called(client, Function::Write, put->key.bytes(), put->value.bytes());
  }
  if (const auto* append = std::get_if<kv::Append>(&what)) {
    return history.called(client, Function::Append, append->key.bytes(), append->value.bytes());
  }
  if (const auto* cas = std::get_if<kv::CompareAndSet>(&what)) {
    return history.calledCompareAndSet(client, cas->key.bytes(), cas->expected.bytes(),
                                       cas->value.bytes());
  }
  return history.called(client, Function::Delete, std::get<kv::Delete>(what).key.bytes());
}

// A reply is written as the value of a put is: by its text alone, different ones are different.
std::string valueIn(const std::string& reply) {
  const kv::Request put = kv::parse("put x " + reply);
  const auto* read = std::get_if<kv::Put>(&put.operation);
  return read ? std::string(read->value.bytes()) : reply;
}

void responded(ClientHistory& history, OperationId id, const kv::Operation& what,
               const std::string& reply) {
  if (std::holds_alternative<kv::Get>(what)) {
    const std::string value = valueIn(reply);
    return history.read(id,
                        reply == "nothing" ? std::nullopt : std::optional<std::string_view>(value));
  }
  if (std::holds_alternative<kv::Append>(what)) return history.appended(id, valueIn(reply));
  const bool cas = std::holds_alternative<kv::CompareAndSet>(what);
  history.responded(id, cas && reply != "ok" ? check::Outcome::Mismatch : check::Outcome::Ok);
}

}  // namespace

std::size_t Histories::call(std::uint32_t client, const kv::Operation& what) {
  operations_.push_back({.client = client, .what = what});
  events_.push_back({operations_.size() - 1, false});
  return operations_.size() - 1;
}

void Histories::respond(std::size_t operation, Time now, std::string reply) {
  Operation& done = operations_[operation];
  // A refusal says that it was not carried out this time; it may have been before.
  if (reply.starts_with("refused: ")) return;
  done.happened = true;
  done.reply = std::move(reply);
  done.responded = now;
  events_.push_back({operation, true});
  ++answers_;
}

// What stands in a log from the beginning may be committed, once for all servers that have it.
void Histories::started(Time, const Server& server, bool again) {
  if (again) return;
  for (Index i = server.log.baseIndex() + 1; i <= server.log.lastIndex(); ++i) {
    const Entry& entry = server.log[i];
    const kv::Request request = kv::parse(entry.command.bytes());
    if (entry.type != EntryType::Command || !isOperation(request.operation)) continue;
    if (begun_.emplace(std::pair(i.value, entry.term.value), true).second) {
      call(0, request.operation);
    }
  }
}

// A proposal that no client makes.
void Histories::stepped(const trace::Step& step) {
  const auto* proposal = std::get_if<Propose>(&step.input);
  if (!proposal) return;
  const std::optional<Command> byClient = std::exchange(proposed_, std::nullopt);
  const auto& proposed = step.effects.proposed;
  if (!proposed || !std::holds_alternative<Accepted>(*proposed)) return;
  for (const Command& command : proposal->commands) {
    if (command == byClient) continue;
    const kv::Request request = kv::parse(command.bytes());
    if (isOperation(request.operation)) call(0, request.operation);
  }
}

void Histories::client(Time now, const trace::ClientDeed& deed) {
  if (const auto* asking = std::get_if<trace::ClientAsked>(&deed)) return asked(*asking);
  if (const auto* told = std::get_if<trace::ClientRedirected>(&deed)) return notDone(told->client);
  if (const auto* told = std::get_if<trace::ClientPutOff>(&deed)) return notDone(told->client);
  if (const auto* told = std::get_if<trace::ClientTold>(&deed)) {
    if (told->lost) notDone(told->client);
    return;
  }
  const auto* answer = std::get_if<trace::ClientAnswered>(&deed);
  if (!answer) return;
  Current& current = clients_[answer->client];
  if (current.operation) {
    respond(*current.operation, now, std::string(answer->reply.bytes()));
  }
  current = {};
}

// In a session a request takes effect once, however often it is sent. Without one, each attempt
// may.
void Histories::asked(const trace::ClientAsked& asking) {
  proposed_ = asking.command;
  Current& current = clients_[asking.client];
  const bool again = current.operation && current.request == asking.request;
  if (again && current.session) return;
  const kv::Request request = kv::parse(asking.command.bytes());
  current = {.request = asking.request, .session = request.session != 0};
  if (isOperation(request.operation)) current.operation = call(asking.client, request.operation);
}

// This attempt; in a session, others of the same request may yet.
void Histories::notDone(std::uint32_t client) {
  Current& current = clients_[client];
  if (!current.operation || current.session) return;
  operations_[*current.operation].never = true;
  current.operation.reset();
}

void Histories::read(Time now, const trace::ReadDeed& deed) {
  if (const auto* asking = std::get_if<trace::ReadAsked>(&deed)) {
    if (!asking->local) reads_[asking->read] = call(0, kv::Get{asking->key});
    return;
  }
  if (const auto* answer = std::get_if<trace::ReadAnswered>(&deed)) {
    const auto at = reads_.find(answer->read);
    if (at == reads_.end()) return;
    const std::string reply =
        answer->value ? kv::text(kv::Reply{kv::Reply::Status::Value, *answer->value}) : "nothing";
    respond(at->second, now, reply);
  }
}

std::optional<check::Violation> Histories::judge() const {
  if (answers_ == 0) return std::nullopt;
  ClientHistory history(check::ObjectKind::KeyValue);
  std::vector<OperationId> ids(operations_.size());
  std::vector<Time> responses;  // by OperationId
  for (const Event& event : events_) {
    const Operation& operation = operations_[event.operation];
    if (operation.never) continue;
    if (event.response) {
      responded(history, ids[event.operation], operation.what, operation.reply);
    } else {
      ids[event.operation] = called(history, operation.client, operation.what);
      responses.push_back(operation.responded);
    }
  }
  std::uint64_t asked = 0;
  const check::HistoryJudgement judged =
      check::judge(history, {.stop = [&asked] { return ++asked > patience; }});
  if (judged.verdict != check::Verdict::NotLinearizable) return std::nullopt;
  return check::Violation{.property = check::Property::Linearizability,
                          .time = judged.culprit ? responses[*judged.culprit] : Time(0),
                          .sentence = judged.why};
}

}  // namespace raft::scenario
