// A register, with compare-and-set: the model behind objects.h. Its states are its values.
#pragma once
#include <vector>

#include "check/objects.h"

namespace raft::check {

class RegisterModel final : public Model {
 public:
  RegisterModel(const std::vector<Operation>& part, const Values& values);

  StateId initial() override { return numberOf(nil); }
  StateId step(StateId state, OperationId operation, bool responded) override;
  bool onlyReads(OperationId operation) const override {
    return deeds_[operation].function == Function::Read;
  }
  std::string tell(StateId state) const override { return values_.tell(known_[state]); }
  std::uint64_t bytes() const override;

  bool begins(const std::vector<Known>& known) override;
  bool placed(OperationId operation, StateId before, StateId after) override;
  void takenBack(OperationId operation, StateId before, StateId after) override;
  bool harmless(StateId state, OperationId operation) const override;
  StateId canonical(StateId state) const override;

 private:
  struct Deed {
    Function function;
    Outcome outcome;
    StateId needs;  // what is read or expected; noState: whatever it be
    StateId makes;
  };
  // What the operations that are still to be placed do with a value.
  struct Outlook {
    std::uint32_t needed = 0;   // it must be there for so many that responded
    std::uint32_t allows = 0;   // it lets something happen for so many that did not
    std::uint32_t written = 0;  // so many may bring it about
  };

  StateId numberOf(ValueId value) const;
  // Adds the operation to what is still to be placed, or takes it away.
  void count(OperationId operation, std::uint32_t difference);
  bool zonesFit() const;
  bool unused(StateId state) const {
    return unequal_ == 0 && outlook_[state].needed == 0 && outlook_[state].allows == 0;
  }

  const std::vector<Operation>& part_;
  const Values& values_;
  std::vector<ValueId> known_ = {};  // all that occur, in order: the states
  std::vector<Deed> deeds_ = {};
  std::vector<Known> presence_ = {};
  std::vector<Outlook> outlook_ = {};
  std::uint32_t unequal_ = 0;  // so many need that something else is there
};

}  // namespace raft::check
