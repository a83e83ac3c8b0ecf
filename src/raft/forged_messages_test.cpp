// Late, doubled and forged messages are answered or ignored; none of them breaks an invariant.
#include <algorithm>
#include <iterator>
#include <span>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

constexpr std::uint64_t absurd = ~0ull;

// The same, but 3^4 is a configuration: a leader of a joint one, one that waits for s4 to catch up,
// and one that is not in its own; a candidate and a follower of the latter.
std::vector<Server> whileMembersChange() {
  const Configuration joint{.voters = {1, 2, 3}, .nextVoters = {2, 4}};
  const Configuration learning{.voters = {1, 2, 3}, .learners = {4}};
  const Configuration without{ServerSet{2, 3}};
  std::vector<Server> all;
  for (const Configuration& its : {joint, learning, without, without, without}) {
    Log log = logOf({1, 2});
    log.append({.term = 4, .command = encode(its), .type = EntryType::Configuration});
    Server s1 = Server::start(1, three, extended, 1, ms(0), {4, ServerId{1}, std::move(log)});
    s1.commitIndex = s1.lastApplied = 1;
    s1.role =
        Leader{.progress = {{.nextIndex = 4, .matchIndex = 3}, {.nextIndex = 4}, {.nextIndex = 4}},
               .changing = true};
    s1.as<Leader>()->progress.resize(4);
    all.push_back(std::move(s1));
  }
  all[1].as<Leader>()->catchUp = Leader::CatchUp{.target = ServerSet{1, 2, 3, 4},
                                                 .newcomers = {4},
                                                 .goal = 3,
                                                 .roundBegan = {},
                                                 .reachedAt = {}};
  all[3].role = Candidate{.votesResponded = {1}, .votesGranted = {1}, .electionDeadline = ms(50)};
  all[4].role = Follower{.leaderId = 2, .electionDeadline = ms(50)};
  return all;
}

// s1 in each role, in term 4 with the log 1^1 2^2 3^4, of which 1^1 is committed.
std::vector<Server> inEachRole() {
  Server s1{.id = 1,
            .configuration = three,
            .settings = plain,
            .currentTerm = 4,
            .votedFor = 1,
            .log = logOf({1, 2, 4}),
            .commitIndex = 1,
            .lastApplied = 1,
            .durableIndex = 3};
  std::vector<Server> all(6, s1);
  all[0].role = Follower{.leaderId = 2, .electionDeadline = ms(50)};
  all[1].role = Candidate{.votesResponded = {1}, .votesGranted = {1}, .electionDeadline = ms(50)};
  all[2].role =
      Leader{.progress = {{.nextIndex = 4, .matchIndex = 3}, {.nextIndex = 4}, {.nextIndex = 4}}};
  // With all that lies beyond Figure 2: asking whether it could win, following, handing over.
  all[3].role =
      Follower{.electionDeadline = ms(50), .canvass = Canvass{.responded = {1}, .granted = {1}}};
  all[4].role = Follower{.leaderId = 2, .electionDeadline = ms(50), .withholdVotesUntil = ms(40)};
  all[5].role = all[2].role;
  all[5].as<Leader>()->transfer = Transfer{.to = 2, .deadline = ms(99)};
  for (Server& server : std::span(all).subspan(3)) server.settings = extended;
  std::ranges::copy(whileMembersChange(), std::back_inserter(all));
  return all;
}

// Each message, with each term, index and flag that could make trouble.
std::vector<Message> absurdMessages() {
  std::vector<Message> all;
  for (Term term : {Term(0), Term(3), Term(4), Term(5)}) {
    for (Index index : {Index(0), Index(2), Index(3), Index(4), Index(absurd), Index(absurd - 1)}) {
      for (Term of : {Term(0), Term(4), Term(absurd)}) {
        for (std::uint32_t id : {0u, 1u, 2u, 9u, ~0u}) {
          all.push_back(RequestVote::Request{term, id, index, of});
          all.push_back(RequestVote::Request{term, id, index, of, true});
          all.push_back(PreVote::Request{term, id, index, of, true});
          all.push_back(PreVote::Request{absurd, id, index, of});
          all.push_back(AppendEntries::Request{term, id, index, of, {}, index});
          all.push_back(AppendEntries::Request{term, id, 3, 4, entriesFrom(4, {4}), index});
          all.push_back(AppendEntries::Request{term, id, 3, 4, {{of}}, index});
          all.push_back(AppendEntries::Request{term, id, 2, 2, {{5}, {of}}, index});
          for (const Command& its : {encode({}), encode(ServerSet{2, 3}), Command("?")}) {
            const Entry entry{.term = 5, .command = its, .type = EntryType::Configuration};
            all.push_back(AppendEntries::Request{term, id, 2, 2, {entry}, index});
            all.push_back(AppendEntries::Request{term, id, 3, 4, {entry}, index});
          }
        }
      }
      for (bool yes : {true, false}) {
        all.push_back(RequestVote::Response{term, yes});
        all.push_back(AppendEntries::Response{term, yes, index, index});
        all.push_back(AppendEntries::Response{term, yes, index, 3});
        for (std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1}, absurd}) {
          for (Term of : {Term(0), Term(2), term, Term(absurd)}) {
            all.push_back(InstallSnapshot::Request{term, 2, index, of, three, offset, "abc", yes});
          }
          all.push_back(InstallSnapshot::Request{term, 2, index, 4, {}, offset, "", yes});
          all.push_back(InstallSnapshot::Response{term, index, offset, absurd, yes ? 3 : 0});
          all.push_back(InstallSnapshot::Response{term, index, offset, offset, index});
        }
        all.push_back(AppendEntries::Response{term, yes, 3, index, 0, ~0u});
        all.push_back(PreVote::Response{term, yes, index.value});
        all.push_back(PreVote::Response{term, yes, 5});
        for (std::uint32_t id : {0u, 1u, 2u, 9u}) all.push_back(TimeoutNow::Request{term, id, yes});
      }
    }
  }
  return all;
}

