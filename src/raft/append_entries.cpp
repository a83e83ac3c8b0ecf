// AppendEntries RPC (Figure 2, §5.2, §5.3).
#include <algorithm>

#include "raft/quorum.h"
#include "raft/server.h"

namespace raft {

namespace {

// Along a log terms never fall, and none is above that of the leader who sends it (§5.3).
// `configures`: whether there is a configuration.
bool areInOrder(Term previous, const Entry* first, const Entry* last, Term leaders,
                bool& configures) {
  configures = false;
  for (; first != last; previous = (first++)->term) {
    if (first->term < previous) return false;
    configures |= first->type == EntryType::Configuration;
  }
  return previous <= leaders;
}

// Whether what configurations there are can be read.
[[gnu::noinline]] bool canBeRead(const Entry* first, const Entry* last) {
  return std::all_of(first, last, [](const Entry& entry) {
    return entry.type != EntryType::Configuration || decode(entry.command);
  });
}

}  // namespace

// Receiver implementation.
void Server::receive(ServerId from, const AppendEntries::Request& m, Time now, Effects& out) {
  const auto reply = [&](bool success, Index matchIndex) {
    send(from,
         AppendEntries::Response{.term = currentTerm,
                                 .success = success,
                                 .prevLogIndex = m.prevLogIndex,
                                 .matchIndex = matchIndex,
                                 .round = m.round,
                                 .priority = settings.priority},
         out);
  };

  // 1. Reply false if term < currentTerm (§5.1).
  if (m.term < currentTerm) return reply(false, 0);

  // Followers: respond to RPCs from candidates and leaders (§5.2).
  // Candidates: if AppendEntries RPC received from new leader: convert to follower (§5.2).
  if (is<Leader>() || from != m.leaderId) return;  // forged: a term has at most one leader (§5.2)
  role = Follower{m.leaderId, electionDeadline(now), withholdVotesUntil(now)};

  // 2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm
  //    (§5.3).
  if (!log.matches(m.prevLogIndex, m.prevLogTerm)) {
    reply(false, 0);
    if (settings.conflictHints) addHint(m, out);
    return;
  }

  if (!storeEntries(m)) return;

  // 5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry).
  //    The log may be longer: what lies beyond was not checked.
  const Index lastNew = m.prevLogIndex + m.entries.size();
  const Index known = std::min(m.leaderCommit, lastNew);
  if (known > commitIndex) commitIndex = known;
  reply(true, lastNew);
}

// False: it is forged, for no server that follows the rules sends that.
bool Server::storeEntries(const AppendEntries::Request& m) {
  // 3. If an existing entry conflicts with a new one (same index but different terms), delete the
  //    existing entry and all that follow it (§5.3).
  const Entry* fresh = m.entries.begin();
  Index index = m.prevLogIndex;
  while (fresh != m.entries.end() && log.matches(index + 1, fresh->term)) ++fresh, ++index;
  if (fresh == m.entries.end()) return true;
  if (index < commitIndex) return false;  // forged: what is committed never conflicts (§5.4)
  bool configures;
  if (!areInOrder(log.term(index), fresh, m.entries.end(), m.term, configures)) return false;
  if (configures && !canBeRead(fresh, m.entries.end())) return false;
  const bool replaces = configurationIndex > index;
  log.truncateFrom(index + 1);

  // 4. Append any new entries not already in the log.
  log.append(fresh, m.entries.end());
  if (configures || replaces) useLatestConfiguration();
  return true;
}

void Server::receive(ServerId from, const AppendEntries::Response& m, Time now, Effects& out) {
  Leader* leader = as<Leader>();
  if (!leader || m.term != currentTerm || !configuration.contains(from)) return;
  Progress& progress = leader->of(from);
  if (m.round < progress.since) return;  // it speaks of the time before that server was added
  progress.round = std::max(progress.round, m.round);
  progress.heardAt = heardAt(now);

  if (m.success && m.matchIndex <= log.lastIndex()) {
    // Leaders: if successful: update nextIndex and matchIndex for follower (§5.3).
    if (m.matchIndex >= progress.nextIndex) progress.waiting = false;
    progress.matchIndex = std::max(progress.matchIndex, m.matchIndex);
    progress.nextIndex = std::max(progress.nextIndex, m.matchIndex + 1);
    if (settings.maxMessagesInFlight > 1) noteAcknowledged(progress);
    advanceCommitIndex(m.matchIndex);
  } else if (!m.success && progress.state == Progress::State::Replicate) {
    noteRefused(progress, m.prevLogIndex);
  } else if (!m.success && m.prevLogIndex == progress.nextIndex - 1 &&
             progress.nextIndex > progress.matchIndex + 1) {
    // Leaders: if AppendEntries fails because of log inconsistency: decrement nextIndex and retry
    // (§5.3).
    const bool hinted = settings.conflictHints && m.hint.given();
    progress.nextIndex = hinted ? nextIndexByHint(progress, m.hint) : progress.nextIndex - 1;
    progress.waiting = false;
  }
  sendWhatIsMissing(from, out);
  if (leader->transfer || m.priority > settings.priority) handOver(from, m.priority, now, out);
}

// Leaders: if there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and
// log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4).
void Server::advanceCommitIndex(Index matched) {
  if (matched <= commitIndex) return;  // what has become matchIndex[i] makes no such N
  const Leader& leader = *as<Leader>();
  const Index n = majorityIndex(configuration, [&](ServerId i) { return leader.of(i).matchIndex; });
  if (n > commitIndex && log.term(n) == currentTerm) commitIndex = n;
}

// Leaders: if last log index >= nextIndex for a follower: send AppendEntries RPC with log entries
// starting at nextIndex (§5.3). One such RPC at a time, if the settings do not ask for more: its
// response brings the next.
void Server::sendWhatIsMissing(ServerId to, Effects& out) {
  const Progress& progress = as<Leader>()->of(to);
  if (!progress.waiting && log.lastIndex() >= progress.nextIndex) sendAppendEntries(to, out);
}

void Server::broadcastAppendEntries(Time now, Effects& out) {
  as<Leader>()->heartbeatDeadline = now + settings.heartbeatInterval;
  beginLeaseRound(now);
  for (ServerId peer : configuration.members()) {
    if (peer != id) sendAppendEntries(peer, out);
  }
}

void Server::sendAppendEntries(ServerId to, Effects& out) {
  Progress& progress = as<Leader>()->of(to);
  if (progress.nextIndex <= log.baseIndex()) return sendSnapshot(to, out);
  if (isBounded(progress)) return sendWithinBounds(to, out);
  progress.waiting = log.lastIndex() >= progress.nextIndex;
  sendEntries(to, progress.nextIndex, log.lastIndex(), out);
}

// log[first … last], or nothing if first > last: then it is a heartbeat.
void Server::sendEntries(ServerId to, Index first, Index last, Effects& out) {
  const Index prevLogIndex = first - 1;
  out.addSend(id, to, [&] {
    return AppendEntries::Request{.term = currentTerm,
                                  .leaderId = id,
                                  .prevLogIndex = prevLogIndex,
                                  .prevLogTerm = log.term(prevLogIndex),
                                  .entries = log.between(first, last),
                                  .leaderCommit = commitIndex,
                                  .round = as<Leader>()->round};
  });
}

}  // namespace raft
