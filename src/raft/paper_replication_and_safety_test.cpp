// §5.3 Log replication and §5.4 Safety, sentence by sentence, as far as a server does it.
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet three{1, 2, 3};
const ServerSet five = ServerSet::firstServers(5);

// The leader s1 of `term`, just elected with this log; its peers are unknown to it.
Server leaderOf(Term term, const Log& log, const ServerSet& voters = three) {
  Server s1{.id = 1,
            .voters = voters,
            .settings = plain,
            .currentTerm = term,
            .votedFor = 1,
            .log = log,
            .durableIndex = log.lastIndex()};
  Leader leader{.heartbeatDeadline = ms(20)};
  leader.progress.assign(voters.size(), {.nextIndex = log.lastIndex() + 1});
  leader.of(1).matchIndex = log.lastIndex();
  s1.role = leader;
  return s1;
}

Server followerOf(ServerId id, Term term, const Log& log) {
  return {.id = id,
          .voters = three,
          .settings = plain,
          .currentTerm = term,
          .log = log,
          .role = Follower{.leaderId = 1, .electionDeadline = ms(100)},
          .durableIndex = log.lastIndex()};
}

// All that `from` wants `to` to hear, and all that follows between the two, with disks at once.
void exchange(Server& from, Server& to, Effects effects) {
  for (int i = 0; i < 100; ++i) {
    std::vector<Envelope> toPeer;
    for (const Send& send : effects.send) {
      if (send.envelope.to == to.id) toPeer.push_back(send.envelope);
    }
    if (toPeer.empty()) return;
    ASSERT_EQ(toPeer.size(), 1u);
    const Effects answer = stepChecked(to, ms(1), toPeer[0]);
    if (answer.write) stepChecked(to, ms(1), Written{answer.write->id});
    ASSERT_EQ(answer.send.size(), 1u);
    effects = stepChecked(from, ms(1), answer.send[0].envelope);
  }
  FAIL() << "no end";
}

// §5.3: "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs
// in parallel to each of the other servers to replicate the entry."
TEST(Section53, ACommandIsAppendedAndSentToAllOthers) {
  Server s1 = leaderOf(2, logOf({1}), five);
  const Effects fx = stepChecked(s1, ms(1), Propose{{"2^2"}});
  EXPECT_EQ(s1.log.from(1), entriesFrom(1, {1, 2}));
  for (ServerId peer : {2, 3, 4, 5}) {
    EXPECT_EQ(sent<AppendEntries::Request>(fx, peer),
              (AppendEntries::Request{2, 1, 1, 1, entriesFrom(2, {2}), 0}));
  }
}

// §5.3: "When the entry has been safely replicated (as described below), the leader applies the
// entry to its state machine"
TEST(Section53, AnEntryIsAppliedWhenAMajorityHasIt) {
  Server s1 = leaderOf(2, logOf({}), five);
  stepChecked(s1, ms(1), Propose{{"1^2"}});
  stepChecked(s1, ms(1), Written{1});
  const auto has = [](ServerId peer) {
    return Envelope{peer, 1, AppendEntries::Response{2, true, 0, 1}};
  };
  EXPECT_EQ(stepChecked(s1, ms(2), has(4)).apply, Apply{});
  EXPECT_EQ(stepChecked(s1, ms(2), has(4)).apply, Apply{});
  EXPECT_EQ(stepChecked(s1, ms(2), has(2)).apply, (Apply{1, entriesFrom(1, {2})}));
  EXPECT_EQ(stepChecked(s1, ms(2), has(3)).apply, Apply{});
}

// §5.3: "the leader retries AppendEntries RPCs indefinitely (even after it has responded to the
// client) until all followers eventually store all log entries"
TEST(Section53, ALeaderRetriesUntilAllFollowersStoreAllEntries) {
  Server s1 = leaderOf(2, logOf({}));
  stepChecked(s1, ms(1), Propose{{"1^2"}});
  stepChecked(s1, ms(1), Written{1});
  stepChecked(s1, ms(2), Envelope{2, 1, AppendEntries::Response{2, true, 0, 1}});
  EXPECT_EQ(s1.commitIndex, 1);
  for (int i = 0; i < 50; ++i) {
    const Effects fx = stepChecked(s1, s1.deadline(), Timeout{});
    EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).entries, entriesFrom(1, {2}));
    EXPECT_TRUE(sent<AppendEntries::Request>(fx, 2).entries.empty());
  }
  stepChecked(s1, s1.deadline(), Envelope{3, 1, AppendEntries::Response{2, true, 0, 1}});
  const Effects fx = stepChecked(s1, s1.deadline(), Timeout{});
  EXPECT_TRUE(sent<AppendEntries::Request>(fx, 3).entries.empty());
}

