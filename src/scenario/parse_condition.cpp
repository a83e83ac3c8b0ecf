// Conditions as phrases: who, what, and about what.
#include <algorithm>
#include <tuple>

#include "scenario/targets.h"
#include "scenario/values.h"

namespace raft::scenario {
namespace {

using What = decltype(Condition::what);
using Verb = Happens::Verb;
using Kind = Happens::Kind;

const std::string examples =
    "a condition, such as 'A is leader', 'entry 1 is committed' or 'B votes for A'";

// Parses one phrase; the first thing that is wrong stops it.
class Phrase {
 public:
  Phrase(std::string_view text, const Cast& cast) : text_(trimmed(text)), cast_(cast), in_(text_) {}

  Parsed<Condition> parse() {
    std::optional<What> what = fixed();
    if (!what) what = progressOfThing();
    if (!what && wrong_.empty()) what = takeValueCondition(in_, cast_, wrong_);
    if (!what && wrong_.empty()) what = aboutServers();
    if (what && !in_.atEnd()) {
      what.reset();
      fail("expected nothing after " + quoted(text_.substr(0, taken())) + ", not " +
           quoted(in_.rest()));
    }
    if (!what) return {{}, wrong_};
    return {Condition{.at = {}, .text = std::string(text_), .what = std::move(*what)}};
  }

 private:
  std::nullopt_t fail(std::string sentence) {
    if (wrong_.empty()) wrong_ = std::move(sentence);
    return std::nullopt;
  }
  std::size_t taken() const {
    const std::size_t end = text_.size() - in_.rest().size();
    return trimmed(text_.substr(0, end)).size();
  }

  std::optional<What> fixed();
  std::optional<What> progressOfThing();
  std::optional<What> aboutServers();
  std::optional<What> being(Who who);
  std::optional<What> having(Who who);
  std::optional<What> doing(Who who);
  std::optional<What> voting(Who who);
  std::optional<What> messaging(Who who);
  std::optional<What> handling(Who who);
  std::optional<What> havingSnapshot(Who who, bool negated);
  std::optional<What> snapshotting(Who who);

  std::optional<RoleWord> role();
  std::optional<Term> term();
  bool termClause(std::optional<Term>& out);
  std::optional<Thing> thing(std::string_view text);
  std::optional<Who> other();
  std::optional<What> unknownVerb();
  std::optional<std::string> nearPhrase() const;

