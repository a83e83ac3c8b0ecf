#include "kv/session.h"

#include <algorithm>

#include "raft/assert.h"

namespace raft::kv {

namespace {

auto placeOf(std::uint64_t sequence, const std::vector<Session::Kept>& kept) {
  return std::ranges::lower_bound(kept, sequence, {}, &Session::Kept::sequence);
}

}  // namespace

std::uint64_t hashOf(const Session& session) {
  std::uint64_t hash = hashWith(session.lastUsed.value, session.firstUnanswered);
  for (const Session::Kept& each : session.kept) {
    hash = hashWith(hashWith(hash, each.sequence), hashOf(each.reply));
  }
  return hash;
}

// 3. Apply command in log order, allocating session for new client
// 4. Reply OK with unique client identifier (the log index of this register command can be used)
//
// "One option is to set an upper bound on the number of sessions and remove entries using an LRU
// (least recently used) policy" (thesis §6.3). Used is what the log says: no clock has to agree.
std::optional<std::uint64_t> Sessions::open(Index entry) {
  std::optional<std::uint64_t> expired;
  if (all_.size() >= limits_.sessions) {
    Index oldest = Index(UINT64_MAX);
    all_.each([&](std::uint64_t number, const Session& session) {
      if (session.lastUsed >= oldest) return;
      oldest = session.lastUsed;
      expired = number;
    });
    all_.erase(*expired);
  }
  all_.set(entry.value, Session{.lastUsed = entry});
  return expired;
}

std::optional<Reply> Sessions::find(Index entry, const Request& request) {
  // 3. Reply SESSION_EXPIRED if no record of clientId or if response for client's sequenceNum
  //    already discarded (thesis §6.3)
  // The two are told apart: who is told Discarded has said that it has the reply.
  const Session* known = all_.find(request.session);
  if (!known) return Reply{.status = Reply::Status::NoSession};
  Session session = *known;
  session.lastUsed = entry;
  // "With each request, the client includes the lowest sequence number for which it has not yet
  // received a response, and the state machine then discards all responses for lower sequence
  // numbers" (thesis §6.3). A late copy of an older request says less than is known already.
  if (session.firstUnanswered < request.firstUnanswered) {
    session.firstUnanswered = request.firstUnanswered;
    session.kept.erase(session.kept.begin(), placeOf(request.firstUnanswered, session.kept));
  }
  std::optional<Reply> reply;
  const auto at = placeOf(request.sequence, session.kept);
  if (at != session.kept.end() && at->sequence == request.sequence) {
    // 4. If sequenceNum already processed from client, reply OK with stored response (thesis §6.3)
    reply = at->reply;
  } else if (request.sequence < session.firstUnanswered) {
    reply = Reply{.status = Reply::Status::Discarded};
  } else if (request.sequence - session.firstUnanswered >= limits_.outstanding) {
    // Not in the thesis: what one client may keep us from forgetting has a bound.
    reply = Reply{.status = Reply::Status::TooMany};
  }
  all_.set(request.session, std::move(session));
  return reply;
}

// 6. Save state machine output with sequenceNum for client, discard any prior response for client
//    (thesis §6.3)
// With requests that overlap, it is the client that says which to discard: find() did.
void Sessions::keep(const Request& request, const Reply& reply) {
  const Session* known = all_.find(request.session);
  RAFT_ASSERT(known, "a reply is kept for a session that was found");
  Session session = *known;
  session.kept.insert(placeOf(request.sequence, session.kept), {request.sequence, reply});
  all_.set(request.session, std::move(session));
}

bool Sessions::restore(std::uint64_t number, Session session, Index lastApplied) {
  const bool named = number != 0 && number <= lastApplied.value && !all_.find(number);
  const bool used = number <= session.lastUsed.value && session.lastUsed <= lastApplied;
  if (!named || !used || session.firstUnanswered == 0) return false;
  if (all_.size() >= limits_.sessions) return false;
  std::uint64_t lowest = session.firstUnanswered;
  for (const Session::Kept& each : session.kept) {
    if (each.sequence < lowest) return false;
    if (each.sequence - session.firstUnanswered >= limits_.outstanding) return false;
    if (each.reply.refused() || each.sequence == UINT64_MAX) return false;
    lowest = each.sequence + 1;
  }
  all_.set(number, std::move(session));
  return true;
}

}  // namespace raft::kv
