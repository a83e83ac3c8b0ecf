// What is done in a run, noted as conditions speak of it: "B votes for A", "A commits entry 1".
//
// An observer without reasons, cheap enough for every run that asks; the narrator tells the rest.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "scenario/condition.h"
#include "trace/observer.h"

namespace raft::scenario {

struct Happening {
  Happens::Verb verb;
  ServerId server;
  ServerId other = 0;                       // for whom, to whom, from whom
  Happens::Kind kind = Happens::Kind::Any;  // of a message
  RoleWord role = RoleWord::Follower;       // Becomes
  Index first = 0;                          // of the entries that it concerns
  std::uint64_t count = 0;                  // how many
  Entries entries = {};                     // those entries, also if they were removed
  bool operator==(const Happening&) const = default;
};

class Happenings : public trace::Observer {
 public:
  // What was done at the latest time at which anything was done.
  const std::vector<Happening>& at(Time now) const { return time_ == now ? all_ : none_; }
  // The highest index that any server has ever known to be committed.
  Index highestCommit() const { return highestCommit_; }
  // The server's log with the entries that its snapshot stands for, as far as they were seen.
  Log wholeLog(const Server& server) const;

  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step&) override;
  void sent(Time, const Envelope&) override;
  void crashed(Time, const Server&) override;

  bool operator==(const Happenings& other) const {
    return time_ == other.time_ && all_ == other.all_ && known_ == other.known_ &&
           highestCommit_ == other.highestCommit_ && committed_ == other.committed_;
  }

 private:
  struct Known {
    Term term;
    std::size_t role = 0;
    Log log = {};  // shares its storage with the server's
    Index commitIndex;
    Time electionDeadline = {};  // of a follower
    ServerId handsOverTo = 0;
    std::vector<std::pair<Index, Entry>> accepted = {};  // and neither committed nor lost, in order
    bool operator==(const Known&) const = default;
  };
  Known& known(ServerId server);
  void add(Time now, Happening happening);
  void roles(const trace::Step&, const Known& before);
  void handingOver(const trace::Step&, const Known& before);
  void logs(const trace::Step&, const Known& before);
  void snapshots(const trace::Step&);
  void noteCommitted(const Server&);
  void proposals(const trace::Step&, Known& known);

  Time time_ = Time(-1);
  std::vector<Happening> all_ = {};
  std::vector<Happening> none_ = {};
  std::vector<Known> known_ = {};
  Index highestCommit_ = 0;
  Log committed_ = {};  // all that was ever known to be; it forgets nothing
};

}  // namespace raft::scenario
