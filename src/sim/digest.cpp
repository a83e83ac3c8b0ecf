#include "sim/digest.h"

#include <string_view>

#include "raft/random.h"

namespace raft::sim {

namespace {

// What is told, as a rolling number. `<<` takes in one field after another.
struct Roll {
  std::uint64_t value;

  Roll& operator<<(std::uint64_t x) {
    value = mixBits(value * 0x9e3779b97f4a7c15 + x + 1);
    return *this;
  }
  Roll& operator<<(Time t) { return *this << static_cast<std::uint64_t>(t.count()); }
  template <class Tag, class Rep>
  Roll& operator<<(Number<Tag, Rep> number) {
    return *this << std::uint64_t{number.value};
  }
  template <class T>
  Roll& operator<<(const std::optional<T>& optional) {
    return optional ? *this << 1 << *optional : *this << 0;
  }
  template <class... T>
  Roll& operator<<(const std::variant<T...>& alternatives) {
    *this << alternatives.index();
    std::visit([this](const auto& held) { *this << held; }, alternatives);
    return *this;
  }
  template <class T>
  Roll& operator<<(const std::vector<T>& all) {
    *this << all.size();
    for (const T& each : all) *this << each;
    return *this;
  }

  Roll& operator<<(std::string_view text) {
    *this << text.size();
    for (char c : text) *this << static_cast<unsigned char>(c);
    return *this;
  }
  Roll& operator<<(const Command& command) { return *this << command.bytes(); }
  Roll& operator<<(const ServerSet& servers) {
    *this << servers.size();
    for (ServerId server : servers) *this << server;
    return *this;
  }
  Roll& operator<<(const Entries& entries) {
    *this << entries.size();
    for (const Entry& entry : entries) {
      *this << entry.term << entry.command << static_cast<std::uint64_t>(entry.type);
    }
    return *this;
  }

  Roll& operator<<(const RequestVote::Request& m) {
    *this << m.term << m.candidateId << m.lastLogIndex << m.lastLogTerm;
    return m.leadershipTransfer ? *this << 1 : *this;
  }
  Roll& operator<<(const RequestVote::Response& m) { return *this << m.term << m.voteGranted; }
  Roll& operator<<(const AppendEntries::Request& m) {
    return *this << m.term << m.leaderId << m.prevLogIndex << m.prevLogTerm << m.entries
                 << m.leaderCommit << m.round;
  }
  Roll& operator<<(const ConflictHint& h) { return *this << h.term << h.first << h.last; }
  Roll& operator<<(const AppendEntries::Response& m) {
    *this << m.term << m.success << m.prevLogIndex << m.matchIndex << m.round;
    if (m.hint.given()) *this << m.hint;
    return m.priority > 0 ? *this << m.priority : *this;
  }
  Roll& operator<<(const PreVote::Request& m) {
    return *this << m.term << m.candidateId << m.lastLogIndex << m.lastLogTerm
                 << m.leadershipTransfer;
  }
  Roll& operator<<(const PreVote::Response& m) {
    return *this << m.term << m.voteGranted << m.requestTerm;
  }
  Roll& operator<<(const TimeoutNow::Request& m) {
    return *this << m.term << m.leaderId << m.askFirst;
  }
  Roll& operator<<(const Configuration& c) {
    return *this << c.voters << c.nextVoters << c.learners;
  }
  Roll& operator<<(const Snapshot& s) {
    return *this << s.lastIncludedIndex << s.lastIncludedTerm << s.configuration << s.data;
  }
  Roll& operator<<(const InstallSnapshot::Request& m) {
    return *this << m.term << m.leaderId << m.lastIncludedIndex << m.lastIncludedTerm
                 << m.configuration << m.offset << m.data << std::uint64_t{m.done} << m.round;
  }
  Roll& operator<<(const InstallSnapshot::Response& m) {
    return *this << m.term << m.lastIncludedIndex << m.offset << m.stored << m.matchIndex
                 << m.round;
  }
  Roll& operator<<(const Envelope& e) { return *this << e.from << e.to << e.message; }

  Roll& operator<<(const Timeout&) { return *this; }
  Roll& operator<<(const Propose& in) { return *this << in.commands; }
  Roll& operator<<(const Written& in) { return *this << in.id; }
  Roll& operator<<(const WriteFailed& in) { return *this << in.id; }
  Roll& operator<<(const Read&) { return *this; }
  Roll& operator<<(const Compact& in) { return *this << in.index << in.data; }
  Roll& operator<<(const TransferLeadership& in) { return *this << in.to; }
  Roll& operator<<(const ChangeConfiguration& in) {
    return *this << in.voters << in.learners << in.removed;
  }

