// What befalls disks, done.
#include "scenario/audience.h"
#include "scenario/run.h"
#include "scenario/words.h"

namespace raft::scenario {

std::optional<Run::Cannot> Run::act(const CrashInAWrite& deed, trace::Observer& audience,
                                    ServerSet& acted) {
  for (const Target& target : deed.targets) {
    ServerSet some;
    if (std::optional<Cannot> cannot = resolve(target, acted, some)) return cannot;
    for (ServerId id : some) {
      if (target.kind == Target::Kind::All && !world_.isWriting(id)) continue;
      if (!world_.isUp(id)) return Cannot{names_.of(id) + " is down"};
      if (!world_.isWriting(id)) return Cannot{names_.of(id) + " writes nothing now"};
      acted.insert(id);
    }
  }
  if (acted.empty()) return Cannot{"nobody writes anything now"};
  for (ServerId id : acted) world_.crash(id, audience, deed.whole);
  return std::nullopt;
}

std::optional<Run::Cannot> Run::act(const ChangeDisks& deed, trace::Observer& audience,
                                    ServerSet& acted) {
  for (const ChangeDisks::One& one : deed.disks) {
    ServerSet meant;
    for (const Target& target : one.targets) {
      if (std::optional<Cannot> cannot = resolve(target, meant, meant)) return cannot;
    }
    for (ServerId id : meant) {
      if (std::optional<Cannot> cannot = act(one.deed, id, audience)) return cannot;
      acted.insert(id);
    }
  }
  return std::nullopt;
}

std::optional<Run::Cannot> Run::act(const DiskDeed& deed, ServerId id, trace::Observer& audience) {
  const std::optional<Time> until =
      deed.span ? std::optional(world_.now() + *deed.span) : std::nullopt;
  switch (deed.verb) {
    case DiskDeed::Verb::Stall: world_.stallDisk(id, until, audience); break;
    case DiskDeed::Verb::Fail: {
      trace::WritesFail which = deed.failing;
      which.until = until;
      world_.failWrites(id, which, audience);
      break;
    }
    case DiskDeed::Verb::Mend: world_.mendDisk(id, audience); break;
    case DiskDeed::Verb::FlipBit: {
      const Log& log = world_.disk(id).log;
      if (deed.entry <= log.baseIndex() || deed.entry > log.lastIndex()) {
        return Cannot{"there is no entry " + trace::text(deed.entry.value) + " on the disk of " +
                      names_.of(id)};
      }
      world_.flipBit(id, deed.entry, audience);
      break;
    }
    case DiskDeed::Verb::Lose:
      if (world_.isUp(id)) world_.crash(id, audience);  // it cannot go on without
      world_.loseDisk(id, audience);
      break;
  }
  return std::nullopt;
}

}  // namespace raft::scenario
