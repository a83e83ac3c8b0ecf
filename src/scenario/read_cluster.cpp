// The cluster: servers, their settings, their network, their disks, their clients.
#include <algorithm>

#include "scenario/reading.h"

namespace raft::scenario {

void LinkPatch::applyTo(trace::Link& link) const {
  if (latencyMin) link.latencyMin = *latencyMin;
  if (latencyMax) link.latencyMax = *latencyMax;
  if (lossPerMillion) link.lossPerMillion = *lossPerMillion;
  if (duplicatePerMillion) link.duplicatePerMillion = *duplicatePerMillion;
}

void Reading::readTop() {
  if (root_.isNothing()) {
    return wrong(root_.at, "the file says nothing: expected a scenario, such as `servers: 3`");
  }
  if (root_.isMapping()) readServers();
  // Before the steps, which speak of them.
  const Value* clients = root_.isMapping() ? root_.find("clients") : nullptr;
  if (clients) readClients(*clients);
  const ReadValue done = [](const Value&) {};
  const auto text = [&](std::string& to) {
    return [&](const Value& v) { to = scalar(v, "a text").value_or(""); };
  };
  members(
      root_, "a scenario",
      {{"title", text(out_.title)},
       {"about", text(out_.about)},
       {"servers", done},
       {"members", [&](const Value& v) { readMembers(v); }},
       {"seed",
        [&](const Value& v) { out_.world.seed = count(v, "a seed (a whole number)").value_or(1); }},
       {"election timeout", [&](const Value& v) { readTimeouts(v); }},
       {"first election timeout", [&](const Value& v) { readFirstTimeouts(v); }},
       {"heartbeat interval",
        [&](const Value& v) {
          const Duration interval = positiveDuration(v).value_or(Duration(1));
          for (Settings& each : out_.world.raft) each.heartbeatInterval = interval;
        }},
       {"no-op",
        [&](const Value& v) {
          const bool on = onOrOff(v).value_or(true);
          for (Settings& each : out_.world.raft) each.noopAtElection = on;
        }},
       {"pre-vote", [&](const Value& v) { readSwitch(v, &Settings::preVote); }},
       {"leader stickiness", [&](const Value& v) { readSwitch(v, &Settings::leaderStickiness); }},
       {"check quorum", [&](const Value& v) { readSwitch(v, &Settings::checkQuorum); }},
       {"leases", [&](const Value& v) { readSwitch(v, &Settings::leases); }},
       {"clock drift bound", [&](const Value& v) { readDriftBound(v); }},
       {"priority", [&](const Value& v) { readPriority(v); }},
       {"replication", [&](const Value& v) { readReplication(v); }},
       {"snapshot after", [&](const Value& v) { readCompactAfter(v); }},
       {"snapshot chunk", [&](const Value& v) { readChunkBytes(v); }},
       {"disk latency",
        [&](const Value& v) {
          perServer(v, "a time or a range of times", [&](const Value& one, ServerId id) {
            const std::optional<DurationRange> times = range(one);
            if (times) out_.world.disks[id.value - 1] = {times->least, times->most};
          });
        }},
       {"write timeout", [&](const Value& v) { readWriteTimeout(v); }},
       {"clock drift", [&](const Value& v) { readDrift(v); }},
       {"network", [&](const Value& v) { readNetwork(v); }},
       {"start", [&](const Value& v) { readStart(v); }},
       {"clients", done},
       {"sessions", [&](const Value& v) { readSessions(v); }},
       {"steps", [&](const Value& v) { readSteps(v); }},
       {"always", done},  // below, since these may speak of names that steps give
       {"never", done},
       {"expect", done},
       {"violates", [&](const Value& v) { readViolates(v); }},
       {"until", [&](const Value& v) { out_.until = positiveDuration(v); }}});
  for (const char* word : {"always", "never"}) {
    const Value* v = root_.find(word);
    if (v) addWatch({word, v->at}, *v, word == std::string_view("never"), out_.always);
  }
  if (const Value* v = root_.find("expect")) {
    out_.atEnd.push_back({.at = v->at, .text = "expect", .what = Expect{conditions(*v)}});
  }
  if (contradictions_ == Contradictions::AreMistakes) checkSteps();
  checkEnd();
}

void Reading::readFirstTimeouts(const Value& value) {
  perServer(value, "a time, or a mapping from servers to times",
            [&](const Value& one, ServerId id) {
              out_.world.firstTimeout[id.value - 1] = positiveDuration(one);
            });
}

void Reading::readServers() {
  const Value* value = root_.find("servers");
  if (!value) {
    numberOfServers({.kind = Value::Kind::Scalar, .at = root_.at, .text = "3"});
  } else if (!value->isSequence()) {
    numberOfServers(*value);
  } else {
    for (const Value& item : value->items) {
      const std::optional<std::string> name = scalar(item, "a server's name");
      if (name) addName(item.at, *name);
      if (name) cast_.servers.push_back(*name);
    }
    if (value->items.empty())
      wrong(value->at, "a cluster has at least 1 server, this one has none");
    if (value->items.size() > ServerSet::maxServers) {
      wrong(value->at,
            std::to_string(value->items.size()) + " servers are too many: expected at most 256");
      cast_.servers.resize(ServerSet::maxServers);
    }
  }
  out_.names = cast_.servers;
  const std::size_t size = cast_.servers.size();
  out_.world.servers = static_cast<std::uint32_t>(size);
  out_.world.raft.resize(size);
  out_.world.disks.resize(size);
  out_.world.firstTimeout.resize(size);
}

void Reading::numberOfServers(const Value& value) {
  const std::optional<std::uint64_t> number =
      count(value, "names of servers or how many there are, such as [A, B, C] or 3");
  if (!number) return;
  if (*number == 0) return wrong(value.at, "a cluster has at least 1 server, this one has '0'");
  if (*number > ServerSet::maxServers) {
    return wrong(value.at, quoted(value.text) + " servers are too many: expected at most 256");
  }
  for (std::uint64_t i = 0; i < *number; ++i) {
    cast_.servers.push_back(*number <= 26 ? std::string(1, static_cast<char>('A' + i))
                                          : "s" + std::to_string(i + 1));
  }
}

void Reading::readMembers(const Value& value) {
  const std::optional<std::vector<Target>> whom = targets(value);
  if (!whom) return;
  ServerSet members;
  for (const Target& target : *whom) {
    if (target.kind != Target::Kind::Server) {
      return wrong(value.at,
                   "expected the servers by name that begin as the cluster, not " + shown(value));
    }
    members.insert(target.server);
  }
  if (members.empty()) return wrong(value.at, "a cluster has at least 1 server, this one has none");
  out_.world.members = members;
}

void Reading::readTimeouts(const Value& value) {
  perServer(value, "a range of times, or a mapping from servers to them",
            [&](const Value& one, ServerId id) {
              const std::optional<DurationRange> times = range(one);
              if (!times) return;
              if (times->least == Duration(0)) {
                return wrong(one.at, "expected a time above 0, not " + quoted(one.text));
              }
              out_.world.raft[id.value - 1].electionTimeoutMin = times->least;
              out_.world.raft[id.value - 1].electionTimeoutMax = times->most;
            });
}

void Reading::readSwitch(const Value& value, bool Settings::*setting) {
  perServer(value, "on or off, or a mapping from servers to them",
            [&](const Value& one, ServerId id) {
              out_.world.raft[id.value - 1].*setting = onOrOff(one).value_or(false);
            });
}

void Reading::readPriority(const Value& value) {
  serverMembers(value, [&](const Value& one, ServerId id) {
    const std::optional<std::uint64_t> priority = count(one, "a priority (a whole number)");
    if (priority && *priority > 1'000'000) {
      return wrong(one.at, quoted(one.text) + " is too high: expected at most 1000000");
    }
    out_.world.raft[id.value - 1].priority = static_cast<std::uint32_t>(priority.value_or(0));
  });
}

// How a leader sends (raft/flow.cpp): for all servers alike.
void Reading::readReplication(const Value& value) {
  Settings to;
  const auto bound = [&](std::uint64_t& setting, const char* what) {
    return [this, &setting, what](const Value& v) {
      const std::optional<std::uint64_t> most = count(v, what);
      if (most && *most == 0) return wrong(v.at, "expected a number above 0, not " + shown(v));
      setting = most.value_or(0);
    };
  };
  std::uint64_t messages = 1;
  members(
      value, "replication",
      {{"messages in flight", bound(messages, "how many messages may be under way to a peer")},
       {"bytes in flight", bound(to.maxBytesInFlight, "how many bytes may be under way")},
       {"entries per message", bound(to.maxEntriesPerMessage, "how many entries")},
       {"bytes per message", bound(to.maxBytesPerMessage, "how many bytes")},
       {"uncommitted bytes", bound(to.maxUncommittedBytes, "how many bytes may wait")},
       {"conflict hints", [&](const Value& v) { to.conflictHints = onOrOff(v).value_or(false); }},
       {"fates", [&](const Value& v) { to.tellFates = onOrOff(v).value_or(false); }}});
  constexpr std::uint64_t mostMessages = 1'000'000;
  for (Settings& each : out_.world.raft) {
    each.maxMessagesInFlight =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(messages, 1, mostMessages));
    each.maxBytesInFlight = to.maxBytesInFlight;
    each.maxEntriesPerMessage = to.maxEntriesPerMessage;
    each.maxBytesPerMessage = to.maxBytesPerMessage;
    each.maxUncommittedBytes = to.maxUncommittedBytes;
    each.conflictHints = to.conflictHints;
    each.tellFates = to.tellFates;
  }
}

