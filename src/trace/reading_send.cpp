// What a step sends: each message must be asked for by a rule, and say what is true.
#include <algorithm>

#include "trace/reading.h"

namespace raft::trace {

// Finds the one answer that a request is due, or tells that there is none.
template <class Response>
const Response* Reading::answerTo(ServerId to, const char* request) {
  for (std::uint32_t i = 0; i < effects_.send.size(); ++i) {
    const Envelope& envelope = effects_.send[i].envelope;
    const auto* answer = std::get_if<Response>(&envelope.message);
    if (!answer || envelope.to != to || explained_[i]) continue;
    explained_[i] = true;
    return answer;
  }
  unexplained("does not answer " + name(to) + "'s " + request,
              "each request is answered, so that its sender can go on (§5.1)");
  return nullptr;
}

template const PreVote::Response* Reading::answerTo(ServerId, const char*);
template const RequestVote::Response* Reading::answerTo(ServerId, const char*);
template const AppendEntries::Response* Reading::answerTo(ServerId, const char*);
template const InstallSnapshot::Response* Reading::answerTo(ServerId, const char*);

// One AppendEntries to one peer: right in all it says?
bool Reading::explainAppendEntries(const Send& send, Progress& progress, ServerId peer) {
  const auto& m = std::get<AppendEntries::Request>(send.envelope.message);
  const Index last = m.prevLogIndex + m.entries.size();
  const Batch batch = batchFor(progress);
  std::string wrong;
  if (m.term != is_.currentTerm || m.leaderId != was_.id) {
    wrong = "a leader speaks for itself, in currentTerm (§5.1)";
  } else if (m.prevLogIndex + 1 != progress.nextIndex) {
    wrong = "entries are sent from nextIndex on, which is " + text(progress.nextIndex.value) +
            " (§5.3)";
  } else if (!is_.log.matches(m.prevLogIndex, m.prevLogTerm) || last > logEnd()) {
    wrong = "its log is " + logText(is_.log) + " (§5.3)";
  } else if (const Entries own = is_.log.between(m.prevLogIndex + 1, last);
             own.begin() != m.entries.begin() && own != m.entries) {
    wrong = "these are not the entries of its log (§5.3)";
  } else if (last != batch.last) {
    wrong = "it sends what the follower lacks, as much as its settings allow: up to index " +
            text(batch.last.value) + " (§5.3)";
  } else if (m.leaderCommit != commitIndex_) {
    wrong = "its commitIndex is " + text(commitIndex_.value) + " (§5.3)";
  } else if (const Round round = std::get_if<Leader>(&role_)->round; m.round != round) {
    wrong = "its round is " + text(round.value) + " (thesis §4.2.1)";
  }
  if (!wrong.empty()) {
    unexplained("sends to " + name(peer) + ": " + messageText(send.envelope.message, names_),
                wrong);
  }
  progress.waiting = !m.entries.empty();
  noteSent(progress, m.entries.size());
  return wrong.empty();
}

// All that is due to one peer: a heartbeat, or as many messages as its window has room for.
void Reading::explainAppendEntries(ServerId peer, Progress& progress) {
  for (bool due = broadcast_;; due = false) {
    const bool lacks = logEnd() >= progress.nextIndex;
    const bool sends = missing_.contains(peer) && lacks && !progress.waiting;
    if (!due && (broadcast_ || !sends)) return;
    std::uint32_t at = 0;
    for (; at < effects_.send.size(); ++at) {
      const Envelope& each = effects_.send[at].envelope;
      const bool appends = std::holds_alternative<AppendEntries::Request>(each.message);
      if (each.to == peer && appends && !explained_[at]) break;
    }
    if (at == effects_.send.size()) {
      return unexplained(
          "sends nothing to " + name(peer),
          broadcast_ ? "a leader sends heartbeats to all (§5.2)"
                     : "it lacks entries from " + text(progress.nextIndex.value) + " on (§5.3)");
    }
    explained_[at] = true;
    const bool again = progress.waiting;
    const Batch batch = batchFor(progress);
    if (!explainAppendEntries(effects_.send[at], progress, peer)) return;
    const auto& m = std::get<AppendEntries::Request>(effects_.send[at].envelope.message);
    if (m.entries.empty()) {
      heartbeats_.insert(peer);
      continue;
    }
    Group sent{m.prevLogIndex + 1, m.prevLogIndex + m.entries.size(), again, batch.why, {peer}};
    if (!sent.why.empty()) sent.why += " " + text(batch.bound);
    const auto same = std::ranges::find_if(groups_, [&](const Group& g) {
      return g.first == sent.first && g.last == sent.last && g.again == sent.again &&
             g.why == sent.why;
    });
    if (same != groups_.end()) {
      same->to.insert(peer);
    } else {
      groups_.push_back(std::move(sent));
    }
  }
}

// Once for what the input asks for; and if a configuration is appended, again for what that asks
// for, after it: to others perhaps, in a later round.
void Reading::explainAppendEntries() {
  Leader* leader = std::get_if<Leader>(&role_);
  if (!leader || (!broadcast_ && missing_.empty() && chunkTo_.empty())) return;
  sends_ = true;
  for (ServerId peer : configuration_.members()) {
    if (peer == was_.id) continue;
    Progress& progress = leader->of(peer);
    if (progress.nextIndex > is_.log.baseIndex()) {
      explainAppendEntries(peer, progress);
      continue;
    }
    const bool due =
        broadcast_ || chunkTo_.contains(peer) || (missing_.contains(peer) && !progress.waiting);
    if (due) explainSnapshot(*leader, peer);
  }
  tellSent();
  broadcast_ = false;
  missing_ = chunkTo_ = {};
}

void Reading::tellSent() {
  for (const Group& g : groups_) {
    const std::string part = g.why.empty() ? "" : "; " + g.why;
    tell(EntriesSent{.to = g.to, .first = g.first, .last = g.last, .again = g.again},
         (g.again ? "they were not acknowledged; the leader retries until all have them"
                  : "followers get what they miss from nextIndex on") +
             part + " (§5.3)");
  }
  groups_.clear();
  if (heartbeats_.empty()) return;
  tell(HeartbeatsSent{.to = heartbeats_, .first = elected_},
       elected_ ? "so all learn who leads and start no elections (§5.2)"
                : "so that no election timeout elapses (§5.2)");
  heartbeats_ = {};
}

void Reading::compareSends() {
  for (std::uint32_t i = 0; i < effects_.send.size(); ++i) {
    const Send& send = effects_.send[i];
    const Message& message = send.envelope.message;
    const std::string what =
        "sends to " + name(send.envelope.to) + ": " + messageText(message, names_);
    if (!explained_[i]) unexplained(what, "no rule asks for it in this step");
    if (send.envelope.from != was_.id) {
      unexplained(what, "it says that " + name(send.envelope.from) + " sent it");
    }
    if (termOf(message) != is_.currentTerm) {
      unexplained(
          what, "messages carry currentTerm, which is " + text(is_.currentTerm.value) + " (§5.1)");
    }
    // What a leader asks of others need not wait for its own disk (thesis §10.2.1).
    const bool asks = std::holds_alternative<AppendEntries::Request>(message) ||
                      std::holds_alternative<InstallSnapshot::Request>(message) ||
                      std::holds_alternative<TimeoutNow::Request>(message);
    const bool waits = !asks && !is_.writing.empty();
    const WriteId after = waits ? is_.lastWrite : WriteId{0};
    if (send.after == after) continue;
    unexplained(
        what + (send.after == WriteId{0} ? ", at once" : ", after write " + text(send.after.value)),
        waits ? "it speaks of what is durable only after write " + text(after.value) + " (§5.1)"
              : "it has no write to wait for");
  }
}

}  // namespace raft::trace
