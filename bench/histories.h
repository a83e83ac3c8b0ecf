// Histories as clients of an object would record them, and the textbook's search to compare with.
#pragma once
#include <cstdint>
#include <vector>

#include "check/objects.h"

namespace bench {

struct HistoryShape {
  raft::check::ObjectKind kind = raft::check::ObjectKind::Register;
  std::uint32_t clients = 10;
  std::uint32_t operations = 1000;
  std::uint32_t keys = 1;
  std::uint32_t values = 0;  // so many different ones are written; 0: each another one
  std::uint32_t reads = 50;  // of a hundred …
  std::uint32_t compareAndSets = 0;
  std::uint32_t appends = 0;     // … the rest writes
  std::uint32_t unanswered = 0;  // of a thousand; then another client takes over
  std::uint32_t idle = 0;        // of a hundred, clients that wait at a time
  bool stale = false;            // near the end, a read is answered with what was there long ago
};

inline constexpr HistoryShape registers{};
inline constexpr HistoryShape staleRegister{.stale = true};
inline constexpr HistoryShape manyKeys{.keys = 1000};
// As in Jepsen's test of etcd: five values; one call in two hundred has no answer.
inline constexpr HistoryShape compareAndSet{
    .values = 5, .reads = 34, .compareAndSets = 33, .unanswered = 5};
inline constexpr HistoryShape staleCompareAndSet{.reads = 40, .compareAndSets = 20, .stale = true};
inline constexpr HistoryShape appends{
    .kind = raft::check::ObjectKind::KeyValue, .keys = 10, .appends = 50};
inline constexpr HistoryShape putsAndAppends{
    .kind = raft::check::ObjectKind::KeyValue, .keys = 10, .appends = 40};

struct History {
  raft::check::Values values = {};
  raft::check::ObjectTraits traits = {};
  std::vector<raft::check::Operation> operations = {};
};

// Clients call again as soon as they were answered. The object acts at any moment in between.
History historyOf(const HistoryShape& shape, std::uint64_t seed);

// Wing and Gong's search with Lowe's memoisation and nothing else, as Porcupine has it: a bit for
// each operation of the history, a copy of all bits for each configuration.
struct PlainResult {
  bool linearizable = false;
  bool gaveUp = false;  // after so many bytes
  std::uint64_t configurations = 0;
  std::uint64_t bytes = 0;
};
PlainResult plainSearch(const std::vector<raft::check::Interval>& operations,
                        raft::check::Model& model, std::uint64_t mostBytes);

}  // namespace bench
