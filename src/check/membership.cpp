#include "check/membership.h"

#include "raft/quorum.h"

namespace raft::check {

void Membership::started(Time, const Server& server, bool) {
  if (latest_.voters.empty()) latest_ = server.baseConfiguration;
}

void Membership::applied(Time now, const Server& server, const Apply& apply) {
  Index index = apply.first;
  for (const Entry& entry : apply.entries) {
    const Index here = index;
    ++index;
    if (here <= index_) continue;
    index_ = here;
    if (entry.type != EntryType::Configuration) continue;
    const std::optional<Configuration> next = decode(entry.command);
    if (next && alwaysOverlap(latest_, *next)) {
      latest_ = *next;
      continue;
    }
    if (found_) continue;
    found_ = Violation{.property = Property::OverlappingMajorities,
                       .time = now,
                       .servers = {server.id},
                       .entries = {{here, entry.term}},
                       .term = entry.term,
                       .sentence = next ? "{s1} applies {e1}, a configuration that can agree "
                                          "without any voter of the one before it"
                                        : "{s1} applies {e1}, a configuration without meaning"};
    if (next) latest_ = *next;
  }
}

}  // namespace raft::check
