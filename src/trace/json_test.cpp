#include "trace/json.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "trace/sentence.h"

namespace raft::trace {
namespace {

const Names abc({"A", "B", "C"});

std::string jsonOf(const Fact& fact) {
  std::string out;
  appendJson(out, fact, abc);
  return out;
}

std::vector<What> ofTheLog() {
  return {
      ProposalAccepted{.first = 1, .last = 1},
      ProposalRefused{.leader = ServerId{1}, .commands = 1},
      ProposalRefused{.leader = {}, .commands = 2},
      ProposalRefused{.leader = ServerId{2}, .commands = 1, .handsOver = true},
      ProposalRefused{.leader = ServerId{2}, .commands = 2, .uncommittedBytes = 100},
      EntriesAppended{.first = 1, .entries = {{1, "x"}}, .source = Source::Client},
      EntriesTruncated{.first = 1, .last = 2, .ours = 1, .theirs = 2, .leader = 1},
      HeartbeatsSent{.to = {2, 3}, .first = true},
      EntriesSent{.to = {2}, .first = 1, .last = 1},
      EntriesHeld{.to = {2}, .first = 1, .last = 3, .why = Held::Messages},
      PipeliningBegun{.follower = 2, .matchIndex = 4},
      AppendAccepted{.leader = 1, .matchIndex = 1, .entries = 1},
      AppendRefused{.leader = 1,
                    .why = AppendRefusal::NoMatch,
                    .prevLogIndex = 2,
                    .prevLogTerm = 1,
                    .ours = Term{2},
                    .hint = ConflictHint{.term = 1, .first = 1, .last = 1}},
      MatchIndexRaised{.follower = 2, .before = 0, .after = 1},
      NextIndexLowered{.follower = 2, .before = 2, .after = 1},
      CommitAdvanced{.before = 0, .after = 1, .byCounting = true, .holders = {1, 2}},
      CommitHeldBack{.index = 1, .term = 1, .holders = {1, 2}},
      Applied{.first = 1, .entries = {{1, "x"}}},
      FateTold{.first = 1, .last = 2, .term = 1, .outcome = Fate::Outcome::Lost},
  };
}

std::vector<What> ofReads() {
  return {
      ReadTaken{1},
      ReadRefused{.leader = ServerId{1}},
      ReadRoundBegan{.round = 1, .first = 1, .last = 2, .to = {1, 3}},
      ReadsConfirmed{.first = 1, .last = 2, .byLease = false, .by = {1, 2}, .readIndex = 1},
      ReadsLost{.first = 3, .last = 3},
      LeaseExtended{.until = Time(20'000), .by = {1, 2}},
  };
}

std::vector<What> ofMachines() {
  return {
      DiskStalled{},
      DiskStalled{.until = Time(500)},
      WritesFail{.next = 1},
      WritesFail{.next = 2},
      WritesFail{.next = 0, .every = 3, .until = Time(500)},
      DiskWorks{},
      TailTorn{.entry = 3},
      TornTailDropped{.entry = 3},
      BitFlipped{.entry = 2},
      StartRefused{.entry = 2},
      DiskLost{},
      ClockDrifts{.perMillion = -50'000},
  };
}

std::vector<What> ofSnapshots() {
  const InstallSnapshot::Request chunk{.term = 1,
                                       .leaderId = 1,
                                       .lastIncludedIndex = 3,
                                       .lastIncludedTerm = 1,
                                       .configuration = {.voters = {1, 2}},
                                       .data = "ab",
                                       .done = true};
  InstallSnapshot::Request joint = chunk;
  joint.configuration = {.voters = {1, 2}, .nextVoters = {1, 3}, .learners = {4}};
  joint.data = std::string_view("\xff", 1);
  return {
      SnapshotWanted{.lastIncludedIndex = 3, .entries = 3},
      SnapshotTaken{.lastIncludedIndex = 3, .lastIncludedTerm = 1, .entries = 3, .bytes = 2},
      SnapshotRefused{.lastIncludedIndex = 3, .applied = true},
      SnapshotSent{.to = 2, .lastIncludedIndex = 3, .lastIncludedTerm = 1, .bytes = 1},
      SnapshotSent{.to = 2, .lastIncludedIndex = 3, .bytes = 2, .done = true, .again = true},
      ChunkReceived{.leader = 1, .lastIncludedIndex = 3, .fate = ChunkFate::Stored, .stored = 1},
      ChunkReceived{.leader = 1, .lastIncludedIndex = 3, .fate = ChunkFate::TooEarly},
      SnapshotInstalled{.leader = 1, .lastIncludedIndex = 3, .lastIncludedTerm = 1, .bytes = 2},
      SnapshotNotNeeded{.leader = 1, .lastIncludedIndex = 3, .matchIndex = 4},
      ChunkAcknowledged{.follower = 2, .lastIncludedIndex = 3, .before = 0, .after = 1},
      WriteAsked{.id = 2, .snapshot = 3},
      MessageSent{Envelope{1, 2, chunk}},
      MessageSent{Envelope{1, 2, joint}},
      MessageSent{Envelope{2, 1, InstallSnapshot::Response{.term = 1, .lastIncludedIndex = 3}}},
  };
}

std::vector<What> beyondFigure2() {
  const PreVote::Request ask{1, 1, 0, 0};
  const PreVote::Request told{1, 1, 0, 0, true};
  return {
      SteppedDown{.was = RoleName::Leader, .why = StepDownCause::NoMajority},
      PreVotesRequested{.from = {2, 3}, .standing = 2},
      PreVoteGranted{.candidate = 1, .standing = 2},
      PreVoteRefused{.candidate = 1, .why = VoteRefusal::HearsLeader},
      PreVoteCounted{.voter = 2, .granted = true, .granters = {1, 2}, .need = 2},
      TransferBegun{.to = 2},
      TransferRefused{.to = 2, .why = Transferred::NotAVoter},
      TransferGivenUp{.to = 2},
      ToldToStand{.to = 2},
      HeardToStand{.leader = 2, .askFirst = true},
      MessageSent{{1, 2, ask}},
      MessageSent{{1, 2, told}},
      MessageSent{{1, 2, RequestVote::Request{1, 1, 0, 0, true}}},
      MessageSent{{2, 1, PreVote::Response{1, true, 2}}},
      MessageSent{{2, 1, AppendEntries::Response{.term = 1, .priority = 3}}},
      MessageIgnored{.envelope = {1, 2, TimeoutNow::Request{1, 1}}, .why = Ignored::NotItsLeader},
  };
}

std::vector<What> ofClients() {
  return {
      ClientAsked{.client = 1, .request = 1, .server = 1, .command = "x", .attempt = 1},
      ClientRedirected{.client = 1, .request = 1, .server = 2, .leaderId = ServerId{1}},
      ClientPutOff{.client = 1, .request = 1, .server = 2},
      ClientTold{.client = 1, .request = 1, .server = 2, .lost = true},
      ClientTimedOut{.client = 1, .request = 1, .server = 2},
      ClientAnswered{.client = 1, .request = 1, .server = 1, .index = 1},
      ClientAnswered{.client = 1, .request = 2, .server = 1, .index = 2, .reply = "10"},
      ReadAsked{.read = 1, .server = 1, .key = "x", .local = false},
      ReadAnswered{.read = 1, .server = 1, .key = "x", .value = Command("10"), .applied = 1},
      ReadAnswered{.read = 2, .server = 1, .key = "y", .value = {}, .applied = 1},
      ReadUnanswered{
          .read = 3, .server = 2, .why = ReadUnanswered::Why::NotLeader, .leaderId = ServerId{1}},
      Replied{.index = 1, .entry = {1, "get x"}, .kind = Replied::Kind::Applied, .reply = "10"},
      Replied{.index = 2,
              .entry = {1, "@1#2 put x 1"},
              .kind = Replied::Kind::Repeated,
              .reply = "ok",
              .session = 1,
              .sequence = 2},
      Replied{.index = 3,
              .entry = {1, "register"},
              .kind = Replied::Kind::Applied,
              .reply = "session 3",
              .session = 3,
              .expired = 1},
  };
}

std::vector<What> ofTheCluster() {
  return {
      Partitioned{.groups = {{1}, {2, 3}}},
      Healed{},
      SteppedDown{.was = RoleName::Follower, .why = StepDownCause::DiskStalls},
      SteppedDown{.was = RoleName::Leader, .why = StepDownCause::Removed},
      ConfigurationUsed{.before = ServerSet{1},
                        .after = {.voters = {1}, .nextVoters = {2}, .learners = {3}},
                        .index = 3,
                        .back = true},
      MembershipChange{.wish = {.voters = {2}, .learners = {3}, .removed = {1}},
                       .change = {.outcome = Change::Outcome::NotLeader, .leaderId = ServerId{1}}},
      MembershipChange{.change = {.outcome = Change::Outcome::TooSlow, .servers = {2}}},
      CaughtUp{.servers = {2}, .round = 1, .goal = 3},
  };
}

// One fact of every kind, some twice: with what is optional, and without.
std::vector<Fact> everyKind() {
  const Envelope vote{
      1, 2, RequestVote::Request{.term = 1, .candidateId = 1, .lastLogIndex = 0, .lastLogTerm = 0}};
  const Envelope answer{2, 1, RequestVote::Response{.term = 1, .voteGranted = true}};
  const Entry configuration{{1}, encode(ServerSet{1, 2}), EntryType::Configuration};
  const Envelope append{1, 2,
                        AppendEntries::Request{.term = 1,
                                               .leaderId = 1,
                                               .prevLogIndex = 0,
                                               .prevLogTerm = 0,
                                               .entries = {{1, "x=1"},
                                                           {1, std::string_view("\xff\0", 2)},
                                                           Entry::noop(1),
                                                           configuration},
                                               .round = 1}};
  const Envelope accepted{2, 1, AppendEntries::Response{.term = 1, .success = true, .round = 1}};
  std::vector<What> all = {
      Started{.again = true, .votedFor = ServerId{1}, .electionDeadline = Time(5)},
      Started{},
      Crashed{.role = RoleName::Leader, .writing = true},
      Paused{.role = RoleName::Candidate},
      Resumed{.role = RoleName::Follower},
      ElectionTimedOut{.role = RoleName::Follower, .waited = Duration(10'000)},
      ElectionTimedOut{.role = RoleName::Candidate, .waited = {}},
      BecameCandidate{.termBefore = 0},
      VotesRequested{.from = {2, 3}},
      VoteGranted{.candidate = 1},
      VoteRefused{.candidate = 1, .why = VoteRefusal::OldLog},
      VoteCounted{.voter = 2, .granted = true, .have = 2, .need = 2},
      BecameLeader{.votes = {1, 2}, .need = 2},
      TermAdopted{.before = 0, .from = 1},
      BecameFollower{.was = RoleName::Leader, .newerTerm = true, .from = 2},
      SteppedDown{.was = RoleName::Leader, .why = StepDownCause::WriteFailed},
      LeaderHeard{.leader = 1},
      WriteAsked{.id = 1, .term = true, .vote = true, .from = 1, .entries = 1},
      WriteAsked{.id = 2, .from = 1, .entries = 1, .again = true},
      WriteDurable{.id = 1, .durableIndex = 1},
      WriteFailure{.id = 1, .durableIndex = 1},
      MessageIgnored{.envelope = answer, .why = Ignored::ElectionOver},
      MessageSent{vote},
      MessageDelivered{append},
      MessageDuplicated{accepted},
      MessageLost{.envelope = answer, .why = Lost::Chance},
      LinkChanged{.from = 1, .to = 2, .before = {}, .after = {.up = false}},
      Said{"A \"title\" \\ with\n\x01 and \xc3\xa4\xff"},
      Expected{.text = "A leads", .holds = false},
      InvariantBroken{"commitIndex never falls"},
      PropertyViolated{"ElectionSafety"},
      Unexplained{"grants its vote to A"},
  };
  for (const auto& some : {ofTheLog(), ofMachines(), ofReads(), ofClients(), ofSnapshots(),
                           beyondFigure2(), ofTheCluster()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  std::vector<Fact> facts;
  for (const What& what : all) {
    facts.push_back({.time = Time(12'000),
                     .step = 7,
                     .server = 2,
                     .term = 1,
                     .what = what,
                     .reason = "because (§5.2)"});
  }
  facts[0].server = 0;
  return facts;
}

TEST(Json, IsOneObjectAFact) {
  const Fact fact{.time = Time(12'000),
                  .step = 3,
                  .server = 3,
                  .term = 2,
                  .what = VoteRefused{.candidate = 1, .why = VoteRefusal::OldLog},
                  .reason = "C's log is more up-to-date (term 2 > 1, §5.4.1)"};
  EXPECT_EQ(jsonOf(fact), R"({"time":12000,"step":3,"server":"C","term":2,"kind":"voteRefused",)"
                          R"("candidate":"A","why":"oldLog",)"
                          R"x("reason":"C's log is more up-to-date (term 2 > 1, §5.4.1)"})x");
}

TEST(Json, EscapesWhatIsNotText) {
  std::string out;
  appendJsonString(out, "\"\\\n\x7f\xc3\xa4\xff\xed\xa0\x80");
  EXPECT_EQ(out, "\"\\\"\\\\\\u000a\\u007f\xc3\xa4\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(Json, CommandsThatAreNoTextStandInHexadecimal) {
  const Fact fact{.time = Time(0),
                  .what = Applied{.first = 1, .entries = {{1, std::string_view("\xff\0", 2)}}}};
  EXPECT_NE(jsonOf(fact).find(R"("commandHex":"ff00")"), std::string::npos) << jsonOf(fact);
}

// Where RAFTLAB_FACTS_FILE names a file, it gets a line of each kind, for json_schema_test.py.
TEST(Json, HasALineForEveryKind) {
  std::string out;
  JsonLines lines(abc, out);
  std::vector<bool> seen(std::variant_size_v<What>, false);
  for (const Fact& fact : everyKind()) {
    seen[fact.what.index()] = true;
    lines.told(fact);
    EXPECT_FALSE(sentence(fact, abc).empty());
    EXPECT_FALSE(predicate(fact, abc, true).empty());
  }
  for (std::uint64_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "kind " << i;
  if (const char* path = std::getenv("RAFTLAB_FACTS_FILE")) {
    std::ofstream(path, std::ios::binary) << out;
  }
}

}  // namespace
}  // namespace raft::trace
