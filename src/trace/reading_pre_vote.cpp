// Asking before an election (thesis §9.6), and who is content with its leader (thesis §4.2.3).
#include "raft/quorum.h"
#include "trace/reading.h"

namespace raft::trace {

bool Reading::disregards(const Message& message) const {
  if (std::holds_alternative<PreVote::Request>(message)) return true;  // nobody stands there yet
  const auto* m = std::get_if<RequestVote::Request>(&message);
  const Settings& settings = was_.settings;
  return m && settings.leaderStickiness && !m->leadershipTransfer && hearsLeader() &&
         (settings.checkQuorum || !was_.is<Leader>());
}

bool Reading::hearsLeader() const {
  if (std::holds_alternative<Leader>(role_)) return true;
  const Follower* follower = std::get_if<Follower>(&role_);
  return follower && now_ < follower->withholdVotesUntil;
}

Time Reading::withholdVotesUntil() const {
  const Settings& settings = was_.settings;
  const bool needed = settings.leaderStickiness || settings.preVote;
  return needed ? now_ + settings.electionTimeoutMin : Time{};
}

std::string Reading::whyContent() const {
  if (was_.is<Leader>()) return own() + " itself leads term " + text(term_.value);
  const Follower* follower = was_.as<Follower>();
  const std::string within = " within the last " + text(was_.settings.electionTimeoutMin);
  if (follower && follower->leaderId) {
    return own() + " has heard leader " + name(follower->leaderId) + within;
  }
  return own() + " started" + within + " and may have heard a leader before";
}

void Reading::canvass(bool leadershipTransfer) {
  timerSet_ = true;
  role_ = Follower{.canvass = Canvass{.responded = {was_.id},
                                      .granted = {was_.id},
                                      .retryDeadline = now_ + was_.settings.heartbeatInterval,
                                      .leadershipTransfer = leadershipTransfer}};
  ServerSet peers = was_.configuration.voters | was_.configuration.nextVoters;
  peers.erase(was_.id);
  explainPreVotes(peers, false);
  countPreVotes();
}

void Reading::explainPreVotes(const ServerSet& to, bool again) {
  const PreVote::Request expected{
      .term = term_ + 1,
      .candidateId = was_.id,
      .lastLogIndex = was_.log.lastIndex(),
      .lastLogTerm = was_.log.lastTerm(),
      .leadershipTransfer = std::get<Follower>(role_).canvass->leadershipTransfer};
  ServerSet asked;
  for (std::uint32_t i = 0; i < effects_.send.size(); ++i) {
    const Envelope& envelope = effects_.send[i].envelope;
    const auto* m = std::get_if<PreVote::Request>(&envelope.message);
    if (!m || *m != expected || !to.contains(envelope.to) || asked.contains(envelope.to)) continue;
    explained_[i] = true;
    asked.insert(envelope.to);
  }
  if (!asked.empty()) {
    tell(PreVotesRequested{.from = asked,
                           .standing = expected.term,
                           .lastLogIndex = expected.lastLogIndex,
                           .lastLogTerm = expected.lastLogTerm,
                           .again = again},
         again ? "no answer yet; RPCs are retried (§5.1)"
               : "it takes no new term before a majority says that it could win (thesis §9.6)");
  }
  if (asked != to) {
    unexplained("does not ask all whether they would vote for it",
                "it asks " + names_.of(to) + " (thesis §9.6)");
  }
}

std::optional<VoteRefusal> Reading::refusalOf(const Envelope& envelope,
                                              const PreVote::Request& m) const {
  if (m.term <= term_) return VoteRefusal::OldTerm;
  if (envelope.from != m.candidateId) return VoteRefusal::Forged;
  if (!m.leadershipTransfer && hearsLeader()) return VoteRefusal::HearsLeader;
  if (!upToDate(m.lastLogIndex, m.lastLogTerm, was_.log)) return VoteRefusal::OldLog;
  return std::nullopt;
}

void Reading::receive(const Envelope& envelope, const PreVote::Request& m) {
  const ServerId asker = envelope.from;
  const std::optional<VoteRefusal> refusal = refusalOf(envelope, m);
  std::string reason;
  if (!refusal) {
    reason = (m.leadershipTransfer ? "their leader wants it, and "
                                   : "it has heard no leader for an election timeout, and ") +
             name(asker) + "'s log is at least as up-to-date (" +
             compared(m.lastLogIndex, m.lastLogTerm, was_.log.lastIndex(), was_.log.lastTerm()) +
             ", thesis §9.6)";
  } else if (*refusal == VoteRefusal::HearsLeader) {
    reason = whyContent() + " (thesis §9.6)";
  } else if (*refusal == VoteRefusal::OldTerm) {
    reason = own() + " is in term " + text(term_.value) + ", and " + name(asker) +
             " would stand in term " + text(m.term.value) + " (§5.1)";
  } else {
    reason = whyRefused({.term = m.term,
                         .candidateId = m.candidateId,
                         .lastLogIndex = m.lastLogIndex,
                         .lastLogTerm = m.lastLogTerm},
                        *refusal);
  }
  const auto* answer = answerTo<PreVote::Response>(asker, "PreVote");
  if (!answer) return;
  const PreVote::Response expected{
      .term = is_.currentTerm, .voteGranted = !refusal, .requestTerm = m.term};
  if (*answer != expected) {
    unexplained("answers " + name(asker) + ": " + messageText(Message(*answer), names_), reason);
  } else if (refusal) {
    tell(PreVoteRefused{.candidate = asker, .why = *refusal}, reason);
  } else {
    tell(PreVoteGranted{.candidate = asker, .standing = m.term}, reason);
  }
}

void Reading::receive(const Envelope& envelope, const PreVote::Response& m) {
  Follower* follower = std::get_if<Follower>(&role_);
  if (!follower || !follower->canvass || m.requestTerm != term_ + 1) {
    return tell(MessageIgnored{envelope, Ignored::ElectionOver},
                "it does not ask any more who would vote for it in term " +
                    text(m.requestTerm.value) + " (thesis §9.6)");
  }
  if (!was_.configuration.isVoter(envelope.from)) {
    return tell(MessageIgnored{envelope, Ignored::Foreign}, hasNoVote(envelope.from));
  }
  Canvass& canvass = *follower->canvass;
  canvass.responded.insert(envelope.from);
  if (m.voteGranted) canvass.granted.insert(envelope.from);
  const bool joint = was_.configuration.isJoint();
  const std::uint32_t need = majority(was_.configuration.voters.size());
  tell(PreVoteCounted{.voter = envelope.from,
                      .granted = m.voteGranted,
                      .granters = canvass.granted,
                      .need = need,
                      .of = was_.configuration.voters.size(),
                      .joint = joint},
       share(canvass.granted) + " would vote for it, " +
           (joint ? "a majority of each is needed" : "a majority is " + text(need)) +
           " (thesis §9.6)");
  countPreVotes();
}

void Reading::countPreVotes() {
  const Canvass canvass = *std::get<Follower>(role_).canvass;
  if (!isMajority(canvass.granted, was_.configuration)) return;
  stand("a majority would vote for it: " + names_.of(canvass.granted) + " (thesis §9.6)",
        canvass.leadershipTransfer);
}

}  // namespace raft::trace
