#include "tests/fakes/fake_clock.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <utility>

namespace berth::fakes {

namespace {

constexpr base::SteadyTime kSteadyStart{std::chrono::hours(1000)};
constexpr std::chrono::sys_seconds kSystemStart{std::chrono::seconds(1767225600)};  // 2026-01-01T00:00:00Z

struct Sleeper {
  explicit Sleeper(base::Executor executor) : timer(std::move(executor), base::SteadyTime::max()) {}
  asio::steady_timer timer;  // never expires by itself; cancelling it wakes the sleeper from the loop
};

}  // namespace

struct FakeClock::State {
  std::map<std::pair<base::SteadyTime, std::uint64_t>, std::shared_ptr<Sleeper>> sleepers;
  std::uint64_t next_id = 0;
};

FakeClock::FakeClock() : state_(std::make_shared<State>()) {}
FakeClock::~FakeClock() = default;

base::SystemTime FakeClock::system_now() const {
  return std::chrono::time_point_cast<base::SystemTime::duration>(
      kSystemStart + base::Duration(elapsed_.load() + system_offset_.load()));
}

base::SteadyTime FakeClock::steady_now() const { return kSteadyStart + base::Duration(elapsed_.load()); }

base::Task<void> FakeClock::sleep_until(base::SteadyTime when) {
  const auto executor = co_await asio::this_coro::executor;
  if (when <= steady_now()) {
    co_await asio::post(executor, asio::use_awaitable);
  } else {
    auto state = state_;
    auto sleeper = std::make_shared<Sleeper>(executor);
    const auto key = std::make_pair(when, state->next_id++);
    state->sleepers.emplace(key, sleeper);
    boost::system::error_code ec;
    co_await sleeper->timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    state->sleepers.erase(key);
  }
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

void FakeClock::advance(base::Duration duration) {
  elapsed_ += duration.count();
  wake_due();
}

bool FakeClock::advance_to_next() {
  const auto when = next();
  if (!when) return false;
  if (*when > steady_now()) elapsed_ += (*when - steady_now()).count();
  wake_due();
  return true;
}

void FakeClock::step_system(base::Duration duration) { system_offset_ += duration.count(); }

std::optional<base::SteadyTime> FakeClock::next() const {
  if (state_->sleepers.empty()) return std::nullopt;
  return state_->sleepers.begin()->first.first;
}

std::size_t FakeClock::sleepers() const { return state_->sleepers.size(); }

void FakeClock::wake_due() {
  while (!state_->sleepers.empty() && state_->sleepers.begin()->first.first <= steady_now()) {
    const auto sleeper = state_->sleepers.begin()->second;
    state_->sleepers.erase(state_->sleepers.begin());
    sleeper->timer.cancel();
  }
}

}  // namespace berth::fakes
