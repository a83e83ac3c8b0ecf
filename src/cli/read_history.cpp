#include "cli/read_history.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cli/edn.h"
#include "cli/history_format.h"
#include "cli/json_form.h"
#include "cli/terminal.h"
#include "scenario/words.h"

namespace raft::cli {
namespace {

using check::Function;
using check::Operation;
using check::Outcome;
using check::ValueId;
using Kind = Form::Kind;

constexpr std::size_t mostMistakes = 10;

constexpr std::uint32_t none = 0xffffffff;

class HistoryReader {
 public:
  HistoryReader(Bytes& bytes, const HistoryOptions& options)
      : bytes_(bytes), options_(options), edn_(bytes), known_(wordsOf(options.model)) {}

  HistoryRead run() {
    try {
      readAll();
      if (out_.mistakes.empty() && !out_.interrupted) finish();
    } catch (Unreadable& e) {
      if (e.mistake.message.starts_with("the file ends here")) e.mistake.message += cutOff();
      add(e.mistake);
    }
    if (out_.mistakes.empty() && !out_.interrupted) out_.history = std::move(history_);
    return std::move(out_);
  }

 private:
  struct Process {
    std::uint32_t name;         // of history_.processes; none: it is no client
    std::uint32_t open = none;  // operation
    bool misread = false;       // its latest line has a mistake: what follows need not fit it
  };

  void readAll();
  std::optional<Form> next();
  bool begin();
  std::string cutOff() const;
  void take(const Form& form);
  void take(Process& process, const Form& form);
  void called(Process& process, const Form& form);
  void responded(Process& process, const Form& form, const std::string& type);
  void argue(Operation& operation, const Form* value, scenario::Position at);
  void finish();
  void finishLog();
  void mistake(scenario::Position at, std::string message) { add({at, std::move(message)}); }
  void add(scenario::Mistake mistake);
  std::uint64_t bytes() const {
    return history_.values.bytes() +
           history_.operations.capacity() * (sizeof(Operation) + sizeof(Told)) + processBytes_;
  }
  bool enough() const { return out_.mistakes.size() >= mostMistakes; }

  bool hasEachKeyOnce(const Form& form);
  const Form* field(const Form& form, std::string_view name, std::string_view expected);
  Process* processOf(const Form& form);
  std::string wordOf(const Form& form, std::string_view what);
  // With --independent, what stands behind the key, which goes to `key`.
  const Form* unpacked(const Form* value, ValueId& key);
  ValueId valueOf(const Form& form);
  void lookAtTime(const Form& form);

