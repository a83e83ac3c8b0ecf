#include "trace/why.h"

#include <algorithm>

#include "raft/quorum.h"
#include "trace/reading.h"
#include "trace/why_world.h"

namespace raft::trace {

namespace {

std::string name(const View& view, ServerId id) { return view.names.of(id); }

Answer unknownServer(const View& view, ServerId id) {
  return {"There is no server " + name(view, id) + " in this cluster."};
}

std::string lastEntry(const Log& log) {
  return log.lastIndex() == Index{0} ? "nothing" : entryText(log.lastIndex(), log.lastTerm());
}

// Who of `id`'s company would vote for it, by the logs alone (§5.4.1).
ServerSet wouldVote(const View& view, ServerId id) {
  ServerSet willing;
  for (ServerId other : company(view, id)) {
    if (atLeastAsUpToDate(serverOf(view, id).log, serverOf(view, other).log)) {
      willing.insert(other);
    }
  }
  return willing;
}

std::string ofAll(const View& view, std::uint32_t some) {
  return text(some) + " of " + text(votersOf(view).size());
}

// Of a follower that asks before it stands.
std::string canvassOf(const View& view, const Server& server) {
  const ServerSet& granted = server.as<Follower>()->canvass->granted;
  return name(view, server.id) + " asks who would vote for it in term " +
         text(server.currentTerm.value + 1) + ", and has " + view.names.of(granted) + ": " +
         ofAll(view, granted.size()) + ", and " + text(majority(count(view))) +
         " are needed (thesis §9.6).";
}

// Whoever hears its leader votes for nobody else, nor says that it would; empty: it does not.
std::string contentment(const View& view, const Server& server) {
  const Follower* follower = server.as<Follower>();
  if (!follower || view.now >= follower->withholdVotesUntil) return {};
  return name(view, server.id) + " has heard " +
         (follower->leaderId ? "leader " + name(view, *follower->leaderId) : "a leader, perhaps,") +
         " less than " + text(server.settings.electionTimeoutMin) + " ago, and " +
         (server.settings.leaderStickiness ? "votes for nobody else (thesis §4.2.3)."
                                           : "would vote for nobody else (thesis §9.6).");
}

// There could be a leader; what is the state of the elections?
void sayHowElectionsStand(const View& view, Answer& answer) {
  Term highest;
  for (ServerId id : running(view)) {
    highest = std::max(highest, serverOf(view, id).currentTerm);
  }
  bool anyCandidate = false;
  for (ServerId id : running(view)) {
    const Candidate* candidate = serverOf(view, id).as<Candidate>();
    if (!candidate) continue;
    anyCandidate = true;
    answer.push_back(name(view, id) + " is candidate in term " +
                     text(serverOf(view, id).currentTerm.value) + " and has the votes of " +
                     view.names.of(candidate->votesGranted) + ": " +
                     ofAll(view, candidate->votesGranted.size()) + ", and " +
                     text(majority(votersOf(view).size())) + " are needed (§5.2).");
  }
  for (ServerId id : running(view)) {
    const Server& server = serverOf(view, id);
    const Follower* follower = server.as<Follower>();
    if (follower && follower->canvass) answer.push_back(canvassOf(view, server));
  }
  std::string votes;
  ServerSet votedFor;
  for (ServerId id : running(view)) {
    const Server& server = serverOf(view, id);
    if (server.currentTerm != highest || !server.votedFor) continue;
    votes += (votes.empty() ? "" : ", ") + name(view, id) + " for " + name(view, *server.votedFor);
    votedFor.insert(*server.votedFor);
  }
  if (votedFor.size() > 1) {
    answer.push_back("The votes of term " + text(highest.value) + " are split: " + votes + ".");
  }
  std::optional<ServerId> next;
  for (ServerId id : running(view)) {
    if (serverOf(view, id).is<Leader>()) continue;
    if (!next || dueOf(view, id) < dueOf(view, *next)) next = id;
  }
  if (next) {
    answer.push_back(std::string(anyCandidate ? "The next timer to elapse is "
                                              : "No election is under way; the next election "
                                                "timeout is ") +
                     name(view, *next) + "'s, at " + text(dueOf(view, *next)) + ".");
  }
}

}  // namespace

Answer whyNoLeader(const View& view) {
  const std::uint32_t need = majority(votersOf(view).size());
  const std::string needed =
      text(need) + " of " + text(votersOf(view).size()) + " are needed for a majority (§5.2)";
  Answer answer;
  if (const std::optional<ServerId> leader = leaderOf(view)) {
    const ServerSet with = company(view, *leader);
    answer.push_back("There is a leader: " + name(view, *leader) + ", of term " +
                     text(serverOf(view, *leader).currentTerm.value) + ".");
    if (with.size() >= need) return answer;
    answer.push_back("But it can commit nothing: of those who run, it can talk with " +
                     (with.size() == 1 ? "nobody but itself"
                                       : std::string("no others than ") + view.names.of(with)) +
                     ", and " + needed + ".");
    sayWhoIsMissing(view, answer);
    return answer;
  }
  const ServerSet up = running(view) & votersOf(view);
  if (up.size() < need) {
    answer.push_back("No leader: " +
                     (up.empty()
                          ? "no server runs"
                          : "only " + view.names.of(up) + (up.size() == 1 ? " runs" : " run")) +
                     ", and " + needed + ".");
    sayWhoIsMissing(view, answer);
    return answer;
  }
  ServerSet largest;
  ServerSet electable;
  for (ServerId id : up) {
    const ServerSet with = company(view, id);
    if (with.size() > largest.size()) largest = with;
    if (wouldVote(view, id).size() >= need) electable.insert(id);
  }
  if (largest.size() < need) {
    answer.push_back("No leader: " +
                     (largest.size() == 1 ? "no two servers can"
                                          : "at most " + text(largest.size()) + " servers (" +
                                                view.names.of(largest) + ") can") +
                     " talk with each other, and " + needed + ".");
    sayWhoIsMissing(view, answer);
    return answer;
  }
  if (electable.empty()) {
    answer.push_back(
        "No leader: each server that can talk with a majority has a log that too many "
        "of them find less up-to-date than their own (§5.4.1).");
  } else {
    answer.push_back("No leader yet, though " + view.names.of(electable) +
                     " could win an election (§5.2).");
  }
  sayHowElectionsStand(view, answer);
  sayWhoIsMissing(view, answer);
  return answer;
}

Answer whyNoVote(const View& view, ServerId voter, ServerId candidate) {
  if (!exists(view, voter)) return unknownServer(view, voter);
  if (!exists(view, candidate)) return unknownServer(view, candidate);
  const Server& v = serverOf(view, voter);
  const Server& c = serverOf(view, candidate);
  const std::string a = name(view, voter);
  const std::string b = name(view, candidate);
  const auto inTerm = [](const Server& s) { return "term " + text(s.currentTerm.value); };
  if (v.currentTerm == c.currentTerm && v.votedFor == candidate) {
    return {a + " has voted for " + (voter == candidate ? "itself" : b) + " in " + inTerm(v) + "."};
  }
  Answer answer;
  if (!c.is<Candidate>()) {
    answer.push_back(b + " is " + std::string(roleName(c.role)) + " in " + inTerm(c) +
                     " and asks nobody for a vote.");
  }
  if (voter == candidate) return answer;
  const std::string silence = whyNoTalk(view, candidate, voter);
  if (!silence.empty()) answer.push_back("They cannot talk: " + silence + ".");
  if (v.currentTerm > c.currentTerm) {
    answer.push_back(a + " is in " + inTerm(v) + ", and " + inTerm(c) + " is over for it (§5.1).");
  } else if (v.currentTerm == c.currentTerm && v.votedFor) {
    answer.push_back(a + " voted for " +
                     (*v.votedFor == voter ? "itself" : name(view, *v.votedFor)) + " in " +
                     inTerm(v) + ", and a server votes once in a term (§5.2).");
  }
  if (!atLeastAsUpToDate(c.log, v.log)) {
    answer.push_back(a + "'s log is more up-to-date: it ends in " + lastEntry(v.log) + ", " + b +
                     "'s in " + lastEntry(c.log) + " (§5.4.1).");
  }
  if (const std::string content = contentment(view, v); !content.empty()) {
    answer.push_back(content);
  }
  if (answer.empty()) {
    answer.push_back("Nothing forbids it: " + a + " has not been asked yet, and would vote for " +
                     b + " (§5.2).");
  }
  return answer;
}

Answer whyLeader(const View& view, ServerId server) {
  if (!exists(view, server)) return unknownServer(view, server);
  const Server& s = serverOf(view, server);
  if (!s.is<Leader>() || !view.up.contains(server)) return whyNotLeader(view, server);
  ServerSet voters;
  for (std::uint32_t i = 1; i <= count(view); ++i) {
    const Server& other = serverOf(view, i);
    if (other.currentTerm == s.currentTerm && other.votedFor == server) voters.insert(i);
  }
  Answer answer = {name(view, server) + " leads term " + text(s.currentTerm.value) +
                   ": a majority voted for it (§5.2). " + view.names.of(voters) +
                   (voters.size() == 1 ? " remembers" : " remember") + " that."};
  const std::optional<ServerId> newest = leaderOf(view);
  if (newest && *newest != server && serverOf(view, *newest).currentTerm > s.currentTerm) {
    answer.push_back("It does not know yet that " + name(view, *newest) + " leads the newer term " +
                     text(serverOf(view, *newest).currentTerm.value) + " (§5.1).");
  }
  return answer;
}

Answer whyNotLeader(const View& view, ServerId server) {
  if (!exists(view, server)) return unknownServer(view, server);
  const Server& s = serverOf(view, server);
  const std::string own = name(view, server);
  if (!view.up.contains(server)) return {own + " is down."};
  if (s.is<Leader>()) {
    return {own + " is leader, of term " + text(s.currentTerm.value) + "."};
  }
  Answer answer;
  if (view.paused.contains(server)) answer.push_back(own + " stands still.");
  if (view.badDisks.contains(server)) {
    answer.push_back(own +
                     "'s disk stalls or fails: its vote for itself cannot become durable, and "
                     "it asks for no other before (§5.2).");
  }
  const std::uint32_t need = majority(votersOf(view).size());
  const ServerSet with = company(view, server);
  if (const Follower* follower = s.as<Follower>(); follower && follower->leaderId) {
    answer.push_back(own + " follows " + name(view, *follower->leaderId) + ", the leader of term " +
                     text(s.currentTerm.value) + " (§5.2).");
  } else if (follower && follower->canvass) {
    answer.push_back(canvassOf(view, s));
  } else if (follower) {
    answer.push_back(own + " is a follower; it stands for election when its timeout elapses, at " +
                     text(dueOf(view, server)) + " (§5.2).");
  } else {
    const Candidate& candidate = *s.as<Candidate>();
    answer.push_back(own + " is candidate in term " + text(s.currentTerm.value) +
                     " with the votes of " + view.names.of(candidate.votesGranted) + ": " +
                     ofAll(view, candidate.votesGranted.size()) + ", and " + text(need) +
                     " are needed (§5.2).");
  }
  if (with.size() < need) {
    answer.push_back("It can talk with " + ofAll(view, with.size()) + " servers (" +
                     view.names.of(with) + "), which is no majority.");
  } else if (wouldVote(view, server).size() < need) {
    ServerSet against = with;
    for (ServerId id : wouldVote(view, server)) against.erase(id);
    answer.push_back(view.names.of(against) + " would refuse it " +
                     (against.size() == 1 ? "its vote" : "their votes") +
                     ", for its log is less up-to-date (§5.4.1).");
  }
  for (ServerId id : with) {
    const std::string content = id == server ? "" : contentment(view, serverOf(view, id));
    if (!content.empty() && s.leader() != serverOf(view, id).leader()) answer.push_back(content);
  }
  return answer;
}

Answer whyInTerm(const View& view, ServerId server) {
  if (!exists(view, server)) return unknownServer(view, server);
  const Server& s = serverOf(view, server);
  const Follower* follower = s.as<Follower>();
  std::string how = "as a message or its disk told it (§5.1)";
  if (s.currentTerm == Term{0}) {
    how = "for it has heard of no election yet (§5.1)";
  } else if (s.votedFor == server) {
    how = "for it stood for election in it (§5.2)";
  } else if (follower && follower->leaderId) {
    how = "that of its leader " + view.names.of(follower->leaderId) + " (§5.1)";
  } else if (s.votedFor) {
    how = "in which it has voted for " + view.names.of(s.votedFor) + " (§5.2)";
  }
  Answer answer = {name(view, server) + " is in term " + text(s.currentTerm.value) + ", " + how +
                   "."};
  Term newest = s.currentTerm;
  for (const Server* each : view.servers) newest = std::max(newest, each->currentTerm);
  if (newest > s.currentTerm) {
    answer.push_back("There is a term " + text(newest.value) + ", but no message of it has " +
                     "reached " + name(view, server) + " (§5.1).");
  }
  return answer;
}

Answer whyLogsDiffer(const View& view, ServerId one, ServerId other) {
  if (!exists(view, one)) return unknownServer(view, one);
  if (!exists(view, other)) return unknownServer(view, other);
  const Log& a = serverOf(view, one).log;
  const Log& b = serverOf(view, other).log;
  const std::string first = name(view, one);
  const std::string second = name(view, other);
  const Index at = firstDifference(a, b);
  const Index same = at - 1;
  const std::string shared =
      same == Index{0}
          ? "have no entry in common"
          : "agree up to " + placeIn(a.baseIndex() < b.baseIndex() ? a : b, same) + " (§5.3)";
  if (at > a.lastIndex() && at > b.lastIndex()) {
    return {"The logs of " + first + " and " + second + " are equal: " + logText(a) + "."};
  }
  Answer answer = {"The logs of " + first + " and " + second + " " + shared + "."};
  if (at > a.lastIndex() || at > b.lastIndex()) {
    const bool firstLonger = at <= a.lastIndex();
    const Log& longer = firstLonger ? a : b;
    answer.push_back((firstLonger ? second : first) + " lacks " +
                     (at <= longer.baseIndex()
                          ? "what the other's snapshot stands for, up to " +
                                entryText(longer.baseIndex(), longer.baseTerm()) + " (§7)."
                          : entriesText(at, longer.from(at)) + "."));
  } else {
    answer.push_back("At index " + text(at.value) + " " + first + " has " +
                     entryText(at, a.term(at)) + " and " + second + " " +
                     entryText(at, b.term(at)) +
                     ": two leaders received them, and at most one of the two can ever commit.");
  }
  if (const std::optional<ServerId> leader = leaderOf(view)) {
    for (ServerId id : {one, other}) {
      const std::string silence = id == *leader ? "" : whyNoTalk(view, *leader, id);
      if (!silence.empty()) {
        answer.push_back("Leader " + name(view, *leader) + " cannot make " + name(view, id) +
                         "'s log like its own: " + silence + ".");
      }
    }
  } else {
    answer.push_back("There is no leader to make them equal.");
  }
  return answer;
}

}  // namespace raft::trace
