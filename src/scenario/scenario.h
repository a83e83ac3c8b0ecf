// A scenario: a run written as text, once it was read and found to make sense.
//
// reader.h makes it of a tree of values; run.h runs it. Each part remembers where it stands in its
// file, so that what goes wrong in a run can be told with its line.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "check/violation.h"
#include "scenario/condition.h"
#include "sim/world.h"

namespace raft::scenario {

// "A -> B", "leader <-> others": links by their ends.
struct Arrow {
  std::vector<Target> from;
  std::vector<Target> to;
  bool bothWays = false;
};

// Of a link, what is said; the rest stays as it is.
struct LinkPatch {
  std::optional<Duration> latencyMin = {};
  std::optional<Duration> latencyMax = {};
  std::optional<std::uint32_t> lossPerMillion = {};
  std::optional<std::uint32_t> duplicatePerMillion = {};

  void applyTo(trace::Link& link) const;
};
struct ArrowPatch {
  Arrow arrow;
  LinkPatch patch;
};
struct NetworkPatch {
  LinkPatch all;                  // of every link
  std::vector<ArrowPatch> links;  // then of these, in order
};

// Deeds.
struct Propose {
  std::vector<std::string> commands;
  Target to = {.kind = Target::Kind::Leader};
};
struct ReadKey {
  std::string key;
  Target from = {.kind = Target::Kind::Leader};
  bool local = false;  // from that server's own state, without asking whether it is the latest
};
struct ChangeMembers {           // the leader is asked
  std::vector<Target> all = {};  // these shall be the voters, and nobody else a member; or:
  std::vector<Target> add = {};
  std::vector<Target> learners = {};
  std::vector<Target> remove = {};
};
struct ServerDeed {
  enum class Verb : std::uint8_t { Crash, Restart, Pause, Resume, Snapshot };
  Verb verb = Verb::Crash;
  std::vector<Target> targets;
};
struct TransferLeadership {
  Target from = {.kind = Target::Kind::Leader};
  Target to;
};
struct CrashInAWrite {  // crash: {servers: A, torn after: 1 entry}
  std::vector<Target> targets;
  std::uint64_t whole = 0;  // so many entries of what is being written are whole on the disk
};
struct DiskDeed {  // disk: {A: stalls}
  enum class Verb : std::uint8_t { Stall, Fail, Mend, FlipBit, Lose };
  Verb verb = Verb::Stall;
  trace::WritesFail failing = {};
  std::optional<Duration> span = {};  // how long it stalls or fails
  Index entry = 0;                    // of which a bit is turned over
};
struct ChangeDisks {
  struct One {
    std::vector<Target> targets;
    DiskDeed deed;
  };
  std::vector<One> disks;
};
struct Partition {
  std::vector<std::vector<Target>> groups;  // servers in none of them are one more group
  std::vector<Target> bridge;               // in every group
};
struct Cut {
  std::vector<Arrow> arrows;
  bool up = false;  // true: mend
};
struct Heal {};
struct ChangeNetwork {
  NetworkPatch patch;
};
struct ArrangeMessages {  // message: {A -> B: is lost}
  struct One {
    Arrow arrow;
    std::vector<sim::Carriage> next;  // of the next messages, in order
  };
  std::vector<One> links;
};
struct Note {
  std::string text;
};
struct NameServers {  // name: {old: leader}
  std::string name;
  std::vector<Target> targets;
};
struct Expect {
  std::vector<Condition> conditions;
};
// Holds (or does not) at every moment from now to the end of the watch.
struct Watch {
  bool never = false;  // none of them may come to hold; otherwise all must hold
  std::vector<Condition> conditions;
  std::optional<Time> until = {};     // a time of the run,
  std::optional<Duration> span = {};  // or from the step on; neither: to the run's end
};

struct Deed {
  Position at;
  std::string text;  // as it stands in the file, in one line: "crash: leader"
  std::variant<Propose, ReadKey, ChangeMembers, ServerDeed, CrashInAWrite, ChangeDisks, Partition,
               Cut, Heal, ChangeNetwork, ArrangeMessages, Note, NameServers, Expect, Watch,
               TransferLeadership>
      what;
};

struct Step {
  Position at;
  // When: at a time, or a while after the step before, or as soon as conditions hold. With none of
  // them: together with the step before.
  std::optional<Time> time = {};
  std::optional<Duration> after = {};
  std::vector<Condition> when = {};
  Duration within = std::chrono::seconds(10);  // how long it waits for `when` at most
  std::vector<Deed> deeds = {};
  std::optional<std::string> as = {};  // what the servers are called to whom it was done
};

struct Scenario {
  std::string title;
  std::string about;
  std::vector<std::string> names;  // [0] is that of server 1
  sim::WorldSettings world;
  NetworkPatch network;  // as it is from the start
  std::vector<Step> steps;
  std::vector<Deed> atEnd;                // the file's own `expect`
  std::vector<Deed> always;               // its `always` and `never`
  std::vector<check::Property> violates;  // what this run must break, for it does what nobody may
  Position violatesAt = {};
  std::optional<Time> until;  // absent: untilAfterLastStep after the last step
};

// How long a run goes on after its last step, and after the last moment that a watch names.
inline constexpr Duration untilAfterLastStep = std::chrono::seconds(1);

}  // namespace raft::scenario
