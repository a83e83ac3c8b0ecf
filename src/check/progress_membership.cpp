// Progress, where configurations change: to whom it is promised, and when no more.
#include "check/progress.h"
#include "raft/quorum.h"

namespace raft::check {

// Whether those of them who may stand for election are a majority, by the configuration that each
// uses, and hear each other's heartbeats: a server that is removed and does not know it disturbs.
bool Progress::canAgree(const ServerSet& servers) const {
  ServerSet standing;
  for (ServerId each : servers) {
    if (seen(each).stands) standing.insert(each);
  }
  for (ServerId each : standing) {
    const Configuration& its = seen(each).configuration;
    if (!isMajority(servers, its) || !(standing - its.members()).empty()) return false;
  }
  return !standing.empty();
}

// A majority who are all connected, and whom nobody else who runs can reach: they are exactly those
// who reach any one of them. Empty if there is none.
ServerSet Progress::connectedMajority() const {
  const ServerSet up = running();
  ServerSet tried;
  for (ServerId server : up) {
    if (tried.contains(server)) continue;
    const ServerSet core = reaching(server, up);
    if (!canAgree(core)) {
      tried.insert(server);
    } else if (connected(core)) {
      return core;
    } else {  // nor does it help to begin with another who reaches the same
      for (ServerId each : core) {
        if (reaching(each, up) == core) tried.insert(each);
      }
    }
  }
  return {};
}

// Another configuration, or a leader that is removed: what was promised holds no more.
void Progress::noteConfiguration(const trace::Step& step) {
  const Server& server = step.after;
  Seen& known = seen(server.id);
  const bool leaves = known.leaderOf == server.currentTerm && !server.is<Leader>() &&
                      !server.configuration.isVoter(server.id);
  const bool stands = server.mayStand();
  if (known.configuration == server.configuration && known.stands == stands && !leaves) return;
  judge(step.time);
  known.stands = stands;
  known.configuration = server.configuration;
  known.configurationIndex = server.configurationIndex;
  disturbed(step.time);
}

}  // namespace raft::check