void Reading::readCompactAfter(const Value& value) {
  const auto read = [&](const Value& one, ServerId id) {
    const std::optional<std::uint64_t> number =
        count(one, "after how many applied entries a snapshot is taken");
    if (number == std::uint64_t{0}) {
      wrong(one.at, "expected 1 entry or more (without `snapshot after` none is taken)");
    }
    out_.world.raft[id.value - 1].compactAfter = number.value_or(0);
  };
  perServer(value, "a number of entries, or a mapping from servers to them", read);
}

void Reading::readChunkBytes(const Value& value) {
  constexpr std::uint64_t most = 1 << 30;
  const auto read = [&](const Value& one, ServerId id) {
    const std::optional<std::uint64_t> number =
        count(one, "how many bytes of a snapshot a message carries");
    if (!number) return;
    if (*number == 0 || *number > most) {
      return wrong(
          one.at, "expected from 1 to " + std::to_string(most) + " bytes, not " + quoted(one.text));
    }
    out_.world.raft[id.value - 1].snapshotChunkBytes = static_cast<std::uint32_t>(*number);
  };
  perServer(value, "a number of bytes, or a mapping from servers to them", read);
}

void Reading::readNetwork(const Value& value) {
  out_.network = networkPatch(value);
  out_.network.all.applyTo(out_.world.link);
}

