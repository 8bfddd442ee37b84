#include "base/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <list>

#include "base/log.h"
#include "base/signal.h"

namespace berth::base {

bool is_cancellation(std::exception_ptr exception) {
  if (!exception) return false;
  try {
    std::rethrow_exception(exception);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

namespace {

std::string what(std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace

struct TaskGroup::State {
  State(Executor executor, std::string n) : name(std::move(n)), empty(executor) {}
  std::string name;
  std::list<asio::cancellation_signal> running;
  bool closed = false;
  std::uint64_t failures = 0;
  Signal empty;
};

TaskGroup::TaskGroup(Executor executor, std::string name)
    : executor_(executor), state_(std::make_shared<State>(executor, std::move(name))) {}

TaskGroup::~TaskGroup() { assert(state_->running.empty() && "TaskGroup destroyed before stop()"); }

void TaskGroup::spawn(std::string name, Task<void> work) {
  if (state_->closed) return;
  auto state = state_;
  const auto self = state->running.emplace(state->running.end());
  auto done = [state, self, name = std::move(name)](std::exception_ptr exception) {
    state->running.erase(self);
    if (exception && !is_cancellation(exception)) {
      ++state->failures;
      log_error("task", "task ended by an exception",
                {{"group", state->name}, {"task", name}, {"error", what(exception)}});
    }
    if (state->running.empty()) state->empty.notify_all();
  };
  asio::co_spawn(executor_, std::move(work), asio::bind_cancellation_slot(self->slot(), std::move(done)));
}

void TaskGroup::cancel() {
  // A task may end inside emit() and take its list node with it: step past it first.
  for (auto it = state_->running.begin(); it != state_->running.end();) {
    auto& signal = *it++;
    signal.emit(asio::cancellation_type::terminal);
  }
}

Task<void> TaskGroup::join() {
  while (!state_->running.empty()) co_await state_->empty.wait();
}

Task<void> TaskGroup::stop() {
  state_->closed = true;
  cancel();
  co_await join();
}

std::size_t TaskGroup::size() const { return state_->running.size(); }
std::uint64_t TaskGroup::failures() const { return state_->failures; }

int run_main(asio::io_context& io, Task<int> work) {
  int code = 1;
  auto done = [&code, &io](std::exception_ptr exception, int value) {
    code = value;
    if (exception) {
      log_error("main", "ended by an exception", {{"error", what(exception)}});
      code = 1;
    }
    io.stop();
  };
  asio::co_spawn(io, std::move(work), std::move(done));
  io.run();
  return code;
}

}  // namespace berth::base
