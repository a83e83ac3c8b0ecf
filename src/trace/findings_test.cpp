// What no rule explains is told: each test does a step as the core does it, then does it wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const Names abc({"A", "B", "C", "D", "E"});

// A step of a server that can be spoiled before it is told.
struct Spoiled {
  Server before;
  Input input;
  Time now = Time(0);
  Server after = before;
  Effects effects = {};

  Spoiled(Server server, Input in, Time at = Time(0))
      : before(std::move(server)), input(std::move(in)), now(at), after(before) {
    effects = after.step(now, input);
  }
  std::string findings() const {
    std::string out;
    for (const Fact& fact : factsOf({now, &before, input, effects, after}, abc)) {
      if (isFinding(fact)) out += sentence(fact, abc) + "\n";
    }
    return out;
  }
  AppendEntries::Response& answer() {
    return std::get<AppendEntries::Response>(effects.send[0].envelope.message);
  }
  // The disk was told what the spoilt server says, so that only the deed itself is wrong.
  void writeAnew(Index from = 0) {
    Write write{.id = before.lastWrite + 1,
                .currentTerm = after.currentTerm,
                .votedFor = after.votedFor,
                .from = from};
    if (from != Index{0} && from <= after.log.lastIndex()) write.entries = after.log.from(from);
    after.log.takeChange();
    after.lastWrite = write.id;
    if (from != Index{0}) after.durableIndex = std::min(before.durableIndex, from - 1);
    after.writing = before.writing;
    after.writing.push_back({.id = write.id, .lastIndex = after.log.lastIndex()});
    effects.write = write;
    for (Send& send : effects.send) {
      if (!std::holds_alternative<AppendEntries::Request>(send.envelope.message)) {
        send.after = write.id;
      }
    }
  }
};

Server serverOf(std::uint32_t id, Term term, Log log, std::uint32_t count = 3) {
  Settings settings;
  settings.noopAtElection = false;
  return Server::start(id, ServerSet::firstServers(count), settings, 1, Time(0),
                       {.currentTerm = term, .votedFor = {}, .log = std::move(log)});
}

Server leaderOf(Term term, Log log, std::uint32_t count = 3) {
  Server server = serverOf(1, term, std::move(log), count);
  server.votedFor = ServerId{1};
  Leader leader;
  leader.progress.assign(count, Progress{.nextIndex = server.log.lastIndex() + 1});
  leader.of(1).matchIndex = server.durableIndex;
  leader.heartbeatDeadline = milliseconds(50);
  server.role = leader;
  return server;
}

Envelope requestVote(Term term, Index lastIndex, Term lastTerm) {
  return {.from = 1,
          .to = 2,
          .message = RequestVote::Request{
              .term = term, .candidateId = 1, .lastLogIndex = lastIndex, .lastLogTerm = lastTerm}};
}

Envelope append(Term term, Index prev, Term prevTerm, Entries entries, Index commit = 0) {
  return {.from = 1,
          .to = 2,
          .message = AppendEntries::Request{.term = term,
                                            .leaderId = 1,
                                            .prevLogIndex = prev,
                                            .prevLogTerm = prevTerm,
                                            .entries = std::move(entries),
                                            .leaderCommit = commit}};
}

Envelope acknowledged(ServerId from, Term term, Index match) {
  return {.from = from,
          .to = 1,
          .message = AppendEntries::Response{
              .term = term, .success = true, .prevLogIndex = 0, .matchIndex = match}};
}

TEST(Findings, AVoteForAStaleLog) {
  Spoiled step(serverOf(2, 2, {{1, "a"}, {2, "b"}}), requestVote(2, 1, 1));
  EXPECT_EQ(step.findings(), "");
  std::get<RequestVote::Response>(step.effects.send[0].envelope.message).voteGranted = true;
  step.after.votedFor = ServerId{1};
  step.after.as<Follower>()->electionDeadline = milliseconds(200);
  ++step.after.random.counter;
  step.writeAnew();
  EXPECT_EQ(step.findings(),
            "B grants its vote to A, which no rule explains: "
            "B's log is more up-to-date (term 2 > 1, §5.4.1)\n");
}

