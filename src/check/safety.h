// The safety properties of Figure 3, checked over everything that ever happens in a run.
//
// An observer to be fed by every run: a step that changes nothing costs a few comparisons, an
// appended entry one hash. It is a value: copied with the world it watched, it goes on from there.
// A log whose beginning a snapshot stands for is taken to begin with the entries that were seen to
// lead there; that the snapshots of one index are equal shows that their servers applied the same.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "check/history.h"
#include "check/violation.h"
#include "raft/server.h"
#include "trace/observer.h"

namespace raft::check {

// Finds the first violation of each property. What stands on servers' disks when they are first
// started belongs to the run: logs written by hand must match each other too.
class Safety : public trace::Observer {
 public:
  // Null: nothing is broken so far.
  const Violation* violation() const { return found_.empty() ? nullptr : &found_.front(); }
  // The first of each property, in the order in which they were found.
  const std::vector<Violation>& violations() const { return found_; }

  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step&) override;
  void crashed(Time, const Server&) override;
  void invariantBroken(Time, const Server&, const char* sentence) override;

  bool operator==(const Safety& other) const;

 private:
  // What a server may find on its disk when it restarts.
  struct Durable {
    WriteId id;
    Term currentTerm;
    std::optional<ServerId> votedFor;
    Position last;  // the end of its log
    Chain chain;
    Index from = 0;  // where the entries of the write begin, of which a crash may leave the first
    bool operator==(const Durable&) const = default;
  };
  // A server as it was after its latest step.
  struct Seen {
    std::vector<Chain> log = {};  // the chain at each index; log[0] is that of the empty log
    Term lastTerm = 0;
    Log logAtCrash = {};
    Term leaderOf = 0;  // the last term that it was elected in since it started
    Index base = 0;     // a snapshot stands for its log up to here
    Index commitIndex = 0;
    Index lastApplied = 0;
    Chain applied = 0;                // the chain of all that it has applied since it started
    Durable durable = {};             // as of the last Written that it was told
    std::vector<Durable> asked = {};  // by the writes since, in order
    bool operator==(const Seen&) const = default;

    Index lastIndex() const { return log.size() - 1; }
  };

  Seen& seen(ServerId server);
  void report(Violation violation);
  Durable durableOf(const Server& server, const Seen& seen) const;

  void checkSnapshot(Time, const Server&, Seen&);
  void checkRestoredState(Time, const Server&, Seen&);
  void checkLog(Time, const Server&, Seen&, Index from);
  void checkElected(Time, const Server&, Seen&);
  void checkHasCommitted(Time, const Leadership&, Index committed);
  void checkApplied(Time, const Server&, Seen&, const Apply&);
  void checkCommitted(Time, const Server&, Seen&);
  void checkRestored(Time, const Server&, const Seen&, const Durable& found);
  bool isPartOf(const Durable& write, const Durable& found) const;
  void checkCarried(Time, const Server&, Index first, const Entries&);

  enum class Decision : std::uint8_t { Applied, Committed };
  void decide(Time, const Server&, Index first, Index last, const Chain* chains, Decision);
  void differentDecision(Time, const Server&, Index first, Index last, const Chain* chains,
                         Decision);
  void differentLogs(Time, const Server&, Index, Term termBefore, const EntryTable::Known& first);

  std::vector<Violation> found_ = {};
  std::vector<Seen> servers_ = {};
  EntryTable entries_ = {};
  LeaderTable leaders_ = {};
  std::vector<Commit> commits_ = {};  // by index, from 1
  SnapshotTable snapshots_ = {};
};

}  // namespace raft::check
