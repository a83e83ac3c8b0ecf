#include "cli/evidence.h"

#include <algorithm>
#include <variant>

namespace raft::cli {
namespace {

constexpr std::size_t remembered = 300;  // deeds of all servers
constexpr std::size_t shown = 12;        // deeds of those in question

template <class What, class... Kinds>
bool isOneOf(const What& what) {
  return (std::holds_alternative<Kinds>(what) || ...);
}

// Whether it changes what a server is, holds or knows to be committed, or what the network does.
bool isDeed(const trace::What& what) {
  using namespace trace;
  return isOneOf<What, Started, Crashed, Paused, Resumed, BecameCandidate, VoteGranted,
                 BecameLeader, TermAdopted, BecameFollower, EntriesAppended, EntriesTruncated,
                 CommitAdvanced, Applied, Partitioned, LinkChanged, Healed, SteppedDown,
                 WriteFailure, DiskStalled, WritesFail, DiskWorks, TornTailDropped, BitFlipped,
                 StartRefused, DiskLost, InvariantBroken, Unexplained>(what);
}

}  // namespace

void Evidence::told(const trace::Fact& fact) {
  closed_ = closed_ || fact.is<trace::PropertyViolated>();
  if (closed_ || !isDeed(fact.what)) return;
  latest_.push_back(fact);
  if (latest_.size() > remembered) latest_.pop_front();
}

std::vector<trace::Fact> Evidence::of(const check::Violation& violation) const {
  std::vector<trace::Fact> facts;
  for (auto fact = latest_.rbegin(); fact != latest_.rend() && facts.size() < shown; ++fact) {
    const bool concerned =
        fact->server == ServerId{0} || std::ranges::count(violation.servers, fact->server) != 0;
    if (fact->time <= violation.time && concerned) facts.push_back(*fact);
  }
  std::ranges::reverse(facts);
  return facts;
}

}  // namespace raft::cli