  std::string_view text_;
  const Cast& cast_;
  Tokens in_;
  std::string wrong_;
};

std::optional<What> Phrase::fixed() {
  using Count = LeaderExists::Count;
  if (in_.accept({"there", "is", "no", "leader"}) || in_.accept({"no", "leader", "exists"})) {
    return LeaderExists{Count::None};
  }
  if (in_.accept({"there", "is", "one", "leader"}) ||
      in_.accept({"there", "is", "exactly", "one", "leader"})) {
    return LeaderExists{Count::One};
  }
  if (in_.accept({"there", "is", "a", "new", "leader"}) ||
      in_.accept({"a", "new", "leader", "exists"})) {
    return NewLeaderExists{};
  }
  if (in_.accept({"there", "is", "a", "leader"}) || in_.accept({"a", "leader", "exists"})) {
    return LeaderExists{Count::Some};
  }
  if (in_.accept({"the", "logs", "agree"}) || in_.accept({"all", "logs", "agree"}) ||
      in_.accept({"all", "logs", "are", "the", "same"}) ||
      in_.accept({"the", "logs", "are", "the", "same"})) {
    return LogsAgree{Who{.targets = {Target{}}}};
  }
  if (in_.accept({"an", "entry", "commits"}) || in_.accept({"anything", "commits"}) ||
      in_.accept({"something", "commits"})) {
    return EntryCommits{};
  }
  if (in_.accept({"a", "term", "changes"}) || in_.accept({"the", "term", "changes"})) {
    return TermChanges{};
  }
  if (in_.accept({"a", "change", "of", "members", "is", "under", "way"})) return ChangeUnderWay{};
  if (in_.accept({"no", "change", "of", "members", "is", "under", "way"})) {
    return ChangeUnderWay{.negated = true};
  }
  if (in_.accept({"the", "logs", "of"})) {
    const std::optional<Who> who = takeWho(in_, cast_, wrong_);
    if (!who) return std::nullopt;
    if (!in_.accept({"agree"}) && !in_.accept({"are", "the", "same"})) {
      return fail("expected 'agree' after the servers, not " + quoted(in_.rest()));
    }
    return LogsAgree{*who};
  }
  return std::nullopt;
}

// "entry 1 is committed on A", "SetX=10 is applied everywhere".
std::optional<What> Phrase::progressOfThing() {
  const std::size_t start = in_.position();
  for (; !in_.atEnd(); in_.take()) {
    const std::string_view verb = in_.peek();
    const std::size_t skip = in_.peek(1) == "not" ? 2 : 1;
    const std::string_view stage = in_.peek(skip);
    if ((verb != "is" && verb != "are") || (stage != "committed" && stage != "applied")) continue;
    const std::size_t begin = static_cast<std::size_t>(verb.data() - text_.data());
    const std::optional<Thing> what = thing(trimmed(text_.substr(0, begin)));
    if (!what) return std::nullopt;
    HasThing out{.who = {.each = Who::Each::Any},
                 .stage = stage == "committed" ? Stage::Committed : Stage::Applied,
                 .thing = *what,
                 .negated = skip == 2};
    for (std::size_t i = 0; i <= skip; ++i) in_.take();
    if (in_.accept({"everywhere"})) {
      out.who = {.targets = {Target{}}};
    } else if (in_.acceptAny({"on", "by", "at"})) {
      const std::optional<Who> who = takeWho(in_, cast_, wrong_);
      if (!who) return std::nullopt;
      out.who = *who;
    } else {
      in_.acceptAny({"somewhere", "anywhere"});
    }
    return out;
  }
  in_.backTo(start);
  return std::nullopt;
}

std::optional<What> Phrase::aboutServers() {
  if (text_.empty()) return fail("a condition is missing here: expected " + examples);
  std::optional<Who> who = takeWho(in_, cast_, wrong_);
  if (!who) {
    // Perhaps it was not about a server at all.
    if (const std::optional<std::string> near = nearPhrase()) {
      wrong_ = quoted(text_) + " is no condition; did you mean '" + *near + "'?";
      return std::nullopt;
    }
    const bool verb = text_.find(' ') != text_.npos;
    if (!verb) wrong_ = quoted(text_) + " is not " + examples;
    return std::nullopt;
  }
  if (in_.atEnd()) return fail(quoted(text_) + " is not " + examples);
  for (const Target& target : who->targets) {
    if (target.kind != Target::Kind::Others) continue;
    return fail("it is not clear who the others are in " + quoted(text_) +
                ": expected servers by name, or a mapping such as {A: leader, others: follower}");
  }
  if (in_.acceptAny({"is", "are"})) return being(std::move(*who));
  if (in_.acceptAny({"has", "have"})) return having(std::move(*who));
  return doing(std::move(*who));
}

std::optional<What> Phrase::being(Who who) {
  const bool negated = in_.accept({"not"});
  std::optional<Term> inTerm;
  if (in_.accept({"in", "term"})) {
    if (negated) return fail("expected a condition without 'not' here: 'A is in term 2'");
    const std::optional<Term> value = term();
    if (!value) return std::nullopt;
    return InTerm{std::move(who), *value};
  }
  if (in_.accept({"up"})) return HasState{std::move(who), StateWord::Up, negated};
  if (in_.acceptAny({"down", "crashed"})) return HasState{std::move(who), StateWord::Down, negated};
  if (in_.accept({"paused"})) return HasState{std::move(who), StateWord::Paused, negated};
  if (in_.accept({"running"})) return HasState{std::move(who), StateWord::Running, negated};
  const bool no = in_.accept({"no"});  // "A is no member"
  const std::size_t before = in_.position();
  in_.acceptAny({"a", "the"});
  using Word = Standing::Word;
  for (const auto& [one, many, word] : {std::tuple("voter", "voters", Word::Voter),
                                        std::tuple("learner", "learners", Word::Learner),
                                        std::tuple("member", "members", Word::Member)}) {
    if (in_.acceptAny({one, many})) return Standing{std::move(who), word, negated || no};
  }
  in_.backTo(before);
  if (no)
    return fail("expected 'voter', 'learner' or 'member' after 'no', not " + quoted(in_.rest()));
  const std::optional<RoleWord> is = role();
  if (!is) return std::nullopt;
  if (!termClause(inTerm)) return std::nullopt;
  return HasRole{std::move(who), *is, inTerm, negated};
}

std::optional<What> Phrase::having(Who who) {
  if (in_.accept({"not", "voted"})) return VotedFor{std::move(who), std::nullopt};
  if (in_.accept({"voted"})) {
    if (!in_.accept({"for"}))
      return fail("expected 'for' after 'voted', not " + quoted(in_.rest()));
    if (in_.acceptAny({"nobody", "none"}) || in_.accept({"no", "one"})) {
      return VotedFor{std::move(who), std::nullopt};
    }
    const std::optional<Target> candidate = takeTarget(in_, cast_, wrong_);
    if (!candidate) return std::nullopt;
    return VotedFor{std::move(who), candidate};
  }
  const bool negated = in_.acceptAny({"no", "not"});
  if (in_.peek() == "committed" || in_.peek() == "applied" || in_.peek() == "voted") {
    return fail("expected what stands in a log after 'has', such as entry 1 or SetX=10, not " +
                quoted(in_.rest()) + "; of what is committed one says 'SetX=10 is committed on A'");
  }
  const std::size_t start = in_.position();
  in_.acceptAny({"a", "the"});
  if (in_.acceptAny({"snapshot", "snapshots"})) return havingSnapshot(std::move(who), negated);
  in_.backTo(start);
  const std::optional<Thing> what = thing(in_.rest());
  if (!what) return std::nullopt;
  while (!in_.atEnd()) in_.take();
  return HasThing{.who = std::move(who), .stage = Stage::InLog, .thing = *what, .negated = negated};
}

// "has a snapshot", "has a snapshot up to entry 5".
std::optional<What> Phrase::havingSnapshot(Who who, bool negated) {
  HasSnapshot out{.who = std::move(who), .lastIncluded = {}, .negated = negated};
  if (!in_.accept({"up", "to"})) return out;
  in_.acceptAny({"entry", "index"});
  const std::optional<std::uint64_t> index = parseCount(in_.peek());
  if (!index || *index == 0) {
    return fail("expected an index after 'up to', 1 or more, not " + quoted(in_.rest()));
  }
  in_.take();
  out.lastIncluded = Index(*index);
  return out;
}

// "takes a snapshot", "installs a snapshot".
std::optional<What> Phrase::snapshotting(Who who) {
  const bool takes = in_.acceptAny({"takes", "take"});
  if (!takes && !in_.acceptAny({"installs", "install"})) return unknownVerb();
  in_.acceptAny({"a", "the"});
  if (!in_.acceptAny({"snapshot", "snapshots"})) {
    return fail("expected 'a snapshot' here, not " + quoted(in_.rest()));
  }
  return Happens{.who = std::move(who),
                 .verb = takes ? Verb::TakesSnapshot : Verb::InstallsSnapshot};
}

std::optional<What> Phrase::doing(Who who) {
  if (in_.acceptAny({"follows", "follow"})) {
    if (in_.acceptAny({"nobody", "none"}) || in_.accept({"no", "one"})) {
      return Follows{std::move(who), std::nullopt};
    }
    const std::optional<Target> leader = takeTarget(in_, cast_, wrong_);
    if (!leader) return std::nullopt;
    return Follows{std::move(who), leader};
  }
  if (in_.accept({"times", "out"}) || in_.accept({"time", "out"})) {
    return Happens{.who = std::move(who), .verb = Verb::TimesOut};
  }
  if (in_.acceptAny({"crashes", "crash"})) {
    return Happens{.who = std::move(who), .verb = Verb::Crashes};
  }
  if (in_.acceptAny({"restarts", "restart"})) {
    return Happens{.who = std::move(who), .verb = Verb::Restarts};
  }
  if (in_.accept({"steps", "down"}) || in_.accept({"step", "down"})) {
    return Happens{.who = std::move(who), .verb = Verb::StepsDown};
  }
  if (in_.accept({"hands", "over"}) || in_.accept({"hand", "over"})) {
    Happens out{.who = std::move(who), .verb = Verb::HandsOver};
    if (!in_.accept({"to"})) return out;
    out.other = other();
    if (!out.other) return std::nullopt;
    return out;
  }
  if (in_.acceptAny({"becomes", "become"})) {
    const std::optional<RoleWord> is = role();
    if (!is) return std::nullopt;
    return Happens{.who = std::move(who), .verb = Verb::Becomes, .role = *is};
  }
  const std::string_view verb = in_.peek();
  if (verb.starts_with("vote") || verb.starts_with("refuse")) return voting(std::move(who));
  if (verb.starts_with("send") || verb.starts_with("receive")) return messaging(std::move(who));
  if (verb.starts_with("take") || verb.starts_with("install")) return snapshotting(std::move(who));
  return handling(std::move(who));
}

std::optional<What> Phrase::voting(Who who) {
  Happens out{.who = std::move(who), .verb = Verb::VotesFor};
  if (in_.accept({"votes", "for"}) || in_.accept({"vote", "for"})) {
    out.other = other();
  } else if (in_.acceptAny({"refuses", "refuse"})) {
    out.verb = Verb::RefusesVote;
    in_.accept({"to", "vote", "for"}) || in_.accept({"its", "vote", "to"}) ||
        in_.accept({"their", "votes", "to"});
    out.other = other();
  } else {
    return unknownVerb();
  }
  if (!out.other) return std::nullopt;
  return out;
}

std::optional<What> Phrase::messaging(Who who) {
  Happens out{.who = std::move(who), .verb = Verb::Sends};
  const bool sends = in_.acceptAny({"sends", "send"});
  if (!sends && !in_.acceptAny({"receives", "receive"})) return unknownVerb();
  if (!sends) out.verb = Verb::Receives;
  in_.acceptAny({"a", "an", "the", "its", "their"});
  static const std::vector<std::string> kinds = {
      "RequestVote",     "vote",    "AppendEntries", "entries",   "heartbeat", "acknowledgement",
      "InstallSnapshot", "PreVote", "pre-vote",      "TimeoutNow"};
  if (in_.acceptAny({"RequestVote"})) {
    out.kind = Kind::RequestVote;
  } else if (in_.acceptAny({"PreVote"})) {
    out.kind = Kind::PreVote;
  } else if (in_.acceptAny({"pre-vote", "pre-votes"})) {
    out.kind = Kind::PreVoteGranted;
  } else if (in_.acceptAny({"TimeoutNow"})) {
    out.kind = Kind::TimeoutNow;
  } else if (in_.acceptAny({"vote", "votes"})) {
    out.kind = Kind::Vote;
  } else if (in_.accept({"AppendEntries"})) {
    out.kind = Kind::AppendEntries;
  } else if (in_.accept({"entries"})) {
    out.kind = Kind::Entries;
  } else if (in_.acceptAny({"heartbeat", "heartbeats"})) {
    out.kind = Kind::Heartbeat;
  } else if (in_.acceptAny({"acknowledgement", "acknowledgements"})) {
    out.kind = Kind::Acknowledgement;
  } else if (in_.acceptAny({"InstallSnapshot", "snapshot", "snapshots"})) {
    out.kind = Kind::InstallSnapshot;
  } else {
    return fail("there is no message " + quoted(in_.peek()) +
                suggestion(in_.peek(), kinds, orList(kinds)));
  }
  if (sends ? in_.accept({"to"}) : in_.acceptAny({"from", "of"})) {
    out.other = other();
    if (!out.other) return std::nullopt;
  }
  return out;
}

std::optional<What> Phrase::handling(Who who) {
  Happens out{.who = std::move(who), .verb = Verb::Commits};
  if (in_.acceptAny({"commits", "commit"})) {
    out.verb = Verb::Commits;
  } else if (in_.acceptAny({"applies", "apply"})) {
    out.verb = Verb::Applies;
  } else if (in_.acceptAny({"appends", "append"})) {
    out.verb = Verb::Appends;
  } else if (in_.acceptAny({"removes", "remove"})) {
    out.verb = Verb::Removes;
  } else if (in_.acceptAny({"declines", "decline"})) {
    out.verb = Verb::Declines;
  } else if (in_.acceptAny({"doubts", "doubt"})) {
    out.verb = Verb::Doubts;
  } else if (in_.acceptAny({"loses", "lose"})) {
    out.verb = Verb::Loses;
  } else {
    return unknownVerb();
  }
  if (in_.acceptAny({"anything", "something"}) || in_.atEnd()) return out;
  out.thing = thing(in_.rest());
  if (!out.thing) return std::nullopt;
  while (!in_.atEnd()) in_.take();
  return out;
}

// What does not speak of a server, and was probably meant; or nothing.
std::optional<std::string> Phrase::nearPhrase() const {
  static const std::vector<std::string> phrases = {
      "there is a leader", "there is no leader", "there is one leader", "there is a new leader",
      "the logs agree",    "an entry commits",   "a term changes"};
  static const std::vector<std::string> stages = {"committed", "applied"};
  if (const std::optional<std::string> near = nearest(text_, phrases)) return near;
  const std::size_t space = text_.find(' ');
  if (text_.starts_with("there ") || text_.starts_with("leader ")) return phrases.front();
  for (std::size_t at = space; at != text_.npos; at = text_.find(' ', at + 1)) {
    const std::string_view rest = text_.substr(at);
    for (const std::string_view verb : {" is not ", " is ", " are ", " has been "}) {
      if (!rest.starts_with(verb)) continue;
      const std::string_view word =
          rest.substr(verb.size(), rest.find(' ', verb.size()) - verb.size());
      const std::optional<std::string> stage = nearest(word, stages);
      if (!stage) break;
      const std::string_view is = verb == " has been " ? " is " : verb;
      return std::string(text_.substr(0, at)).append(is) + *stage +
             std::string(rest.substr(verb.size() + word.size()));
    }
  }
  return std::nullopt;
}

std::optional<What> Phrase::unknownVerb() {
  static const std::vector<std::string> verbs = {
      "is",      "are",      "has",      "have",     "follows",    "votes",
      "refuses", "becomes",  "sends",    "receives", "commits",    "applies",
      "appends", "removes",  "declines", "doubts",   "loses",      "times",
      "crashes", "restarts", "takes",    "installs", "steps down", "hands over"};
  return fail("there is no verb " + quoted(in_.peek()) +
              suggestion(in_.peek(), verbs, "one of: " + orList(verbs)));
}

std::optional<RoleWord> Phrase::role() {
  in_.acceptAny({"a", "the"});
  if (in_.acceptAny({"leader", "leaders"})) return RoleWord::Leader;
  if (in_.acceptAny({"follower", "followers"})) return RoleWord::Follower;
  if (in_.acceptAny({"candidate", "candidates"})) return RoleWord::Candidate;
  static const std::vector<std::string> words = {"leader", "follower", "candidate", "up",
                                                 "down",   "paused",   "running",   "in term 2"};
  if (in_.atEnd()) return fail("expected " + orList(words) + " after " + quoted(text_));
  return fail("no server is ever " + quoted(in_.rest()) +
              suggestion(in_.peek(), words, orList(words)));
}

std::optional<Term> Phrase::term() {
  const std::optional<std::uint64_t> number = parseCount(in_.peek());
  if (!number) return fail("expected a term's number, not " + quoted(in_.rest()));
  in_.take();
  return Term(*number);
}

bool Phrase::termClause(std::optional<Term>& out) {
  if (!in_.accept({"in", "term"}) && !in_.accept({"of", "term"})) return true;
  out = term();
  return out.has_value();
}

std::optional<Thing> Phrase::thing(std::string_view text) {
  Tokens words(text);
  Thing out;
  words.acceptAny({"the", "an"});
  if (words.accept({"entry"})) {
    const std::optional<std::uint64_t> index = parseCount(words.take());
    if (!index || *index == 0) {
      return fail("expected an index after 'entry', 1 or more: " + quoted(text));
    }
    out.index = Index(*index);
    if (words.accept({"of", "term"}) || words.accept({"in", "term"})) {
      const std::optional<std::uint64_t> number = parseCount(words.take());
      if (!number) return fail("expected a term's number at the end of " + quoted(text));
      out.pattern.term = Term(*number);
    }
    if (!words.atEnd()) {
      return fail("expected nothing after the entry, not " + quoted(words.rest()));
    }
    return out;
  }
  if (text == "a no-op" || text == "no-op" || text == "the no-op") {
    out.pattern.noop = true;
  } else if (text.empty()) {
    return fail("expected 'entry 1' or a command in " + quoted(text_));
  } else {
    out.pattern.command = std::string(text);
  }
  return out;
}

std::optional<Who> Phrase::other() { return takeWho(in_, cast_, wrong_); }

}  // namespace

Parsed<Condition> parseCondition(std::string_view text, const Cast& cast) {
  return Phrase(text, cast).parse();
}

Parsed<EntryPattern> parseEntry(std::string_view text) {
  text = trimmed(text);
  EntryPattern out;
  const std::size_t space = text.find(' ');
  const std::string_view first = text.substr(0, space);
  std::string_view command = text;
  if (const std::optional<std::uint64_t> number = parseCount(first)) {
    if (*number == 0) {
      return {{}, quoted(text) + " is of term 0, in which nobody leads: expected 1 or more"};
    }
    out.term = Term(*number);
    command = space == text.npos ? std::string_view() : trimmed(text.substr(space));
  }
  if (text.empty())
    return {{}, "an entry is missing here: expected a term, such as 1 or 1 SetX=10"};
  if (command == "no-op") {
    out.noop = true;
  } else if (!command.empty()) {
    out.command = std::string(command);
  }
  return {out};
}

}  // namespace raft::scenario
