// Cluster membership changes (thesis ch. 4).
#include "raft/assert.h"
#include "raft/server.h"

namespace raft {

// A server always uses the latest configuration in its log, regardless of whether the entry is
// committed (§4.1). When that is truncated, the one before it is the latest again.
void Server::useLatestConfiguration() {
  configurationIndex = log.lastIndex();
  while (configurationIndex > log.baseIndex() &&
         log[configurationIndex].type != EntryType::Configuration) {
    configurationIndex = configurationIndex - 1;
  }
  configuration = baseConfiguration;
  if (configurationIndex == log.baseIndex()) {
    configurationIndex = 0;
    return;
  }
  const std::optional<Configuration> latest = decode(log[configurationIndex].command);
  RAFT_ASSERT(latest, "a configuration in a log can be read");
  configuration = *latest;
}

}  // namespace raft
