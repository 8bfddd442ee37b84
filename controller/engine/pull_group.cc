#include "controller/engine/pull_group.h"

#include <optional>

#include "controller/engine/codec.h"

namespace berth::engine {

namespace {

constexpr auto kPullTime = std::chrono::hours(1);

Error given_up(const std::string& reference) {
  return base::error(Reason::Cancelled, "the pull of " + reference + " was given up");
}

}  // namespace

struct PullGroup::Flight {
  explicit Flight(Executor executor) : landed(executor), tasks(executor, "pulls") {}
  std::optional<Result<void>> outcome;
  int waiting = 0;
  base::Signal landed;
  TaskGroup tasks;
};

// One waiter's hold on a flight.
class PullGroup::Seat {
 public:
  Seat(PullGroup& group, std::string key, std::shared_ptr<Flight> flight)
      : group_(group), key_(std::move(key)), flight_(std::move(flight)) {
    ++flight_->waiting;
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    if (--flight_->waiting > 0 || flight_->outcome) return;
    group_.land(key_, flight_, given_up(key_));
    flight_->tasks.cancel();
  }

 private:
  PullGroup& group_;
  std::string key_;
  std::shared_ptr<Flight> flight_;
};

PullGroup::PullGroup(Executor executor, base::Clock& clock, Engine& engine)
    : clock_(clock), engine_(engine), executor_(executor) {}

std::shared_ptr<PullGroup::Flight> PullGroup::board(const std::string& key, const std::string& reference,
                                                    const std::string& platform) {
  std::erase_if(landed_, [](const auto& flight) { return flight->tasks.size() == 0; });
  auto& place = flights_[key];
  if (!place) {
    place = std::make_shared<Flight>(executor_);
    place->tasks.spawn("pull " + reference, fly(key, reference, platform, place));
  }
  return place;
}

Task<Result<void>> PullGroup::pull(std::string reference, std::string platform, Wanted wanted) {
  if (stopped_ || (wanted && !wanted())) co_return given_up(reference);
  const auto key = normalized_reference(reference) + (platform.empty() ? "" : " " + platform);
  const auto flight = board(key, reference, platform);
  const Seat seat(*this, key, flight);
  while (!flight->outcome) {
    co_await flight->landed.wait();
    if (!flight->outcome && wanted && !wanted()) co_return given_up(reference);
  }
  co_return *flight->outcome;
}

void PullGroup::look_again() {
  for (const auto& [key, flight] : flights_) flight->landed.notify_all();
}

Task<void> PullGroup::fly(std::string key, std::string reference, std::string platform, std::shared_ptr<Flight> flight) {
  std::exception_ptr failure;
  std::optional<Result<void>> outcome;
  try {
    const auto deadline = base::Deadline::after(clock_.steady_now(), kPullTime);
    outcome = co_await engine_.pull_image(reference, platform, deadline);
  } catch (...) {
    failure = std::current_exception();
    outcome = given_up(reference);
  }
  land(key, flight, *outcome);
  if (failure) std::rethrow_exception(failure);
}

void PullGroup::land(const std::string& key, const std::shared_ptr<Flight>& flight, Result<void> outcome) {
  if (flight->outcome) return;
  flight->outcome = std::move(outcome);
  flights_.erase(key);
  landed_.push_back(flight);
  flight->landed.notify_all();
}

Task<void> PullGroup::stop() {
  stopped_ = true;
  const auto flights = std::exchange(flights_, {});
  for (const auto& [key, flight] : flights) land(key, flight, given_up(key));
  const auto ending = std::exchange(landed_, {});
  for (const auto& flight : ending) co_await flight->tasks.stop();
}

}  // namespace berth::engine
