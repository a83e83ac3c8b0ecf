// Why is it so? Answers as sentences, worked out from the state of the world.
//
// Each answer is a list of sentences, the main cause first. If what is asked about is not the case
// (there is a leader, the entry is committed), the answer says so.
#pragma once
#include <string>
#include <vector>

#include "raft/server.h"
#include "trace/notation.h"

namespace raft::trace {

// The world at one moment, as whoever has it shows it. All vectors are by server: [0] is server 1.
struct View {
  Time now;
  std::vector<const Server*> servers;  // of a crashed server: as it was
  ServerSet up;                        // not crashed
  ServerSet paused;
  ServerSet badDisks = {};         // whose disks stall or fail
  std::vector<Time> due = {};      // when each one's timer elapses; empty: as the server says
  std::vector<ServerSet> reaches;  // reaches[i]: whom a message of server i + 1 gets to
  Names names;
};

using Answer = std::vector<std::string>;

Answer whyNoLeader(const View& view);
// `index`: of the log of the current leader, or, if there is none, of the log that would win.
Answer whyNotCommitted(const View& view, Index index);
// Why `voter` has not voted for `candidate` in the candidate's term (or would not, if it stood).
Answer whyNoVote(const View& view, ServerId voter, ServerId candidate);
Answer whyNotLeader(const View& view, ServerId server);
Answer whyLeader(const View& view, ServerId server);
// Why its currentTerm is what it is: how it came by it, and whether there is a newer one.
Answer whyInTerm(const View& view, ServerId server);
Answer whyLogsDiffer(const View& view, ServerId one, ServerId other);
// How far its snapshot goes, and what would have to happen for another.
Answer whySnapshot(const View& view, ServerId server);
// Why `server` has not applied, or does not know as committed, the entry at `index`.
Answer whyNotApplied(const View& view, ServerId server, Index index);
// Why the leader's change of members is not complete; why `server` has no vote.
Answer whyChangeNotComplete(const View& view);
Answer whyNoVoter(const View& view, ServerId server);

}  // namespace raft::trace
