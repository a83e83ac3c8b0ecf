// How the reader goes through a tree: shared by its parts, of no use to others.
#pragma once
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/mistake.h"
#include "scenario/parse.h"
#include "scenario/reader.h"
#include "scenario/scenario.h"
#include "scenario/value.h"

namespace raft::scenario {

using ReadValue = std::function<void(const Value&)>;

struct Member {
  std::string_view key;
  ReadValue read;
};

class Reading {
 public:
  Reading(const Value& root, Contradictions contradictions)
      : root_(root), contradictions_(contradictions) {}
  Read all();

 private:
  // reading.cpp: values of each kind. What is wrong is noted, and nothing returned.
  void wrong(Position at, std::string sentence) { mistakes_.add(at, std::move(sentence)); }
  template <class T>
  std::optional<T> noted(const Value& value, const Parsed<T>& parsed) {
    if (!parsed.value) wrong(value.at, parsed.wrong);
    return parsed.value;
  }
  std::optional<std::string> scalar(const Value& value, std::string_view expected);
  std::optional<std::uint64_t> count(const Value& value, std::string_view expected);
  std::optional<Duration> duration(const Value& value);
  std::optional<Duration> positiveDuration(const Value& value);
  std::optional<DurationRange> range(const Value& value);
  std::optional<std::uint32_t> percent(const Value& value);
  std::optional<std::vector<Target>> targets(const Value& value);
  std::optional<Who> who(const Value& value);
  std::optional<std::vector<EntryPattern>> entries(const Value& value);
  // Goes through a mapping; `of` says what it describes: "a step".
  void members(const Value& mapping, std::string_view of, const std::vector<Member>& known);
  void eachItem(const Value& value, const ReadValue& read);  // of a list, or the value itself
  // A value for all servers, or a mapping from servers (and `others`) to values.
  void perServer(const Value& value, std::string_view expected,
                 const std::function<void(const Value&, ServerId)>& read);
  void serverMembers(const Value& mapping, const std::function<void(const Value&, ServerId)>& read);
  std::optional<ServerSet> fixedServers(const Key& key, const ServerSet& named);

  // read_cluster.cpp: servers, their settings and their disks.
  void readTop();
  void readServers();
  void numberOfServers(const Value& value);
  void readFirstTimeouts(const Value& value);
  void readMembers(const Value& value);
  void readTimeouts(const Value& value);
  void readSwitch(const Value& value, bool Settings::*setting);
  void readPriority(const Value& value);
  void readReplication(const Value& value);
  void readCompactAfter(const Value& value);
  void readChunkBytes(const Value& value);
  void readNetwork(const Value& value);
  NetworkPatch networkPatch(const Value& value);
  LinkPatch linkPatch(const Value& value);
  void readRange(const Value& value, LinkPatch& patch);
  void readViolates(const Value& value);
  void readStart(const Value& value);
  void readDisk(const Value& value, ServerId server);
  void checkStart();

  // read_clients.cpp
  void readClients(const Value& value);
  void readClient(const Value& value);
  void readSessions(const Value& value);
  std::optional<bool> onOrOff(const Value& value);
  void valueConditions(const Value& value, std::vector<Condition>& out);

  // read_steps.cpp
  void readSteps(const Value& value);
  void readStep(const Value& value);
  void readDeed(const Value& whole, std::size_t i, Step& step);
  std::optional<decltype(Deed::what)> deed(const Key& key, const Value& value);
  std::optional<decltype(Deed::what)> propose(const Value& value);
  std::optional<Target> oneServer(const Value& value, std::string_view what);
  std::optional<decltype(Deed::what)> transfer(const Value& value);
  std::optional<decltype(Deed::what)> readKey(const Value& value);
  std::optional<decltype(Deed::what)> changeMembers(const Value& value);
  std::optional<decltype(Deed::what)> partition(const Value& value);
  std::optional<decltype(Deed::what)> cut(const Value& value, bool up);
  std::optional<decltype(Deed::what)> nameServers(const Value& value);
  bool noOthers(const Value& value, const std::vector<Target>& targets);
  bool commands(const Value& value, std::vector<std::string>& out);
  void groups(const Value& value, Partition& out);
  void checkGroups(const Value& value, const Partition& partition);
  void readAs(const Value& value, Step& step);
  void readWhen(const Key& key, const Value& value, Step& step);
  void noteTime(const Value& value, const Step& step);
  void checkStep(const Value& value, const Step& step);
  void addWatch(const Key& key, const Value& value, bool never, std::vector<Deed>& to);
  bool addName(Position at, const std::string& name);

  // read_disks.cpp: what is wrong with disks and clocks.
  void readWriteTimeout(const Value& value);
  void readDrift(const Value& value);
  void readDriftBound(const Value& value);
  std::optional<decltype(Deed::what)> crash(const Value& value);
  std::optional<decltype(Deed::what)> changeDisks(const Value& value);

  // read_messages.cpp
  std::optional<decltype(Deed::what)> arrangeMessages(const Value& value);

  // read_conditions.cpp
  std::vector<Condition> conditions(const Value& value);
  void condition(const Value& value, std::vector<Condition>& out);
  void conditionMapping(const Value& value, std::vector<Condition>& out);
  using ReadForWho = std::function<void(const Value&, const Who&, const std::string&)>;
  void forWhom(const Value& value, const ReadForWho& read);
  void leaderCondition(const Value& value, std::vector<Condition>& out);
  std::optional<std::vector<EntryPattern>> commandPatterns(const Value& value);
  void reached(const Value& value, Stage stage, std::vector<Condition>& out);
  void reachedBy(const Value& value, Stage stage, const Who& who, const std::string& name,
                 std::vector<Condition>& out);
  void roleConditions(const Value& value, std::vector<Condition>& out);
  void voteConditions(const Value& value, std::vector<Condition>& out);
  void stateCondition(const Value& value, StateWord state, std::vector<Condition>& out);

  // check_steps.cpp: deeds that contradict each other, steps and watches behind the end of the run,
  // as far as one can know before it.
  void checkSteps();
  void checkEnd();

  struct Timing {
    std::optional<Time> begins;
    const Value* watchEnds;  // `until` or `for`; may be null
  };

  const Value& root_;
  const Contradictions contradictions_;
  Mistakes mistakes_;
  Cast cast_;
  Scenario out_;
  std::vector<Timing> timings_;  // of out_.steps
};

// 'text', "a list", "a mapping", "nothing".
std::string shown(const Value& value);

}  // namespace raft::scenario
