#include "cli/waiter.h"

#include <algorithm>
#include <set>

#include "cli/duration.h"
#include "cli/environment_view.h"
#include "cli/follower.h"
#include "cli/interrupts.h"
#include "cli/printer.h"

namespace berth::cli {

namespace {

class Waiting {
 public:
  Waiting(Session& session, const WaitRequest& request, ProgressDisplay& display)
      : session_(session), request_(request), display_(display), started_(session.clock.steady_now()) {
    for (const auto& [name, uid] : request.uids) open_.insert(name);
  }

  bool done() const { return open_.empty(); }
  WaitOutcome& outcome() { return outcome_; }

  base::SteadyTime next_look() const {
    auto when = request_.until;
    if (synced_ && !missing().empty()) when = std::min(when, request_.appear_until);
    if (display_.animated()) when = std::min(when, session_.clock.steady_now() + ProgressDisplay::kTick);
    return when;
  }

  void take(const Follower::Change& change) {
    if (change.synced) {
      synced_ = true;
      look_at_time();
      return;
    }
    const auto& object = *change.object;
    const auto wanted = request_.uids.find(object.name());
    if (wanted == request_.uids.end() || object.ns() != request_.ns) return;
    const bool other = !wanted->second.empty() && wanted->second != object.uid();
    if (other) {
      if (!change.deleted) gone(object.name(), last_.count(object.name()) ? last_[object.name()] : nullptr);
      return;
    }
    last_[object.name()] = change.object;
    if (is_environment()) {
      change.deleted ? display_.remove(object.key(), now()) : display_.update(object, now());
    }
    if (change.deleted) return gone(object.name(), change.object);
    switch (judge(request_.goal, object)) {
      case Verdict::Met:
        return met(object.name(), change.object);
      case Verdict::Never:
        return fail(object.name(), "will not reach " + request_.goal.str() + ": " + state_of(object));
      case Verdict::NotYet:
        return;
    }
  }

  void look_at_time() {
    if (synced_) {
      for (const auto& name : missing()) {
        if (request_.goal.kind == Goal::Kind::Deleted) {
          met(name, nullptr);
        } else if (now() >= request_.appear_until) {
          fail(name, "not found in namespace \"" + request_.ns + "\"");
        }
      }
    }
    if (now() < request_.until) return;
    outcome_.timed_out = !open_.empty();
    const auto names = open_;
    for (const auto& name : names) {
      const auto seen = last_.find(name);
      fail(name, "timed out after " + elapsed(now() - started_) + " waiting for " + request_.goal.str() +
                     (seen == last_.end() ? "" : ": " + state_of(*seen->second)));
    }
  }

 private:
  base::SteadyTime now() const { return session_.clock.steady_now(); }
  bool is_environment() const { return request_.resource->gvk.kind == "TestEnvironment"; }

  std::vector<std::string> missing() const {
    std::vector<std::string> names;
    for (const auto& name : open_) {
      if (last_.count(name) == 0) names.push_back(name);
    }
    return names;
  }

  std::string state_of(const Object& object) const {
    if (is_environment()) return explain_environment(view_environment(object));
    return object.deleting() ? "it is being deleted" : "it is not there yet";
  }

  void met(const std::string& name, const ObjectPtr& object) {
    if (open_.erase(name) == 0) return;
    outcome_.met_names.push_back(name);
    if (object) outcome_.met.push_back(object);
  }

  void gone(const std::string& name, const ObjectPtr& object) {
    if (request_.goal.kind == Goal::Kind::Deleted) return met(name, object);
    fail(name, object ? "was deleted while it was waited for: " + state_of(*object) : "was replaced by another object");
  }

  void fail(const std::string& name, const std::string& what) {
    if (open_.erase(name) == 0) return;
    outcome_.failures.push_back(display_name(*request_.resource, name) + " " + what);
  }

  Session& session_;
  const WaitRequest& request_;
  ProgressDisplay& display_;
  base::SteadyTime started_;
  bool synced_ = false;
  std::set<std::string> open_;
  std::map<std::string, ObjectPtr> last_;
  WaitOutcome outcome_;
};

Task<Result<void>> drive(Follower& follower, Waiting& wait, Session& session, ProgressDisplay& display,
                         Interrupts* interrupts, std::size_t signals_before) {
  const auto interrupted = [&] { return interrupts != nullptr && interrupts->received().size() > signals_before; };
  while (!wait.done()) {
    if (interrupted()) {
      wait.outcome().interrupted = true;
      co_return Result<void>();
    }
    const auto until = wait.next_look();
    auto change = co_await follower.next(until);
    if (!change.has_value()) co_return change.error();
    if (change.value().has_value()) {
      wait.take(*change.value());
    } else {
      display.tick(session.clock.steady_now());
    }
    wait.look_at_time();
  }
  co_return Result<void>();
}

}  // namespace

Task<Result<WaitOutcome>> wait_for(Session& session, WaitRequest request, ProgressDisplay& display,
                                   Interrupts* interrupts) {
  Waiting wait(session, request, display);
  // Of one, the others are not sent: thousands may be waited for at the same time.
  ObjectKey which{request.ns, request.uids.size() == 1 ? request.uids.begin()->first : ""};
  Follower follower(session.executor, session.clock, session.client, *request.resource, std::move(which));
  follower.start();
  if (interrupts != nullptr) interrupts->listen([&follower](int) { follower.wake(); });
  std::exception_ptr thrown;
  Result<void> driven;
  try {
    driven = co_await drive(follower, wait, session, display, interrupts, request.signals_before);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (interrupts != nullptr) interrupts->listen({});
  co_await follower.stop();
  display.finish(session.clock.steady_now());
  if (thrown) std::rethrow_exception(thrown);
  if (!driven.has_value()) co_return driven.error();
  co_return std::move(wait.outcome());
}

}  // namespace berth::cli
