#include "bench/histories.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "raft/random.h"

namespace bench {
namespace {

using namespace raft::check;

class Recorder {
 public:
  Recorder(const HistoryShape& shape, std::uint64_t seed, History& out)
      : shape_(shape), random_{.seed = seed}, out_(out) {}

  void run() {
    struct Client {
      bool busy = false;
      bool done = false;
      OperationId operation = 0;
    };
    std::vector<Client> clients(shape_.clients);
    std::uint32_t underWay = 0;
    while (out_.operations.size() < shape_.operations || underWay > 0) {
      Client& client = clients[random_.below(clients.size())];
      if (!client.busy) {
        if (out_.operations.size() == shape_.operations) continue;
        if (random_.below(100) < shape_.idle) continue;
        client = {.busy = true, .operation = static_cast<OperationId>(out_.operations.size())};
        call();
        ++underWay;
      } else if (!client.done) {
        happen(out_.operations[client.operation]);
        client.done = true;
      } else {
        Operation& operation = out_.operations[client.operation];
        const bool lost = random_.below(1000) < shape_.unanswered;
        if (lost || operation.outcome == Outcome::Mismatch) {
          if (!lost) dropped_[client.operation] = true;  // it did not happen
          operation.outcome = Outcome::Unknown;
          operation.result = untold;
        } else {
          operation.response = now_++;
        }
        client.busy = false;
        --underWay;
      }
    }
    std::erase_if(out_.operations, [&](const Operation& operation) {
      return dropped_.contains(static_cast<OperationId>(&operation - out_.operations.data()));
    });
  }

 private:
  void call() {
    Operation operation{.call = now_++};
    operation.key = out_.values.atom("k" + std::to_string(random_.below(shape_.keys)));
    const std::uint64_t draw = random_.below(100);
    if (draw >= shape_.reads) {
      operation.function = draw < shape_.reads + shape_.compareAndSets ? Function::CompareAndSet
                           : draw < shape_.reads + shape_.compareAndSets + shape_.appends
                               ? Function::Append
                               : Function::Write;
      operation.argument = value();
      if (operation.function == Function::CompareAndSet) operation.expected = value();
    }
    out_.operations.push_back(operation);
  }

  ValueId value() {
    const std::uint64_t n = shape_.values == 0 ? ++fresh_ : random_.below(shape_.values);
    if (shape_.appends != 0) return out_.values.string("x " + std::to_string(n) + " y");
    return out_.values.atom(std::to_string(n));
  }

  void happen(Operation& operation) {
    std::vector<ValueId>& state = states_.try_emplace(operation.key, 1, nil).first->second;
    operation.outcome = Outcome::Ok;
    switch (operation.function) {
      case Function::Read: operation.result = seen(operation.key, state); break;
      case Function::Append: text_[operation.key] += out_.values.text(operation.argument); break;
      case Function::CompareAndSet:
        if (state.back() != operation.expected) {
          operation.outcome = Outcome::Mismatch;
          return;
        }
        [[fallthrough]];
      default: state.push_back(operation.argument); break;
    }
    if (operation.function == Function::Write) {
      text_[operation.key] = out_.values.text(operation.argument);
    }
  }

  ValueId seen(ValueId key, const std::vector<ValueId>& state) {
    if (shape_.appends != 0) return out_.values.string(text_[key]);
    const bool late = out_.operations.size() > shape_.operations - shape_.operations / 10;
    if (!shape_.stale || spoilt_ || !late || state.size() < 3 * shape_.clients) return state.back();
    spoilt_ = true;
    return state[state.size() - 2 * shape_.clients - 1];
  }