TEST(ForgedMessages, OfAnyContentFromAnybodyBreakNothingInAnyRole) {
  for (const Server& before : inEachRole()) {
    for (const Message& message : absurdMessages()) {
      for (ServerId from : {0u, 1u, 2u, 9u, 256u, 257u, ~0u}) {
        Server s1 = before;
        stepChecked(s1, ms(1), Envelope{from, 1, message});  // once …
        stepChecked(s1, ms(2), Envelope{from, 1, message});  // … and doubled
        EXPECT_GE(s1.commitIndex, 1);
        EXPECT_TRUE(s1.snapshot.exists() || s1.log[1] == entryAt(1, 1));
        if (HasFailure()) FAIL() << testing::PrintToString(Envelope{from, 1, message});
      }
    }
  }
}

TEST(ForgedMessages, ToAnotherServerOrFromItselfAreIgnored) {
  for (const Server& before : inEachRole()) {
    for (const Message& message : absurdMessages()) {
      Server s1 = before;
      EXPECT_EQ(stepChecked(s1, ms(1), Envelope{2, 3, message}), Effects{});
      EXPECT_EQ(stepChecked(s1, ms(1), Envelope{1, 1, message}), Effects{});
      EXPECT_EQ(s1, before);
    }
  }
}

// §5.3: a leader appends entries of its own term, and terms rise.
TEST(ForgedMessages, EntriesWhoseTermsFallOrAreAboveTheirLeadersAreIgnored) {
  const std::pair<Index, Entries> forged[] = {
      {3, {{5}}}, {3, {{3}}}, {3, {{4}, {2}}}, {2, {{3}, {4}, {3}}}, {2, {{1}}}};
  for (const auto& [prevLogIndex, entries] : forged) {
    Server s1 = inEachRole()[0];
    const AppendEntries::Request request{4, 2, prevLogIndex, s1.log.term(prevLogIndex), entries, 0};
    EXPECT_EQ(stepChecked(s1, ms(1), Envelope{2, 1, request}), Effects{});
    EXPECT_EQ(s1.log, logOf({1, 2, 4}));
  }
}

// §5.2: a term has one leader, so a leader is not told to follow in its own term.
TEST(ForgedMessages, ALeaderIgnoresAppendEntriesOfItsOwnTerm) {
  const Server before = inEachRole()[2];
  Server s1 = before;
  EXPECT_EQ(stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Request{4, 2, 3, 4}}), Effects{});
  EXPECT_EQ(s1, before);
}

TEST(ForgedMessages, ALeaderCountsNobodyOutsideItsCluster) {
  const Server before = inEachRole()[2];
  for (ServerId from : {0u, 4u, 9u, 256u, 257u}) {
    Server s1 = before;
    const AppendEntries::Response response{4, true, 2, 3};
    EXPECT_EQ(stepChecked(s1, ms(1), Envelope{from, 1, response}), Effects{});
    EXPECT_EQ(s1, before);
  }
}

// A cluster need not be of the first servers: s2 has a place in the table and no part in it.
TEST(ForgedMessages, ALeaderCountsNobodyBetweenItsServers) {
  Server s1 = inEachRole()[2];
  s1.configuration = {{1, 3}};
  const Server before = s1;
  EXPECT_EQ(stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 3, 3}}),
            Effects{});
  EXPECT_EQ(s1, before);
}

// A follower would have to have what the leader itself has not.
TEST(ForgedMessages, ASuccessBeyondTheLeadersLogIsNotBelieved) {
  for (Index match : {Index(4), Index(absurd)}) {
    Server s1 = inEachRole()[2];
    stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 3, match}});
    EXPECT_EQ(s1, inEachRole()[2]);
  }
}

TEST(ForgedMessages, ResponsesOfTermsLongGoneAreIgnored) {
  for (const Server& before : inEachRole()) {
    Server s1 = before;
    const Message late[] = {RequestVote::Response{2, true}, RequestVote::Response{2, false},
                            AppendEntries::Response{2, true, 3, 3},
                            AppendEntries::Response{2, false, 3, 0}};
    for (const Message& message : late) {
      EXPECT_EQ(stepChecked(s1, ms(1), Envelope{2, 1, message}), Effects{});
      EXPECT_EQ(s1, before);
    }
  }
}

}  // namespace
}  // namespace raft
