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
    closeGroup();
  }
  if (!held_.empty() && held_.front().time != fact.time) flush();
  group_.push_back(fact);
}

void Story::finish() {
  closeGroup();
  flush();
  tellQuiet();
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
  seeHeartbeat(fact);
}

void Story::seeRole(const Fact& fact, Lane& own) {
  if (fact.is<Started>() || fact.is<BecameFollower>()) own.shown = Lane::Shown::Follower;
  if (fact.is<BecameCandidate>()) own.shown = Lane::Shown::Candidate;
  if (fact.is<BecameLeader>()) own.shown = Lane::Shown::Leader;
  if (fact.is<Crashed>()) own.shown = Lane::Shown::Down;
  if (fact.is<Crashed>() || fact.is<Resumed>()) own.paused = false;
  if (fact.is<Paused>()) own.paused = true;
}

void Story::seeHeartbeat(const Fact& fact) {
  if (const auto* accepted = fact.as<AppendAccepted>()) {
    for (Heartbeats& each : quiet_) {
      if (each.leader == accepted->leader) each.answered.insert(fact.server);
    }
  }
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
                      .answered = {}});
    at = quiet_.end() - 1;
  }
  if (at->rounds == 0 || at->last != fact.time) {
    ++at->rounds;
    if (at->rounds > 1) at->interval = fact.time - at->last;
  }
  at->last = fact.time;
  for (ServerId to : heartbeats ? heartbeats->to : entries->to) at->sentTo.insert(to);
}

// Whether a reader was told the same before, and it only goes on.
bool Story::repeats() const {
  const Fact& fact = group_.front();
  const auto seen = [&](ServerId to, std::uint64_t term, std::string what) {
    auto& once = const_cast<Story*>(this)->once_;
    return !once.emplace(fact.server.value, to.value, term, std::move(what)).second;
  };
  if (const auto* asked = fact.as<VotesRequested>(); asked && asked->again) {
    return seen(0, fact.term.value, "asks again");
  }
  const auto* lost = fact.as<MessageLost>();
  if (!lost) return false;
  const Message& message = lost->envelope.message;
  const auto* entries = std::get_if<AppendEntries::Request>(&message);
  const auto* vote = std::get_if<RequestVote::Response>(&message);
  const bool counts = std::holds_alternative<RequestVote::Request>(message) ||
                      (vote && vote->voteGranted) ||
                      (entries && !entries->entries.empty() && lost->why == Lost::Chance);
  return !counts ||
         seen(lost->envelope.to, termOf(message).value, std::string(messageName(message)));
}

void Story::closeGroup() {
  if (group_.empty()) return;
  for (const Fact& fact : group_) see(fact);
  if (options_.details) details();
  if (options_.details ? !group_.front().is<MessageLost>() : !repeats()) {
    const ServerId server = group_.front().server;
    Words words = wordsOf(group_, server == ServerId{0} ? ServerSet{} : votes_[server.value],
                          {.names = options_.names, .servers = options_.servers});
    if (!words.text.empty()) hold(lineOf(std::move(words)));
  }
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
            .others = {},
            .before = {},
            .after = {},
            .lanes = lanes_};
  for (const Fact& fact : group_) {
    if (fact.is<VoteCounted>()) line.sort = Line::Sort::Votes;
    if (fact.is<BecameLeader>()) line.sort = Line::Sort::Elected;
    if (const auto* late = fact.as<MessageIgnored>(); late && late->why == Ignored::ElectionOver) {
      line.sort = Line::Sort::LateVote;
      line.others = {late->envelope.from};
    }
    if (const auto* expected = fact.as<Expected>(); expected && !expected->holds) {
      line.tone = Page::Tone::Alarm;
    }
    if (const auto* lost = fact.as<MessageLost>()) {
      line.sort = Line::Sort::Lost;
      line.others = {lost->envelope.to};
      line.before = options_.names.of(fact.server) + "'s " +
                    std::string(messageName(lost->envelope.message)) + " does not reach ";
      line.after = lost->why == Lost::Chance     ? ": the network loses it."
                   : lost->why == Lost::LinkDown ? ": the link is down."
                                                 : ": it is down.";
      line.text = line.before + options_.names.of(line.others) + line.after;
      line.many.clear();
    }
  }
  if (options_.explain) line.explanations = explanationsOf(group_, explained_);
  return line;
}

