// What is still to happen, in order: messages under way, and the next alarm of each who waits.
//
// Events are small and plain; the messages stand in a slab whose slots are used again. So nothing
// is allocated once a world has seen its busiest moment. Equal times go by order of cause.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "raft/effects.h"
#include "raft/types.h"

namespace raft::sim {

inline constexpr Time never = Time::max();

// When something happens, and its place among what happens at the same time.
struct Moment {
  Time time = never;
  std::uint64_t sequence = 0;  // rises with each cause

  friend constexpr bool operator<(const Moment& a, const Moment& b) {
    return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
  }
  bool operator==(const Moment&) const = default;
};

// Messages under way, the earliest first: a 4-ary heap of what is small, and a slab for the rest.
class MessageQueue {
 public:
  struct Event {
    Moment at;
    std::uint32_t slot;
    std::uint32_t life;  // it waited at a paused server in this life of it; 0: it is on its way
  };

  bool empty() const { return heap_.empty(); }
  // When the next one arrives; {never} if there is none.
  Moment next() const { return heap_.empty() ? Moment{} : heap_.front().at; }

  void push(Moment at, Envelope&& message, std::uint32_t life = 0) {
    heap_.push_back({at, store(std::move(message)), life});
    siftUp(static_cast<std::uint32_t>(heap_.size()) - 1);
  }
  // Takes the earliest out of the order. Its message stays in its slot until it is released.
  Event pop() {
    const Event first = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) siftDown(last);
    return first;
  }
  // An Envelope, as a server takes it. The reference holds until the next push.
  Input& operator[](std::uint32_t slot) { return slots_[slot]; }
  const Input& operator[](std::uint32_t slot) const { return slots_[slot]; }
  void release(std::uint32_t slot) {
    slots_[slot] = Timeout{};  // lets go of the entries that the message carried
    free_.push_back(slot);
  }

  const std::vector<Event>& events() const { return heap_; }  // in no order that matters

 private:
  std::uint32_t store(Envelope&& message) {
    if (free_.empty()) {
      slots_.emplace_back(std::move(message));
      return static_cast<std::uint32_t>(slots_.size()) - 1;
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    slots_[slot].emplace<Envelope>(std::move(message));
    return slot;
  }
  void siftUp(std::uint32_t place) {
    const Event event = heap_[place];
    while (place > 0 && event.at < heap_[(place - 1) / 4].at) {
      heap_[place] = heap_[(place - 1) / 4];
      place = (place - 1) / 4;
    }
    heap_[place] = event;
  }
  void siftDown(const Event& event) {  // from the root, which is vacant
    const auto size = static_cast<std::uint32_t>(heap_.size());
    std::uint32_t place = 0;
    for (std::uint32_t child = 1; child < size; child = place * 4 + 1) {
      const std::uint32_t end = child + 4 < size ? child + 4 : size;
      std::uint32_t least = child;
      while (++child < end) {
        if (heap_[child].at < heap_[least].at) least = child;
      }
      if (!(heap_[least].at < event.at)) break;
      heap_[place] = heap_[least];
      place = least;
    }
    heap_[place] = event;
  }

  std::vector<Event> heap_;
  std::vector<Input> slots_;
  std::vector<std::uint32_t> free_;
};

// One alarm for each of a fixed number of owners, numbered from 0; the earliest is at hand.
//
// A follower puts its alarm off with every heartbeat, so putting off must cost nothing: the heap
// keeps the earlier time, and only what has come to the top is brought up to date.
class Alarms {
 public:
  Alarms() = default;
  explicit Alarms(std::uint32_t owners) : due_(owners), key_(owners), heap_(owners) {
    for (std::uint32_t owner = 0; owner < owners; ++owner) heap_[owner] = owner;
    place_ = heap_;
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(due_.size()); }
  // {never} if it is off.
  const Moment& of(std::uint32_t owner) const { return due_[owner]; }
  // Replaces the owner's alarm.
  void set(std::uint32_t owner, Moment at) {
    due_[owner] = at;
    if (at < key_[owner]) {
      key_[owner] = at;
      siftUp(place_[owner]);
    }
    settle();
  }
  void turnOff(std::uint32_t owner) { set(owner, {}); }

  // The earliest alarm and whose it is. Requires an owner.
  const Moment& next() const { return due_[heap_.front()]; }
  std::uint32_t nextOwner() const { return heap_.front(); }

 private:
  void settle() {
    while (key_[heap_.front()] < due_[heap_.front()]) {
      key_[heap_.front()] = due_[heap_.front()];
      siftDown();
    }
  }
  void put(std::uint32_t place, std::uint32_t owner) {
    heap_[place] = owner;
    place_[owner] = place;
  }
  void siftUp(std::uint32_t place) {
    const std::uint32_t owner = heap_[place];
    for (; place > 0 && key_[owner] < key_[heap_[(place - 1) / 4]]; place = (place - 1) / 4) {
      put(place, heap_[(place - 1) / 4]);
    }
    put(place, owner);
  }
  void siftDown() {
    const std::uint32_t owner = heap_.front();
    std::uint32_t place = 0;
    for (std::uint32_t child = 1; child < size(); child = place * 4 + 1) {
      const std::uint32_t end = child + 4 < size() ? child + 4 : size();
      std::uint32_t least = child;
      while (++child < end) {
        if (key_[heap_[child]] < key_[heap_[least]]) least = child;
      }
      if (!(key_[heap_[least]] < key_[owner])) break;
      put(place, heap_[least]);
      place = least;
    }
    put(place, owner);
  }

  std::vector<Moment> due_;           // by owner: when
  std::vector<Moment> key_;           // by owner: what the heap goes by, never later than due_
  std::vector<std::uint32_t> heap_;   // owners, the earliest key first
  std::vector<std::uint32_t> place_;  // by owner: where it stands in heap_
};

}  // namespace raft::sim
