#include "controller/reconcile/repeat_brake.h"

#include "base/backoff.h"
#include "base/log.h"

namespace berth::reconcile {

namespace {

constexpr int kFree = 3;  // what breaks is repaired at once, and once more
constexpr base::Duration kForgotten = std::chrono::seconds(30);
const base::Backoff kDelay{std::chrono::milliseconds(100), std::chrono::seconds(10), 2.0};

}  // namespace

const RepeatBrake::Last* RepeatBrake::same(const std::string& uid, const plan::Action& action) const {
  const auto mine = last_.find(uid);
  if (mine == last_.end()) return nullptr;
  const auto found = mine->second.find({action.target, action.kind});
  return found == mine->second.end() || found->second.reason != action.reason ? nullptr : &found->second;
}

base::SteadyTime RepeatBrake::waits_until(const std::string& uid, const plan::Action& action) const {
  const auto* last = same(uid, action);
  if (!last || last->times < kFree) return base::SteadyTime::min();
  return last->at + kDelay.delay(last->times - kFree);
}

void RepeatBrake::succeeded(const std::string& uid, const plan::Action& action, base::SteadyTime now) {
  const auto* last = same(uid, action);
  const bool counts = action.kind != plan::ActionKind::StartContainer;  // restarts have a back-off of their own
  const int times = counts && last && now - last->at < kForgotten ? last->times + 1 : 1;
  if (times == kFree) {
    base::log_warn("reconcile", "an action succeeds again and again and is still needed",
                   {{"uid", uid}, {"action", plan::to_string(action.kind)}, {"target", action.target}, {"reason", action.reason}});
  }
  last_[uid].insert_or_assign(Place{action.target, action.kind}, Last{action.reason, now, times});
}

}  // namespace berth::reconcile