  Roll& operator<<(const Write& w) {
    if (w.snapshot) *this << *w.snapshot;
    return *this << w.id << w.currentTerm << w.votedFor << w.from << w.entries;
  }
  Roll& operator<<(const Send& send) { return *this << send.envelope << send.after; }
  Roll& operator<<(const Accepted& a) { return *this << a.index << a.term; }
  Roll& operator<<(const NotLeader& n) { return *this << n.leaderId; }
  Roll& operator<<(const ReadAccepted& r) { return *this << r.id; }
  Roll& operator<<(const TooMuchUncommitted& t) { return *this << t.bytes; }
  Roll& operator<<(const Fate& f) {
    return *this << f.term << f.first << f.last << static_cast<std::uint64_t>(f.outcome);
  }
  Roll& operator<<(const Change& c) {
    return *this << static_cast<std::uint64_t>(c.outcome) << c.servers << c.leaderId;
  }
  Roll& operator<<(const Effects& fx) {
    if (fx.restore) *this << *fx.restore;
    if (fx.compaction != Compaction::None) *this << static_cast<std::uint64_t>(fx.compaction);
    *this << fx.write << fx.send << fx.apply.first << fx.apply.entries << fx.proposed;
    if (!fx.fates.empty()) *this << fx.fates;
    *this << fx.read << fx.readable << fx.readsLost << fx.change;
    return fx.transferred ? *this << static_cast<std::uint64_t>(*fx.transferred) : *this;
  }
  Roll& operator<<(const Transferring& t) { return *this << t.to; }

  // What lies beyond Figure 2 is taken in where it is on.
  Roll& operator<<(const Canvass& c) {
    return *this << c.responded << c.granted << c.retryDeadline << c.leadershipTransfer;
  }
  Roll& operator<<(const Transfer& t) {
    return *this << t.to << t.deadline << t.askFirst << t.told;
  }
  Roll& operator<<(const Follower& r) {
    *this << r.leaderId << r.electionDeadline;
    if (r.withholdVotesUntil != Time{}) *this << r.withholdVotesUntil;
    return r.canvass ? *this << *r.canvass : *this;
  }
  Roll& operator<<(const Candidate& r) {
    *this << r.votesResponded << r.votesGranted << r.electionDeadline << r.retryDeadline;
    return r.leadershipTransfer ? *this << 1 : *this;
  }
  Roll& operator<<(const Progress& p) {
    *this << p.nextIndex << p.matchIndex << p.waiting;
    if (p.state == Progress::State::Replicate) *this << p.inFlight.size();
    return p.heardAt != Time{} ? *this << p.heardAt : *this;
  }
  Roll& operator<<(const Leader& r) {
    *this << r.progress << r.heartbeatDeadline;
    if (r.yieldNotBefore != Time{}) *this << r.yieldNotBefore;
    if (r.mayBeReplaced) *this << 1;
    return r.transfer ? *this << *r.transfer : *this;
  }
  // Of the log its end is enough: each entry was taken in when it was written, and so was each
  // snapshot.
  Roll& operator<<(const Server& s) {
    if (s.snapshot.exists()) *this << s.snapshot.lastIncludedIndex << s.snapshot.lastIncludedTerm;
    if (s.receiving) *this << s.receiving->lastIncludedIndex << s.receiving->size;
    *this << s.id << s.random.seed << s.random.counter << s.currentTerm << s.votedFor;
    *this << s.log.lastIndex() << s.log.lastTerm() << s.commitIndex << s.lastApplied << s.role;
    *this << s.configurationIndex << s.configuration.members();
    return *this << s.lastWrite << s.writing.size() << s.durableIndex;
  }

  Roll& operator<<(const trace::Link& link) {
    return *this << link.up << link.latencyMin << link.latencyMax << link.lossPerMillion
                 << link.duplicatePerMillion;
  }
  Roll& operator<<(const trace::Partitioned& p) { return *this << p.groups; }
  Roll& operator<<(const trace::LinkChanged& c) {
    return *this << c.from << c.to << c.before << c.after;
  }
  Roll& operator<<(const trace::Healed&) { return *this; }

