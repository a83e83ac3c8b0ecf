// What of a View the answers are worked out from. Internal to why.
#pragma once
#include <optional>

#include "trace/why.h"

namespace raft::trace {

inline const Server& serverOf(const View& view, ServerId id) { return *view.servers[id.value - 1]; }
inline std::uint32_t count(const View& view) {
  return static_cast<std::uint32_t>(view.servers.size());
}
inline bool exists(const View& view, ServerId id) {
  return id >= ServerId{1} && id.value <= count(view);
}
bool runs(const View& view, ServerId id);  // up and not paused
bool reaches(const View& view, ServerId from, ServerId to);
ServerSet running(const View& view);
// Who votes, in both halves of a joint configuration: by the leader's log, or by the running one
// that is most up-to-date.
ServerSet votersOf(const View& view);
// The running voters that `id` reaches and that reach it, itself included; none if it is not
// running.
ServerSet company(const View& view, ServerId id);
// A leader that runs and is in the highest term of all leaders that run.
std::optional<ServerId> leaderOf(const View& view);
// Whether a's last entry makes its log at least as up-to-date as b's (§5.4.1).
bool atLeastAsUpToDate(const Log& a, const Log& b);
// "C and D are down", "E stands still"; nothing for servers that run.
void sayWhoIsMissing(const View& view, Answer& answer);
// "C is down", "A's messages to C are cut off" …; empty if the two can talk.
std::string whyNoTalk(const View& view, ServerId from, ServerId to);
// When its timer elapses.
Time dueOf(const View& view, ServerId id);

}  // namespace raft::trace
