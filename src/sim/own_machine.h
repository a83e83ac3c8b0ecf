// A state machine of one's own in simulated servers, in place of kv::Machine: any value that can
// apply commands, be saved and be loaded.
#pragma once
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kv/hash.h"
#include "kv/machine.h"
#include "raft/snapshot.h"

namespace raft::sim {

// What it does must follow from the commands alone: servers that have applied the same ones are
// compared. Any bytes may come as a command, and more than once.
template <class T>
concept StateMachine = requires(T state, const T& same, std::string_view bytes) {
  { state.apply(bytes) } -> std::convertible_to<std::string>;  // the reply
  { same.save() } -> std::convertible_to<std::string>;         // equal for equal states
  state.load(bytes);  // what save() has given, into one that is as at the start
}
&&std::copyable<T>;

class OwnMachine {
 public:
  OwnMachine() = default;  // none
  template <StateMachine T>
  OwnMachine(T state) : held_(std::make_unique<Held<T>>(std::move(state))) {}
  OwnMachine(const OwnMachine& other)
      : held_(other.held_ ? other.held_->clone() : nullptr), lastApplied_(other.lastApplied_) {}
  OwnMachine(OwnMachine&&) noexcept = default;
  OwnMachine& operator=(OwnMachine other) noexcept {
    std::swap(held_, other.held_);
    lastApplied_ = other.lastApplied_;
    return *this;
  }
  ~OwnMachine() = default;

  // The state; null: it is of another type, or there is none.
  template <StateMachine T>
  const T* as() const {
    const auto* held = dynamic_cast<const Held<T>*>(held_.get());
    return held ? &held->state : nullptr;
  }

  // The rest is for hosts. All requires that there is one.
  explicit operator bool() const { return held_ != nullptr; }
  Index lastApplied() const { return lastApplied_; }
  void pass(Index index) { lastApplied_ = index; }
  kv::Outcome apply(Index index, const Entry& entry) {
    pass(index);
    if (entry.type != EntryType::Command) return {};
    const std::string reply = held_->apply(entry.command.bytes());
    return {.kind = kv::Outcome::Kind::Applied,
            .reply = {kv::Reply::Status::Value, std::string_view(reply)}};
  }
  std::string save() const { return held_->save(); }
  std::uint64_t digest() const { return kv::hashOf(std::string_view(held_->save())); }
  // Requires that it is as at the start.
  void load(const Snapshot& snapshot) {
    lastApplied_ = snapshot.lastIncludedIndex;
    held_->load(snapshot.data.bytes());
  }

  bool operator==(const OwnMachine& other) const {
    if (!held_ || !other.held_) return !held_ && !other.held_;
    return lastApplied_ == other.lastApplied_ && save() == other.save();
  }

 private:
  struct Any {
    virtual ~Any() = default;
    virtual std::unique_ptr<Any> clone() const = 0;
    virtual std::string apply(std::string_view command) = 0;
    virtual std::string save() const = 0;
    virtual void load(std::string_view bytes) = 0;
  };
  template <class T>
  struct Held final : Any {
    explicit Held(T its) : state(std::move(its)) {}
    std::unique_ptr<Any> clone() const override { return std::make_unique<Held>(state); }
    std::string apply(std::string_view command) override { return state.apply(command); }
    std::string save() const override { return state.save(); }
    void load(std::string_view bytes) override { state.load(bytes); }
    T state;
  };

  std::unique_ptr<Any> held_;
  Index lastApplied_ = 0;
};

}  // namespace raft::sim