  Roll& operator<<(const trace::DiskStalled& d) { return *this << d.until; }
  Roll& operator<<(const trace::WritesFail& d) { return *this << d.next << d.every << d.until; }
  Roll& operator<<(const trace::DiskWorks&) { return *this; }
  Roll& operator<<(const trace::TailTorn& d) { return *this << d.entry; }
  Roll& operator<<(const trace::TornTailDropped& d) { return *this << d.entry; }
  Roll& operator<<(const trace::BitFlipped& d) { return *this << d.entry; }
  Roll& operator<<(const trace::StartRefused& d) { return *this << d.entry; }
  Roll& operator<<(const trace::DiskLost&) { return *this; }
  Roll& operator<<(const trace::ClockDrifts& d) {
    return *this << static_cast<std::uint64_t>(d.perMillion);
  }

  Roll& operator<<(const trace::ClientAsked& d) {
    return *this << d.client << d.request << d.server << d.command << d.attempt;
  }
  Roll& operator<<(const trace::ClientRedirected& d) {
    return *this << d.client << d.request << d.server << d.leaderId;
  }
  Roll& operator<<(const trace::ClientPutOff& d) {
    return *this << d.client << d.request << d.server;
  }
  Roll& operator<<(const trace::ClientTold& d) {
    return *this << d.client << d.request << d.server << std::uint64_t{d.lost};
  }
  Roll& operator<<(const trace::ClientTimedOut& d) {
    return *this << d.client << d.request << d.server;
  }
  Roll& operator<<(const trace::ClientAnswered& d) {
    return *this << d.client << d.request << d.server << d.index << d.reply;
  }

  Roll& operator<<(const trace::ReadAsked& d) {
    return *this << d.read << d.server << d.key << std::uint64_t{d.local};
  }
  Roll& operator<<(const trace::ReadAnswered& d) {
    return *this << d.read << d.server << d.key << d.value << d.applied;
  }
  Roll& operator<<(const trace::ReadUnanswered& d) {
    return *this << d.read << d.server << static_cast<std::uint64_t>(d.why) << d.leaderId;
  }
};

enum class Told : std::uint64_t {
  Started = 1,
  Stepped,
  Sent,
  Duplicated,
  Lost,
  Crashed,
  Paused,
  Resumed,
  Network,
  Client,
  Broken,
  Machine,
  Replied,
  Read
};

template <class... Fields>
void take(std::uint64_t& value, Told told, Time time, const Fields&... fields) {
  Roll roll{value};
  roll << static_cast<std::uint64_t>(told) << time;
  (roll << ... << fields);
  value = roll.value;
}

}  // namespace

void Digest::started(Time t, const Server& s, bool again) {
  take(value_, Told::Started, t, s, std::uint64_t{again});
}
void Digest::stepped(const trace::Step& step) {
  take(value_, Told::Stepped, step.time, step.input, step.effects, step.after);
}
void Digest::sent(Time t, const Envelope& e) { take(value_, Told::Sent, t, e); }
void Digest::duplicated(Time t, const Envelope& e) { take(value_, Told::Duplicated, t, e); }
void Digest::lost(Time t, const Envelope& e, trace::Lost why) {
  take(value_, Told::Lost, t, e, static_cast<std::uint64_t>(why));
}
void Digest::crashed(Time t, const Server& s) { take(value_, Told::Crashed, t, s); }
void Digest::paused(Time t, ServerId s) { take(value_, Told::Paused, t, s); }
void Digest::resumed(Time t, ServerId s) { take(value_, Told::Resumed, t, s); }
void Digest::networkChanged(Time t, const trace::NetworkChange& c) {
  take(value_, Told::Network, t, c);
}
void Digest::machineChanged(Time t, ServerId s, const trace::MachineChange& c) {
  take(value_, Told::Machine, t, s, c);
}
void Digest::client(Time t, const trace::ClientDeed& d) { take(value_, Told::Client, t, d); }
void Digest::read(Time t, const trace::ReadDeed& d) { take(value_, Told::Read, t, d); }
void Digest::replied(Time t, ServerId s, const trace::Replied& r) {
  take(value_, Told::Replied, t, s, r.index, static_cast<std::uint64_t>(r.kind), r.reply, r.digest);
}
void Digest::invariantBroken(Time t, const Server& s, const char* sentence) {
  take(value_, Told::Broken, t, s, std::string_view(sentence));
}

}  // namespace raft::sim
