#include "trace/story_words.h"

#include "trace/sentence.h"

namespace raft::trace {

namespace {

template <class W>
const W* find(const std::vector<Fact>& group) {
  for (const Fact& fact : group) {
    if (const W* what = fact.as<W>()) return what;
  }
  return nullptr;
}

template <class W>
std::string reasonOf(const std::vector<Fact>& group) {
  for (const Fact& fact : group) {
    if (fact.is<W>()) return fact.reason;
  }
  return {};
}

struct Clause {
  std::string one;
  std::string many;
  bool open = false;  // its end is an insertion that a comma must close: "…, the leader of term 1"
};

std::string joined(const std::vector<Clause>& clauses, bool many) {
  std::string out;
  for (std::uint32_t i = 0; i < clauses.size(); ++i) {
    const bool last = i + 1 == clauses.size();
    if (i > 0) out += !last ? ", " : clauses[i - 1].open ? ", and " : " and ";
    out += many ? clauses[i].many : clauses[i].one;
  }
  return out;
}

// Tells the facts of one group; each function answers for one sort of step.
struct Teller {
  const std::vector<Fact>& group;
  const ServerSet& votes;
  const WordsFor& how;
  ServerId server = group.front().server;

  std::string name(ServerId id) const { return how.names.of(id); }
  std::string term() const { return "term " + text(group.front().term.value); }