TEST(Findings, ASecondVoteInATerm) {
  Server voter = serverOf(2, 2, {});
  voter.votedFor = ServerId{3};
  Spoiled step(voter, requestVote(2, 0, 0));
  EXPECT_EQ(step.findings(), "");
  std::get<RequestVote::Response>(step.effects.send[0].envelope.message).voteGranted = true;
  step.after.votedFor = ServerId{1};
  step.after.as<Follower>()->electionDeadline = milliseconds(200);
  step.writeAnew();
  EXPECT_EQ(step.findings(),
            "B grants its vote to A, which no rule explains: "
            "B's vote in term 2 is for C, and a server votes once in a term (§5.2)\n");
}

TEST(Findings, AVoteThatIsNotRecorded) {
  Spoiled step(serverOf(2, 2, {}), requestVote(2, 0, 0));
  step.after.votedFor.reset();
  EXPECT_THAT(step.findings(), HasSubstr("records a vote for nobody"));
}

TEST(Findings, AVoteThatIsRefusedWithoutReason) {
  Spoiled step(serverOf(2, 2, {}), requestVote(2, 0, 0));
  std::get<RequestVote::Response>(step.effects.send[0].envelope.message).voteGranted = false;
  EXPECT_THAT(step.findings(), HasSubstr("refuses its vote to A, which no rule explains"));
}

TEST(Findings, ARequestThatIsNotAnswered) {
  Spoiled step(serverOf(2, 2, {}), requestVote(2, 0, 0));
  step.effects.send.clear();
  EXPECT_THAT(step.findings(), HasSubstr("does not answer A's RequestVote"));
}

TEST(Findings, AVoteThatIsSentBeforeItIsDurable) {
  Spoiled step(serverOf(2, 2, {}), requestVote(2, 0, 0));
  step.effects.send[0].after = 0;
  EXPECT_THAT(step.findings(), HasSubstr("it speaks of what is durable only after write 1"));
}

TEST(Findings, AVoteThatIsNotWritten) {
  Spoiled step(serverOf(2, 2, {}), requestVote(2, 0, 0));
  step.effects.write.reset();
  EXPECT_THAT(step.findings(), HasSubstr("does not write what has changed"));
}

TEST(Findings, ATermThatIsNotAdopted) {
  Spoiled step(serverOf(2, 1, {{1, "a"}}), requestVote(3, 0, 0));
  EXPECT_EQ(step.findings(), "");
  step.after.currentTerm = 1;
  EXPECT_THAT(step.findings(), HasSubstr("by the rules it is in term 3 (§5.1)"));
}

TEST(Findings, ATimerThatIsSetAnewForACandidateWithoutAVote) {
  Spoiled step(serverOf(2, 2, {{2, "b"}}), requestVote(2, 0, 0));
  step.after.as<Follower>()->electionDeadline += milliseconds(1);
  EXPECT_THAT(step.findings(), HasSubstr("sets its election timer anew"));
}

TEST(Findings, ALeaderWithoutAMajority) {
  Server candidate = serverOf(1, 1, {}, 5);
  candidate.votedFor = ServerId{1};
  candidate.role = Candidate{.votesResponded = {1}, .votesGranted = {1}};
  Spoiled step(candidate, Envelope{2, 1, RequestVote::Response{.term = 1, .voteGranted = true}});
  EXPECT_EQ(step.findings(), "");
  step.after.role = leaderOf(1, {}, 5).role;
  EXPECT_THAT(step.findings(), HasSubstr("A is leader now, which no rule explains: by the rules "
                                         "it is candidate (§5.2)"));
}

