// What a story says of one step: its facts as one sentence. Internal to the story.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "trace/fact.h"
#include "trace/notation.h"
#include "trace/story.h"

namespace raft::trace {

struct Words {
  std::string text;  // a whole sentence; empty: nothing that a reader of the story needs
  std::string many;  // the same of several servers, who stand where the first % is; may be empty
  bool finding = false;
  // Sentences that differ in this server alone can be told as one of all of them.
  std::optional<ServerId> listed = {};
  Frame one = {};      // around one server
  Frame several = {};  // around more
};

struct WordsFor {
  const Names& names;
  std::uint32_t servers;  // in the cluster
};

// `group`: the facts of one step or deed, in order, not empty. `votes`: who votes for the server,
// if it is a candidate that is elected in this step or gathers votes.
Words wordsOf(const std::vector<Fact>& group, const ServerSet& votes, const WordsFor& how);

// An explanation of each notion that the group brings up: "(A term is …)". `known`: which were
// explained before; is added to.
std::vector<std::string> explanationsOf(const std::vector<Fact>& group, Notions& known);

}  // namespace raft::trace
