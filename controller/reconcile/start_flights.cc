#include "controller/reconcile/start_flights.h"

namespace berth::reconcile {

struct StartFlights::Flight {
  explicit Flight(Executor executor) : landed(std::move(executor)) {}
  std::optional<Result<void>> outcome;
  base::Signal landed;
};

StartFlights::StartFlights(Executor executor, base::Clock& clock, engine::Engine& engine)
    : clock_(clock), engine_(engine), tasks_(std::move(executor), "starts") {}

Task<std::optional<Result<void>>> StartFlights::start(std::string id, base::Duration patience) {
  auto& place = flights_[id];
  if (!place) {
    place = std::make_shared<Flight>(tasks_.executor());
    tasks_.spawn("start " + id.substr(0, 12), fly(id, place));
  }
  const auto flight = place;
  const auto until = clock_.steady_now() + patience;
  while (!flight->outcome && clock_.steady_now() < until) co_await flight->landed.wait_until(clock_, until);
  co_return flight->outcome;
}

Task<void> StartFlights::fly(std::string id, std::shared_ptr<Flight> flight) {
  struct Land {
    StartFlights& self;
    std::string id;
    Flight& flight;
    ~Land() {
      if (!flight.outcome) flight.outcome = base::error(Reason::Cancelled, "the start was cut");
      self.flights_.erase(id);
      flight.landed.notify_all();
    }
  } const land{*this, id, *flight};
  auto outcome = co_await engine_.start_container(id);
  flight->outcome = std::move(outcome);
}

Task<void> StartFlights::stop() { co_await tasks_.stop(); }

}  // namespace berth::reconcile
