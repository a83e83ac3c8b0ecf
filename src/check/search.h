// The search behind linearizability.h: operations are placed one after another and taken back.
// Internal to it.
//
// A *configuration* is what was placed, and the state that it led to. All that responded before the
// *frontier*, the first response of what is not placed, is placed; nothing called after it can be.
// So the frontier and a bit for each operation that is under way there say all that was placed:
// some words, however long the history. Each operation has a *slot*, the place of its bit, which it
// leaves to another one when it has responded.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "check/configurations.h"
#include "check/linearizability.h"

namespace raft::check {

class Search {
 public:
  // `watched`: an operation whose response is not known, for statesAroundWatched().
  Search(const std::vector<Interval>& operations, Model& model, const Limits& limits,
         OperationId watched = never);

  // Finds an order, or that there is none.
  Linearization decide();
  // The states in which the watched operation can have happened, over all orders of what responded.
  // Nothing: there are too many orders.
  std::optional<std::vector<StateId>> statesAroundWatched();

 private:
  using Link = std::uint32_t;  // 2i: the call of operation i; 2i + 1: its response
  struct Frame {
    OperationId operation;
    std::uint32_t frontier;  // before it was placed
    StateId before;
    bool forced;  // there is no need to try without it
  };

  bool responds(OperationId i) const { return operations_[i].response != never; }
  void order();
  void giveSlots();
  void unlink(Link at);
  void link(Link at);
  void flip(OperationId i) { mask_[slots_[i] / 64] ^= std::uint64_t{1} << (slots_[i] % 64); }

  bool place(OperationId operation, StateId after, bool forced);
  void takeBack();
  void takeBackTo(std::uint64_t depth);
  // Places all that does no harm, or only what changes nothing.
  void absorb(bool readsAlone);
  // The state after an operation, if it is worth to be tried now.
  StateId tryOut(OperationId operation);
  // The operation at `cursor`, or the first after it that can be placed; never: there is none.
  OperationId candidate(Link& cursor) const;
  // Takes back the last that was chosen; false: nothing was. `cursor` is what comes after it.
  bool backtrack(Link& cursor);
  Configurations::Noted note();
  GaveUp shouldGiveUp();
  Linearization result(Verdict verdict, GaveUp gaveUp = GaveUp::No) const;
  std::uint64_t bytes() const;

  const std::vector<Interval>& operations_;
  Model& model_;
  const Limits& limits_;
  const OperationId watched_;
  Link calls_;    // before the first event: those of all that responds, in order
  Link pending_;  // before the first call of what does not
  std::vector<Link> next_;
  std::vector<Link> previous_;
  std::vector<OperationId> responses_;  // who responds, in order
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint8_t> placed_;
  std::vector<std::uint8_t> onlyReads_;

  std::vector<std::uint64_t> mask_;  // of what is placed and has not responded at the frontier
  std::uint32_t frontier_ = 0;       // of responses_
  StateId state_ = 0;
  std::vector<Frame> stack_;
  std::vector<std::uint64_t> key_;
  Configurations seen_;
  std::uint64_t steps_ = 0;
  std::uint32_t best_ = 0;
};

}  // namespace raft::check
