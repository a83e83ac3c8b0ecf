#include "scenario/values.h"

#include <algorithm>

#include "scenario/targets.h"
#include "scenario/words.h"

namespace raft::scenario {
namespace {

using What = decltype(Condition::what);

std::optional<What> takeClient(Tokens& in, const Cast& cast, std::string& wrong) {
  const std::optional<std::uint64_t> number = parseCount(in.peek());
  if (!number || *number == 0 || *number > cast.clients) {
    wrong = "there is no client " + quoted(in.peek()) +
            (cast.clients == 0 ? ": this cluster has none"
                               : "; expected a number from 1 to " + std::to_string(cast.clients));
    return std::nullopt;
  }
  in.take();
  if (in.accept({"is", "done"})) return ClientIsDone{static_cast<std::uint32_t>(*number)};
  wrong = "expected 'is done' after the client, not " + quoted(in.rest());
  return std::nullopt;
}

// "the read returned 10": what follows "the read".
std::optional<What> takeRead(Tokens& in, std::string& wrong) {
  using Outcome = ReadReturned::Outcome;
  if (in.accept({"is", "answered"})) return ReadReturned{.outcome = Outcome::Answered};
  if (in.accept({"is", "not", "answered"})) return ReadReturned{.outcome = Outcome::Unanswered};
  if (!in.accept({"returned"}) || in.atEnd()) {
    wrong =
        "expected 'returned' and a value, 'is answered' or 'is not answered' after 'the read', "
        "not " +
        quoted(in.rest());
    return std::nullopt;
  }
  std::string value;
  while (!in.atEnd()) {
    if (!value.empty()) value += ' ';
    value += in.take();
  }
  ReadReturned out;
  if (value != "nothing") out.value = value;
  return out;
}

// "x = 10" as it stands in the machine of a server.
std::string valueText(ServerId id, const ValueIs& condition, const Scene& scene) {
  const std::string name = scene.names.of(id);
  if (!scene.world.isUp(id)) return name + " is down";
  const Command* value = scene.world.machine(id).find(Command(std::string_view(condition.key)));
  return condition.key + " is " + (value ? trace::commandText(*value) : "nothing") + " on " + name;
}

bool writes(const kv::Operation& operation, const Command& key) {
  if (const auto* put = std::get_if<kv::Put>(&operation)) return put->key == key;
  if (const auto* append = std::get_if<kv::Append>(&operation)) return append->key == key;
  if (const auto* cas = std::get_if<kv::CompareAndSet>(&operation)) return cas->key == key;
  if (const auto* erase = std::get_if<kv::Delete>(&operation)) return erase->key == key;
  return false;
}

}  // namespace

std::optional<What> takeValueCondition(Tokens& in, const Cast& cast, std::string& wrong) {
  if (in.accept({"client"})) return takeClient(in, cast, wrong);
  if (in.accept({"the", "read"})) return takeRead(in, wrong);
  if (in.peek(1) != "is") return std::nullopt;
  const std::size_t start = in.position();
  ValueIs out;
  out.key = in.take();
  in.take();
  for (const char* stage : {"not", "committed", "applied"}) {
    if (in.peek() != stage) continue;
    in.backTo(start);
    return std::nullopt;
  }
  std::string value;
  const auto everywhere = [&] { return in.peek() == "everywhere" && in.peek(1).empty(); };
  while (!in.atEnd() && in.peek() != "on" && !everywhere()) {
    if (!value.empty()) value += ' ';
    value += in.take();
  }
  if (in.atEnd() || value.empty()) {  // it says of whom it speaks, or it is about servers
    in.backTo(start);
    return std::nullopt;
  }
  if (value != "nothing") out.value = value;
  out.who.targets = {Target{}};
  if (in.accept({"everywhere"})) return out;
  in.take();
  const std::optional<Who> who = takeWho(in, cast, wrong);
  if (!who) return std::nullopt;
  out.who = *who;
  return out;
}

bool valueIs(const ValueIs& condition, ServerId server, const Scene& scene) {
  if (!scene.world.isUp(server)) return false;
  const Command* value = scene.world.machine(server).find(Command(std::string_view(condition.key)));
  if (!condition.value) return !value;
  return value && value->bytes() == *condition.value;
}

std::string insteadOf(const ValueIs& condition, const Scene& scene) {
  std::string out;
  for (ServerId id : spokenOf(condition.who, scene)) {
    if (!out.empty()) out += "\n";
    out += valueText(id, condition, scene);
  }
  return out;
}

bool readReturned(const ReadReturned& condition, const Scene& scene) {
  const std::optional<trace::ReadDeed>& last = scene.world.lastRead();
  if (!last) return false;
  const auto* answered = std::get_if<trace::ReadAnswered>(&*last);
  if (condition.outcome == ReadReturned::Outcome::Answered) return answered;
  if (condition.outcome == ReadReturned::Outcome::Unanswered) return !answered;
  if (!answered || !answered->value) return answered && !condition.value;
  return answered->value->bytes() == condition.value;
}

std::string insteadOf(const ReadReturned&, const Scene& scene) {
  const std::optional<trace::ReadDeed>& last = scene.world.lastRead();
  if (!last) return "nothing was read so far";
  if (const auto* asked = std::get_if<trace::ReadAsked>(&*last)) {
    return scene.names.of(asked->server) + " has not answered the read yet";
  }
  if (const auto* answered = std::get_if<trace::ReadAnswered>(&*last)) {
    return "the read returned " +
           (answered->value ? trace::commandText(*answered->value) : std::string("nothing"));
  }
  return scene.names.of(std::get<trace::ReadUnanswered>(*last).server) + " did not answer the read";
}

std::string insteadOf(const ClientIsDone& condition, const Scene& scene) {
  const sim::Client& client = scene.world.clients()[condition.client - 1];
  return "client " + std::to_string(client.id) + " has come to its request " +
         std::to_string(client.request) +
         (client.settings.requests == 0 ? ", and makes them without end"
                                        : " of " + std::to_string(client.settings.requests));
}

// The log tells, as long as all of it is there: what each entry did is found by applying it again.
trace::Answer whyNot(const ValueIs& condition, const Scene& scene, const trace::View& view) {
  std::optional<ServerId> at;
  for (ServerId id : spokenOf(condition.who, scene)) {
    if (!at && scene.world.isUp(id) && !valueIs(condition, id, scene)) at = id;
  }
  if (!at) return {};
  const Server& server = scene.world.server(*at);
  if (server.log.baseIndex() != Index(0)) return {};  // a snapshot stands for its beginning
  const Command key{std::string_view(condition.key)};
  kv::Machine machine(scene.world.machine(*at).sessions().limits());
  std::string since;
  std::string unheeded;
  for (Index i = 1; i <= server.lastApplied; ++i) {
    const Entry& entry = server.log[i];
    const kv::Outcome outcome = machine.apply(i, entry);
    if (!writes(kv::parse(entry.command.bytes()).operation, key)) continue;
    const std::string place =
        trace::entryText(i, entry.term) + " (" + trace::entryMeaning(entry) + ")";
    if (outcome.kind == kv::Outcome::Kind::Applied) {
      since = place;
    } else {
      unheeded = place + " changed nothing: " +
                 (outcome.kind == kv::Outcome::Kind::Repeated
                      ? "that request was carried out before (thesis §6.3)."
                      : kv::text(outcome.reply) + " (thesis §6.3).");
    }
  }
  trace::Answer out;
  out.push_back(valueText(*at, condition, scene) +
                (since.empty() ? ": it has applied no command that writes it."
                               : ", which " + since + " made it."));
  if (!unheeded.empty()) out.push_back(unheeded);
  for (Index i = server.lastApplied + 1; i <= scene.happenings.highestCommit(); ++i) {
    const trace::Answer late = trace::whyNotApplied(view, *at, i);
    out.insert(out.end(), late.begin(), late.end());
    break;
  }
  return out;
}

}  // namespace raft::scenario
