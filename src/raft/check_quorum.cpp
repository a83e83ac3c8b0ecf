// Check quorum (thesis §6.2): a leader that has lost its majority gives up its role.
#include "raft/quorum.h"
#include "raft/server.h"

namespace raft {

// A leader steps down if an election timeout elapses without a successful round of heartbeats to a
// majority of its cluster; this allows clients to retry their requests with another server (thesis
// §6.2). Asked at each heartbeat. Any answer of this term counts, a refusal as well: whoever sent
// it hears this leader. Only voters count, in both halves of a joint configuration.
bool Server::lostQuorum(Time now) const {
  if (!settings.checkQuorum) return false;
  ServerSet heard{id};
  for (ServerId peer : configuration.voters | configuration.nextVoters) {
    if (now < as<Leader>()->of(peer).heardAt + settings.electionTimeoutMin) heard.insert(peer);
  }
  return !isMajority(heard, configuration);
}

}  // namespace raft
