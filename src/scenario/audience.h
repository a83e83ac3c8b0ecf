// Those who watch a run: the checkers always, the others if there are any.
#pragma once
#include "check/checkers.h"
#include "scenario/happenings.h"
#include "scenario/run.h"
#include "trace/narrator.h"

namespace raft::scenario {

class Run::Audience final : public trace::Observer {
 public:
  Audience(Run& run, trace::Narrator* narrator)
      : checkers_(run.checkers_),
        happenings_(run.needsHappenings_ ? &run.happenings_ : nullptr),
        histories_(run.histories_),
        narrator_(narrator) {}

  bool needsBefore() const override { return narrator_; }
  void started(Time t, const Server& s, bool again) override {
    all([&](auto& each) { each.started(t, s, again); });
  }
  void stepped(const trace::Step& step) override {
    all([&](auto& each) { each.stepped(step); });
  }
  void sent(Time t, const Envelope& e) override {
    if (happenings_) happenings_->sent(t, e);
    if (narrator_) narrator_->sent(t, e);
  }
  void duplicated(Time t, const Envelope& e) override {
    if (narrator_) narrator_->duplicated(t, e);
  }
  void lost(Time t, const Envelope& e, trace::Lost why) override {
    if (narrator_) narrator_->lost(t, e, why);
  }
  void crashed(Time t, const Server& s) override {
    all([&](auto& each) { each.crashed(t, s); });
  }
  void paused(Time t, ServerId s) override {
    checkers_.paused(t, s);
    if (narrator_) narrator_->paused(t, s);
  }
  void resumed(Time t, ServerId s) override {
    checkers_.resumed(t, s);
    if (narrator_) narrator_->resumed(t, s);
  }
  void networkChanged(Time t, const trace::NetworkChange& c) override {
    checkers_.networkChanged(t, c);
    if (narrator_ && !silentNetwork) narrator_->networkChanged(t, c);
  }
  void machineChanged(Time t, ServerId s, const trace::MachineChange& c) override {
    checkers_.machineChanged(t, s, c);
    if (narrator_) narrator_->machineChanged(t, s, c);
  }
  void client(Time t, const trace::ClientDeed& d) override {
    histories_.client(t, d);
    if (narrator_) narrator_->client(t, d);
  }
  void read(Time t, const trace::ReadDeed& d) override {
    checkers_.read(t, d);
    histories_.read(t, d);
    if (narrator_) narrator_->read(t, d);
  }
  void replied(Time t, ServerId s, const trace::Replied& r) override {
    checkers_.replied(t, s, r);
    if (narrator_) narrator_->replied(t, s, r);
  }
  void invariantBroken(Time t, const Server& s, const char* sentence) override {
    checkers_.invariantBroken(t, s, sentence);
    if (narrator_) narrator_->invariantBroken(t, s, sentence);
  }

  // While the network is set up as it is from the start: that is no news.
  bool silentNetwork = false;

 private:
  template <class Tell>
  void all(Tell tell) {
    tell(checkers_);
    tell(histories_);
    if (happenings_) tell(*happenings_);
    if (narrator_) tell(*narrator_);
  }

  check::Checkers& checkers_;
  Happenings* happenings_;
  Histories& histories_;
  trace::Narrator* narrator_;
};

}  // namespace raft::scenario
