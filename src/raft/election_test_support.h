// What the paper's tests of elections share (§5.1, §5.2): servers that have just started, and the
// messages that pass between them while their logs are empty.
#pragma once
#include "raft/raft_test_support.h"

namespace raft {

inline const ServerSet five = ServerSet::firstServers(5);

inline Server fresh(ServerId id, const ServerSet& voters = three) {
  return Server::start(id, voters, plain, 1, ms(0));
}

inline Server candidateOfTerm1(const ServerSet& voters) {
  Server s1 = fresh(1, voters);
  stepChecked(s1, ms(100), Timeout{});
  stepChecked(s1, ms(100), Written{1});
  return s1;
}

inline Envelope heartbeat(ServerId from, ServerId to, Term term) {
  return {from, to, AppendEntries::Request{term, from, 0, 0}};
}

inline Envelope voteRequest(ServerId from, ServerId to, Term term) {
  return {from, to, RequestVote::Request{term, from, 0, 0}};
}

inline Envelope vote(ServerId from, ServerId to, Term term, bool granted = true) {
  return {from, to, RequestVote::Response{term, granted}};
}

}  // namespace raft
