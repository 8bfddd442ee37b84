#include "tests/fakes/run_task.h"

namespace berth::fakes {

void settle(asio::io_context& io) {
  do {
    if (io.stopped()) io.restart();
  } while (io.poll() > 0);
}

void run_for(asio::io_context& io, FakeClock& clock, base::Duration duration) {
  const auto end = clock.steady_now() + duration;
  settle(io);
  for (auto next = clock.next(); next && *next <= end; next = clock.next()) {
    clock.advance_to_next();
    settle(io);
  }
  clock.advance(end - clock.steady_now());
  settle(io);
}

bool detail::step(asio::io_context& io, FakeClock* clock) {
  if (io.stopped()) io.restart();
  if (io.poll_one() > 0) return true;
  if (clock && clock->advance_to_next()) return true;
  if (io.stopped()) io.restart();
  return io.run_one_for(std::chrono::seconds(20)) > 0;
}

}  // namespace berth::fakes
