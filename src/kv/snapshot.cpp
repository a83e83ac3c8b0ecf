// A machine as bytes: a line that says what they are, numbers of eight bytes with the lowest first,
// texts as length and bytes, and a checksum of all that precedes it.
#include <utility>

#include "kv/machine.h"
#include "raft/assert.h"

namespace raft::kv {

namespace {

constexpr std::string_view header = "raftlab kv 1\n";  // another layout has another number
constexpr std::uint64_t numberSize = 8;

struct StateWriter {
  std::string out{header};

  void number(std::uint64_t number) {
    for (std::uint64_t i = 0; i < numberSize; ++i) out += static_cast<char>(number >> 8 * i);
  }
  void bytes(std::string_view bytes) {
    number(bytes.size());
    out += bytes;
  }
  void session(std::uint64_t id, const Session& session) {
    number(id);
    number(session.lastUsed.value);
    number(session.firstUnanswered);
    number(session.kept.size());
    for (const Session::Kept& each : session.kept) {
      number(each.sequence);
      number(static_cast<std::uint64_t>(each.reply.status));
      bytes(each.reply.value.bytes());
    }
  }
};

// Takes values from the left. After the first that is not there, all are nothing.
struct Reader {
  std::string_view in;
  bool good = true;

  std::uint64_t number() {
    if (in.size() < numberSize) good = false;
    if (!good) return 0;
    std::uint64_t number = 0;
    for (std::uint64_t i = 0; i < numberSize; ++i) {
      number |= std::uint64_t{static_cast<unsigned char>(in[i])} << 8 * i;
    }
    in.remove_prefix(numberSize);
    return number;
  }
  std::string_view bytes() {
    const std::uint64_t size = number();
    if (size > in.size()) good = false;
    if (!good) return {};
    const std::string_view bytes = in.substr(0, size);
    in.remove_prefix(size);
    return bytes;
  }
  Session session() {
    Session session{.lastUsed = number(), .firstUnanswered = number()};
    for (std::uint64_t count = number(); good && count > 0; --count) {
      Session::Kept kept{.sequence = number(), .reply = {}};
      const std::uint64_t status = number();
      kept.reply = {static_cast<Reply::Status>(status), bytes()};
      good = good && status <= static_cast<std::uint64_t>(Reply::Status::TooMany);
      session.kept.push_back(std::move(kept));
    }
    return session;
  }
};

std::uint32_t limit(std::uint64_t number, bool& good) {
  good = good && 0 < number && number <= UINT32_MAX;
  return good ? static_cast<std::uint32_t>(number) : 1;
}

}  // namespace

std::string Machine::save() const {
  StateWriter to;
  to.number(lastApplied_.value);
  to.number(sessions_.limits().sessions);
  to.number(sessions_.limits().outstanding);
  to.number(values_.size());
  values_.each([&](const Command& key, const Command& value) {
    to.bytes(key.bytes());
    to.bytes(value.bytes());
  });
  to.number(sessions_.all().size());
  sessions_.all().each([&](std::uint64_t id, const Session& each) { to.session(id, each); });
  to.number(hashOf(std::string_view(to.out)));
  return std::move(to.out);
}

std::optional<Machine> Machine::load(std::string_view bytes, const char** wrong) {
  const auto refuse = [&](const char* sentence) -> std::optional<Machine> {
    if (wrong) *wrong = sentence;
    return std::nullopt;
  };
  if (!bytes.starts_with(header)) return refuse("it does not begin as a snapshot of ours");
  if (bytes.size() < header.size() + numberSize) return refuse("it ends too early");
  Reader sum{bytes.substr(bytes.size() - numberSize)};
  bytes.remove_suffix(numberSize);
  if (sum.number() != hashOf(bytes)) return refuse("its checksum is not that of its bytes");

  Reader from{bytes.substr(header.size())};
  const Index lastApplied = from.number();
  Limits limits;
  limits.sessions = limit(from.number(), from.good);
  limits.outstanding = limit(from.number(), from.good);
  Machine out(limits);
  out.lastApplied_ = lastApplied;
  Command last;
  const std::uint64_t keys = from.number();
  for (std::uint64_t i = 0; from.good && i < keys; ++i) {
    const Command key = from.bytes();
    if (i > 0 && !precedes(last, key)) return refuse("its keys are not in order");
    out.values_.set(key, from.bytes());
    last = key;
  }
  std::uint64_t lastId = 0;
  for (std::uint64_t count = from.number(); from.good && count > 0; --count) {
    const std::uint64_t id = from.number();
    Session session = from.session();
    if (!from.good) break;
    if (id <= lastId) return refuse("its sessions are not in order");
    if (!out.sessions_.restore(id, std::move(session), lastApplied)) {
      return refuse("it holds a session that cannot be");
    }
    lastId = id;
  }
  if (!from.good) return refuse("it ends too early, or a number in it is out of bounds");
  if (!from.in.empty()) return refuse("something follows its end");
  return out;
}

}  // namespace raft::kv
