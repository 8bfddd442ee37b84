#include "controller/engine/pull_group.h"

#include <optional>

namespace berth::engine {

namespace {

constexpr auto kPullTime = std::chrono::hours(1);

Error given_up(const std::string& reference) {
  return base::error(Reason::Cancelled, "the pull of " + reference + " was given up");
}

}  // namespace

struct PullGroup::Flight {
  explicit Flight(Executor executor) : landed(executor) {}
  std::optional<Result<void>> outcome;
  base::Signal landed;
};

PullGroup::PullGroup(Executor executor, base::Clock& clock, Engine& engine)
    : clock_(clock), engine_(engine), tasks_(executor, "pulls") {}

Task<Result<void>> PullGroup::pull(std::string reference) {
  if (stopped_) co_return given_up(reference);
  auto& place = flights_[reference];
  if (!place) {
    place = std::make_shared<Flight>(tasks_.executor());
    tasks_.spawn("pull " + reference, fly(reference, place));
  }
  const auto flight = place;
  while (!flight->outcome) co_await flight->landed.wait();
  co_return *flight->outcome;
}

Task<void> PullGroup::fly(std::string reference, std::shared_ptr<Flight> flight) {
  std::exception_ptr failure;
  try {
    const auto deadline = base::Deadline::after(clock_.steady_now(), kPullTime);
    flight->outcome = co_await engine_.pull_image(reference, deadline);
  } catch (...) {
    failure = std::current_exception();
    flight->outcome = given_up(reference);
  }
  flights_.erase(reference);
  flight->landed.notify_all();
  if (failure) std::rethrow_exception(failure);
}

Task<void> PullGroup::stop() {
  stopped_ = true;
  co_await tasks_.stop();
}

}  // namespace berth::engine
