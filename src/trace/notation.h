// The one notation for servers, entries, messages, states and times, in every text of Raftlab.
//
// Entries are written index^term, servers by name, a server's state as `s1@2 candidate`, times in
// milliseconds. All text is valid UTF-8, whatever bytes a command holds. Functions append nothing
// and keep nothing: they return what stands for a value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/server.h"

namespace raft::trace {

// What servers are called: s1, s2 … unless somebody gave them names.
class Names {
 public:
  Names() = default;
  // names[0] is that of server 1. A server without a name there is called s<id>.
  explicit Names(std::vector<std::string> names) : names_(std::move(names)) {}

  std::string of(ServerId server) const;
  std::string of(std::optional<ServerId> server) const;  // "nobody" if there is none
  // "A", "A and B", "A, B and C"; "nobody" for the empty set.
  std::string of(const ServerSet& servers) const;

 private:
  std::vector<std::string> names_;
};

std::string text(std::uint64_t number);
// "12 ms", "12.345 ms", "0.5 ms": no more digits than there are.
std::string text(Duration time);
// "1 entry", "3 entries": `many` defaults to one + "s".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

// "3^2": the entry at index 3 is of term 2.
std::string entryText(Index index, Term term);
// Of a log: "3^2", or "3" alone where a snapshot stands for the entry and its term is forgotten.
std::string placeIn(const Log& log, Index index);
// "3^2", or "3^2 to 5^2" for entries that stand from `first` on; "nothing" if there are none.
std::string entriesText(Index first, const Entries& entries);
// "3^2 (SetX=10), 4^2 (no-op)": with what they say; at most `most` of them, then "and 5 more".
std::string entriesInFull(Index first, const Entries& entries, std::uint32_t most = 3);
// A whole log: "1^1 2^1 3^2", or "empty"; of a long one, the end: "… 99^4 100^4". A snapshot stands
// at its beginning by its last included entry: "[7^2] 8^2 9^3".
std::string logText(const Log& log, std::uint32_t most = 10);

// A command's bytes as one line: what is not valid UTF-8, or a control, stands as \xNN. Longer
// ones are cut after `most` characters and end in "…".
std::string commandText(const Command& command, std::uint32_t most = 40);
// The text with what a terminal could take amiss (controls, bytes that are not UTF-8) as \xNN. A
// line break becomes a blank.
std::string withoutControls(std::string_view text);
std::string entryMeaning(const Entry& entry);  // the command's text, "no-op" or "configuration"
// "{A B C}", while it is joint "{A B C} and {A D E}", and with learners "{A B C} learning {D}".
std::string configurationText(const Configuration& configuration, const Names& names);
// "add D as a voter and remove B": what an operator wants of the leader.
std::string wishText(const ChangeConfiguration& wish, const Names& names);

std::string_view roleName(const Role& role);            // "follower", "candidate", "leader"
std::string_view outcomeName(Change::Outcome outcome);  // "begun", "inFlight" …
std::string_view messageName(const Message& message);   // "RequestVote", "vote" …

// "B@2 follower of A  log 1^1 2^2  commit 1"; for candidates the votes, for leaders the progress.
std::string stateText(const Server& server, const Names& names);
// "A → B  AppendEntries term 2, after 1^1: 2^2, commit 1".
std::string messageText(const Envelope& envelope, const Names& names);
std::string messageText(const Message& message, const Names& names);
// What a step asks of its host, one item after another, separated by "; "; "nothing".
std::string effectsText(const Effects& effects, const Names& names);
std::string inputText(const Input& input, const Names& names);

// UTF-8. How many columns a terminal gives it (characters; combining marks are not counted apart).
std::uint32_t columns(std::string_view utf8);
// How long the valid sequence at the front of `bytes` is, 1 to 4; 0 if there is none.
std::uint32_t utf8Length(std::string_view bytes);

}  // namespace raft::trace