// §5.3: "This also commits all preceding entries in the leader's log, including entries created by
// previous leaders."
TEST(Section53, ACommitIncludesAllThatPrecedes) {
  Server s1 = leaderOf(3, logOf({1, 1, 2}));
  stepChecked(s1, ms(1), Propose{{"4^3"}});
  stepChecked(s1, ms(1), Written{1});
  EXPECT_EQ(stepChecked(s1, ms(2), Envelope{3, 1, AppendEntries::Response{3, true, 3, 4}}).apply,
            (Apply{1, entriesFrom(1, {1, 1, 2, 3})}));
}

// §5.3: "The leader keeps track of the highest index it knows to be committed, and it includes that
// index in future AppendEntries RPCs (including heartbeats) so that the other servers eventually
// find out."
TEST(Section53, TheCommitIndexTravelsInHeartbeatsAndRequests) {
  Server s1 = leaderOf(1, logOf({1, 1}));
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{1, true, 2, 2}});
  Effects fx = stepChecked(s1, ms(20), Timeout{});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).leaderCommit, 2);
  fx = stepChecked(s1, ms(21), Propose{{"3^1"}});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).leaderCommit, 2);
}

// §5.3: "Once a follower learns that a log entry is committed, it applies the entry to its local
// state machine (in log order)."
TEST(Section53, AFollowerAppliesInLogOrderWhatItLearnsIsCommitted) {
  Server s2 = followerOf(2, 1, logOf({1, 1, 1}));
  const auto commit = [](Index index) {
    return Envelope{1, 2, AppendEntries::Request{1, 1, 3, 1, {}, index}};
  };
  EXPECT_EQ(stepChecked(s2, ms(1), commit(2)).apply, (Apply{1, entriesFrom(1, {1, 1})}));
  EXPECT_EQ(stepChecked(s2, ms(1), commit(1)).apply, Apply{});
  EXPECT_EQ(stepChecked(s2, ms(1), commit(3)).apply, (Apply{3, entriesFrom(3, {1})}));
}

// §5.3: "If two entries in different logs have the same index and term, then they store the same
// command." — "a leader creates at most one entry with a given log index in a given term"
TEST(Section53, ALeaderCreatesOneEntryWithAnIndexInATerm) {
  Server s1 = leaderOf(2, logOf({1}));
  for (Index index = 2; index < Index{20}; ++index) {
    const Effects fx = stepChecked(s1, ms(1), Propose{{"x"}});
    EXPECT_EQ(fx.proposed, Proposed{(Accepted{index, 2})});
    EXPECT_EQ(s1.log.lastIndex(), index);
    EXPECT_EQ(s1.log.lastTerm(), 2);
  }
}

// §5.3: "If the follower does not find an entry in its log with the same index and term, then it
// refuses the new entries."
TEST(Section53, AFollowerRefusesEntriesThatDoNotContinueItsLog) {
  for (auto [index, term] : {std::pair<Index, Term>{3, 1}, {2, 2}, {9, 9}}) {
    Server s2 = followerOf(2, 9, logOf({1, 1}));
    const Effects fx = stepChecked(
        s2, ms(1), Envelope{1, 2, AppendEntries::Request{9, 1, index, term, entriesFrom(1, {9})}});
    EXPECT_FALSE(sent<AppendEntries::Response>(fx, 1).success);
    EXPECT_EQ(s2.log, logOf({1, 1}));
  }
}

