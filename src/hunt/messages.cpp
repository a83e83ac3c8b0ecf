#include "hunt/messages.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scenario/assertions.h"
#include "scenario/parse.h"
#include "scenario/run.h"
#include "scenario/yaml.h"
#include "trace/narrator.h"

namespace raft::hunt {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const sim::Carriage ordinary{.latency = milliseconds(2)};

// What was sent over one link at one moment, in order.
using Sent = std::map<std::pair<Time, std::pair<ServerId, ServerId>>, std::vector<sim::Carriage>>;

class Listener : public trace::FactSink {
 public:
  Listener(const scenario::Run& run, Sent& sent) : run_(run), sent_(sent) {}

  // A message is told before the network takes it.
  void told(const trace::Fact& fact) override {
    const auto* message = fact.as<trace::MessageSent>();
    if (!message) return;
    const auto [from, to] = std::pair(message->envelope.from, message->envelope.to);
    sent_[{fact.time, {from, to}}].push_back(run_.world().network().next(from, to));
  }

 private:
  const scenario::Run& run_;
  Sent& sent_;
};

Sent sentBefore(const Plan& plan, Time end) {
  Sent sent;
  const scenario::Read read =
      scenario::readYaml(textOf(plan), scenario::Contradictions::AreLeftToTheRun);
  if (!read.scenario) return sent;
  scenario::Run run(*read.scenario, {.until = end, .skipsImpossible = true, .rules = plan.rules});
  Listener listener(run, sent);
  trace::Narrator narrator(listener, run.names());
  try {
    const scenario::AssertionsThrow assertionsThrow;
    run.finish(&narrator);
  } catch (const BrokenAssertion&) {
    // What the plan finds.
  }
  return sent;
}

bool isNetwork(const Line& line) { return line.key == "network"; }

bool isOrdinary(const sim::Carriage& carriage) {
  return carriage == ordinary || carriage.lost == sim::Lost::LinkDown;
}

// "takes 5 ms", or "[takes 2 ms, is lost]".
std::string phraseOf(const std::vector<sim::Carriage>& carriages) {
  std::string out;
  for (const sim::Carriage& each : carriages) {
    const sim::Carriage said = isOrdinary(each) ? ordinary : each;
    out += (out.empty() ? "" : ", ") + scenario::textOf(said);
  }
  return carriages.size() == 1 ? out : "[" + out + "]";
}

}  // namespace

Plan withSingleMessages(const Plan& plan, Time end) {
  Plan out = plan;
  std::erase_if(out.settings, isNetwork);
  std::erase_if(out.steps, [&](const Step& step) { return isNetwork(step.deed); });
  out.settings.push_back({"network", scenario::durationText(ordinary.latency)});
  for (auto [when, carriages] : sentBefore(plan, end)) {
    while (!carriages.empty() && isOrdinary(carriages.back())) carriages.pop_back();
    if (carriages.empty()) continue;
    const auto& [time, link] = when;
    // Behind all that is done the moment before, so that it is about no other message.
    out.steps.push_back(
        {std::max(time - microseconds(1), Time(0)),
         {"message", "{" + nameOf(link.first.value) + " -> " + nameOf(link.second.value) + ": " +
                         phraseOf(carriages) + "}"}});
  }
  std::ranges::stable_sort(out.steps, {}, &Step::at);
  return out;
}

bool speaksOfTheNetwork(const Plan& plan) {
  return std::ranges::any_of(plan.settings, isNetwork) ||
         std::ranges::any_of(plan.steps, isNetwork, &Step::deed);
}

bool isOfMessage(const Step& step) { return step.deed.key == "message"; }

}  // namespace raft::hunt
