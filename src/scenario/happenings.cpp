#include "scenario/happenings.h"

#include <algorithm>

namespace raft::scenario {
namespace {

using Verb = Happens::Verb;
using Kind = Happens::Kind;

struct KindOf {
  Kind operator()(const RequestVote::Request&) const { return Kind::RequestVote; }
  Kind operator()(const RequestVote::Response& m) const {
    return m.voteGranted ? Kind::Vote : Kind::Any;
  }
  Kind operator()(const AppendEntries::Request& m) const {
    return m.entries.empty() ? Kind::Heartbeat : Kind::Entries;
  }
  Kind operator()(const AppendEntries::Response& m) const {
    return m.success ? Kind::Acknowledgement : Kind::Any;
  }
  Kind operator()(const InstallSnapshot::Request&) const { return Kind::InstallSnapshot; }
  Kind operator()(const InstallSnapshot::Response&) const { return Kind::Any; }
  Kind operator()(const PreVote::Request&) const { return Kind::PreVote; }
  Kind operator()(const PreVote::Response& m) const {
    return m.voteGranted ? Kind::PreVoteGranted : Kind::Any;
  }
  Kind operator()(const TimeoutNow::Request&) const { return Kind::TimeoutNow; }
};

Time electionDeadline(const Server& server) {
  const Follower* follower = server.as<Follower>();
  return follower ? follower->electionDeadline : Time{};
}

ServerId handsOverTo(const Server& server) {
  const Leader* leader = server.as<Leader>();
  return leader && leader->transfer ? leader->transfer->to : ServerId{0};
}

}  // namespace

Happenings::Known& Happenings::known(ServerId server) {
  if (known_.size() < server.value) known_.resize(server.value);
  return known_[server.value - 1];
}

void Happenings::add(Time now, Happening happening) {
  if (time_ != now) all_.clear();
  time_ = now;
  all_.push_back(std::move(happening));
}

void Happenings::started(Time now, const Server& server, bool again) {
  known(server.id) = {.term = server.currentTerm,
                      .role = server.role.index(),
                      .log = server.log,
                      .commitIndex = server.commitIndex,
                      .electionDeadline = electionDeadline(server),
                      .accepted = {}};
  noteCommitted(server);
  if (again) add(now, {.verb = Verb::Restarts, .server = server.id});
}

void Happenings::crashed(Time now, const Server& server) {
  add(now, {.verb = Verb::Crashes, .server = server.id});
}

void Happenings::sent(Time now, const Envelope& envelope) {
  add(now, {.verb = Verb::Sends,
            .server = envelope.from,
            .other = envelope.to,
            .kind = std::visit(KindOf{}, envelope.message)});
}

void Happenings::stepped(const trace::Step& step) {
  Known& server = known(step.after.id);
  if (const Envelope* envelope = std::get_if<Envelope>(&step.input)) {
    add(step.time, {.verb = Verb::Receives,
                    .server = step.after.id,
                    .other = envelope->from,
                    .kind = std::visit(KindOf{}, envelope->message)});
  }
  noteCommitted(step.after);
  roles(step, server);
  logs(step, server);
  snapshots(step);
  proposals(step, server);
  server.term = step.after.currentTerm;
  server.role = step.after.role.index();
  server.log = step.after.log;
  server.commitIndex = step.after.commitIndex;
  server.electionDeadline = electionDeadline(step.after);
  server.handsOverTo = handsOverTo(step.after);
  highestCommit_ = std::max(highestCommit_, step.after.commitIndex);
}

void Happenings::noteCommitted(const Server& server) {
  const Index known = committed_.lastIndex();
  if (server.commitIndex <= known || server.log.baseIndex() > known) return;
  committed_.append(server.log.between(known + 1, server.commitIndex));
  committed_.takeChange();
}

Log Happenings::wholeLog(const Server& server) const {
  const Index base = server.log.baseIndex();
  if (base == Index(0) || base > committed_.lastIndex()) return server.log;
  Log whole = committed_;
  whole.truncateFrom(base + 1);
  whole.append(server.log.from(base + 1));
  whole.takeChange();
  return whole;
}

void Happenings::snapshots(const trace::Step& step) {
  const std::optional<Write>& write = step.effects.write;
  if (!write || !write->snapshot) return;
  const bool installed = step.effects.restore.has_value();
  add(step.time, {.verb = installed ? Verb::InstallsSnapshot : Verb::TakesSnapshot,
                  .server = step.after.id,
                  .first = write->snapshot->lastIncludedIndex});
}

void Happenings::roles(const trace::Step& step, const Known& before) {
  const Server& after = step.after;
  const ServerId id = after.id;
  const bool candidacy = after.currentTerm > before.term && after.votedFor == id;
  const bool timeout = std::holds_alternative<Timeout>(step.input);
  const Follower* follower = after.as<Follower>();
  const bool asks =
      follower && follower->canvass && follower->electionDeadline != before.electionDeadline;
  if (timeout && (candidacy || asks)) add(step.time, {.verb = Verb::TimesOut, .server = id});
  handingOver(step, before);
  if (candidacy) {
    add(step.time, {.verb = Verb::Becomes, .server = id, .role = RoleWord::Candidate});
    add(step.time, {.verb = Verb::VotesFor, .server = id, .other = id});
  }
  const bool other = after.role.index() != before.role;
  if (other && !(candidacy && after.is<Candidate>())) {
    const auto role = static_cast<RoleWord>(after.role.index());
    add(step.time, {.verb = Verb::Becomes, .server = id, .role = role});
  }
  for (const Send& send : step.effects.send) {
    const auto* vote = std::get_if<RequestVote::Response>(&send.envelope.message);
    if (!vote) continue;
    add(step.time, {.verb = vote->voteGranted ? Verb::VotesFor : Verb::RefusesVote,
                    .server = id,
                    .other = send.envelope.to});
  }
}

// A leader gives up its role without a newer term, or begins to hand it over.
void Happenings::handingOver(const trace::Step& step, const Known& before) {
  const Server& after = step.after;
  const bool led = before.role == static_cast<std::size_t>(RoleWord::Leader);
  if (led && after.currentTerm == before.term && after.is<Follower>()) {
    add(step.time, {.verb = Verb::StepsDown, .server = after.id});
  }
  const ServerId to = handsOverTo(after);
  if (to == ServerId{0} || to == before.handsOverTo) return;
  add(step.time, {.verb = Verb::HandsOver, .server = after.id, .other = to});
}

void Happenings::proposals(const trace::Step& step, Known& known) {
  const auto note = [&](Verb verb, Index first, const Log& commands) {
    add(step.time, {.verb = verb,
                    .server = step.after.id,
                    .first = first,
                    .count = commands.lastIndex().value,
                    .entries = commands.from(1)});
  };
  const auto* proposal = std::get_if<raft::Propose>(&step.input);
  if (proposal && step.effects.proposed) {
    const auto* accepted = std::get_if<Accepted>(&*step.effects.proposed);
    Log declined;
    for (std::uint64_t i = 0; i < proposal->commands.size(); ++i) {
      Entry entry{.term = step.after.currentTerm, .command = proposal->commands[i]};
      if (!accepted) declined.append(entry);
      if (!accepted || !step.after.settings.tellFates) continue;
      known.accepted.emplace_back(accepted->index + i, std::move(entry));
    }
    if (!accepted) note(Verb::Declines, 0, declined);
  }
  for (const Fate& fate : step.effects.fates) {
    Log commands;
    std::erase_if(known.accepted, [&](const auto& each) {
      const auto& [index, entry] = each;
      const bool meant = entry.term == fate.term && fate.first <= index && index <= fate.last;
      if (meant) commands.append(entry);
      return meant && fate.outcome != Fate::Outcome::Unknown;
    });
    if (fate.outcome == Fate::Outcome::Unknown) note(Verb::Doubts, fate.first, commands);
    if (fate.outcome == Fate::Outcome::Lost) note(Verb::Loses, fate.first, commands);
  }
}

void Happenings::logs(const trace::Step& step, const Known& before) {
  const Server& after = step.after;
  const std::optional<Write>& write = step.effects.write;
  if (write && write->from != Index(0)) {
    if (write->from <= before.log.lastIndex()) {
      add(step.time, {.verb = Verb::Removes,
                      .server = after.id,
                      .first = write->from,
                      .count = before.log.lastIndex().value - write->from.value + 1,
                      .entries = before.log.from(write->from)});
    }
    if (!write->entries.empty()) {
      add(step.time, {.verb = Verb::Appends,
                      .server = after.id,
                      .first = write->from,
                      .count = write->entries.size(),
                      .entries = write->entries});
    }
  }
  if (after.commitIndex > before.commitIndex) {
    // A snapshot that is installed commits what nobody may have in a log any more.
    const Log& log = step.effects.restore ? committed_ : after.log;
    const Index last = std::min(after.commitIndex, log.lastIndex());
    const Index first = before.commitIndex + 1;
    if (first <= last) {
      add(step.time, {.verb = Verb::Commits,
                      .server = after.id,
                      .first = first,
                      .count = last.value - before.commitIndex.value,
                      .entries = log.between(first, last)});
    }
  }
  if (!step.effects.apply.entries.empty()) {
    add(step.time, {.verb = Verb::Applies,
                    .server = after.id,
                    .first = step.effects.apply.first,
                    .count = step.effects.apply.entries.size(),
                    .entries = step.effects.apply.entries});
  }
}

}  // namespace raft::scenario
