// One step, read: the rules of Figure 2 followed from the server before the step, and compared with
// what the server did. Internal to the narrator.
//
// Each rule tells its facts and moves the expectation (the fields below) on. What the server after
// the step, or its effects, have beside what is expected is unexplained.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "trace/fact.h"
#include "trace/notation.h"

namespace raft::trace {

class Reading {
 public:
  Reading(const Step& step, const Names& names, std::optional<Duration> waited);
  std::vector<Fact> read();

 private:
  void tell(What what, std::string reason = {});
  void unexplained(std::string deed, std::string reason);
  std::string name(std::optional<ServerId> server) const { return names_.of(server); }
  std::string own() const { return names_.of(was_.id); }
  template <class Response>
  const Response* answerTo(ServerId to, const char* request);

  // reading.cpp: inputs, and the sum at the end.
  void on(const Timeout&);
  void on(const Propose&);
  void on(const Written&);
  void on(const WriteFailed&);
  void on(const Envelope&);
  void on(const Read&);
  void on(const Compact&);
  void on(const TransferLeadership&);
  void on(const ChangeConfiguration&);
  void compareState();
  void compareRole();
  void compareTimer(Time is, Time expected);
  void compareProgress(const Leader& is, const Leader& expected);
  void compareCanvass(const Follower& is, const Follower& expected);

  // reading_election.cpp
  void timeOut();
  void stand(std::string reason, bool leadershipTransfer);
  bool disregards(const Message& message) const;
  void adoptTerm(ServerId from, const Message& message);
  void receive(const Envelope&, const RequestVote::Request&);
  void receive(const Envelope&, const RequestVote::Response&);
  std::optional<VoteRefusal> refusalOf(const Envelope&, const RequestVote::Request&) const;
  std::string termIsOver(Term old) const;
  std::string whyRefused(const RequestVote::Request&, VoteRefusal) const;
  std::string hasNoVote(ServerId server) const;
  void countVotes(const Candidate& candidate);
  void becomeLeader(ServerSet votes);
  void explainVoteRequests(const ServerSet& to, bool again);

  // reading_pre_vote.cpp: what lies between a timeout and an election, and who is content.
  void canvass(bool leadershipTransfer);
  void explainPreVotes(const ServerSet& to, bool again);
  void receive(const Envelope&, const PreVote::Request&);
  void receive(const Envelope&, const PreVote::Response&);
  std::optional<VoteRefusal> refusalOf(const Envelope&, const PreVote::Request&) const;
  void countPreVotes();
  bool hearsLeader() const;
  Time withholdVotesUntil() const;
  std::string whyContent() const;

  // reading_transfer.cpp: a leader gives up its role, or hands it over.
  bool lostQuorum();
  void beginTransfer(ServerId to, Time deadline, bool askFirst, std::string reason);
  void continueTransfer();
  void handOver(ServerId from, std::uint32_t priority);
  void explainTimeoutNow();
  void receive(const Envelope&, const TimeoutNow::Request&);

  // reading_append.cpp
  void receive(const Envelope&, const AppendEntries::Request&);
  void receive(const Envelope&, const AppendEntries::Response&);
  bool comesFromLeader(const Envelope&, ServerId leaderId);
  Leader* answered(const Envelope&, Term, Round);
  void takeAnswer(const Envelope&, const AppendEntries::Response&, Leader&);
  void hearLeader(ServerId leader, const char* rpc);
  void refuseAppend(const Envelope&, const AppendEntries::Request&, AppendRefusal why);
  void storeEntries(const Envelope&, const AppendEntries::Request&);
  void expectAppended(const Entry* first, const Entry* last, Source source,
                      std::optional<ServerId> from, std::string reason);
  // Where the log ends by the rules that were followed so far, or where it does, if before that.
  Index logEnd() const { return std::min(is_.log.lastIndex(), keep_ + append_.size()); }
  bool logBeginsAsExpected() const;
  bool logIsAsExpected() const;
  void compareLog();

  // reading_snapshot.cpp (§7)
  void receive(const Envelope&, const InstallSnapshot::Request&);
  void receive(const Envelope&, const InstallSnapshot::Response&);
  void explainChunk(const Envelope&, const InstallSnapshot::Request&);
  void install(const Envelope&, const InstallSnapshot::Request&, std::uint64_t bytes);
  bool answersChunk(const Envelope&, const InstallSnapshot::Request&, std::uint64_t stored,
                    Index matchIndex);
  SnapshotTransfer& transferTo(Leader& leader, ServerId peer) const;
  void explainSnapshot(Leader& leader, ServerId peer);
  Configuration configurationAt(Index index) const;
  void expectCompactionAsked();
  void compareSnapshot();

  // reading_send.cpp
  void explainAppendEntries();
  bool explainAppendEntries(const Send& send, Progress& progress, ServerId peer);
  void explainAppendEntries(ServerId peer, Progress& progress);
  void tellSent();
  void compareSends();

