// What can be waited for and expected: conditions, as phrases and as mappings (docs/scenarios.md).
//
// A condition is a value; parse.h makes it of text, evaluate.h asks a run whether it holds.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "raft/server.h"
#include "scenario/value.h"

namespace raft::scenario {

// One or several servers, by name or by what they are at that moment.
struct Target {
  enum class Kind : std::uint8_t {
    Server,      // by its own name
    Named,       // by a name that a step gave: `as: old`
    Leader,      // the running leader of the highest term
    AFollower,   // one of the running followers; a deed draws which
    Followers,   // all running followers
    ACandidate,  // one of the running candidates
    Candidates,  // all of them
    All,         // all servers to which it can be done, or of which it can be said
    Others,      // all but those on the other side (of an arrow), or named before (in a list)
  };
  Kind kind = Kind::All;
  ServerId server = 0;    // Kind::Server
  std::string name = {};  // Kind::Named
  bool operator==(const Target&) const = default;
};

// Subjects of a condition: "A and B", "B or C", "nobody", "all".
struct Who {
  enum class Each : std::uint8_t { All, Any, None };
  Each each = Each::All;
  std::vector<Target> targets = {};
  bool operator==(const Who&) const = default;
};

// An entry, by what is known of it: `3`, `1 SetX=10`, `SetX=10`, `2 no-op`.
struct EntryPattern {
  std::optional<Term> term = {};
  std::optional<std::string> command = {};
  bool noop = false;
  bool operator==(const EntryPattern&) const = default;
};

// "entry 3", "entry 3 of term 2", "SetX=10": something that may stand in a log.
struct Thing {
  std::optional<Index> index = {};  // without: wherever it stands
  EntryPattern pattern = {};
  bool operator==(const Thing&) const = default;
};

enum class RoleWord : std::uint8_t { Follower, Candidate, Leader };  // as Role::index()
enum class StateWord : std::uint8_t { Up, Down, Paused, Running };

// States: what is so at a moment.
struct LeaderExists {  // "there is a leader", "there is no leader", "there is one leader"
  enum class Count : std::uint8_t { None, Some, One };
  Count count = Count::Some;
};
struct LeaderIs {  // leader: A or B
  Who who;
};
struct HasRole {
  Who who;
  RoleWord role = RoleWord::Leader;
  std::optional<Term> term = {};
  bool negated = false;
};
struct HasState {
  Who who;
  StateWord state = StateWord::Up;
  bool negated = false;
};
// What a server is in the configuration of the leader, once that is committed.
struct Standing {
  enum class Word : std::uint8_t { Voter, Learner, Member };
  Who who;
  Word word = Word::Voter;
  bool negated = false;
};
struct ChangeUnderWay {  // "a change of members is under way", "no change of members …"
  bool negated = false;
};
struct InTerm {
  Who who;
  Term term;
};
struct VotedFor {
  Who who;
  std::optional<Target> candidate = {};  // nobody
};
struct Follows {
  Who who;
  std::optional<Target> leader = {};  // nobody
};
struct LogIs {
  Who who;
  std::vector<EntryPattern> log = {};
};
enum class Stage : std::uint8_t { InLog, Committed, Applied };
struct HasThing {  // "A has entry 3", "SetX=10 is committed everywhere"
  Who who;         // without targets: anywhere
  Stage stage = Stage::InLog;
  Thing thing;
  bool negated = false;
};
struct ReachedIndex {  // committed: {A: 3}
  Who who;
  Stage stage = Stage::Committed;
  Index index;
};
struct ReachedCommands {  // applied: [SetX=10]; without no-ops
  Who who;
  Stage stage = Stage::Committed;
  std::vector<EntryPattern> commands = {};
};
struct LogsAgree {
  Who who;
};
struct HasSnapshot {
  Who who;
  std::optional<Index> lastIncluded = {};  // any
  bool negated = false;
};

struct ValueIs {  // "x is 10 on A": in the state machine
  Who who;
  std::string key;
  std::optional<std::string> value = {};  // without: there is no such key
};
struct ClientIsDone {  // "client 1 is done": it has the reply to its last request
  std::uint32_t client = 1;
};

struct ReadReturned {  // "the read returned 10": what came of the read that was asked last
  enum class Outcome : std::uint8_t { Value, Answered, Unanswered };
  Outcome outcome = Outcome::Value;
  std::optional<std::string> value = {};  // Value; without: there is no such key
};

// Changes: what is so since one began to look.
struct EntryCommits {};     // an entry is committed that was not
struct TermChanges {};      // the highest term of all servers rises
struct NewLeaderExists {};  // a leader of a higher term than any leader before

// Happenings: what is done at that very instant.
struct Happens {
  enum class Verb : std::uint8_t {
    TimesOut,
    Becomes,
    VotesFor,
    RefusesVote,
    Sends,
    Receives,
    Commits,
    Applies,
    Appends,
    Removes,
    Declines,  // a proposal
    Doubts,    // of what it accepted: it does not know what becomes of it …
    Loses,     // … or knows that it never will be committed
    Crashes,
    Restarts,
    TakesSnapshot,
    InstallsSnapshot,
    StepsDown,
    HandsOver,
  };
  enum class Kind : std::uint8_t {
    Any,
    RequestVote,
    Vote,           // a granted one
    AppendEntries,  // with entries or without
    Entries,
    Heartbeat,        // AppendEntries without entries
    Acknowledgement,  // of AppendEntries: success
    InstallSnapshot,  // a chunk of one
    PreVote,          // the question, and
    PreVoteGranted,   // the answer that one would vote
    TimeoutNow,
  };
  Who who;
  Verb verb = Verb::TimesOut;
  RoleWord role = RoleWord::Leader;  // Becomes
  Kind kind = Kind::Any;             // Sends, Receives
  std::optional<Who> other = {};     // for whom, to whom, from whom
  std::optional<Thing> thing = {};   // Commits, Applies, Appends, Removes, Declines …
};

struct Condition {
  Position at;
  std::string text;  // as people read it
  std::variant<LeaderExists, LeaderIs, HasRole, HasState, Standing, ChangeUnderWay, InTerm,
               VotedFor, Follows, LogIs, HasThing, ReachedIndex, ReachedCommands, LogsAgree,
               HasSnapshot, ValueIs, ClientIsDone, ReadReturned, EntryCommits, TermChanges,
               NewLeaderExists, Happens>
      what;
};

}  // namespace raft::scenario
