// Not in Figure 2: a server gives up its role though its term goes on.
#include "raft/server.h"

namespace raft {

// It keeps its term and the vote that it gave itself in it, so it neither votes for another in that
// term nor leads it again; whoever leads next does so in a newer one. So nobody has to be told.
void Server::stepDown(Time now) { role = Follower{.electionDeadline = electionDeadline(now)}; }

}  // namespace raft