void Reading::readRange(const Value& value, LinkPatch& patch) {
  const std::optional<DurationRange> times = range(value);
  if (!times) return;
  patch.latencyMin = times->least;
  patch.latencyMax = times->most;
}

NetworkPatch Reading::networkPatch(const Value& value) {
  NetworkPatch out;
  if (value.isScalar()) {
    readRange(value, out.all);
    return out;
  }
  members(value, "a network",
          {{"latency", [&](const Value& v) { readRange(v, out.all); }},
           {"loss", [&](const Value& v) { out.all.lossPerMillion = percent(v); }},
           {"duplicates", [&](const Value& v) { out.all.duplicatePerMillion = percent(v); }},
           {"links", [&](const Value& v) {
              if (!v.isMapping()) {
                return wrong(
                    v.at, "expected a mapping from links, such as A -> B: 2 ms, not " + shown(v));
              }
              for (std::size_t i = 0; i < v.keys.size(); ++i) {
                const auto same = [&](const Key& key) { return key.text == v.keys[i].text; };
                if (std::any_of(v.keys.begin(), v.keys.begin() + i, same)) {
                  wrong(v.keys[i].at,
                        "the key " + quoted(v.keys[i].text) + " stands here a second time");
                }
                const Parsed<Arrow> arrow = parseArrow(v.keys[i].text, cast_);
                if (!arrow.value) wrong(v.keys[i].at, arrow.wrong);
                const LinkPatch patch = linkPatch(v.items[i]);
                if (arrow.value) out.links.push_back({*arrow.value, patch});
              }
            }}});
  return out;
}

