// Messages as JSON.
#include "trace/json_object.h"

namespace raft::trace {

namespace {

struct MessageFields {
  JsonObject& object;

  void operator()(const RequestVote::Request& m) { asks("RequestVote", m); }
  void operator()(const PreVote::Request& m) { asks("PreVote", m); }
  template <class Request>
  void asks(const char* rpc, const Request& m) {
    object.field("rpc", rpc);
    object.field("term", m.term);
    object.field("candidateId", m.candidateId);
    object.field("lastLogIndex", m.lastLogIndex);
    object.field("lastLogTerm", m.lastLogTerm);
    if (m.leadershipTransfer) object.field("leadershipTransfer", true);
  }
  void operator()(const PreVote::Response& m) {
    object.field("rpc", "PreVoteResponse");
    object.field("term", m.term);
    object.field("voteGranted", m.voteGranted);
    object.field("requestTerm", m.requestTerm);
  }
  void operator()(const TimeoutNow::Request& m) {
    object.field("rpc", "TimeoutNow");
    object.field("term", m.term);
    object.field("leaderId", m.leaderId);
    object.field("askFirst", m.askFirst);
  }
  void operator()(const RequestVote::Response& m) {
    object.field("rpc", "RequestVoteResponse");
    object.field("term", m.term);
    object.field("voteGranted", m.voteGranted);
  }
  void operator()(const AppendEntries::Request& m) {
    object.field("rpc", "AppendEntries");
    object.field("term", m.term);
    object.field("leaderId", m.leaderId);
    object.field("prevLogIndex", m.prevLogIndex);
    object.field("prevLogTerm", m.prevLogTerm);
    object.field("entries", m.entries);
    object.field("leaderCommit", m.leaderCommit);
    if (m.round != Round{0}) object.field("round", m.round);
  }
  void operator()(const AppendEntries::Response& m) {
    object.field("rpc", "AppendEntriesResponse");
    object.field("term", m.term);
    object.field("success", m.success);
    object.field("prevLogIndex", m.prevLogIndex);
    object.field("matchIndex", m.matchIndex);
    if (m.priority > 0) object.field("priority", std::uint64_t{m.priority});
    if (m.round != Round{0}) object.field("round", m.round);
    object.field("hint", m.hint);
  }
  void operator()(const InstallSnapshot::Request& m) {
    object.field("rpc", "InstallSnapshot");
    object.field("term", m.term);
    object.field("leaderId", m.leaderId);
    object.field("lastIncludedIndex", m.lastIncludedIndex);
    object.field("lastIncludedTerm", m.lastIncludedTerm);
    object.field("voters", m.configuration.voters);
    const bool joint = m.configuration.isJoint();
    if (joint) object.field("nextVoters", m.configuration.nextVoters);
    if (!m.configuration.learners.empty()) object.field("learners", m.configuration.learners);
    object.field("offset", m.offset);
    object.field("data", m.data);
    object.field("done", m.done);
  }
  void operator()(const InstallSnapshot::Response& m) {
    object.field("rpc", "InstallSnapshotResponse");
    object.field("term", m.term);
    object.field("lastIncludedIndex", m.lastIncludedIndex);
    object.field("offset", m.offset);
    object.field("stored", m.stored);
    object.field("matchIndex", m.matchIndex);
  }
};

}  // namespace

void JsonObject::field(std::string_view key, const Envelope& envelope) {
  JsonObject object = sub(key);
  object.field("from", envelope.from);
  object.field("to", envelope.to);
  std::visit(MessageFields{object}, envelope.message);
  object.close();
}

}  // namespace raft::trace