  const HistoryShape& shape_;
  raft::Random random_;
  History& out_;
  std::map<ValueId, std::vector<ValueId>> states_ = {};  // all that was ever written
  std::map<ValueId, std::string> text_ = {};
  std::map<OperationId, bool> dropped_ = {};
  std::uint64_t fresh_ = 0;
  std::uint32_t now_ = 0;
  bool spoilt_ = false;
};

}  // namespace

History historyOf(const HistoryShape& shape, std::uint64_t seed) {
  History out;
  Recorder(shape, seed, out).run();
  out.traits = traitsOf(shape.kind, out.operations, out.values);
  return out;
}

namespace {

// All events in a ring, in the order of time: 2i is the call of operation i, 2i + 1 its response.
struct Ring {
  explicit Ring(const std::vector<Interval>& operations)
      : end(static_cast<std::uint32_t>(2 * operations.size())), next(end + 1), previous(end + 1) {
    std::map<std::uint64_t, std::uint32_t> events;
    for (OperationId i = 0; i < operations.size(); ++i) {
      events[operations[i].call] = 2 * i;
      // What never responded does so when all is over.
      const bool responds = operations[i].response != never;
      events[responds ? operations[i].response : std::uint64_t{never} + i] = 2 * i + 1;
    }
    std::uint32_t last = end;
    for (const auto& [when, event] : events) {
      next[last] = event;
      previous[event] = last;
      last = event;
    }
    next[last] = end;
    previous[end] = last;
  }
  void unlink(std::uint32_t at) {
    next[previous[at]] = next[at];
    previous[next[at]] = previous[at];
  }
  void link(std::uint32_t at) { next[previous[at]] = previous[next[at]] = at; }

  std::uint32_t end;  // before the first event and after the last
  std::vector<std::uint32_t> next, previous;
};

// A bit for each operation of the history, and the state.
class Cache {
 public:
  bool add(const std::vector<std::uint64_t>& bits, StateId state) {
    std::uint64_t hash = state;
    for (const std::uint64_t word : bits) hash = raft::mixBits(hash ^ word) + 1;
    std::vector<Seen>& same = seen_[hash];
    for (const Seen& seen : same) {
      if (seen.state == state && seen.bits == bits) return false;
    }
    same.push_back({bits, state});
    bytes += 8 * bits.size() + sizeof(Seen) + 48;  // and a node of the table
    return true;
  }
  std::uint64_t bytes = 0;

 private:
  struct Seen {
    std::vector<std::uint64_t> bits;
    StateId state;
  };
  std::unordered_map<std::uint64_t, std::vector<Seen>> seen_;
};

}  // namespace

PlainResult plainSearch(const std::vector<Interval>& operations, Model& model,
                        std::uint64_t mostBytes) {
  struct Frame {
    OperationId operation;
    StateId before;
  };
  Ring ring(operations);
  Cache cache;
  PlainResult result;
  std::vector<std::uint64_t> bits((operations.size() + 63) / 64);
  const auto flip = [&](OperationId i) { bits[i / 64] ^= std::uint64_t{1} << (i % 64); };
  std::vector<Frame> stack;
  StateId state = model.initial();
  std::uint32_t at = ring.next[ring.end];
  while (ring.next[ring.end] != ring.end) {
    const OperationId operation = at / 2;
    if (at % 2 == 0 && at != ring.end) {
      at = ring.next[at];
      const StateId after = model.step(state, operation, operations[operation].response != never);
      if (after == noState) continue;
      flip(operation);
      if (!cache.add(bits, after)) {
        flip(operation);
        continue;
      }
      result.bytes = cache.bytes;
      ++result.configurations;
      result.gaveUp = result.bytes > mostBytes;
      if (result.gaveUp) return result;
      stack.push_back({operation, state});
      state = after;
      ring.unlink(2 * operation);
      ring.unlink(2 * operation + 1);
      at = ring.next[ring.end];
    } else {
      if (stack.empty()) return result;
      const Frame frame = stack.back();
      stack.pop_back();
      state = frame.before;
      flip(frame.operation);
      ring.link(2 * frame.operation + 1);
      ring.link(2 * frame.operation);
      at = ring.next[2 * frame.operation];
    }
  }
  result.linearizable = true;
  return result;
}

}  // namespace bench
