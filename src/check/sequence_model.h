// What one can append to: a log, or a string or a list under a key. The model behind objects.h.
//
// A state is what stands there. Lists are equal if the same was appended in the same order, so a
// state is the one before and what was appended. Of strings the bytes count, so it is a hash of all
// of them (two are mistaken for each other once in 2^64).
#pragma once
#include <string>
#include <vector>

#include "check/hash_index.h"
#include "check/objects.h"

namespace raft::check {

class SequenceModel final : public Model {
 public:
  SequenceModel(const ObjectTraits& traits, const std::vector<Operation>& part,
                const Values& values);

  StateId initial() override { return absent; }
  StateId step(StateId state, OperationId operation, bool responded) override;
  bool onlyReads(OperationId operation) const override {
    return part_[operation].function == Function::Read;
  }
  std::string tell(StateId state) const override;
  std::uint64_t bytes() const override;

  bool begins(const std::vector<Known>& known) override;
  bool placed(OperationId operation, StateId before, StateId after) override;
  void takenBack(OperationId operation, StateId before, StateId after) override;
  bool harmless(StateId state, OperationId operation) const override;
  StateId canonical(StateId state) const override;

  // The position that the next append gets.
  std::uint64_t nextPosition(StateId state) const {
    return nodes_[state].length + traits_.firstPosition;
  }

 private:
  static constexpr StateId absent = 0;
  static constexpr StateId empty = 1;
  struct Node {
    std::uint64_t hash;  // of all that stands there
    std::uint64_t length;
    StateId before;  // noState: nothing that could be taken apart
    ValueId last;
  };

  StateId numberOf(const Node& node);
  StateId appended(StateId state, ValueId value);
  StateId stateOf(ValueId value);
  // What stands at a position, counted from 0: nil if nothing does.
  ValueId entryAt(StateId state, std::uint64_t position) const;
  bool reads(StateId state, OperationId operation) const;
  bool mayLeadToReads(StateId state) const;
  bool isClaim(OperationId operation) const;
  bool observes(OperationId operation) const;
  bool beginsToAppend();
  void findLiving();
  bool lives(StateId state) const;
  void count(OperationId operation, std::uint32_t difference);

  ObjectTraits traits_;
  const std::vector<Operation>& part_;
  const Values& values_;
  std::vector<Node> nodes_ = {};
  HashIndex index_ = {};
  std::vector<StateId> results_ = {};   // the state that was read, or made; noState: it is untold
  std::vector<StateId> expected_ = {};  // by compare-and-set

  // Foresight.
  std::vector<Known> presence_ = {};
  std::uint32_t observers_ = 0;   // operations to be placed whose response depends on the state
  bool appendsAlone_ = false;     // then all that is read begins what is read later
  std::uint32_t wholeReads_ = 0;  // to be placed
  std::vector<std::uint32_t> readers_ = {};  // of a state, to be placed
  std::vector<std::uint64_t> longest_ = {};  // that is read: the hash of each beginning of it
  std::vector<OperationId> claims_ = {};     // who was told that it stands at a position
  // Where one may put, too. A state is dead if nothing that is read or expected begins with it: so
  // it remains, whatever is appended, until it is replaced.
  std::vector<std::uint8_t> livingLists_ = {};     // by state; later ones are dead
  std::vector<std::uint64_t> livingStrings_ = {};  // their hashes, sorted
};

}  // namespace raft::check