// Each message and write as a line of its own.
void Story::details() {
  for (const Fact& fact : group_) {
    const bool detail = fact.is<MessageSent>() || fact.is<MessageDelivered>() ||
                        fact.is<MessageDuplicated>() || fact.is<MessageLost>() ||
                        fact.is<WriteAsked>() || fact.is<WriteDurable>() ||
                        fact.is<HeartbeatsSent>() || fact.is<ClientAsked>();
    const auto* accepted = fact.as<AppendAccepted>();
    const auto* first = fact.as<HeartbeatsSent>();
    if ((first && first->first) || !(detail || (accepted && accepted->entries == 0))) continue;
    const std::string why = fact.is<MessageLost>() ? ": " + fact.reason : "";
    hold({.time = fact.time,
          .subjects = {fact.server},
          .text = deed(fact, options_.names) + why + ".",
          .many = {},
          .explanations = {},
          .tone = Page::Tone::Quiet,
          .others = {},
          .before = {},
          .after = {},
          .lanes = lanes_});
  }
}

// Votes that arrive at one instant are one line: the last of them says all.
bool Story::mergeVotes(Line& line) {
  for (auto at = held_.rbegin(); at != held_.rend(); ++at) {
    if (at->subjects != line.subjects) continue;
    const bool newer = at->sort == Line::Sort::Votes &&
                       (line.sort == Line::Sort::Votes || line.sort == Line::Sort::Elected) &&
                       at->text.find("does not get") == std::string::npos &&
                       line.text.find("does not get") == std::string::npos;
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

// One message to several that are lost alike are one line.
bool Story::mergeLost(Line& line) {
  if (held_.empty() || held_.back().sort != Line::Sort::Lost) return false;
  Line& last = held_.back();
  if (last.before != line.before || last.after != line.after) return false;
  for (ServerId to : line.others) last.others.insert(to);
  last.text = last.before + options_.names.of(last.others) +
              (last.after == ": the link is down." ? ": the links are down."
               : last.after == ": it is down."     ? ": they are down."
                                                   : ": the network loses them.");
  return true;
}

void Story::hold(Line line) {
  if (!held_.empty() && held_.front().time != line.time) flush();
  if (line.sort == Line::Sort::Lost && mergeLost(line)) return;
  if (line.sort != Line::Sort::Other && mergeVotes(line)) return;
  if (!held_.empty() && !line.many.empty() && held_.back().many == line.many) {
    Line& last = held_.back();
    for (ServerId server : line.subjects) last.subjects.insert(server);
    last.lanes = std::move(line.lanes);
    for (std::string& each : line.explanations) last.explanations.push_back(std::move(each));
    last.text = last.many;
    last.text.replace(last.text.find('%'), 1, options_.names.of(last.subjects));
    return;
  }
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
    ServerSet silent = each.sentTo;
    for (ServerId server : each.answered) silent.erase(server);
    if (each.rounds < 2) continue;
    std::string line = options_.names.of(each.leader) + " goes on sending heartbeats, every " +
                       text(each.interval) + " (" + text(each.rounds) + " times)";
    if (!each.answered.empty()) {
      line += "; " + options_.names.of(each.answered) +
              (each.answered.size() == 1 ? " follows" : " follow");
    }
    if (!silent.empty()) {
      line += "; " + options_.names.of(silent) +
              (silent.size() == 1 ? " does not answer" : " do not answer");
    }
    page_.row(out_, "⋮", lastLanes_.empty() ? lanes_ : lastLanes_, {}, line + ".",
              Page::Tone::Quiet);
  }
  quiet_.clear();
}

}  // namespace raft::trace