  Words election() const;
  Words canvass() const;
  Words stands() const;
  Words vote() const;
  Words counted() const;
  Words lost() const;
  Words elected() const;
  Words others() const;
  bool clause(const Fact& fact, Clause& out) const;
  bool logClause(const Fact& fact, Clause& out) const;
  bool roleClause(const Fact& fact, Clause& out) const;
  std::string mainReason() const;
  std::string asks(const VotesRequested* asked, std::string_view whom) const;
  std::string announcement() const;
  Words subject(std::string one, std::string many) const {
    return {.text = name(server) + " " + std::move(one) + ".",
            .many = "% " + std::move(many) + "."};
  }
  Words listing(ServerId listed, Frame one, Frame several) const {
    return {.text = one.before + name(listed) + one.after,
            .many = {},
            .listed = listed,
            .one = std::move(one),
            .several = std::move(several)};
  }
};

Words Teller::election() const {
  const auto* timedOut = find<ElectionTimedOut>(group);
  const auto* candidate = find<BecameCandidate>(group);
  const auto* asked = find<VotesRequested>(group);
  const std::string waited = timedOut->waited ? " (" + text(*timedOut->waited) + ")" : "";
  if (find<PreVotesRequested>(group)) return canvass();
  const bool again = timedOut->role == RoleName::Candidate;
  Words words;
  words.text = name(server) + "'s election timeout" + waited + " elapses";
  words.many = "The election timeouts of % elapse";
  if (!candidate) {
    words.text += ", but it has no vote and stays a follower.";
    words.many.clear();
    return words;
  }
  if (again) {
    words.text += " and no majority voted for it";
    words.many += " and no majority voted for any of them";
  }
  const std::string becomes = (again ? "becomes candidate again, in " : "becomes candidate in ") +
                              term() + ", votes for itself";
  words.text += ": it " + becomes;
  words.many += ": each " + becomes;
  if (!asked) {
    words.text = words.text + " and needs no other vote (§5.2).";
    words.many.clear();
    return words;
  }
  words.text += " and asks " + how.names.of(asked->from) +
                (asked->from.size() == 1 ? " for its vote (§5.2)." : " for their votes (§5.2).");
  words.many += " and asks all others for their votes (§5.2).";
  return words;
}

// An election timeout of a server that asks before it stands.
Words Teller::canvass() const {
  const auto* timedOut = find<ElectionTimedOut>(group);
  const auto* asked = find<PreVotesRequested>(group);
  const std::string waited = timedOut->waited ? " (" + text(*timedOut->waited) + ")" : "";
  const bool candidate = timedOut->role == RoleName::Candidate;
  const std::string term = "in term " + text(asked->standing.value) + " (thesis §9.6)";
  Words words;
  words.text = name(server) + "'s election timeout" + waited + " elapses" +
               (candidate ? " and no majority voted for it" : "") + ": it asks " +
               how.names.of(asked->from) + " whether " + (asked->from.size() == 1 ? "it" : "they") +
               " would vote for it " + term + ".";
  words.many = std::string("The election timeouts of % elapse") +
               (candidate ? " and no majority voted for any of them" : "") +
               ": each asks all others whether they would vote for it " + term + ".";
  return words;
}

// Who would vote for it, or its leader, makes it stand.
Words Teller::stands() const {
  const auto* heard = find<HeardToStand>(group);
  const auto* counted = find<PreVoteCounted>(group);
  const auto* asked = find<VotesRequested>(group);
  const auto* asksFirst = find<PreVotesRequested>(group);
  const std::string whom = asked       ? how.names.of(asked->from)
                           : asksFirst ? how.names.of(asksFirst->from)
                                       : "nobody";
  Words words;
  if (heard) {
    words.text = name(server) + " is told by leader " + name(heard->leader) +
                 (heard->askFirst ? " to take over if it can" : " to take over") +
                 " (thesis §3.10)";
  } else {
    words.text = how.names.of(counted->granters) +
                 (counted->granters.size() == 1 ? " is" : " are") + " for " + name(server) + ": " +
                 (counted->joint ? "majorities of the old voters and of the new"
                                 : text(counted->granters.size()) + " of " + text(counted->of) +
                                       ", a majority") +
                 " (thesis §9.6)";
  }
  if (asksFirst) {
    words.text += ": it asks " + whom + " whether they would vote for it in term " +
                  text(asksFirst->standing.value) + ".";
    return words;
  }
  const bool one = asked && asked->from.size() == 1;
  words.text += ". It becomes candidate in " + term() + ", votes for itself and asks " + whom +
                (one ? " for its vote (§5.2)." : " for their votes (§5.2).");
  return words;
}

Words Teller::vote() const {
  const auto* granted = find<VoteGranted>(group);
  const auto* refused = find<VoteRefused>(group);
  const auto* was = find<BecameFollower>(group);
  const ServerId candidate = granted ? granted->candidate : refused->candidate;
  const std::string why = granted ? reasonOf<VoteGranted>(group) : reasonOf<VoteRefused>(group);
  const bool newer = find<TermAdopted>(group) != nullptr;
  if (refused && !newer) {
    const Frame frame{.before = name(server) + " refuses its vote to ", .after = ": " + why + "."};
    Words words = listing(candidate, frame, frame);
    words.many = "% refuse their votes to " + name(candidate) + frame.after;
    return words;
  }
  std::vector<Clause> clauses;
  const std::string received = name(candidate) + "'s RequestVote";
  clauses.push_back({"receives " + received, "receive " + received});
  if (was && was->was == RoleName::Leader) {
    const std::string how = " from leader to follower, for " + term() + " is newer";
    clauses.push_back({"steps down" + how, "step down" + how, true});
  } else if (was) {
    const std::string what = " being candidate, for " + term() + " is newer";
    clauses.push_back({"gives up" + what, "give up" + what, true});
  } else if (newer) {
    clauses.push_back({"goes to " + term(), "go to " + term()});
  }
  if (granted) {
    const std::string whom = name(candidate) + (granted->again ? " again" : "");
    clauses.push_back({"votes for " + whom, "vote for " + whom});
  } else {
    const std::string whom = " to " + name(candidate);
    clauses.push_back({"refuses its vote" + whom, "refuse their votes" + whom});
  }
  return subject(joined(clauses, false) + ": " + why, joined(clauses, true) + ": " + why);
}

Words Teller::counted() const {
  const auto* vote = find<VoteCounted>(group);
  const std::string score = vote->joint ? reasonOf<VoteCounted>(group) + "."
                                        : text(vote->have) + " of " + text(vote->of) +
                                              "; it needs " + text(vote->need) + " (§5.2).";
  if (!vote->granted) {
    const std::string lacks = name(server) + " does not get the vote";
    return listing(vote->voter, {.before = lacks + " of ", .after = ": it has " + score},
                   {.before = lacks + "s of ", .after = ": it has " + score});
  }
  Words words;
  ServerSet others = votes;
  others.erase(server);
  words.text = name(server) + " has the vote" + (others.size() > 1 ? "s" : "") + " of " +
               how.names.of(others) + " and its own: " + score;
  return words;
}

Words Teller::lost() const {
  const auto* lost = find<MessageLost>(group);
  const std::string before =
      name(server) + "'s " + std::string(messageName(lost->envelope.message)) + " does not reach ";
  Frame one{.before = before, .after = ": the network loses it."};
  Frame several{.before = before, .after = ": the network loses them."};
  if (lost->why == Lost::LinkDown) {
    one.after = ": the link is down.";
    several.after = ": the links are down.";
  } else if (lost->why == Lost::ReceiverDown) {
    one.after = ", which is down.";
    several.after = ", which are down.";
  }
  return listing(lost->envelope.to, one, several);
}

// "sends heartbeats to B and C" or "appends 1^1 (no-op) and sends it to B and C".
std::string Teller::announcement() const {
  const auto* heartbeats = find<HeartbeatsSent>(group);
  const auto* noop = find<EntriesAppended>(group);
  const auto* entries = find<EntriesSent>(group);
  std::string out;
  if (noop) {
    out = ", appends " + entriesInFull(noop->first, noop->entries);
    if (entries) out += " and sends it to " + how.names.of(entries->to);
  } else if (heartbeats) {
    out = " and sends heartbeats to " + how.names.of(heartbeats->to);
  }
  return out;
}

Words Teller::elected() const {
  const auto* leader = find<BecameLeader>(group);
  ServerSet others = leader->votes;
  others.erase(server);
  Words words;
  words.text = name(server) + " has ";
  if (others.empty()) {
    words.text += "its own vote: " + text(leader->votes.size());
  } else {
    words.text += std::string("the vote") + (others.size() > 1 ? "s" : "") + " of " +
                  how.names.of(others) + (leader->votes.contains(server) ? " and its own" : "") +
                  ": " + text(leader->votes.size());
  }
  words.text += leader->joint ? ": " + reasonOf<BecameLeader>(group)
                              : " of " + text(leader->of) + ", a majority (§5.2)";
  words.text += ". It becomes leader of " + term() + announcement() + ".";
  return words;
}

bool Teller::logClause(const Fact& fact, Clause& out) const {
  const auto both = [&](std::string_view one, std::string_view many, const std::string& rest) {
    out = {std::string(one) + rest, std::string(many) + rest};
    return true;
  };
  if (const auto* f = fact.as<EntriesAppended>()) {
    return both("appends ", "append ",
                entriesInFull(f->first, f->entries) + (f->from ? " from " + name(*f->from) : ""));
  }
  if (fact.is<AppendAccepted>()) {
    const auto* appended = find<EntriesAppended>(group);
    if (!appended) return false;
    return both("acknowledges ", "acknowledge ", appended->entries.size() == 1 ? "it" : "them");
  }
  if (const auto* f = fact.as<EntriesSent>()) {
    if (f->again) return false;
    const auto* appended = find<EntriesAppended>(group);
    const bool same = appended && appended->first == f->first &&
                      appended->first + appended->entries.size() == f->last + 1;
    const std::string what = same ? (f->first == f->last ? "it" : "them")
                             : f->first == f->last
                                 ? "entry " + text(f->first.value)
                                 : "entries " + text(f->first.value) + " to " + text(f->last.value);
    return both("sends ", "send ", what + " to " + how.names.of(f->to));
  }
  if (const auto* f = fact.as<Applied>()) {
    const auto* commit = find<CommitAdvanced>(group);
    if (!commit) return both("applies ", "apply ", entriesInFull(f->first, f->entries));
    if (commit->byCounting) {
      return both("applies ", "apply ", f->entries.size() == 1 ? "it" : "them");
    }
    const auto* appended = find<EntriesAppended>(group);
    const std::uint64_t count = f->entries.size();
    const bool same = appended && appended->first == f->first && appended->entries.size() == count;
    const std::string what =
        same ? (count == 1 ? "it, for it is committed" : "them, for they are committed")
             : entriesInFull(f->first, f->entries) +
                   (count == 1 ? ", which is committed" : ", which are committed");
    return both("applies ", "apply ", what);
  }
  if (const auto* f = fact.as<CommitAdvanced>()) {
    if (find<SnapshotInstalled>(group)) return false;
    const auto* applied = find<Applied>(group);
    if (f->byCounting) {
      return both("commits ", "commit ",
                  applied ? entriesInFull(applied->first, applied->entries)
                          : "index " + text(f->after.value));
    }
    return !applied &&
           both("learns ", "learn ", "that all is committed up to index " + text(f->after.value));
  }
  return false;
}

bool Teller::roleClause(const Fact& fact, Clause& out) const {
  if (const auto* f = fact.as<TermAdopted>()) {
    const std::string begun = "from " + name(f->from) + " that " + term() + " has begun";
    out = {"learns " + begun, "learn " + begun};
    if (find<LeaderHeard>(group)) out = {"goes to " + term(), "go to " + term()};
    return true;
  }
  out = {predicate(fact, how.names), predicate(fact, how.names, true)};
  const auto* was = fact.as<BecameFollower>();
  if (fact.is<AppendRefused>() && find<LeaderHeard>(group)) {
    out = {"refuses its AppendEntries", "refuse its AppendEntries"};
  } else if (was && was->was == RoleName::Candidate && find<LeaderHeard>(group)) {
    out = {"gives up being candidate", "give up being candidate"};
  }
  out.open = fact.is<LeaderHeard>() || fact.is<CommitHeldBack>();
  return true;
}

// What one fact adds to the sentence; false: nothing.
bool Teller::clause(const Fact& fact, Clause& out) const {
  if (fact.is<EntriesAppended>() || fact.is<AppendAccepted>() || fact.is<EntriesSent>() ||
      fact.is<Applied>() || fact.is<CommitAdvanced>()) {
    return logClause(fact, out);
  }
  if (fact.is<MessageDelivered>() || fact.is<MessageSent>() || fact.is<WriteAsked>() ||
      fact.is<WriteDurable>() || fact.is<HeartbeatsSent>() || fact.is<MessageDuplicated>() ||
      fact.is<LeaseExtended>() || fact.is<ChunkReceived>() || fact.is<ChunkAcknowledged>() ||
      fact.is<SnapshotWanted>()) {
    return false;
  }
  // Of many chunks the first says what begins, and the follower what came of it.
  if (const auto* f = fact.as<SnapshotSent>()) {
    if (f->again || f->offset > 0) return false;
    const std::string what = "its snapshot up to " +
                             entryText(f->lastIncludedIndex, f->lastIncludedTerm) + " to " +
                             name(f->to);
    out = {(f->done ? "sends " : "begins to send ") + what,
           (f->done ? "send " : "begin to send ") + what};
    return true;
  }
  if (fact.is<ProposalAccepted>()) return false;  // others() says so
  if (fact.is<PipeliningBegun>()) return false;
  const auto* fate = fact.as<FateTold>();
  if (fate && fate->outcome == Fate::Outcome::Committed && find<Applied>(group)) return false;
  if (const auto* f = fact.as<MatchIndexRaised>()) {
    const std::string held =
        "that " + name(f->follower) + " holds all up to index " + text(f->after.value);
    out = {"learns " + held, "learn " + held};
    return true;
  }
  if (const auto* f = fact.as<PreVoteCounted>()) {
    const std::string score = ": it would have " + text(f->granters.size()) + " of " + text(f->of) +
                              " votes and needs " + text(f->need);
    out.one = out.many = predicate(fact, how.names) + (f->joint ? ": " + fact.reason : score);
    return true;
  }
  if (const auto* f = fact.as<MessageIgnored>()) {
    const auto* vote = std::get_if<RequestVote::Response>(&f->envelope.message);
    if (f->why == Ignored::Late || f->why == Ignored::LeadershipOver) return false;
    if (f->why == Ignored::ElectionOver && !(vote && vote->voteGranted)) return false;
  }
  return roleClause(fact, out);
}

// The reason of that fact of the group that most wants one.
std::string Teller::mainReason() const {
  for (const Fact& fact : group) {
    if (isFinding(fact)) return fact.reason;
  }
  if (find<PreVoteCounted>(group)) return {};
  if (find<TransferGivenUp>(group)) return reasonOf<TransferGivenUp>(group);
  if (find<ToldToStand>(group)) return reasonOf<ToldToStand>(group);
  if (find<TransferBegun>(group)) return reasonOf<TransferBegun>(group);
  if (const auto* change = find<MembershipChange>(group);
      change && change->change.outcome != Change::Outcome::Complete) {
    return reasonOf<MembershipChange>(group);
  }
  if (find<CommitHeldBack>(group)) return reasonOf<CommitHeldBack>(group);
  if (find<EntriesTruncated>(group)) return reasonOf<EntriesTruncated>(group);
  if (find<AppendRefused>(group)) return reasonOf<AppendRefused>(group);
  if (find<SnapshotTaken>(group)) return reasonOf<SnapshotTaken>(group);
  if (find<SnapshotInstalled>(group)) return reasonOf<SnapshotInstalled>(group);
  if (find<SnapshotNotNeeded>(group)) return reasonOf<SnapshotNotNeeded>(group);
  if (const auto* sent = find<SnapshotSent>(group); sent && sent->offset == 0 && !sent->again) {
    return reasonOf<SnapshotSent>(group);
  }
  if (find<NextIndexLowered>(group)) return reasonOf<NextIndexLowered>(group);
  if (const auto* commit = find<CommitAdvanced>(group)) {
    return commit->byCounting ? reasonOf<CommitAdvanced>(group) : "";
  }
  if (find<BecameFollower>(group)) return reasonOf<BecameFollower>(group);
  if (find<SteppedDown>(group)) return reasonOf<SteppedDown>(group);
  if (find<WriteFailure>(group)) return reasonOf<WriteFailure>(group);
  if (find<FateTold>(group)) return reasonOf<FateTold>(group);
  if (find<ProposalRefused>(group)) return reasonOf<ProposalRefused>(group);
  if (find<EntriesAppended>(group)) {
    return reasonOf<EntriesAppended>(group);
  }
  if (find<LeaderHeard>(group)) return reasonOf<LeaderHeard>(group);
  if (find<MatchIndexRaised>(group)) return {};
  return group.back().reason;
}

Words Teller::others() const {
  std::vector<Clause> clauses;
  bool finding = false;
  for (const Fact& fact : group) {
    Clause next;
    if (clause(fact, next)) clauses.push_back(std::move(next));
    finding = finding || isFinding(fact);
  }
  if (clauses.empty()) return {};
  const std::string reason = mainReason();
  const auto* started = find<Started>(group);
  const std::string end = reason.empty()               ? "."
                          : started && !started->again ? " (§5.2)."  // the reason says it again
                                                       : ": " + reason + ".";
  Words words{.text = joined(clauses, false) + end, .many = "% " + joined(clauses, true) + end};
  if (const auto* proposal = find<ProposalAccepted>(group); proposal && !finding) {
    words.text =
        name(server) + ", the leader, is given " +
        (proposal->first == proposal->last ? "a command" : "commands") + " by a client. It " +
        joined(clauses, false) +
        (how.servers == 1 || find<EntriesSent>(group)
             ? ""
             : ", to be sent with its next AppendEntries") +
        (find<EntriesHeld>(group) ? ": " + reasonOf<EntriesHeld>(group) + "." : " (§5.3).");
    words.many.clear();
  } else if (server == ServerId{0}) {
    words.many.clear();
  } else {
    words.text = name(server) + " " + words.text;
  }
  words.finding = finding;
  return words;
}

}  // namespace

Words wordsOf(const std::vector<Fact>& group, const ServerSet& votes, const WordsFor& how) {
  const Teller teller{group, votes, how};
  for (const Fact& fact : group) {
    if (isFinding(fact)) return teller.others();
  }
  if (const auto* expected = find<Expected>(group); expected && expected->holds) {
    return {.text = sentence(group.front(), how.names) + ".", .many = {}};
  }
  if (find<ElectionTimedOut>(group)) return teller.election();
  const bool wins = find<PreVoteCounted>(group) && find<BecameCandidate>(group);
  if (wins || find<HeardToStand>(group)) return teller.stands();
  if (find<VoteGranted>(group) || find<VoteRefused>(group)) return teller.vote();
  if (find<BecameLeader>(group)) return teller.elected();
  if (find<VoteCounted>(group)) return teller.counted();
  if (find<MessageLost>(group)) return teller.lost();
  return teller.others();
}

}  // namespace raft::trace
