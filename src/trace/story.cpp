#include "trace/story.h"

#include <algorithm>

#include "trace/sentence.h"
#include "trace/story_words.h"

namespace raft::trace {

Story::Story(StoryOptions options, std::string& out)
    : options_(std::move(options)),
      out_(out),
      page_({.names = options_.names,
             .servers = options_.servers,
             .width = options_.width,
             .colour = options_.colour,
             .ascii = options_.ascii}),
      lanes_(options_.servers),
      votes_(options_.servers + std::uint64_t{1}) {}

void Story::told(const Fact& fact) {
  if (!group_.empty() && (group_.front().step != fact.step || group_.front().time != fact.time ||
                          group_.front().server != fact.server)) {
    const bool later = group_.front().time != fact.time;
    closeGroup();
    if (later) endInstant();
  }
  group_.push_back(fact);
}

void Story::finish() {
  closeGroup();
  endInstant();
  tellQuiet();
}

// Heartbeats count only from here: what is told of the instant stands below the quiet before it.
void Story::endInstant() {
  flush();
  for (const Fact& fact : recent_) seeHeartbeat(fact);
  recent_.clear();
}

Lane& Story::lane(ServerId server) {
  if (server.value > lanes_.size()) {
    lanes_.resize(server.value);
    votes_.resize(server.value + std::uint64_t{1});
  }
  return lanes_[server.value - 1];
}

// What a fact makes different for the lanes, the votes and the heartbeats.
void Story::see(const Fact& fact) {
  if (fact.server == ServerId{0}) return;
  Lane& own = lane(fact.server);
  own.term = fact.term;
  ServerSet& votes = votes_[fact.server.value];
  if (fact.is<BecameCandidate>()) votes = {fact.server};
  if (const auto* counted = fact.as<VoteCounted>(); counted && counted->granted) {
    votes.insert(counted->voter);
  }
  seeRole(fact, own);
  const auto* accepted = fact.as<AppendAccepted>();
  if (accepted && accepted->entries > 0) unheard_[fact.server.value] = accepted->matchIndex;
  if (const auto* delivered = fact.as<MessageDelivered>()) {
    const auto* answer = std::get_if<AppendEntries::Response>(&delivered->envelope.message);
    if (answer && answer->success) unheard_.erase(delivered->envelope.from.value);
  }
  if (fact.is<HeartbeatsSent>() || fact.is<EntriesSent>() || fact.is<AppendAccepted>() ||
      fact.is<MessageDelivered>() || fact.is<MessageLost>()) {
    recent_.push_back(fact);
  }
}

void Story::seeRole(const Fact& fact, Lane& own) {
  if (fact.is<Started>() || fact.is<BecameFollower>() || fact.is<SteppedDown>() ||
      fact.is<PreVotesRequested>()) {
    own.shown = Lane::Shown::Follower;
  }
  if (fact.is<BecameCandidate>()) own.shown = Lane::Shown::Candidate;
  if (fact.is<BecameLeader>()) own.shown = Lane::Shown::Leader;
  if (fact.is<Crashed>()) own.shown = Lane::Shown::Down;
  if (fact.is<Crashed>() || fact.is<Resumed>()) own.paused = false;
  if (fact.is<Paused>()) own.paused = true;
}

void Story::seeAnswer(const Fact& fact) {
  const auto* accepted = fact.as<AppendAccepted>();
  const auto* delivered = fact.as<MessageDelivered>();
  const auto* lost = fact.as<MessageLost>();
  for (Heartbeats& each : quiet_) {
    if (accepted && each.leader == accepted->leader) each.accepted.insert(fact.server);
    if (!delivered && !lost) continue;
    const Envelope& envelope = delivered ? delivered->envelope : lost->envelope;
    if (!std::holds_alternative<AppendEntries::Response>(envelope.message)) continue;
    if (envelope.to == each.leader) (lost ? each.lost : each.heard).insert(envelope.from);
  }
}

void Story::seeHeartbeat(const Fact& fact) {
  seeAnswer(fact);
  const auto* heartbeats = fact.as<HeartbeatsSent>();
  const auto* entries = fact.as<EntriesSent>();
  if (heartbeats ? heartbeats->first : !entries || !entries->again) return;
  auto at = std::ranges::find(quiet_, fact.server, &Heartbeats::leader);
  if (at == quiet_.end()) {
    quiet_.push_back({.leader = fact.server,
                      .rounds = 0,
                      .last = fact.time,
                      .interval = {},
                      .sentTo = {},
                      .accepted = {},
                      .heard = {},
                      .lost = {}});
    at = quiet_.end() - 1;
  }
  if (at->rounds == 0 || at->last != fact.time) {
    ++at->rounds;
    if (at->rounds > 1) at->interval = fact.time - at->last;
  }
  at->last = fact.time;
  for (ServerId to : heartbeats ? heartbeats->to : entries->to) at->sentTo.insert(to);
}

// Whether a reader was told the same before, and it only goes on. If not, it is told now.
bool Story::repeats() {
  const Fact& fact = group_.front();
  const auto seen = [&](ServerId to, std::uint64_t term, std::string what) {
    return !once_.emplace(fact.server.value, to.value, term, std::move(what)).second;
  };
  if (const auto* asked = fact.as<VotesRequested>(); asked && asked->again) {
    return seen(0, fact.term.value, "asks again");
  }
  if (const auto* asked = fact.as<PreVotesRequested>(); asked && asked->again) {
    return seen(0, asked->standing.value, "asks again who would vote");
  }
  if (const auto* waits = fact.as<SteppedDown>(); waits && waits->was == RoleName::Follower) {
    return seen(0, fact.term.value, "waits for its disk");
  }
  if (fact.is<WriteFailure>() && group_.size() == 2) {  // it is written again, and nothing else
    return seen(0, fact.term.value, "a write fails");
  }
  const auto* lost = fact.as<MessageLost>();
  if (!lost) return false;
  const Message& message = lost->envelope.message;
  const auto* entries = std::get_if<AppendEntries::Request>(&message);
  const auto* answer = std::get_if<AppendEntries::Response>(&message);
  const auto* vote = std::get_if<RequestVote::Response>(&message);
  const auto unheard = unheard_.find(fact.server.value);
  const bool acknowledges = answer && answer->success && unheard != unheard_.end() &&
                            answer->matchIndex == unheard->second;
  const bool counts = std::holds_alternative<RequestVote::Request>(message) ||
                      std::holds_alternative<PreVote::Request>(message) ||
                      std::holds_alternative<TimeoutNow::Request>(message) ||
                      (vote && vote->voteGranted) || acknowledges ||
                      (entries && !entries->entries.empty() && lost->why == Lost::Chance);
  return !counts ||
         seen(lost->envelope.to, termOf(message).value, std::string(messageName(message)));
}

void Story::closeGroup() {
  if (group_.empty()) return;
  for (const Fact& fact : group_) see(fact);
  if (options_.details) details(true);
  if (options_.details ? !group_.front().is<MessageLost>() : !repeats()) {
    const ServerId server = group_.front().server;
    Words words = wordsOf(group_, server == ServerId{0} ? ServerSet{} : votes_[server.value],
                          {.names = options_.names, .servers = options_.servers});
    if (!words.text.empty()) hold(lineOf(std::move(words)));
  }
  if (options_.details) details(false);
  group_.clear();
}

Story::Line Story::lineOf(Words words) {
  const Fact& front = group_.front();
  Line line{.time = front.time,
            .subjects = {front.server},
            .text = std::move(words.text),
            .many = std::move(words.many),
            .explanations = {},
            .tone = words.finding ? Page::Tone::Alarm : Page::Tone::Plain,
            .lanes = lanes_};
  if (words.listed) {
    line.others = {*words.listed};
    line.frames = {std::move(words.one), std::move(words.several)};
  }
  for (const Fact& fact : group_) {
    const auto* vote = fact.as<VoteCounted>();
    if (vote && vote->granted) line.sort = Line::Sort::Votes;
    if (fact.is<BecameLeader>()) line.sort = Line::Sort::Elected;
    if (const auto* late = fact.as<MessageIgnored>(); late && late->why == Ignored::ElectionOver) {
      line.sort = Line::Sort::LateVote;
      line.others = {late->envelope.from};
    }
    if (const auto* expected = fact.as<Expected>(); expected && !expected->holds) {
      line.tone = Page::Tone::Alarm;
    }
  }
  if (options_.explain) line.explanations = explanationsOf(group_, options_.explained);
  return line;
}

// Each message and write as a line of its own: what led to the group's sentence stands before it,
// and what came of it after.
void Story::details(bool before) {
  for (const Fact& fact : group_) {
    const bool cause = fact.is<MessageDelivered>() || fact.is<WriteDurable>();
    const bool detail = cause || fact.is<MessageSent>() || fact.is<MessageDuplicated>() ||
                        fact.is<MessageLost>() || fact.is<WriteAsked>() ||
                        fact.is<HeartbeatsSent>() || fact.is<ClientAsked>() ||
                        fact.is<ChunkReceived>();
    const auto* accepted = fact.as<AppendAccepted>();
    const auto* first = fact.as<HeartbeatsSent>();
    if ((first && first->first) || !(detail || (accepted && accepted->entries == 0))) continue;
    if (cause != before) continue;
    const std::string why = fact.is<MessageLost>() ? ": " + fact.reason : "";
    hold({.time = fact.time,
          .subjects = {fact.server},
          .text = deed(fact, options_.names) + why + ".",
          .many = {},
          .explanations = {},
          .tone = Page::Tone::Quiet,
          .lanes = lanes_});
  }
}

// Votes that arrive at one instant are one line: the last of them says all.
bool Story::mergeVotes(Line& line) {
  for (auto at = held_.rbegin(); at != held_.rend(); ++at) {
    if (at->subjects != line.subjects) continue;
    const bool newer = at->sort == Line::Sort::Votes &&
                       (line.sort == Line::Sort::Votes || line.sort == Line::Sort::Elected);
    if (newer) {
      held_.erase(std::next(at).base());
      return false;
    }
    if (at->sort == Line::Sort::Elected && line.sort == Line::Sort::LateVote) {
      const std::string told = at->others.empty() ? "" : lateVotes(at->others);
      at->text.resize(at->text.size() - told.size());
      for (ServerId voter : line.others) at->others.insert(voter);
      at->text += lateVotes(at->others);
      return true;
    }
  }
  return false;
}

std::string Story::lateVotes(const ServerSet& voters) const {
  return (voters.size() == 1 ? " The vote of " : " The votes of ") + options_.names.of(voters) +
         (voters.size() == 1 ? " arrives" : " arrive") + " at the same moment.";
}

// Sentences of one instant that differ in the server that they name are one of all of them.
bool Story::mergeListed(Line& line) {
  for (auto at = held_.rbegin(); at != held_.rend(); ++at) {
    if (at->frames == line.frames && at->subjects == line.subjects) {
      for (ServerId each : line.others) at->others.insert(each);
      const Frame& frame = at->frames[at->others.size() == 1 ? 0 : 1];
      at->text = frame.before + options_.names.of(at->others) + frame.after;
      if (at->others.size() > 1) at->many.clear();
      return true;
    }
    if (options_.details) break;  // there the order of messages counts
  }
  return false;
}

// Several servers that do the same at one instant are one line; what one does twice is told once.
bool Story::mergeSubjects(Line& line) {
  if (held_.empty() || line.many.empty() || held_.back().many != line.many) return false;
  Line& last = held_.back();
  // No server stands in one sentence twice: what it does again is not told, a finding apart.
  if (last.subjects.contains(*line.subjects.begin())) return line.tone == Page::Tone::Plain;
  for (ServerId server : line.subjects) last.subjects.insert(server);
  last.lanes = std::move(line.lanes);
  for (std::string& each : line.explanations) last.explanations.push_back(std::move(each));
  last.text = last.many;
  last.text.replace(last.text.find('%'), 1, options_.names.of(last.subjects));
  last.frames = {};
  return true;
}

void Story::hold(Line line) {
  if (!line.frames[0].before.empty() && mergeListed(line)) return;
  if (line.sort != Line::Sort::Other && mergeVotes(line)) return;
  if (mergeSubjects(line)) return;
  held_.push_back(std::move(line));
}

void Story::flush() {
  if (held_.empty()) return;
  tellQuiet();
  if (!std::exchange(begun_, true) && options_.legend) page_.legend(out_);
  for (Line& line : held_) {
    const std::string time = lastTime_ == line.time ? "" : text(line.time);
    lastTime_ = line.time;
    line.lanes.resize(std::max<std::uint64_t>(line.lanes.size(), options_.servers));
    page_.row(out_, time, line.lanes, line.subjects, line.text, line.tone);
    for (const std::string& each : line.explanations) {
      page_.row(out_, "", line.lanes, {}, each, Page::Tone::Quiet);
    }
  }
  lastLanes_ = std::move(held_.back().lanes);
  held_.clear();
}

// What went on while nothing else happened.
void Story::tellQuiet() {
  if (options_.details) return quiet_.clear();
  for (const Heartbeats& each : quiet_) {
    if (each.rounds < 2) continue;
    ServerSet follow;
    ServerSet unheard;  // they follow, but the leader cannot know
    ServerSet silent;
    for (ServerId server : each.sentTo) {
      const bool lost = each.lost.contains(server) && !each.heard.contains(server);
      (!each.accepted.contains(server) ? silent : lost ? unheard : follow).insert(server);
    }
    std::string line = options_.names.of(each.leader) + " goes on sending heartbeats, every " +
                       text(each.interval) + " (" + text(each.rounds) + " times)";
    const auto add = [&](const ServerSet& servers, std::string_view one, std::string_view many) {
      if (servers.empty()) return;
      line.append("; ").append(options_.names.of(servers));
      line.append(servers.size() == 1 ? one : many);
    };
    add(follow, " follows", " follow");
    add(unheard, " follows, but its answers are lost", " follow, but their answers are lost");
    add(silent, " does not answer", " do not answer");
    const std::vector<Lane>& lanes = lastLanes_.empty() ? lanes_ : lastLanes_;
    page_.row(out_, "⋮", lanes, {}, line + ".", Page::Tone::Quiet);
    if (!options_.explain) continue;
    for (const std::string& why :
         explanationsOf({{.time = each.last, .what = HeartbeatsSent{}}}, options_.explained)) {
      page_.row(out_, "", lanes, {}, why, Page::Tone::Quiet);
    }
  }
  quiet_.clear();
}

}  // namespace raft::trace