TEST(Findings, ACommitOfAnEarlierTermByCounting) {
  Server leader = leaderOf(4, {{1, "a"}, {2, "b"}});
  leader.as<Leader>()->of(2).nextIndex = 2;
  Spoiled step(leader, acknowledged(2, 4, 2));
  EXPECT_EQ(step.findings(), "");
  step.after.commitIndex = step.after.lastApplied = 2;
  step.effects.apply = {.first = 1, .entries = step.after.log.from(1)};
  EXPECT_THAT(step.findings(),
              HasSubstr("2^2 is of an earlier term than 4, and only entries of the leader's term "
                        "are committed by counting (§5.4.2)"));
}

TEST(Findings, ACommitWithoutAMajority) {
  Spoiled step(leaderOf(1, {{1, "a"}}, 5), acknowledged(2, 1, 1));
  EXPECT_EQ(step.findings(), "");
  step.after.commitIndex = step.after.lastApplied = 1;
  step.effects.apply = {.first = 1, .entries = step.after.log.from(1)};
  EXPECT_THAT(step.findings(), HasSubstr("only A and B hold it: 2 of 5, no majority (§5.3)"));
}

TEST(Findings, ACommitThatIsForgotten) {
  Spoiled step(leaderOf(1, {{1, "a"}}), acknowledged(2, 1, 1));
  EXPECT_EQ(step.findings(), "");
  step.after.commitIndex = step.after.lastApplied = 0;
  step.effects.apply = {};
  EXPECT_THAT(step.findings(), HasSubstr("has commitIndex 0, which no rule explains"));
}

TEST(Findings, ATruncationWithoutConflict) {
  Spoiled step(serverOf(2, 1, {{1, "a"}, {1, "b"}}), append(1, 1, 1, {}));
  EXPECT_EQ(step.findings(), "");
  step.after.log.truncateFrom(2);
  step.writeAnew(2);
  EXPECT_THAT(step.findings(), HasSubstr("B drops 2^1 from its log, which no rule explains: "
                                         "nothing in this step conflicts with 2^1 (§5.3)"));
}

TEST(Findings, EntriesThatFollowNothing) {
  Spoiled step(serverOf(2, 1, {}), append(1, 3, 1, {{1, "d"}}));
  EXPECT_EQ(step.findings(), "");
  step.after.log.append({1, "d"});
  step.writeAnew(1);
  step.answer() = {.term = 1, .success = true, .prevLogIndex = 3, .matchIndex = 4};
  EXPECT_THAT(step.findings(),
              HasSubstr("accepts A's AppendEntries, which no rule explains: it "
                        "names 3^1 as the entry before, and B's log is empty (§5.3)"));
  EXPECT_THAT(step.findings(), HasSubstr("has the log 1^1 now"));
}

TEST(Findings, ACommitBeyondWhatWasChecked) {
  Spoiled step(serverOf(2, 2, {{1, "a"}, {1, "b"}}), append(2, 1, 1, {}, 2));
  EXPECT_EQ(step.findings(), "");
  step.after.commitIndex = step.after.lastApplied = 2;
  step.effects.apply = {.first = 1, .entries = step.after.log.from(1)};
  EXPECT_THAT(step.findings(), HasSubstr("has commitIndex 2, which no rule explains: by the rules "
                                         "it is 1"));
}

TEST(Findings, ASendThatNobodyAskedFor) {
  Spoiled step(leaderOf(1, {}), Timeout{}, milliseconds(10));
  EXPECT_EQ(step.findings(), "");
  step.effects.send.push_back({.envelope = append(1, 0, 0, {})});
  EXPECT_EQ(step.findings(),
            "A sends to B: heartbeat term 1, after 0^0, commit 0, which no rule explains: "
            "no rule asks for it in this step\n");
}

TEST(Findings, AHeartbeatThatLeavesOneOut) {
  Spoiled step(leaderOf(1, {}), Timeout{}, milliseconds(50));
  EXPECT_EQ(step.findings(), "");
  step.effects.send.pop_back();
  EXPECT_THAT(step.findings(), HasSubstr("sends nothing to C"));
}

