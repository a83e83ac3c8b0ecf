// Elections (§5.2), the up-to-date check (§5.4.1), terms (§5.1).
#include <algorithm>

#include "raft/quorum.h"
#include "trace/reading.h"

namespace raft::trace {

std::string compared(Index index, Term term, Index otherIndex, Term otherTerm) {
  const auto against = [](std::uint64_t a, std::uint64_t b) {
    return text(a) + (a > b ? " > " : " < ") + text(b);
  };
  if (term != otherTerm) return "term " + against(term.value, otherTerm.value);
  if (index != otherIndex) {
    return "same term " + text(term.value) + ", length " + against(index.value, otherIndex.value);
  }
  return index == Index{0} ? "both are empty" : "both end in " + entryText(index, term);
}

bool upToDate(Index lastIndex, Term lastTerm, const Log& log) {
  if (lastTerm != log.lastTerm()) return lastTerm > log.lastTerm();
  return lastIndex >= log.lastIndex();
}

void Reading::timeOut() {
  Candidate* candidate = std::get_if<Candidate>(&role_);
  if (candidate && now_ < candidate->electionDeadline) {
    candidate->retryDeadline = now_ + was_.settings.heartbeatInterval;
    ServerSet silent = was_.configuration.voters | was_.configuration.nextVoters;
    for (ServerId peer : candidate->votesResponded) silent.erase(peer);
    return explainVoteRequests(silent, true);
  }
  Follower* asking = std::get_if<Follower>(&role_);
  if (asking && asking->canvass && now_ < asking->electionDeadline) {
    asking->canvass->retryDeadline = now_ + was_.settings.heartbeatInterval;
    ServerSet silent = was_.configuration.voters | was_.configuration.nextVoters;
    for (ServerId peer : asking->canvass->responded) silent.erase(peer);
    return explainPreVotes(silent, true);
  }
  timerSet_ = true;
  const std::string passed = waited_ ? " for " + text(*waited_) : "";
  const Follower* follower = was_.as<Follower>();
  tell(ElectionTimedOut{.role = static_cast<RoleName>(was_.role.index()), .waited = waited_},
       !follower ? "no majority voted for it in term " + text(term_.value) + " (§5.2)"
       : follower->canvass
           ? "no majority would vote for it in term " + text(term_.value + 1) + " (thesis §9.6)"
       : follower->leaderId
           ? "nothing was heard of leader " + name(follower->leaderId) + passed + " (§5.2)"
           : "nothing was heard of a leader" + passed + " (§5.2)");
  if (!mayStand()) {
    role_ = Follower{};
    return;
  }
  if (was_.settings.preVote) return canvass(false);
  stand("whoever hears of no leader starts an election (§5.2)", false);
}

void Reading::stand(std::string reason, bool leadershipTransfer) {
  timerSet_ = true;
  if (!was_.configuration.isVoter(was_.id)) {
    reason += "; it is removed, but until that is committed the others may need it (thesis §4.2.2)";
  }
  tell(BecameCandidate{.termBefore = term_}, std::move(reason));
  ++term_;
  votedFor_ = was_.id;
  receiving_.reset();
  role_ = Candidate{.votesResponded = {was_.id},
                    .votesGranted = {was_.id},
                    .retryDeadline = now_ + was_.settings.heartbeatInterval,
                    .leadershipTransfer = leadershipTransfer};
  ServerSet peers = was_.configuration.voters | was_.configuration.nextVoters;
  peers.erase(was_.id);
  explainVoteRequests(peers, false);
}

void Reading::explainVoteRequests(const ServerSet& to, bool again) {
  ServerSet asked;
  const bool byTransfer = std::get<Candidate>(role_).leadershipTransfer;
  for (std::uint32_t i = 0; i < effects_.send.size(); ++i) {
    const Envelope& envelope = effects_.send[i].envelope;
    const auto* m = std::get_if<RequestVote::Request>(&envelope.message);
    const bool right = m && to.contains(envelope.to) && !asked.contains(envelope.to) &&
                       m->candidateId == was_.id && m->lastLogIndex == was_.log.lastIndex() &&
                       m->lastLogTerm == was_.log.lastTerm() && m->leadershipTransfer == byTransfer;
    if (!right) continue;  // it will be left over, and so be unexplained
    explained_[i] = true;
    asked.insert(envelope.to);
  }
  if (!asked.empty()) {
    tell(VotesRequested{.from = asked,
                        .lastLogIndex = was_.log.lastIndex(),
                        .lastLogTerm = was_.log.lastTerm(),
                        .again = again},
         again ? "no answer yet; RPCs are retried (§5.1)"
               : "a candidate asks all others for their votes (§5.2)");
  }
  if (asked != to) {
    unexplained("does not ask all for their votes",
                "a candidate asks " + names_.of(to) + " (§5.2)");
  }
}

void Reading::adoptTerm(ServerId from, const Message& message) {
  receiving_.reset();
  const Term newer = termOf(message);
  tell(TermAdopted{.before = term_, .from = from},
       name(from) + "'s " + std::string(messageName(message)) + " is of the newer term " +
           text(newer.value) + " > " + text(term_.value) + " (§5.1)");
  if (!was_.is<Follower>()) {
    tell(
        BecameFollower{
            .was = static_cast<RoleName>(was_.role.index()), .newerTerm = true, .from = from},
        "whoever sees a newer term becomes a follower in it (§5.1)");
  }
  term_ = newer;
  votedFor_.reset();
  timerSet_ = was_.is<Leader>();
  Time deadline = {};
  Time withhold = {};
  if (const Follower* follower = was_.as<Follower>()) {
    deadline = follower->electionDeadline;
    withhold = follower->withholdVotesUntil;
  }
  if (const Candidate* candidate = was_.as<Candidate>()) deadline = candidate->electionDeadline;
  role_ = Follower{.electionDeadline = deadline, .withholdVotesUntil = withhold};
}

std::optional<VoteRefusal> Reading::refusalOf(const Envelope& envelope,
                                              const RequestVote::Request& m) const {
  if (m.term < term_) return VoteRefusal::OldTerm;
  if (m.term > term_) return VoteRefusal::HearsLeader;  // or it would have taken that term
  if (envelope.from != m.candidateId) return VoteRefusal::Forged;
  const bool taken = votedFor_ && votedFor_ != m.candidateId;
  if (taken || !std::holds_alternative<Follower>(role_)) return VoteRefusal::AlreadyVoted;
  if (!upToDate(m.lastLogIndex, m.lastLogTerm, was_.log)) return VoteRefusal::OldLog;
  if (disregards(envelope.message)) return VoteRefusal::HearsLeader;
  return std::nullopt;
}

// Why it refuses what a server of an earlier term asks.
std::string Reading::termIsOver(Term old) const {
  return "term " + text(old.value) + " is over, term " + text(term_.value) + " has begun (§5.1)";
}

std::string Reading::whyRefused(const RequestVote::Request& m, VoteRefusal why) const {
  switch (why) {
    case VoteRefusal::OldTerm: return termIsOver(m.term);
    case VoteRefusal::AlreadyVoted:
      return own() + "'s vote in term " + text(term_.value) + " is for " +
             (votedFor_ == was_.id ? "itself" : name(votedFor_)) +
             ", and a server votes once in a term (§5.2)";
    case VoteRefusal::OldLog:
      return own() + "'s log is more up-to-date (" +
             compared(was_.log.lastIndex(), was_.log.lastTerm(), m.lastLogIndex, m.lastLogTerm) +
             ", §5.4.1)";
    case VoteRefusal::HearsLeader:
      return whyContent() + ", so it neither votes nor goes to term " + text(m.term.value) +
             " (thesis §4.2.3)";
    case VoteRefusal::Forged: break;
  }
  return "the request names " + name(m.candidateId) + " and was sent by somebody else";
}

void Reading::receive(const Envelope& envelope, const RequestVote::Request& m) {
  const ServerId candidate = envelope.from;
  const std::optional<VoteRefusal> refusal = refusalOf(envelope, m);
  const auto* answer = answerTo<RequestVote::Response>(candidate, "RequestVote");
  const bool granted = answer && answer->voteGranted;
  if (granted && refusal) {
    unexplained("grants its vote to " + name(candidate), whyRefused(m, *refusal));
    votedFor_ = is_.votedFor;
    timerSet_ = true;
  } else if (granted) {
    const bool again = votedFor_ == candidate;
    tell(VoteGranted{.candidate = candidate, .again = again},
         std::string(again ? "this vote was given already" : "no vote was given yet") +
             " in term " + text(term_.value) + ", and " + name(candidate) +
             "'s log is at least as up-to-date (" +
             compared(m.lastLogIndex, m.lastLogTerm, was_.log.lastIndex(), was_.log.lastTerm()) +
             ", §5.2, §5.4.1)");
    votedFor_ = candidate;
    if (Follower* follower = std::get_if<Follower>(&role_)) follower->canvass.reset();
    timerSet_ = true;
  } else if (refusal) {
    tell(VoteRefused{.candidate = candidate, .why = *refusal}, whyRefused(m, *refusal));
  } else if (answer) {
    unexplained("refuses its vote to " + name(candidate),
                "its vote in term " + text(term_.value) + " is free and " + name(candidate) +
                    "'s log at least as up-to-date (§5.2, §5.4.1)");
  }
  if (answer && answer->term != is_.currentTerm) {
    unexplained("answers " + name(candidate) + " with term " + text(answer->term.value),
                "answers carry currentTerm (§5.1)");
  }
}

// An answer to a request of an earlier election, before it was removed.
std::string Reading::hasNoVote(ServerId server) const {
  return name(server) + " has no vote in " + configurationText(was_.configuration, names_) +
         " and was not asked (thesis §4.1)";
}

void Reading::receive(const Envelope& envelope, const RequestVote::Response& m) {
  Candidate* candidate = std::get_if<Candidate>(&role_);
  if (m.term < term_) {
    return tell(MessageIgnored{envelope, Ignored::ElectionOver},
                "it answers an election of term " + text(m.term.value) + ", which is over (§5.1)");
  }
  if (!candidate) {
    return tell(
        MessageIgnored{envelope, Ignored::ElectionOver},
        was_.is<Leader>() ? "it is leader already (§5.2)" : "it is no candidate any more (§5.2)");
  }
  if (!was_.configuration.isVoter(envelope.from)) {
    return tell(MessageIgnored{envelope, Ignored::Foreign}, hasNoVote(envelope.from));
  }
  candidate->votesResponded.insert(envelope.from);
  if (m.voteGranted) candidate->votesGranted.insert(envelope.from);
  const ServerSet granted =
      candidate->votesGranted & (was_.configuration.voters | was_.configuration.nextVoters);
  const bool joint = was_.configuration.isJoint();
  const std::uint32_t need = majority(was_.configuration.voters.size());
  tell(VoteCounted{.voter = envelope.from,
                   .granted = m.voteGranted,
                   .have = granted.size(),
                   .need = need,
                   .of = was_.configuration.voters.size(),
                   .joint = joint},
       share(granted) + " votes, a majority " +
           (joint ? "of each is needed (thesis §4.3)" : "is " + text(need) + " (§5.2)"));
  countVotes(Candidate(*candidate));
}

// Candidates: if votes received from majority of servers: become leader (§5.2).
void Reading::countVotes(const Candidate& candidate) {
  if (isMajority(candidate.votesGranted, was_.configuration)) {
    becomeLeader(candidate.votesGranted &
                 (was_.configuration.voters | was_.configuration.nextVoters));
  }
}

void Reading::becomeLeader(ServerSet votes) {
  const std::uint32_t all = was_.configuration.voters.size();
  tell(
      BecameLeader{
          .votes = votes, .need = majority(all), .of = all, .joint = was_.configuration.isJoint()},
      "the votes of " + names_.of(votes) + " are a majority: " + share(votes) +
          (was_.configuration.isJoint() ? " (thesis §4.3)" : " (§5.2)"));
  Leader leader{.progress = {}, .heartbeatDeadline = now_ + was_.settings.heartbeatInterval};
  leader.progress.assign(std::max(was_.configuration.members().last(), was_.id).value,
                         Progress{.nextIndex = was_.log.lastIndex() + 1});
  if (was_.settings.checkQuorum) {
    for (Progress& progress : leader.progress) progress.heardAt = now_;
  }
  leader.of(was_.id).matchIndex = durableIndex_;
  leader.changing = was_.configurationIndex > was_.commitIndex || was_.configuration.isJoint();
  beginLeaseRound(leader);
  role_ = std::move(leader);
  elected_ = broadcast_ = true;
  if (!was_.settings.noopAtElection) return;
  const Entry noop = Entry::noop(term_);
  expectAppended(&noop, &noop + 1, Source::Election, {},
                 "a new leader's no-op lets entries of earlier terms commit (§8)");
}

}  // namespace raft::trace
