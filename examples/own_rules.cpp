// A hunt for mistakes in a state machine of one's own: accounts among which money is moved. Its sum
// must remain.
//
// usage: own_rules [--forgetful] hunt|run|report …      as raftlab has them (docs/hunting.md)
//
// With --forgetful it has a mistake: a snapshot leaves out one account.
#include <array>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include <cli/app.h>
#include <sim/world.h>

constexpr std::size_t accounts = 3;
constexpr std::int64_t atTheStart = 100;  // in each

// The state machine: a value with apply(), save() and load().
struct Bank {
  bool forgetful = false;
  std::array<std::int64_t, accounts> balances = {atTheStart, atTheStart, atTheStart};

  // "move FROM TO AMOUNT". Any text may come, and any of it more than once.
  std::string apply(std::string_view command) {
    std::istringstream in{std::string(command)};
    std::string verb;
    std::size_t from = accounts;
    std::size_t to = accounts;
    std::int64_t amount = 0;
    in >> verb >> from >> to >> amount;
    if (verb != "move" || from >= accounts || to >= accounts) return "what is that?";
    if (balances[from] < amount) return "too little";
    balances[from] -= amount;
    balances[to] += amount;
    return "moved";
  }
  std::string save() const {
    std::string out;
    for (std::size_t i = 0; i < accounts; ++i) {
      const bool forgotten = forgetful && i == accounts - 1;
      out += std::to_string(forgotten ? atTheStart : balances[i]) + " ";
    }
    return out;
  }
  void load(std::string_view bytes) {
    std::istringstream in{std::string(bytes)};
    for (std::int64_t& each : balances) in >> each;
  }
};

class BankRules : public raft::sim::Rules {
 public:
  explicit BankRules(bool forgetful) : forgetful_(forgetful) {}

  raft::sim::OwnMachine machine() const override { return Bank{.forgetful = forgetful_}; }

  // What clients ask for. All chance from the argument.
  std::string command(raft::Random& chance) const override {
    std::string out = "move " + std::to_string(chance.below(accounts)) + " ";
    out += std::to_string(chance.below(accounts)) + " ";
    return out + std::to_string(chance.below(50) + 1);
  }

  // What must hold, asked after everything that happens.
  std::optional<raft::sim::Broken> broken(const raft::sim::World& world) const override {
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      std::int64_t sum = 0;
      for (const std::int64_t each : world.own(id).as<Bank>()->balances) sum += each;
      if (sum == accounts * atTheStart) continue;
      return raft::sim::Broken{"{s1} has " + std::to_string(sum) + " in all accounts", {id}};
    }
    return std::nullopt;
  }
  const char* property() const override { return "MoneyRemains"; }

 private:
  bool forgetful_;
};

int main(int argc, char** argv) {
  const bool forgetful = argc > 1 && std::string_view(argv[1]) == "--forgetful";
  if (forgetful) {
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  const BankRules rules(forgetful);
  return raft::cli::runProgram(argc, argv, &rules);
}