TEST(Findings, EntriesOfAnotherLog) {
  Spoiled step(leaderOf(1, {}), Propose{{"x"}});
  EXPECT_EQ(step.findings(), "");
  step.effects.send[0].envelope.message =
      std::get<AppendEntries::Request>(append(1, 0, 0, {{1, "y"}}).message);
  EXPECT_THAT(step.findings(), HasSubstr("these are not the entries of its log (§5.3)"));
}

TEST(Findings, AFollowerThatTakesACommand) {
  Spoiled step(serverOf(2, 1, {}), Propose{{"x"}});
  EXPECT_EQ(step.findings(), "");
  step.effects.proposed = Accepted{.index = 1, .term = 1};
  EXPECT_THAT(step.findings(), HasSubstr("answers a proposal wrongly"));
}

TEST(Findings, ALeaderThatCountsItselfBeforeItsDiskDoes) {
  Spoiled step(leaderOf(1, {}), Propose{{"x"}});
  step.after.as<Leader>()->of(1).matchIndex = 1;
  EXPECT_THAT(step.findings(), HasSubstr("takes A to match up to 1"));
}

TEST(Findings, AnElectionBeforeTheTimeout) {
  const Server follower = serverOf(1, 0, {});
  Spoiled step(follower, Timeout{}, follower.deadline());
  EXPECT_EQ(step.findings(), "");
  step.now = follower.deadline() - Duration(1);
  EXPECT_THAT(step.findings(), HasSubstr("is candidate now"));
}

TEST(Findings, AnEntryThatIsAppliedTwice) {
  Server follower = serverOf(2, 1, {{1, "a"}});
  follower.commitIndex = follower.lastApplied = 1;
  Spoiled step(follower, append(1, 1, 1, {}, 1));
  EXPECT_EQ(step.findings(), "");
  step.effects.apply = {.first = 1, .entries = follower.log.from(1)};
  EXPECT_THAT(step.findings(), HasSubstr("applies 1^1 and has lastApplied 1"));
}

// A leader of term 2 with the log 1^1 2^2, the second entry not durable yet.
Server writingLeader() {
  Server leader = leaderOf(2, {{1, "a"}});
  leader.settings.writeTimeout = milliseconds(200);
  leader.step(Time(0), Propose{{"b"}});
  return leader;
}

TEST(Findings, ALeaderThatTakesBackWhatItCouldNotWrite) {
  Spoiled step(writingLeader(), WriteFailed{1}, milliseconds(10));
  EXPECT_EQ(step.findings(), "");
  step.after.log.truncateFrom(2);
  step.after.writing.clear();
  step.writeAnew(2);
  EXPECT_THAT(step.findings(), HasSubstr("A drops 2^2 from its log, which no rule explains"));
}

TEST(Findings, ALeaderThatGoesOnAfterAFailedWrite) {
  Spoiled step(writingLeader(), WriteFailed{1}, milliseconds(10));
  step.after.role = step.before.role;
  step.after.random = step.before.random;
  EXPECT_THAT(step.findings(), HasSubstr("A is leader now"));
}

TEST(Findings, AFailedWriteThatIsNotAskedForAgain) {
  Spoiled step(writingLeader(), WriteFailed{1}, milliseconds(10));
  step.effects.write.reset();
  EXPECT_THAT(step.findings(), HasSubstr("A does not write what has changed"));
}

TEST(Findings, ALeaderWhoseDiskStallsAndThatGoesOn) {
  Server leader = writingLeader();
  leader.as<Leader>()->heartbeatDeadline = milliseconds(210);
  Spoiled step(leader, Timeout{}, milliseconds(200));
  EXPECT_EQ(step.findings(), "");
  step.after = step.before;
  EXPECT_THAT(step.findings(), HasSubstr("A is leader now"));
}

}  // namespace
}  // namespace raft::trace
