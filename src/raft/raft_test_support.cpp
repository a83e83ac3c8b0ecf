#include "raft/raft_test_support.h"

#include <ostream>
#include <string>
#include <vector>

namespace raft {

namespace {

std::string place(Index index, Term term) {
  return std::to_string(index.value) + "^" + std::to_string(term.value);
}

void printEntry(Index index, const Entry& entry, std::ostream& os) {
  const std::string name = place(index, entry.term);
  os << name;
  if (entry.type == EntryType::Noop) {
    os << " no-op";
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

void PrintTo(const ServerSet& servers, std::ostream* os) {
  *os << '{';
  const char* gap = "";
  for (ServerId server : servers) {
    *os << gap << server.value;
    gap = " ";
  }
  *os << '}';
}

void PrintTo(const Command& command, std::ostream* os) { *os << '"' << command.bytes() << '"'; }

void PrintTo(const Entry& entry, std::ostream* os) {
  *os << '^' << entry.term.value;
  if (entry.type == EntryType::Noop) {
    *os << " no-op";
  } else {
    *os << " \"" << entry.command.bytes() << '"';
  }
}

void PrintTo(const Entries& entries, std::ostream* os) { printRun(1, entries, *os << '+'); }

void PrintTo(const Log& log, std::ostream* os) { printRun(1, log.from(1), *os); }

void PrintTo(const Follower& role, std::ostream* os) {
  *os << "follower  leader " << role.leaderId << "  election at " << us(role.electionDeadline);
}

void PrintTo(const Candidate& role, std::ostream* os) {
  *os << "candidate  votes ";
  PrintTo(role.votesGranted, os);
  *os << " of ";
  PrintTo(role.votesResponded, os);
  *os << "  election at " << us(role.electionDeadline) << "  retry at " << us(role.retryDeadline);
}

void PrintTo(const Progress& progress, std::ostream* os) {
  *os << "next " << progress.nextIndex.value << " match " << progress.matchIndex.value
      << (progress.waiting ? " waiting" : "");
}

void PrintTo(const Leader& role, std::ostream* os) {
  *os << "leader";
  for (std::size_t i = 0; i < role.progress.size(); ++i) {
    *os << "  s" << i + 1 << ": ";
    PrintTo(role.progress[i], os);
  }
  *os << "  heartbeat at " << us(role.heartbeatDeadline);
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
  *os << "  of ";
  PrintTo(s.voters, os);
  *os << "  random ";
  PrintTo(s.random, os);
}

void PrintTo(const RequestVote::Request& m, std::ostream* os) {
  *os << "RequestVote@" << m.term.value << " for s" << m.candidateId.value << " last "
      << place(m.lastLogIndex, m.lastLogTerm);
}

void PrintTo(const RequestVote::Response& m, std::ostream* os) {
  *os << "vote@" << m.term.value << (m.voteGranted ? " granted" : " refused");
}

void PrintTo(const AppendEntries::Request& m, std::ostream* os) {
  *os << "AppendEntries@" << m.term.value << " leader s" << m.leaderId.value << " after "
      << place(m.prevLogIndex, m.prevLogTerm) << ' ';
  printRun(m.prevLogIndex + 1, m.entries, *os);
  *os << " commit " << m.leaderCommit.value;
}

void PrintTo(const AppendEntries::Response& m, std::ostream* os) {
  *os << "append@" << m.term.value << (m.success ? " success" : " refused") << " after "
      << m.prevLogIndex.value << " match " << m.matchIndex.value;
}

void PrintTo(const Envelope& envelope, std::ostream* os) {
  *os << 's' << envelope.from.value << "->s" << envelope.to.value << ' ';
  printMessage(envelope.message, os);
}

void PrintTo(const Write& write, std::ostream* os) {
  *os << "write #" << write.id.value << " term " << write.currentTerm.value << " votedFor "
      << write.votedFor;
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
  *os << " }";
}

void PrintTo(const Random& random, std::ostream* os) {
  *os << random.seed << ':' << random.counter;
}

}  // namespace raft
