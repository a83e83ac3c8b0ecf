// One of the histories of linearizability_bench, checked again and again for some time, or written
// as JSON lines for others to check. Prints what was measured as JSON.
//
// linearizability_work [--shape NAME] [--clients N] [--operations N] [--seconds T] [--write FILE]
// gives up a check after T seconds. With --write it only writes.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "bench/cpu_time.h"
#include "bench/histories.h"

namespace bench {
namespace {

using namespace raft::check;

struct Work {
  HistoryShape shape = registers;
  double seconds = 5;
  std::string write = {};
};

bool read(int argc, char** argv, Work& work) {
  static const std::map<std::string_view, HistoryShape> shapes = {
      {"registers", registers},
      {"staleRegister", staleRegister},
      {"manyKeys", manyKeys},
      {"compareAndSet", compareAndSet},
      {"putsAndAppends", putsAndAppends},
      {"staleCompareAndSet", staleCompareAndSet},
  };
  std::map<std::string_view, std::string_view> flags;
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  if (argc % 2 == 0) return false;
  const auto number = [](std::string_view text) {
    return static_cast<std::uint32_t>(std::strtoul(text.data(), nullptr, 10));
  };
  if (const auto shape = flags.extract("--shape")) {
    if (!shapes.contains(shape.mapped())) return false;
    work.shape = shapes.at(shape.mapped());
  }
  if (const auto at = flags.extract("--clients")) work.shape.clients = number(at.mapped());
  if (const auto at = flags.extract("--operations")) work.shape.operations = number(at.mapped());
  if (const auto at = flags.extract("--seconds")) {
    work.seconds = std::strtod(at.mapped().data(), nullptr);
  }
  if (const auto at = flags.extract("--write")) work.write = at.mapped();
  return flags.empty() && work.shape.clients > 0 && work.shape.operations > 0;
}

// Here a value is told as JSON writes it: numbers, and strings of plain letters.
std::string valueText(const Values& values, ValueId value) {
  return value == nil ? "null" : values.tell(value, 0x7fffffff);
}

// Each operation is another process's, so that none calls twice.
void write(const History& history, const std::string& path) {
  static constexpr const char* names[] = {"get", "put", "cas", "append", "delete"};
  std::vector<std::pair<std::uint32_t, std::string>> lines;
  for (std::uint32_t i = 0; i < history.operations.size(); ++i) {
    const Operation& operation = history.operations[i];
    const auto value = [&](ValueId id) { return valueText(history.values, id); };
    const std::string head = R"({"process": )" + std::to_string(i) + R"(, "f": ")" +
                             names[static_cast<int>(operation.function)] + R"(", "key": ")" +
                             std::string(history.values.text(operation.key)) + R"(", "type": )";
    std::string argument = value(operation.argument);
    if (operation.function == Function::CompareAndSet) {
      argument.insert(0, "[" + value(operation.expected) + ", ").append("]");
    }
    lines.emplace_back(operation.call, head + R"("invoke", "value": )" + argument + "}\n");
    if (operation.response == never) continue;
    const ValueId result = operation.result == untold ? nil : operation.result;
    lines.emplace_back(operation.response, head + R"("ok", "value": )" + value(result) + "}\n");
  }
  std::ranges::sort(lines);
  std::ofstream out(path);
  for (const auto& [when, line] : lines) out << line;
}

Verdict check(const History& history, const Limits& limits, std::uint64_t& configurations) {
  Verdict verdict = Verdict::Linearizable;
  configurations = 0;
  for (const std::vector<Operation>& part : partsOf(history.operations)) {
    const std::unique_ptr<Model> model = modelOf(history.traits, part, history.values);
    const Linearization found = linearize(intervalsOf(part), *model, limits);
    configurations += found.configurations;
    if (found.verdict == Verdict::NotLinearizable || verdict == Verdict::Linearizable) {
      verdict = found.verdict;
    }
  }
  return verdict;
}

// The most memory that this process has had, in bytes.
std::uint64_t mostMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return 1024 * kilobytes;
  }
  return 0;
}

int run(const Work& work) {
  const History history = historyOf(work.shape, 1);
  if (!work.write.empty()) {
    write(history, work.write);
    return 0;
  }
  std::uint64_t configurations = 0;
  std::uint64_t checks = 0;
  Verdict verdict = Verdict::Unknown;
  const double begin = cpuSeconds();
  while (cpuSeconds() - begin < 0.2) {
    const double due = cpuSeconds() + work.seconds;
    const Limits limits{.bytes = std::uint64_t{1} << 33,
                        .stop = [due] { return cpuSeconds() >= due; }};
    verdict = check(history, limits, configurations);
    ++checks;
  }
  const double seconds = cpuSeconds() - begin;
  static constexpr const char* verdicts[] = {"linearizable", "not linearizable", "unknown"};
  std::printf(
      "{\"implementation\": \"raftlab\", \"verdict\": \"%s\", \"checks\": %llu, \"cpuSeconds\": "
      "%g, \"operations\": %zu, \"maxBytes\": %llu, \"configurations\": %llu}\n",
      verdicts[static_cast<int>(verdict)], static_cast<unsigned long long>(checks), seconds,
      history.operations.size(), static_cast<unsigned long long>(mostMemory()),
      static_cast<unsigned long long>(configurations));
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Work work;
  if (!bench::read(argc, argv, work)) {
    std::fputs(
        "usage: linearizability_work [--shape registers|staleRegister|manyKeys|compareAndSet|"
        "staleCompareAndSet|putsAndAppends] [--clients N] [--operations N] [--seconds T] "
        "[--write FILE]\n",
        stderr);
    return 2;
  }
  return bench::run(work);
}
