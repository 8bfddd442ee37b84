#include "cli/interrupts.h"

#include <signal.h>

#include <boost/asio/use_awaitable.hpp>

namespace berth::cli {

Interrupts::Interrupts(Executor executor)
    : signals_(executor, SIGINT, SIGTERM, SIGQUIT), group_(executor, "interrupts") {
  signals_.add(SIGUSR1);
  signals_.add(SIGUSR2);
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) signals_.add(SIGHUP);
}

void Interrupts::start() { group_.spawn("signals", run()); }

Task<void> Interrupts::run() {
  for (;;) {
    const int signal = co_await signals_.async_wait(asio::use_awaitable);
    if (signal != SIGUSR1 && signal != SIGUSR2) received_.push_back(signal);
    const auto listener = listener_;
    if (listener) listener(signal);
  }
}

Task<void> Interrupts::stop() { co_await group_.stop(); }

}  // namespace berth::cli
