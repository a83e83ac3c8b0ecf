// The story of a run, for people: a lane per server, the time at the left, a sentence a deed.
//
// Facts of one step are told as one sentence, equal deeds at one instant by several servers too,
// and what repeats itself (heartbeats that all follow) once. See docs/trace.md for a sample.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "trace/fact.h"
#include "trace/notation.h"
#include "trace/story_page.h"

namespace raft::trace {

struct Words;

struct StoryOptions {
  Names names = {};
  std::uint32_t servers = 3;
  std::uint32_t width = 80;  // columns of the page; at least 60 are used
  bool colour = false;       // ANSI colours, by term
  bool ascii = false;        // no character beyond ASCII in what is not quoted from a run
  bool details = false;      // every message, write and acknowledgement
  bool explain = true;       // a word of explanation where a notion is first used
  bool legend = true;        // the lines at the top: names, and what the signs mean
};

class Story : public FactSink {
 public:
  // Appends to `out`, whole lines only; it may be emptied by its owner between calls.
  Story(StoryOptions options, std::string& out);

  void told(const Fact& fact) override;
  // Tells what it still holds back to be merged with what may follow. Call it at the end, and
  // before something else is written between the story's lines.
  void finish();

 private:
  struct Line {  // one deed, told by one server or by several alike
    Time time;
    ServerSet subjects;
    std::string text;  // the whole sentence; for several subjects, `many` with them in place
    std::string many;
    std::vector<std::string> explanations;
    Page::Tone tone = Page::Tone::Plain;
    enum class Sort : std::uint8_t { Other, Votes, Elected, LateVote, Lost } sort = Sort::Other;
    ServerSet others;           // whose votes were late, or to whom messages were lost
    std::string before, after;  // of Lost: the sentence around those
    std::vector<Lane> lanes;    // after it
  };
  struct Heartbeats {  // of one leader, since the last line
    ServerId leader;
    std::uint64_t rounds;
    Time last;
    Duration interval;
    ServerSet sentTo;
    ServerSet answered;
  };

  void closeGroup();
  bool repeats() const;
  void see(const Fact& fact);
  void seeRole(const Fact& fact, Lane& lane);
  void seeHeartbeat(const Fact& fact);
  void details();
  void hold(Line line);
  bool mergeVotes(Line& line);
  bool mergeLost(Line& line);
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
  std::uint32_t explained_ = 0;
  std::vector<Lane> lanes_;
  std::vector<ServerSet> votes_;  // by candidate, in its current term
  std::vector<Fact> group_;       // facts of the step that is being told
  std::vector<Line> held_;        // of one instant
  std::vector<Heartbeats> quiet_;
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::string>> once_;
};

}  // namespace raft::trace