// §5.3: "When a leader first comes to power, it initializes all nextIndex values to the index just
// after the last one in its log"
TEST(Section53, ANewLeaderBeginsJustAfterItsLastEntry) {
  Server s1{.id = 1,
            .voters = three,
            .settings = plain,
            .currentTerm = 4,
            .votedFor = 1,
            .log = logOf({1, 1, 3}),
            .role = Candidate{.votesResponded = {1}, .votesGranted = {1}},
            .durableIndex = 3};
  stepChecked(s1, ms(1), Envelope{2, 1, RequestVote::Response{4, true}});
  for (ServerId peer : {2, 3}) EXPECT_EQ(s1.as<Leader>()->of(peer), (Progress{.nextIndex = 4}));
}

// §5.3: "Eventually nextIndex will reach a point where the leader and follower logs match. When
// this happens, AppendEntries will succeed, which removes any conflicting entries in the follower's
// log and appends entries from the leader's log (if any)."
TEST(Section53, AnInconsistentFollowerIsBroughtToTheLeadersLogOneEntryBackAtATime) {
  Server s1 = leaderOf(4, logOf({1, 1, 3, 4}));
  Server s2 = followerOf(2, 4, logOf({1, 2, 2}));
  for (std::uint64_t next : {5, 4, 3}) {
    EXPECT_EQ(s1.as<Leader>()->of(2).nextIndex, next);
    const Server before = s1;
    const Effects fx =
        stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, false, next - 1, 0}});
    EXPECT_EQ(sent<AppendEntries::Request>(fx, 2).prevLogIndex, next - 2);
  }
  s1 = leaderOf(4, logOf({1, 1, 3, 4}));
  exchange(s1, s2, stepChecked(s1, ms(20), Timeout{}));
  EXPECT_EQ(s2.log.from(1), s1.log.from(1));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 4}));
}

// §5.3: "A leader never overwrites or deletes entries in its own log"
TEST(Section53, NothingThatALeaderHearsDeletesAnEntryOfItsLog) {
  const Message heard[] = {
      AppendEntries::Request{4, 2, 0, 0, entriesFrom(1, {3}), 3},
      AppendEntries::Request{3, 2, 1, 1, entriesFrom(2, {3}), 3},
      AppendEntries::Response{4, false, 3, 0},
      AppendEntries::Response{4, false, 0, 0},
      RequestVote::Request{4, 2, 9, 4},
      RequestVote::Response{4, true},
  };
  Server s1 = leaderOf(4, logOf({1, 1, 4}));
  for (const Message& message : heard) {
    stepChecked(s1, ms(1), Envelope{2, 1, message});
    EXPECT_TRUE(s1.is<Leader>());
    EXPECT_EQ(s1.log, logOf({1, 1, 4}));
  }
}

// §5.3: "a single slow follower will not impact performance"
TEST(Section53, ASlowFollowerDoesNotHoldUpTheOthers) {
  Server s1 = leaderOf(1, logOf({}));
  Server s2 = followerOf(2, 1, logOf({}));
  for (Index index = 1; index <= Index{10}; ++index) {
    const Effects fx = stepChecked(s1, ms(1), Propose{{"x"}});
    stepChecked(s1, ms(1), Written{fx.write->id});
    exchange(s1, s2, fx);  // s3 never answers
    EXPECT_EQ(s1.commitIndex, index);
  }
}

// §5.4.1: "the voter denies its vote if its own log is more up-to-date than that of the candidate"
TEST(Section54, AVoterComparesLastTermsThenLengths) {
  struct Row {
    Index lastLogIndex;
    Term lastLogTerm;
    bool granted;
  };
  const Row rows[] = {{0, 0, false}, {9, 1, false}, {2, 2, false}, {3, 1, false},
                      {3, 2, true},  {4, 2, true},  {1, 3, true},  {9, 3, true}};
  for (const Row& row : rows) {
    Server s2 = followerOf(2, 4, logOf({1, 2, 2}));
    const RequestVote::Request request{5, 3, row.lastLogIndex, row.lastLogTerm};
    stepChecked(s2, ms(1), Envelope{3, 2, request});
    EXPECT_EQ(s2.votedFor == ServerId{3}, row.granted)
        << row.lastLogIndex.value << '^' << row.lastLogTerm.value;
  }
}

