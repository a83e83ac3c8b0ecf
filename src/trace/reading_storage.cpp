// Storage that fails or stalls: what is written again, and who gives up its role.
#include <algorithm>

#include "trace/reading.h"

namespace raft::trace {

void Reading::stepDown(StepDownCause why, std::string reason) {
  tell(SteppedDown{.was = static_cast<RoleName>(role_.index()), .why = why}, std::move(reason));
  role_ = Follower{};
  timerSet_ = true;
}

// Its oldest write takes longer than it may.
void Reading::waitForDisk() {
  const Duration bound = was_.settings.writeTimeout;
  const Server::Writing& oldest = was_.writing.front();
  const std::string stalls = "its write " + text(oldest.id.value) + " is not durable after " +
                             text(now_ - oldest.overdue + bound) + ", and " + text(bound) +
                             " is what it may take";
  stepDown(StepDownCause::DiskStalls,
           was_.is<Leader>()
               ? stalls + ", so that a server whose disk works can lead"
               : stalls + "; its vote for itself would not become durable either (§5.2)");
}

void Reading::on(const WriteFailed& failed) {
  const auto lost = std::ranges::find(writing_, failed.id, &Server::Writing::id);
  if (lost == writing_.end()) return;
  const Time overdue = lost->overdue;
  const bool snapshot = std::any_of(lost, writing_.end(), [](auto& w) { return w.snapshot; });
  writing_.erase(lost, writing_.end());
  const Index kept = writing_.empty() ? durableIndex_ : writing_.back().lastIndex;
  rewrite_ = {std::max(kept, was_.log.baseIndex()) + 1, overdue, snapshot};
  tell(WriteFailure{.id = failed.id, .durableIndex = kept},
       "nobody knows how much of it is on the disk, so all of it is written again, and what "
       "speaks of it waits");
  if (!was_.is<Leader>()) return;
  stepDown(StepDownCause::WriteFailed,
           "a leader that cannot write gives up its role, and keeps its log, so that no index and "
           "term is used for a second entry");
}

// When what this step asks to write will have taken too long.
Time Reading::overdue() const {
  if (rewrite_) return rewrite_->overdue;
  const Duration bound = was_.settings.writeTimeout;
  return bound == Duration(0) ? Time::max() : now_ + bound;
}

}  // namespace raft::trace