  Bytes& bytes_;
  const HistoryOptions& options_;
  EdnReader edn_;
  std::vector<std::string> known_;
  HistoryRead out_;
  History history_;
  bool json_ = false;
  bool begun_ = false;
  bool inVector_ = false;
  char closing_ = 0;
  std::map<std::string, Process> processes_;
  std::vector<bool> dropped_;
  std::vector<bool> used_ = std::vector<bool>(words.size());
  std::uint64_t processBytes_ = 0;  // what their names take, about
  std::uint32_t events_ = 0;
  std::uint64_t time_ = 0;
  scenario::Position formAt_ = {};       // the bracket of the whole history
  scenario::Position operationAt_ = {};  // the latest
};

void HistoryReader::add(scenario::Mistake mistake) {
  if (enough()) return;
  HistoryMistake found{std::move(mistake), {}};
  if (bytes_.lineNumber() == found.mistake.at.line) found.line = bytes_.line();
  out_.mistakes.push_back(std::move(found));
}

// Finds out what the file is. False: it is empty.
bool HistoryReader::begin() {
  if (const std::string other = otherFormat(bytes_); !other.empty()) {
    unreadable(bytes_.at(), other);
  }
  skipByteOrderMark(bytes_);
  edn_.skip();
  if (bytes_.peek() == '[' || bytes_.peek() == '(') {
    closing_ = bytes_.peek() == '[' ? ']' : ')';
    formAt_ = bytes_.at();
    bytes_.take();
    inVector_ = true;
    edn_.skip();
  }
  if (bytes_.peek() == Bytes::end) return false;
  json_ = beginsJson(bytes_);
  return true;
}

// What to do about a file that ends too early.
std::string HistoryReader::cutOff() const {
  if (operationAt_.line <= 1 || inVector_) return "; is the file cut off?";
  return fmt::format("; is the file cut off? What stands above line {} can be checked without it",
                     operationAt_.line);
}

// The next operation; nothing: there is none any more.
std::optional<Form> HistoryReader::next() {
  if (!begun_ && !begin()) return std::nullopt;
  begun_ = true;
  edn_.skip();
  operationAt_ = bytes_.at();
  const int byte = bytes_.peek();
  if (inVector_ && byte == closing_) {
    bytes_.take();
    inVector_ = false;
    edn_.skip();
    if (bytes_.peek() != Bytes::end) {
      unreadable(bytes_.at(),
                 fmt::format("{} stands behind the end of the history", byteText(bytes_.peek())));
    }
    return std::nullopt;
  }
  if (byte == Bytes::end) {
    if (inVector_ && bytes_.wrong().empty() && !interrupted()) {
      unreadable(bytes_.at(),
                 fmt::format("the file ends here: expected '{}' for the bracket of {}:{}", closing_,
                             formAt_.line, formAt_.column));
    }
    return std::nullopt;
  }
  if (byte != '{' && byte != '#') {
    unreadable(bytes_.at(),
               fmt::format("{} stands here: expected {}", byteText(byte), anOperation));
  }
  if (json_) {
    if (byte == '#') unreadable(bytes_.at(), "'#' stands here: expected an object, as above");
    return readJson(bytes_);
  }
  Form form = edn_.read();
  // A record: #jepsen.history.Op{:index 0, …}.
  while (form.kind == Kind::Tagged) form = Form(std::move(form.items[0]));
  if (form.kind != Kind::Map) {
    unreadable(form.at, form.called() + " stands here: expected an operation, which is a map");
  }
  return form;
}

void HistoryReader::readAll() {
  std::uint64_t count = 0;
  try {
    while (const std::optional<Form> form = next()) {
      take(*form);
      if (enough()) return;
      out_.interrupted = interrupted();
      if (out_.interrupted) return;
      ++count;
      // One alone may be large: so each time.
      if (options_.bytes != 0 && bytes() > options_.bytes) {
        return mistake(form->at, "the history is too large for the memory that --memory allows");
      }
    }
  } catch (const Unreadable& e) {
    if (bytes_.wrong().empty()) throw;
  }
  out_.interrupted = interrupted();
  if (out_.interrupted) return;
  if (!bytes_.wrong().empty()) return mistake(bytes_.at(), bytes_.wrong());
  if (!out_.mistakes.empty()) return;
  if (count == 0) {
    mistake(bytes_.at(), fmt::format("the history is empty: expected {}", anOperation));
  } else if (history_.processes.empty()) {
    mistake(operationAt_,
            "the history ends here, and no process in it is a client: expected a "
            "number or a name as \"process\" (a keyword, as Jepsen's :nemesis, is none)");
  }
}

bool HistoryReader::hasEachKeyOnce(const Form& form) {
  for (const std::string_view name : {"process", "type", "f", "key", "value"}) {
    const Form* first = nullptr;
    for (std::size_t i = 0; i + 1 < form.items.size(); i += 2) {
      if (!form.items[i].isName(name)) continue;
      if (first) {
        mistake(form.items[i].at,
                fmt::format("{} stands here again, after {}:{}: expected it once",
                            form.items[i].called(), first->at.line, first->at.column));
        return false;
      }
      first = &form.items[i];
    }
  }
  return true;
}

const Form* HistoryReader::field(const Form& form, std::string_view name,
                                 std::string_view expected) {
  const Form* found = form.find(name);
  if (!found) {
    mistake(form.at,
            fmt::format("this operation has no {}: expected {}",
                        json_ ? fmt::format("\"{}\"", name) : fmt::format(":{}", name), expected));
  }
  return found;
}

std::string HistoryReader::wordOf(const Form& form, std::string_view what) {
  if (form.kind == Kind::Keyword || form.kind == Kind::String || form.kind == Kind::Symbol) {
    return form.text;
  }
  mistake(form.at, fmt::format("{} stands here: expected {}", form.called(), what));
  return {};
}

HistoryReader::Process* HistoryReader::processOf(const Form& form) {
  const Form* name = field(form, "process", "the number of a client");
  if (!name) return nullptr;
  const std::string spelt = name->spelt();
  const auto [at, isNew] = processes_.emplace(spelt, Process{none});
  if (isNew) processBytes_ += 2 * spelt.size() + 128;
  // Jepsen's nemesis injects faults and has no part in what is checked.
  const bool nemesis = name->kind == Kind::Keyword || name->text == "nemesis";
  if (isNew && !nemesis && name->kind != Kind::Nil) {
    at->second.name = static_cast<std::uint32_t>(history_.processes.size());
    history_.processes.push_back(name->kind == Kind::String ? name->text : spelt);
  }
  return at->second.name == none ? nullptr : &at->second;
}

void HistoryReader::take(const Form& form) {
  if (!hasEachKeyOnce(form)) return;
  Process* process = processOf(form);
  if (!process) return;
  const std::size_t mistakes = out_.mistakes.size();
  take(*process, form);
  process->misread = out_.mistakes.size() != mistakes;
}

void HistoryReader::take(Process& process, const Form& form) {
  const Form* typeForm = field(form, "type", "invoke, ok, fail or info");
  if (!typeForm) return;
  const std::string type = wordOf(*typeForm, "the type of an event: invoke, ok, fail or info");
  if (type.empty()) return;
  static const std::vector<std::string> types = {"invoke", "ok", "fail", "info"};
  if (std::ranges::find(types, type) == types.end()) {
    return mistake(typeForm->at,
                   fmt::format("{} is no type of an event{}", scenario::quoted(type),
                               scenario::suggestion(type, types, "invoke, ok, fail or info")));
  }
  lookAtTime(form);
  if (type == "invoke") {
    called(process, form);
  } else {
    responded(process, form, type);
  }
}

void HistoryReader::lookAtTime(const Form& form) {
  const Form* time = form.find("time");
  const auto now = time ? scenario::parseCount(time->text) : std::nullopt;
  if (!now) return;
  if (*now < time_ && out_.note.empty()) {
    out_.note = fmt::format("{}:{}: time {} stands below {}; what counts is the order of the lines",
                            time->at.line, time->at.column, *now, time_);
  }
  time_ = std::max(time_, *now);
}

void HistoryReader::called(Process& process, const Form& form) {
  const Form* name = field(form, "f", "the function that is called");
  if (!name) return;
  const std::string word = wordOf(*name, "the name of a function");
  if (word.empty()) return;
  if (process.open != none && !process.misread) {
    return mistake(
        form.at,
        fmt::format("process {} calls {} while its {} of line {} is not answered: "
                    "expected its response first (who calls several at once is several)",
                    history_.processes[process.name], word, history_.told[process.open].function,
                    history_.told[process.open].callLine));
  }
  const auto known = std::ranges::find(words, word, &Word::text);
  if (known == words.end() || std::ranges::find(known_, word) == known_.end()) {
    return mistake(name->at,
                   fmt::format("there is no function {}{}{}", scenario::quoted(word),
                               options_.model == ModelName::Auto ? "" : " in this model",
                               scenario::suggestion(word, known_, scenario::orList(known_))));
  }
  used_[static_cast<std::size_t>(known - words.begin())] = true;
  Operation operation{.process = process.name, .function = known->function};
  const Form* value = unpacked(form.find("value"), operation.key);
  if (const Form* key = form.find("key")) operation.key = valueOf(*key);
  if (operation.key != check::nil) history_.keyed = true;
  const std::size_t mistakes = out_.mistakes.size();
  argue(operation, value, form.at);
  if (out_.mistakes.size() != mistakes) return;
  operation.call = events_++;
  process.open = static_cast<std::uint32_t>(history_.operations.size());
  history_.operations.push_back(operation);
  history_.told.push_back({word, form.at.line, 0});
  dropped_.push_back(false);
}

// What the function is called with.
void HistoryReader::argue(Operation& operation, const Form* value, scenario::Position at) {
  if (operation.function == Function::CompareAndSet) {
    if (!value || value->kind != Kind::List || value->items.size() != 2) {
      if (value) at = value->at;
      return mistake(at, fmt::format("cas is called with {}: expected [old new]",
                                     value ? value->called() : "no value"));
    }
    operation.expected = valueOf(value->items[0]);
    operation.argument = valueOf(value->items[1]);
  } else if (value && operation.function != Function::Delete) {
    operation.argument = valueOf(*value);
  }
}

void HistoryReader::responded(Process& process, const Form& form, const std::string& type) {
  const Form* name = form.find("f");
  const std::string word = name ? wordOf(*name, "the name of a function") : std::string();
  if (process.open == none) {
    if (process.misread) return;
    return mistake(form.at, fmt::format("process {} gets a response, {}{}, and has called nothing: "
                                        "expected its call, of the type invoke, above",
                                        history_.processes[process.name], type,
                                        word.empty() ? "" : " of " + word));
  }
  Operation& operation = history_.operations[process.open];
  Told& told = history_.told[process.open];
  if (!word.empty() && word != told.function) {
    return mistake(name->at, fmt::format("process {} gets the response of {}, and has called {} in "
                                         "line {}",
                                         history_.processes[process.name], word, told.function,
                                         told.callLine));
  }
  const std::uint32_t index = std::exchange(process.open, none);
  if (type == "info") return;
  const bool compared = operation.function == Function::CompareAndSet && options_.failedCasCompared;
  if (type == "fail" && !compared) {
    dropped_[index] = true;
    return;
  }
  ValueId key = check::nil;
  const Form* value = unpacked(form.find("value"), key);
  if (const Form* keyForm = form.find("key")) key = valueOf(*keyForm);
  if (key != check::nil && key != operation.key) {
    return mistake(form.at,
                   fmt::format("process {} is answered for the key {}, and has called {} on "
                               "{} in line {}",
                               history_.processes[process.name], history_.values.tell(key),
                               told.function, history_.values.tell(operation.key), told.callLine));
  }
  operation.outcome = type == "fail" ? Outcome::Mismatch : Outcome::Ok;
  operation.response = events_++;
  told.responseLine = form.at.line;
  const bool answers =
      operation.function == Function::Read || operation.function == Function::Append;
  if (!answers || !value) return;
  operation.result = valueOf(*value);
  // The position, perhaps with what stands there.
  std::uint64_t position = 0;
  const bool pair = operation.function == Function::Append && value->kind == Kind::List &&
                    value->items.size() == 2;
  if (pair && history_.values.isCount(valueOf(value->items[0]), position)) {
    operation.result = valueOf(value->items[0]);
  }
}

const Form* HistoryReader::unpacked(const Form* value, ValueId& key) {
  if (!options_.independent || !value || value->kind == Kind::Nil) return value;
  if (value->kind == Kind::Tagged) value = &value->items[0];
  if (value->kind != Kind::List || value->items.size() != 2) {
    mistake(value->at, fmt::format("{} stands here: with --independent, expected [key value]",
                                   value->called()));
    return nullptr;
  }
  key = valueOf(value->items[0]);
  return &value->items[1];
}

ValueId HistoryReader::valueOf(const Form& form) {
  switch (form.kind) {
    case Kind::Nil: return check::nil;
    case Kind::String: return history_.values.string(form.text);
    case Kind::List: {
      std::vector<ValueId> items;
      items.reserve(form.items.size());
      for (const Form& item : form.items) items.push_back(valueOf(item));
      return history_.values.list(items);
    }
    default: return history_.values.atom(form.spelt());
  }
}

// What could not be known before the end.
void HistoryReader::finish() {
  std::vector<Operation> operations;
  std::vector<Told> told;
  for (std::size_t i = 0; i < history_.operations.size(); ++i) {
    if (dropped_[i]) continue;
    operations.push_back(history_.operations[i]);
    told.push_back(std::move(history_.told[i]));
  }
  history_.operations = std::move(operations);
  history_.told = std::move(told);
  const auto uses = [&](std::string_view word) {
    return used_[static_cast<std::size_t>(std::ranges::find(words, word, &Word::text) -
                                          words.begin())];
  };
  history_.model = options_.model;
  if (history_.model == ModelName::Auto) {
    const bool keyValue = uses("get") || uses("put") || uses("delete") ||
                          (uses("append") && (uses("write") || uses("cas")));
    history_.model = keyValue         ? ModelName::KeyValue
                     : uses("append") ? ModelName::Log
                     : uses("cas")    ? ModelName::CasRegister
                                      : ModelName::Register;
  }
  const bool log = history_.model == ModelName::Log;
  if (log) finishLog();
  for (Operation& operation : history_.operations) {
    if (log) continue;
    if (operation.function == Function::Read) operation.argument = check::nil;
    if (operation.function == Function::Append) operation.result = check::untold;
  }
  const check::ObjectKind kind = log ? check::ObjectKind::Log
                                 : history_.model == ModelName::KeyValue
                                     ? check::ObjectKind::KeyValue
                                     : check::ObjectKind::Register;
  history_.traits = check::traitsOf(kind, history_.operations, history_.values);
}

void HistoryReader::finishLog() {
  for (std::size_t i = 0; i < history_.operations.size(); ++i) {
    Operation& operation = history_.operations[i];
    std::uint64_t position = 0;
    if (operation.function == Function::Append &&
        !history_.values.isCount(operation.result, position)) {
      operation.result = check::untold;  // an echo of what was appended
    }
    if (operation.function == Function::Read && operation.argument != check::nil &&
        !history_.values.isCount(operation.argument, position)) {
      mistake({history_.told[i].callLine, 1},
              fmt::format("a log is read at {}: expected a position, or nil for all of it",
                          history_.values.tell(operation.argument)));
    }
  }
}

}  // namespace

std::string History::modelText() const {
  switch (model) {
    case ModelName::Register: return "register";
    case ModelName::CasRegister: return "compare-and-set register";
    case ModelName::KeyValue: return "key-value store";
    default: return "log";
  }
}

HistoryRead readHistory(Bytes& bytes, const HistoryOptions& options) {
  return HistoryReader(bytes, options).run();
}

}  // namespace raft::cli
