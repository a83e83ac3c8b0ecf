// Hunts under rules of one's own: what examples/own_rules.cpp shows, piece by piece.
#include "sim/rules.h"

#include <gtest/gtest.h>

#include "hunt/generate.h"
#include "hunt/hunt.h"
#include "hunt/shrink.h"
#include "scenario/yaml.h"
#include "sim/world.h"

namespace raft::hunt {
namespace {

// The longest command so far. It may not become longer than it is allowed to.
struct Longest {
  std::string text;
  std::string apply(std::string_view command) {
    if (command.size() > text.size()) text = command;
    return text;
  }
  std::string save() const { return text; }
  void load(std::string_view bytes) { text = bytes; }
};

class Bounded : public sim::Rules {
 public:
  explicit Bounded(std::size_t most) : most_(most) {}
  sim::OwnMachine machine() const override { return Longest{}; }
  // Like nothing that YAML would leave as it is, and like a command of the key-value store.
  std::string command(Random& chance) const override {
    return "put x \"" + std::string(chance.below(20), ':') + "}\\ \n#\"";
  }
  std::optional<sim::Broken> broken(const sim::World& world) const override {
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      if (world.own(id).as<Longest>()->text.size() <= most_) continue;
      return sim::Broken{"{s1} has too long a text", {id}};
    }
    return std::nullopt;
  }
  const char* property() const override { return "Bounded"; }

 private:
  std::size_t most_;
};

TEST(OwnRules, HaveTheirOwnProposals) {
  const Bounded rules(50);
  std::size_t proposals = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Plan plan = under(&rules, generate(seed));
    EXPECT_EQ(plan, under(&rules, generate(seed)));
    const scenario::Read read = scenario::readYaml(textOf(plan));
    for (const Step& step : plan.steps) {
      if (step.deed.key != "propose") continue;
      ++proposals;
      EXPECT_EQ(step.deed.value.find("put k1"), std::string::npos) << step.deed.value;
    }
    if (!read.scenario) continue;
    for (const scenario::Step& step : read.scenario->steps) {
      const auto* proposal = std::get_if<scenario::Propose>(&step.deeds[0].what);
      if (!proposal) continue;
      EXPECT_TRUE(proposal->commands[0].ends_with("}\\ \n#\"")) << proposal->commands[0];
    }
  }
  EXPECT_GT(proposals, 10u);
}

TEST(OwnRules, ThatHoldFindNothing) {
  const Bounded rules(50);
  EXPECT_EQ(hunt({.first = 1, .last = 40, .threads = 2, .rules = &rules}).findCount(), 0u);
}

TEST(OwnRules, ThatAreBrokenAreFoundByTheirNameAndShrunk) {
  const Bounded rules(20);
  const Tally tally = hunt({.first = 1, .last = 20, .rules = &rules});
  ASSERT_EQ(tally.finds.size(), 1u);
  const Kind& kind = tally.finds[0];
  EXPECT_EQ(kind.find.kind, "Bounded");
  const Shrunk shrunk = shrink(under(&rules, generate(kind.seed)), kind.find);
  EXPECT_EQ(shrunk.find.kind, "Bounded");
  EXPECT_TRUE(shrunk.find.sentence.ends_with(" has too long a text")) << shrunk.find.sentence;
  EXPECT_EQ(run(shrunk.plan).find, shrunk.find);
  EXPECT_EQ(run(under(nullptr, shrunk.plan)).find, std::nullopt);
}

}  // namespace
}  // namespace raft::hunt
