#include "base/turns.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>

#include "base/signal.h"

namespace berth::base {

struct Turns::State : std::enable_shared_from_this<Turns::State> {
  struct Waiter {
    explicit Waiter(const Executor& executor) : signal(executor) {}
    Signal signal;
    bool granted = false;
  };

  explicit State(std::size_t n) : at_once(n) {}
  const std::size_t at_once;
  std::list<std::shared_ptr<Waiter>> waiters;
  bool scheduled = false;

  void grant_first() {
    const auto first = waiters.front();
    waiters.pop_front();
    first->granted = true;
    first->signal.notify_all();
  }
  void schedule(const Executor& executor) {
    if (scheduled || waiters.empty()) return;
    scheduled = true;
    asio::post(executor, [self = shared_from_this(), executor] {
      self->scheduled = false;
      for (std::size_t i = 0; i < self->at_once && !self->waiters.empty(); ++i) self->grant_first();
      self->schedule(executor);
    });
  }
};

Turns::Turns(std::size_t at_once) : state_(std::make_shared<State>(at_once)) {}

Turns::~Turns() {
  while (!state_->waiters.empty()) state_->grant_first();
}

namespace {

// Takes a waiter that was cancelled out of the list.
template <class List>
struct Place {
  List& list;
  typename List::iterator at;
  const bool& granted;
  ~Place() {
    if (!granted) list.erase(at);
  }
};

}  // namespace

Task<void> Turns::take() {
  const auto state = state_;
  const auto executor = co_await asio::this_coro::executor;
  const auto waiter = std::make_shared<State::Waiter>(executor);
  auto at = state->waiters.insert(state->waiters.end(), waiter);
  const Place<decltype(state->waiters)> place{state->waiters, at, waiter->granted};
  state->schedule(executor);
  while (!waiter->granted) co_await waiter->signal.wait();
}

}  // namespace berth::base
