#include "raft/raft_test_support.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace raft {

namespace {

std::string place(Index index, Term term) {
  return std::to_string(index.value) + "^" + std::to_string(term.value);
}

void printConfiguration(const Entry& entry, std::ostream& os) {
  const std::optional<Configuration> configuration = decode(entry.command);
  os << " configuration ";
  if (configuration) PrintTo(*configuration, &os);
}

void printEntry(Index index, const Entry& entry, std::ostream& os) {
  const std::string name = place(index, entry.term);
  os << name;
  if (entry.type == EntryType::Noop) {
    os << " no-op";
  } else if (entry.type == EntryType::Configuration) {
    printConfiguration(entry, os);
  } else if (entry.command.bytes() != name) {
    os << " \"" << entry.command.bytes() << '"';
  }
}

void printRun(Index first, const Entries& entries, std::ostream& os) {
  os << '[';
  const char* gap = "";
  for (const Entry& entry : entries) {
    os << gap;
    printEntry(first, entry, os);
    ++first;
    gap = " ";
  }
  os << ']';
}

template <class T>
std::ostream& operator<<(std::ostream& os, const std::optional<T>& value) {
  if (value) {
    os << value->value;
  } else {
    os << '-';
  }
  return os;
}

std::string us(Time time) { return std::to_string(time.count()) + " us"; }

void printMessage(const Message& message, std::ostream* os) {
  std::visit([&](const auto& rpc) { PrintTo(rpc, os); }, message);
}

}  // namespace

Entry entryAt(Index index, Term term) {
  return {.term = term, .command = std::string_view(place(index, term))};
}

Log logOf(std::initializer_list<std::uint64_t> terms) { return Log(entriesFrom(1, terms)); }

Log logAfter(Index lastIncludedIndex, Term lastIncludedTerm,
             std::initializer_list<std::uint64_t> terms) {
  return {lastIncludedIndex, lastIncludedTerm, entriesFrom(lastIncludedIndex + 1, terms)};
}

Entries entriesFrom(Index first, std::initializer_list<std::uint64_t> terms) {
  Log log;
  for (Index before = 1; before < first; ++before) log.append(Entry{});
  for (std::uint64_t term : terms) log.append(entryAt(log.lastIndex() + 1, term));
  return log.from(first);
}

Effects stepChecked(Server& server, Time now, const Input& input) {
  Server twin = server;
  const Server untouched = server;
  const Vitals before = Vitals::of(server);
  Effects effects = server.step(now, input);
  if (const char* broken = brokenInvariant(before, server, effects)) {
    ADD_FAILURE() << "broken: " << broken << "\n  before  " << testing::PrintToString(untouched)
                  << "\n  after   " << testing::PrintToString(server) << "\n  effects "
                  << testing::PrintToString(effects);
  }
  Effects again{.send = {Send{.envelope = {9, 9, RequestVote::Response{}}}}};
  twin.step(now, input, again);  // into a buffer that was used before
  EXPECT_EQ(twin, server) << "a copy became another server";
  EXPECT_EQ(again, effects) << "a copy asked for other effects";
  return effects;
}

Server followerOf(ServerId id, Term term, const Log& log, const Configuration& configuration) {
  return {.id = id,
          .configuration = configuration,
          .settings = plain,
          .currentTerm = term,
          .log = log,
          .role = Follower{.electionDeadline = ms(100)},
          .durableIndex = log.lastIndex(),
          .baseConfiguration = configuration};
}

Server leaderOf(ServerId id, Term term, const Log& log, const Configuration& configuration) {
  Server server = followerOf(id, term, log, configuration);
  server.votedFor = id;
  Leader leader{.heartbeatDeadline = ms(20)};
  leader.progress.assign(configuration.members().last().value, {.nextIndex = log.lastIndex() + 1});
  leader.of(id).matchIndex = log.lastIndex();
  server.role = leader;
  return server;
}