// §5.4.1: "The RPC includes information about the candidate's log"
TEST(Section54, ACandidateTellsOfItsLastEntry) {
  Server s2 = followerOf(2, 4, logOf({1, 2, 2}));
  const Effects fx = stepChecked(s2, ms(100), Timeout{});
  EXPECT_EQ(sent<RequestVote::Request>(fx, 3), (RequestVote::Request{5, 2, 3, 2}));
}

// §5.4.2: "Raft never commits log entries from previous terms by counting replicas. Only log
// entries from the leader's current term are committed by counting replicas"
TEST(Section54, AnEntryOfAnEarlierTermOnAllServersIsNotCommitted) {
  Server s1 = leaderOf(4, logOf({1, 2}));
  for (ServerId peer : {2, 3}) {
    stepChecked(s1, ms(1), Envelope{peer, 1, AppendEntries::Response{4, true, 2, 2}});
  }
  EXPECT_EQ(s1.commitIndex, 0);
}

// §5.4.2: "once an entry from the current term has been committed in this way, then all prior
// entries are committed indirectly because of the Log Matching Property"
TEST(Section54, AnEntryOfTheCurrentTermCommitsThoseBeforeIt) {
  Server s1 = leaderOf(4, logOf({1, 2, 4}));
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 2, 2}});
  EXPECT_EQ(s1.commitIndex, 0);
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 2, 3}});
  EXPECT_EQ(s1.commitIndex, 3);
}

// §5.4.2: "log entries retain their original term numbers when a leader replicates entries from
// previous terms"
TEST(Section54, EntriesKeepTheirTermsWhenALaterLeaderReplicatesThem) {
  Server s1 = leaderOf(7, logOf({1, 2, 5}));
  Server s2 = followerOf(2, 7, logOf({}));
  exchange(s1, s2, stepChecked(s1, ms(20), Timeout{}));
  EXPECT_EQ(s2.log.from(1), entriesFrom(1, {1, 2, 5}));
}

// §5.4.3: "the voter must have accepted the committed entry from leaderT before voting for leaderU;
// otherwise it would have rejected the AppendEntries request from leaderT (its current term would
// have been higher than T)"
TEST(Section54, WhoHasVotedForALaterLeaderRejectsTheEarlierOne) {
  Server s3 = followerOf(3, 1, logOf({1}));
  stepChecked(s3, ms(1), Envelope{2, 3, RequestVote::Request{2, 2, 1, 1}});
  EXPECT_EQ(s3.votedFor, 2);
  stepChecked(s3, ms(1), Written{1});
  const Effects fx = stepChecked(
      s3, ms(2), Envelope{1, 3, AppendEntries::Request{1, 1, 1, 1, entriesFrom(2, {1})}});
  EXPECT_EQ(sent<AppendEntries::Response>(fx, 1), (AppendEntries::Response{2, false, 1, 0}));
  EXPECT_EQ(s3.log, logOf({1}));
}

// §5.4.3: "The voter still stored the entry when it voted for leaderU" — who lacks it is denied.
TEST(Section54, WhoStoresACommittedEntryElectsNobodyWhoLacksIt) {
  Server s3 = followerOf(3, 2, logOf({1, 2}));
  stepChecked(s3, ms(1), Envelope{1, 3, AppendEntries::Request{2, 1, 2, 2, {}, 2}});
  EXPECT_EQ(s3.commitIndex, 2);
  stepChecked(s3, ms(1), Envelope{2, 3, RequestVote::Request{3, 2, 1, 1}});
  EXPECT_EQ(s3.votedFor, std::nullopt);
}

// §5.5: "if a follower receives an AppendEntries request that includes log entries already present
// in its log, it ignores those entries in the new request"
TEST(Section55, EntriesThatArePresentAreIgnored) {
  Server s2 = followerOf(2, 2, logOf({1, 2}));
  const Effects fx = stepChecked(
      s2, ms(1), Envelope{1, 2, AppendEntries::Request{2, 1, 0, 0, entriesFrom(1, {1, 2})}});
  EXPECT_EQ(fx.write, std::nullopt);
  EXPECT_EQ(sent<AppendEntries::Response>(fx, 1), (AppendEntries::Response{2, true, 0, 2}));
}

}  // namespace
}  // namespace raft