LinkPatch Reading::linkPatch(const Value& value) {
  LinkPatch out;
  if (value.isScalar()) {
    readRange(value, out);
    return out;
  }
  members(value, "a link",
          {{"latency", [&](const Value& v) { readRange(v, out); }},
           {"loss", [&](const Value& v) { out.lossPerMillion = percent(v); }},
           {"duplicates", [&](const Value& v) { out.duplicatePerMillion = percent(v); }}});
  return out;
}

void Reading::readStart(const Value& value) {
  out_.world.disksHold.resize(out_.world.servers);
  serverMembers(value, [&](const Value& one, ServerId id) { readDisk(one, id); });
  checkStart();
}

void Reading::readDisk(const Value& value, ServerId server) {
  Persistent& disk = out_.world.disksHold[server.value - 1];
  std::optional<std::uint64_t> term;
  members(
      value, "a server's start",
      {{"term", [&](const Value& v) { term = count(v, "a term (a whole number)"); }},
       {"votedFor",
        [&](const Value& v) {
          const std::optional<std::vector<Target>> candidate = targets(v);
          if (!candidate) return;
          if (candidate->size() != 1 || candidate->front().kind != Target::Kind::Server) {
            return wrong(v.at, "expected one server by name, not " + shown(v));
          }
          disk.votedFor = candidate->front().server;
        }},
       {"log", [&](const Value& v) {
          const std::optional<std::vector<EntryPattern>> log = entries(v);
          if (!log) return;
          Term last = 0;
          for (std::size_t i = 0; i < log->size(); ++i) {
            const EntryPattern& entry = (*log)[i];
            const Position at = v.items[i].at;
            if (!entry.term) {
              return wrong(at, "an entry at the start begins with its term, such as 1 " +
                                   entry.command.value_or("SetX=10"));
            }
            if (*entry.term < last) {
              return wrong(at, "terms in a log never fall: " + std::to_string(entry.term->value) +
                                   " after " + std::to_string(last.value));
            }
            last = *entry.term;
            const std::string command = entry.command.value_or("x" + std::to_string(i + 1) + "=" +
                                                               std::to_string(last.value));
            disk.log.append(entry.noop ? Entry::noop(last) : Entry{last, Command(command)});
          }
        }}});
  constexpr std::uint64_t highest = 1'000'000'000'000;  // terms have to rise from there
  if (std::max(term.value_or(0), disk.log.lastTerm().value) > highest) {
    return wrong(value.at, "a term is above " + std::to_string(highest) +
                               ": expected one that leaves room for elections");
  }
  const Term lastTerm = disk.log.lastTerm();
  disk.currentTerm = Term(term.value_or(lastTerm.value));
  if (disk.currentTerm < lastTerm) {
    wrong(value.find("term") ? value.find("term")->at : value.at,
          "a server in term " + std::to_string(*term) + " cannot hold an entry of term " +
              std::to_string(lastTerm.value));
  }
  if (disk.votedFor && disk.currentTerm == Term(0)) {
    wrong(value.at, "nobody votes in term 0: expected `term: 1` or more beside votedFor");
  }
  disk.log.takeChange();
}

// Logs written by hand must be such as a run of Raft can lead to.
void Reading::checkStart() {
  const Value& start = *root_.find("start");
  const std::vector<Persistent>& disks = out_.world.disksHold;
  for (std::size_t a = 0; a < disks.size(); ++a) {
    for (std::size_t b = a + 1; b < disks.size(); ++b) {
      const Log& one = disks[a].log;
      const Log& other = disks[b].log;
      Index i = std::min(one.lastIndex(), other.lastIndex());
      while (i > Index(0) && one[i].term != other[i].term) i = i - 1;
      const Index same = i;
      while (i > Index(0) && one[i] == other[i]) i = i - 1;
      if (i == Index(0)) continue;
      wrong(start.at, "the logs of " + out_.names[a] + " and " + out_.names[b] +
                          " have an entry of one index and term (" + std::to_string(same.value) +
                          "^" + std::to_string(one[same].term.value) + ") but differ at index " +
                          std::to_string(i.value) + ": no run leads there (Log Matching, §5.3)");
    }
  }
}

}  // namespace raft::scenario