  // reading_flow.cpp: what is under way to a peer, back-pressure, hints.
  struct Batch {
    Index last;       // of what a message may carry
    const char* why;  // it is not the log's end; empty if it is
    std::uint64_t bound;
  };
  Batch batchFor(const Progress&) const;
  bool windowIsFull(const Progress&) const;
  std::uint64_t bytesUnderWay(const Progress&) const;
  std::uint64_t bytesOf(Index first, Index last) const;
  void noteSent(Progress&, std::uint64_t entries) const;
  void noteAcknowledged(ServerId peer, Progress&);
  void refusedInFlight(const Envelope&, const AppendEntries::Response&, Progress&);
  void tellHeld();
  bool tooMuchUncommitted(const Propose&);
  ConflictHint hintFor(const AppendEntries::Request&) const;
  Index afterHint(const Progress&, const ConflictHint&) const;
  std::string hintText(ServerId peer, const ConflictHint&) const;

  // reading_fate.cpp
  void expectFates();
  void compareFates();
  std::string whyFate(const FateTold&) const;

  // reading_commit.cpp: commit, apply, disk.
  void advanceCommit(Index majorityBefore);
  Index majorityIndexOf(const Leader& leader) const;
  std::string share(const ServerSet& servers) const;
  ServerSet holdersOf(const Leader& leader, Index index) const;
  void compareCommit();
  void compareApplied();
  void compareWrite();
  void compareWriting(bool changed, Index from);

  // reading_storage.cpp: storage that fails or stalls.
  void stepDown(StepDownCause why, std::string reason);
  void waitForDisk();
  Time overdue() const;
  // reading_reads.cpp
  ServerSet confirmers(const Leader& leader, Round round) const;
  void beginLeaseRound(Leader& leader) const;
  void expectReads();
  void expectRound(Leader& leader);
  void endReads(ReadId last, bool byLease, ServerSet by, std::string reason);
  bool explainReadHeartbeat(ServerId to);
  void compareReads();

  // reading_membership.cpp
  Configuration latestConfiguration(Index& index) const;
  bool mayStand() const;
  void followConfiguration();
  void followSnapshot();
  std::optional<Change> refusalOf(const ChangeConfiguration&, const Configuration& target) const;
  std::string whyRefused(const ChangeConfiguration&, const Change&) const;
  void goTo(const Configuration& target);
  void expectConfiguration(const Configuration& next, std::string reason);
  void carryOnChange();
  void waitForNewcomers(Leader& leader);
  void leaveIfRemoved();
  void compareMembership();

  const Step& step_;
  const Server& was_;
  const Server& is_;
  const Effects& effects_;
  const Names& names_;
  const Time now_;  // by the server's own clock
  const std::optional<Duration> waited_;
  std::vector<Fact> facts_;

  // What the rules lead to.
  Term term_;
  std::optional<ServerId> votedFor_;
  Role role_;
  bool timerSet_ = false;  // a new election timeout was drawn
  Index commitIndex_;
  Configuration counted_;      // whose voters are counted for it: the new ones once they are fewer
  Index keep_;                 // the log is as it was up to here,
  std::vector<Entry> append_;  // and then has these
  WriteId lastWrite_;
  std::vector<Server::Writing> writing_;
  Index durableIndex_;
  std::optional<Proposed> proposed_;
  std::vector<Server::Pending> pending_;
  struct Rewrite {  // of what failed: the log from here on, and since when that takes too long
    Index from;
    Time overdue;
    bool snapshot;  // it failed, too
  };
  std::optional<Rewrite> rewrite_;
  ReadId lastRead_;
  ReadId readsEnded_;
  Effects reads_;  // of these what is said of reads
  Snapshot snapshot_;
  Rare<PartialSnapshot> receiving_;
  bool installed_ = false;  // then the log is empty after it, and the state machine restored
  Index compactionAsked_;
  Compaction compaction_ = Compaction::None;
  std::optional<Transferred> transferred_;
  Configuration configuration_;
  Index configurationIndex_;
  std::optional<Change> change_;
  bool leaves_ = false;  // it steps down, for it is removed

  // Which AppendEntries the rules ask for, and which sends are explained.
  bool broadcast_ = false;
  bool sends_ = false;
  bool elected_ = false;
  ServerSet missing_;  // they get what they miss, unless entries are on their way
  ServerSet chunkTo_;  // they get the next chunk of a snapshot
  std::vector<bool> explained_;
  struct Group {  // peers that are sent the same entries
    Index first, last;
    bool again;
    std::string why;  // not all that they lack
    ServerSet to;
  };
  std::vector<Group> groups_;
  ServerSet heartbeats_;
};

// How two logs compare by their last entries (§5.4.1): "term 2 > 1".
std::string compared(Index index, Term term, Index otherIndex, Term otherTerm);
// Whether a log that ends so is at least as up-to-date as `log` (§5.4.1).
bool upToDate(Index lastIndex, Term lastTerm, const Log& log);

// The lowest index at which the two differ; above both if they do not.
Index firstDifference(const Log& a, const Log& b);

}  // namespace raft::trace