Server settledLeader(const Settings& settings) {
  return {.id = 1,
          .configuration = three,
          .settings = settings,
          .currentTerm = 2,
          .votedFor = 1,
          .log = logOf({1}),
          .role = Leader{.progress = {{.nextIndex = 2, .matchIndex = 1},
                                      {.nextIndex = 2, .matchIndex = 1},
                                      {.nextIndex = 2, .matchIndex = 1}},
                         .heartbeatDeadline = ms(20)},
          .lastWrite = 5,
          .durableIndex = 1};
}

std::vector<Envelope> TestCluster::step(ServerId id, const Input& input) {
  std::vector<Envelope> sent;
  applied.resize(servers.size());
  const auto take = [&](const Input& in) {
    const Server before = of(id);
    Effects effects = stepChecked(of(id), now, in);
    for (const Send& send : effects.send) sent.push_back(send.envelope);
    auto& given = applied[id.value - 1];
    given.insert(given.end(), effects.apply.entries.begin(), effects.apply.entries.end());
    if (watch) watch(before, of(id), effects);
    return effects;
  };
  Effects effects = take(input);
  while (effects.write) effects = take(Written{effects.write->id});  // a no-op may follow a vote
  return sent;
}

void TestCluster::deliver(std::vector<Envelope> messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_LT(i, 10'000u) << "no end";
    const Envelope envelope = messages[i];
    if (!reached.contains(envelope.from) || !reached.contains(envelope.to)) continue;
    delivered.push_back(envelope);
    const std::vector<Envelope> sent = step(envelope.to, envelope);
    messages.insert(messages.end(), sent.begin(), sent.end());
  }
}

void TestCluster::timeOut(ServerId id) {
  now = std::max(now, of(id).deadline());
  run(id, Timeout{});
}

void TestCluster::stand(ServerId id) {
  EXPECT_FALSE(of(id).is<Leader>());
  now = std::max(now, of(id).deadline()) + ms(1000);
  run(id, Timeout{});
}

