#include "controller/source/dir_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>

#include "base/log.h"
#include "controller/source/tree_scan.h"
#include "base/unique_fd.h"
#include "controller/source/watch_set.h"

namespace berth::source {

struct DirWatcher::State {
  State(std::vector<std::string> watched, std::size_t limit, base::Clock& c, OnLook callback)
      : clock(c), on_look(std::move(callback)), roots(std::move(watched)), file_limit(limit) {}

  void main();
  bool wait(int timeout_ms);  // whether a change makes a look necessary
  int milliseconds_until(base::SteadyTime when) const;
  bool publish(bool reread);  // false: the owner is gone, and what belongs to him
  void look_again(bool everything);
  void wake() const;

  base::Clock& clock;
  OnLook on_look;
  std::unique_ptr<WatchSet> watches;  // null: the system has no inotify left; the resync has to do
  std::unique_ptr<TreeScan> scan;
  std::vector<std::string> roots;
  std::size_t file_limit;
  std::string told;
  UniqueFd waker;

  std::mutex mutex;
  std::condition_variable ended;
  bool stopping = false;
  bool due = true;
  bool reread = false;
  bool scanning = false;   // in the hands of the filesystem
  bool over = false;       // the thread has left main()
  bool abandoned = false;  // the owner waits no longer
  std::vector<std::function<void()>> jobs;
};

DirWatcher::DirWatcher(std::vector<std::string> roots, std::size_t file_limit, base::Clock& clock, OnLook on_look)
    : state_(std::make_shared<State>(std::move(roots), file_limit, clock, std::move(on_look))) {}

DirWatcher::~DirWatcher() { stop(); }

Result<void> DirWatcher::start() {
  auto watches = WatchSet::open();
  if (watches.has_value()) {
    state_->watches = std::make_unique<WatchSet>(std::move(watches.value()));
  } else {
    base::log_warn(kComponent, "changes are noticed by the resync only", {{"error", watches.error().message}});
  }
  state_->scan = std::make_unique<TreeScan>(state_->roots, state_->file_limit, state_->watches.get());
  state_->waker = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state_->waker) return base::error(Reason::ServiceUnavailable, std::string("eventfd: ") + std::strerror(errno));
  try {
    thread_ = std::thread([state = state_] { state->main(); });
  } catch (const std::system_error& error) {
    return base::error(Reason::ServiceUnavailable, std::string("cannot start a thread: ") + error.what());
  }
  return {};
}

void DirWatcher::look(bool reread) { state_->look_again(reread); }

void DirWatcher::run(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return;
    state_->jobs.push_back(std::move(job));
  }
  state_->wake();
}

void DirWatcher::stop(base::Duration patience) {
  std::vector<std::function<void()>> left;
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    if (!thread_.joinable()) return;
    state_->wake();
    state_->ended.wait_for(lock, patience, [&] { return state_->over; });
    state_->abandoned = !state_->over && state_->scanning;
    if (state_->abandoned) {
      state_->on_look = nullptr;
      left.swap(state_->jobs);
    }
  }
  if (!state_->abandoned) {
    thread_.join();
    return;
  }
  thread_.detach();
  base::log_warn(kComponent, "a filesystem does not answer; its directories are not waited for");
  for (const auto& job : left) job();
}

void DirWatcher::State::look_again(bool everything) {
  {
    const std::lock_guard lock(mutex);
    due = true;
    reread = reread || everything;
  }
  wake();
}

void DirWatcher::State::wake() const {
  if (!waker) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(waker.get(), &one, sizeof one);  // full: it is awake already
}

int DirWatcher::State::milliseconds_until(base::SteadyTime when) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - clock.steady_now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void DirWatcher::State::main() {
  bool look = true;
  base::SteadyTime settled{};
  for (;;) {
    bool everything = false;
    bool last = false;
    std::vector<std::function<void()>> todo;
    {
      const std::lock_guard lock(mutex);
      last = stopping;
      look = std::exchange(due, false) || look;
      everything = std::exchange(reread, false);
      todo.swap(jobs);
    }
    for (const auto& job : todo) job();
    if (last) break;
    if (look) {
      if (!publish(everything)) return;
      settled = clock.steady_now() + TreeScan::kSettle;
    }
    // Events that call for no look, as in a busy directory on the way, must not put this off.
    look = wait(scan->unsettled() ? milliseconds_until(settled) : -1);
  }
  const std::lock_guard lock(mutex);
  over = true;
  ended.notify_all();
}

bool DirWatcher::State::wait(int timeout_ms) {
  std::array<pollfd, 2> descriptors{pollfd{waker.get(), POLLIN, 0}, pollfd{watches ? watches->fd() : -1, POLLIN, 0}};
  const int ready = ::poll(descriptors.data(), descriptors.size(), timeout_ms);
  if (ready == 0) return true;
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(waker.get(), &count, sizeof count);
  if (!watches) return false;
  return scan->note(watches->read(), clock.steady_now());
}

bool DirWatcher::State::publish(bool everything) {
  const auto now = clock.steady_now();
  const auto wall = clock.system_now();
  {
    const std::lock_guard lock(mutex);
    if (stopping) return true;
    scanning = true;
  }
  if (watches) scan->note(watches->read(), now);
  auto look = std::make_shared<Look>(scan->scan(now, wall, everything));
  {
    const std::lock_guard lock(mutex);
    scanning = false;
    if (abandoned) return false;
  }
  if (watches) {
    const auto changes = watches->read();
    scan->retract(*look, changes);
    if (scan->note(changes, clock.steady_now())) look_again(false);
    if (watches->problem() != std::exchange(told, watches->problem()) && !told.empty()) {
      base::log_warn(kComponent, "changes are noticed by the resync only", {{"error", told}});
    }
  }
  on_look(std::move(look));
  return true;
}

}  // namespace berth::source
