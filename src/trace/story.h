// The story of a run, for people: a lane per server, the time at the left, a sentence a deed.
//
// Facts of one step are told as one sentence, equal deeds at one instant by several servers too,
// and what repeats itself (heartbeats that all follow) once. See docs/trace.md for a sample. Use:
//
//   std::string page;
//   Story story({.names = names, .servers = 3}, page);
//   Narrator narrator(story, names);  // an observer of the run
//   …                                 // the run; now and then: print(page), page.clear()
//   story.finish();
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "trace/fact.h"
#include "trace/notation.h"
#include "trace/story_page.h"

namespace raft::trace {

struct Words;

struct Frame {  // what stands around a list of servers in a sentence
  std::string before;
  std::string after;
  bool operator==(const Frame&) const = default;
};

using Notions = std::uint32_t;  // which notions a reader was told the meaning of, a bit each

struct StoryOptions {
  Names names = {};
  std::uint32_t servers = 3;
  std::uint32_t width = 80;  // columns of the page; at least 60 are used
  bool colour = false;       // ANSI colours, by term
  bool ascii = false;        // ASCII alone; what has no spelling in it stands as ?
  bool details = false;      // every message, write and acknowledgement
  bool explain = true;       // a word of explanation where a notion is first used
  Notions explained = 0;     // need no explanation: explained() of the story told before
  bool legend = true;        // the lines at the top: names, and what the signs mean
};

class Story : public FactSink {
 public:
  // Appends to `out`, whole lines only; it may be emptied by its owner between calls, and must
  // outlive the story.
  Story(StoryOptions options, std::string& out);

  // The sentence of a fact appears when a later fact shows that nothing can be merged with it any
  // more, so `out` lags behind by an instant, and by more while all is quiet.
  void told(const Fact& fact) override;
  // Tells what it still holds back. Call it at the end, and before something else is written
  // between the story's lines; facts may follow.
  void finish();
  // What it has explained, with what was before it: for the options of the next story.
  Notions explained() const { return options_.explained; }

 private:
  struct Line {  // one deed, told by one server or by several alike
    Time time;
    ServerSet subjects;
    std::string text;  // the whole sentence; for several subjects, `many` with them in place
    std::string many;
    std::vector<std::string> explanations;
    Page::Tone tone = Page::Tone::Plain;
    enum class Sort : std::uint8_t { Other, Votes, Elected, LateVote } sort = Sort::Other;
    ServerSet others = {};             // whose votes were late, or who is listed in a frame
    std::array<Frame, 2> frames = {};  // the sentence around one listed, and around several
    std::vector<Lane> lanes;           // after it
  };
  struct Heartbeats {  // of one leader, since the last line
    ServerId leader;
    std::uint64_t rounds;
    Time last;
    Duration interval;
    ServerSet sentTo;
    ServerSet accepted;  // who received some and answered
    ServerSet heard;     // whose answer the leader received
    ServerSet lost;      // of whom an answer was lost
  };

  void closeGroup();
  void endInstant();
  bool repeats();
  void see(const Fact& fact);
  void seeRole(const Fact& fact, Lane& lane);
  void seeHeartbeat(const Fact& fact);
  void seeAnswer(const Fact& fact);
  void details(bool before);
  void hold(Line line);
  bool mergeVotes(Line& line);
  bool mergeListed(Line& line);
  bool mergeSubjects(Line& line);
  Line lineOf(Words words);
  std::string lateVotes(const ServerSet& voters) const;
  void flush();
  void tellQuiet();
  Lane& lane(ServerId server);

  StoryOptions options_;
  std::string& out_;
  Page page_;
  bool begun_ = false;
  std::optional<Time> lastTime_;  // of the last line
  std::vector<Lane> lastLanes_;
  std::vector<Lane> lanes_;
  std::vector<ServerSet> votes_;  // by candidate, in its current term
  // By server, up to where it holds what it has not been heard to acknowledge.
  std::map<std::uint32_t, Index> unheard_;
  std::vector<Fact> group_;        // facts of the step that is being told
  std::vector<Line> held_;         // of one instant
  std::vector<Fact> recent_;       // of that instant, what concerns heartbeats
  std::vector<Heartbeats> quiet_;  // before that instant
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::string>> once_;
};

}  // namespace raft::trace