void runWithFailures(std::uint64_t seed, int events,
                     const std::function<void(TestCluster&)>& prepare,
                     const std::function<void(TestCluster&)>& check) {
  Random random{.seed = seed};
  const ServerSet five = ServerSet::firstServers(5);
  TestCluster cluster;
  for (ServerId id : five) cluster.servers.push_back(followerOf(id, 0, {}, five));
  prepare(cluster);
  for (int event = 0; event < events && !testing::Test::HasFailure(); ++event) {
    ServerId id = random.below(5) + 1;
    const bool stands = random.chance(100'000);
    for (int i = 0; i < 5 && !stands && !cluster.of(id).is<Leader>(); ++i) {
      id = id.value % 5 + 1;  // a leader, if there is one; there may be several
    }
    cluster.reached = {id};
    for (ServerId peer : five) {
      if (random.chance(600'000)) cluster.reached.insert(peer);
    }
    Server& server = cluster.of(id);
    if (random.chance(30'000)) {
      server = Server::start(id, five, server.settings, random.next(), cluster.now,
                             {server.currentTerm, server.votedFor, server.log});
    } else if (!server.is<Leader>()) {
      cluster.stand(id);
    } else if (random.chance(600'000)) {
      cluster.run(id, Propose{{Command(std::string_view(std::to_string(random.next())))}});
    } else {
      cluster.timeOut(id);
    }
    check(cluster);
  }
}

void PrintTo(const ServerSet& servers, std::ostream* os) {
  *os << '{';
  const char* gap = "";
  for (ServerId server : servers) {
    *os << gap << server.value;
    gap = " ";
  }
  *os << '}';
}

void PrintTo(const Configuration& configuration, std::ostream* os) {
  PrintTo(configuration.voters, os);
  if (configuration.isJoint()) PrintTo(configuration.nextVoters, &(*os << " and "));
  if (!configuration.learners.empty()) PrintTo(configuration.learners, &(*os << " learners "));
}

void PrintTo(const Command& command, std::ostream* os) { *os << '"' << command.bytes() << '"'; }

void PrintTo(const Entry& entry, std::ostream* os) {
  *os << '^' << entry.term.value;
  if (entry.type == EntryType::Noop) {
    *os << " no-op";
  } else if (entry.type == EntryType::Configuration) {
    printConfiguration(entry, *os);
  } else {
    *os << " \"" << entry.command.bytes() << '"';
  }
}

void PrintTo(const Entries& entries, std::ostream* os) { printRun(1, entries, *os << '+'); }

void PrintTo(const Log& log, std::ostream* os) {
  if (log.baseIndex() > Index{0}) *os << "after " << place(log.baseIndex(), log.baseTerm()) << ' ';
  printRun(log.baseIndex() + 1, log.from(log.baseIndex() + 1), *os);
}

void PrintTo(const Follower& role, std::ostream* os) {
  *os << "follower  leader " << role.leaderId << "  election at " << us(role.electionDeadline);
  if (role.withholdVotesUntil != Time{}) {
    *os << "  withholds votes until " << us(role.withholdVotesUntil);
  }
  if (!role.canvass) return;
  *os << "  canvass ";
  PrintTo(role.canvass->granted, os);
  *os << " of ";
  PrintTo(role.canvass->responded, os);
  *os << "  retry at " << us(role.canvass->retryDeadline)
      << (role.canvass->leadershipTransfer ? "  by transfer" : "");
}

void PrintTo(const Candidate& role, std::ostream* os) {
  *os << "candidate  votes ";
  PrintTo(role.votesGranted, os);
  *os << " of ";
  PrintTo(role.votesResponded, os);
  *os << "  election at " << us(role.electionDeadline) << "  retry at " << us(role.retryDeadline)
      << (role.leadershipTransfer ? "  by transfer" : "");
}

void PrintTo(const Progress& progress, std::ostream* os) {
  *os << "next " << progress.nextIndex.value << " match " << progress.matchIndex.value
      << (progress.waiting ? " waiting" : "");
  if (progress.since != Round{0}) *os << " since round " << progress.since.value;
  if (progress.round != Round{0}) *os << " answered round " << progress.round.value;
  if (progress.heardAt != Time{}) *os << " heard at " << us(progress.heardAt);
  if (progress.state == Progress::State::Probe) return;
  *os << " replicate [";
  for (const Progress::InFlight& message : progress.inFlight) {
    *os << " to " << message.last.value << " (" << message.bytes << " bytes)";
  }
  *os << " ]";
}

void PrintTo(const Leader& role, std::ostream* os) {
  *os << "leader";
  for (std::size_t i = 0; i < role.progress.size(); ++i) {
    *os << "  s" << i + 1 << ": ";
    PrintTo(role.progress[i], os);
  }
  for (const SnapshotTransfer& transfer : role.transfers) {
    *os << "  sends s" << transfer.to.value << " from byte " << transfer.offset << " of ";
    PrintTo(transfer.snapshot, os);
  }
  *os << "  heartbeat at " << us(role.heartbeatDeadline);
  if (role.round != Round{0}) *os << "  round " << role.round.value;
  if (role.changing) *os << "  changing";
  if (role.catchUp) {
    PrintTo(role.catchUp->newcomers, &(*os << ", catching up "));
    *os << " to " << role.catchUp->goal.value << " in round " << role.catchUp->round;
  }
  if (role.yieldNotBefore != Time{}) *os << "  yields from " << us(role.yieldNotBefore);
  if (role.mayBeReplaced) *os << "  may be replaced";
  if (!role.transfer) return;
  *os << "  hands over to s" << role.transfer->to.value << " until " << us(role.transfer->deadline)
      << (role.transfer->askFirst ? " if it can win" : "") << (role.transfer->told ? ", told" : "");
}

void PrintTo(const Server& s, std::ostream* os) {
  *os << 's' << s.id.value << '@' << s.currentTerm.value << ' ';
  std::visit([&](const auto& role) { PrintTo(role, os); }, s.role);
  *os << "  votedFor " << s.votedFor << "  log ";
  PrintTo(s.log, os);
  *os << "  commit " << s.commitIndex.value << "  applied " << s.lastApplied.value << "  durable "
      << s.durableIndex.value << "  last write " << s.lastWrite.value;
  for (const Server::Writing& writing : s.writing) {
    *os << "  writing #" << writing.id.value << " to " << writing.lastIndex.value;
  }
  if (s.snapshot.exists()) PrintTo(s.snapshot, &(*os << "  "));
  if (s.receiving) {
    *os << "  receiving " << place(s.receiving->lastIncludedIndex, s.receiving->lastIncludedTerm)
        << " bytes " << s.receiving->size;
  }
  for (const Server::Pending& p : s.pending) {
    *os << "  pending " << place(p.first, p.term) << " to " << p.last.value
        << (p.unknown ? " unknown" : "");
  }
  *os << "  of ";
  PrintTo(s.configuration, os);
  if (s.configurationIndex != Index{0}) *os << " by " << s.configurationIndex.value;
  *os << "  random ";
  PrintTo(s.random, os);
}

void PrintTo(const RequestVote::Request& m, std::ostream* os) {
  *os << "RequestVote@" << m.term.value << " for s" << m.candidateId.value << " last "
      << place(m.lastLogIndex, m.lastLogTerm) << (m.leadershipTransfer ? " by transfer" : "");
}

void PrintTo(const RequestVote::Response& m, std::ostream* os) {
  *os << "vote@" << m.term.value << (m.voteGranted ? " granted" : " refused");
}

void PrintTo(const AppendEntries::Request& m, std::ostream* os) {
  *os << "AppendEntries@" << m.term.value << " leader s" << m.leaderId.value << " after "
      << place(m.prevLogIndex, m.prevLogTerm) << ' ';
  printRun(m.prevLogIndex + 1, m.entries, *os);
  *os << " commit " << m.leaderCommit.value;
  if (m.round != Round{0}) *os << " round " << m.round.value;
}

void PrintTo(const AppendEntries::Response& m, std::ostream* os) {
  *os << "append@" << m.term.value << (m.success ? " success" : " refused") << " after "
      << m.prevLogIndex.value << " match " << m.matchIndex.value;
  if (m.round != Round{0}) *os << " round " << m.round.value;
  if (m.priority > 0) *os << " priority " << m.priority;
  if (m.hint.given()) {
    *os << " hint " << place(m.hint.first, m.hint.term) << " to " << m.hint.last.value;
  }
}

void PrintTo(const PreVote::Request& m, std::ostream* os) {
  *os << "PreVote@" << m.term.value << " for s" << m.candidateId.value << " last "
      << place(m.lastLogIndex, m.lastLogTerm) << (m.leadershipTransfer ? " by transfer" : "");
}

void PrintTo(const PreVote::Response& m, std::ostream* os) {
  *os << "preVote@" << m.term.value << (m.voteGranted ? " granted" : " refused") << " for term "
      << m.requestTerm.value;
}

void PrintTo(const TimeoutNow::Request& m, std::ostream* os) {
  *os << "TimeoutNow@" << m.term.value << " leader s" << m.leaderId.value
      << (m.askFirst ? " ask first" : "");
}

void PrintTo(const InstallSnapshot::Request& m, std::ostream* os) {
  *os << "InstallSnapshot@" << m.term.value << " leader s" << m.leaderId.value << " up to "
      << place(m.lastIncludedIndex, m.lastIncludedTerm) << " of ";
  PrintTo(m.configuration, os);
  *os << " offset " << m.offset << " \"" << m.data.bytes() << '"' << (m.done ? " done" : "");
}

void PrintTo(const InstallSnapshot::Response& m, std::ostream* os) {
  *os << "install@" << m.term.value << " of " << m.lastIncludedIndex.value << " offset " << m.offset
      << " stored " << m.stored << " match " << m.matchIndex.value;
}

void PrintTo(const Envelope& envelope, std::ostream* os) {
  *os << 's' << envelope.from.value << "->s" << envelope.to.value << ' ';
  printMessage(envelope.message, os);
}

void PrintTo(const Snapshot& snapshot, std::ostream* os) {
  *os << "snapshot up to " << place(snapshot.lastIncludedIndex, snapshot.lastIncludedTerm)
      << " of ";
  PrintTo(snapshot.configuration, os);
  *os << " \"" << snapshot.data.bytes() << '"';
}

void PrintTo(const Write& write, std::ostream* os) {
  *os << "write #" << write.id.value << " term " << write.currentTerm.value << " votedFor "
      << write.votedFor;
  if (write.snapshot) PrintTo(*write.snapshot, &(*os << ' '));
  if (write.from == Index{0}) return;
  *os << " from " << write.from.value << ' ';
  printRun(write.from, write.entries, *os);
}

void PrintTo(const Send& send, std::ostream* os) {
  PrintTo(send.envelope, os);
  if (send.after != WriteId{0}) *os << " after write #" << send.after.value;
}

void PrintTo(const Apply& apply, std::ostream* os) {
  *os << "apply ";
  printRun(apply.first, apply.entries, *os);
}

void PrintTo(const Accepted& accepted, std::ostream* os) {
  *os << "accepted at " << place(accepted.index, accepted.term);
}

void PrintTo(const NotLeader& refusal, std::ostream* os) {
  *os << "not the leader, ask " << refusal.leaderId;
}

void PrintTo(const ReadAccepted& accepted, std::ostream* os) {
  *os << "read " << accepted.id.value;
}

void PrintTo(const Transferring& refusal, std::ostream* os) {
  *os << "hands over to s" << refusal.to.value;
}

void PrintTo(Transferred answer, std::ostream* os) {
  const char* const words[] = {"transfer begun", "not the leader", "not a voter", "to itself",
                               "already transferring"};
  *os << words[static_cast<std::uint8_t>(answer)];
}

void PrintTo(const TooMuchUncommitted& refusal, std::ostream* os) {
  *os << "too much uncommitted: " << refusal.bytes << " bytes";
}

void PrintTo(const Fate& fate, std::ostream* os) {
  const char* const outcomes[] = {"committed", "lost", "unknown"};
  *os << place(fate.first, fate.term) << " to " << fate.last.value << ' '
      << outcomes[static_cast<int>(fate.outcome)];
}

void PrintTo(const Change& change, std::ostream* os) {
  *os << "change: outcome " << static_cast<int>(change.outcome) << " of ";
  PrintTo(change.servers, os);
  *os << ", ask " << change.leaderId;
}

void PrintTo(const Effects& effects, std::ostream* os) {
  *os << '{';
  if (effects.write) PrintTo(*effects.write, &(*os << "\n    "));
  for (const Send& send : effects.send) PrintTo(send, &(*os << "\n    "));
  if (!effects.apply.entries.empty() || effects.apply.first != Index{0}) {
    PrintTo(effects.apply, &(*os << "\n    "));
  }
  if (effects.proposed) {
    *os << "\n    ";
    std::visit([&](const auto& answer) { PrintTo(answer, os); }, *effects.proposed);
  }
  if (effects.read) {
    *os << "\n    ";
    std::visit([&](const auto& answer) { PrintTo(answer, os); }, *effects.read);
  }
  if (effects.readable != ReadId{0}) *os << "\n    readable " << effects.readable.value;
  if (effects.readsLost != ReadId{0}) *os << "\n    reads lost " << effects.readsLost.value;
  if (effects.restore) PrintTo(*effects.restore, &(*os << "\n    restore "));
  if (effects.compaction != Compaction::None) {
    *os << "\n    compaction " << static_cast<int>(effects.compaction);
  }
  if (effects.transferred) PrintTo(*effects.transferred, &(*os << "\n    "));
  for (const Fate& fate : effects.fates) PrintTo(fate, &(*os << "\n    "));
  if (effects.change) PrintTo(*effects.change, &(*os << "\n    "));
  *os << " }";
}

void PrintTo(const Random& random, std::ostream* os) {
  *os << random.seed << ':' << random.counter;
}

}  // namespace raft
