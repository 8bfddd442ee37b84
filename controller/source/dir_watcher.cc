#include "controller/source/dir_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/log.h"

namespace berth::source {

namespace {

constexpr std::string_view kComponent = "source";

}  // namespace

DirWatcher::DirWatcher(std::vector<std::string> roots, std::size_t file_limit, base::Clock& clock, OnLook on_look)
    : clock_(clock), on_look_(std::move(on_look)), roots_(std::move(roots)), file_limit_(file_limit) {}

DirWatcher::~DirWatcher() { stop(); }

int DirWatcher::milliseconds_until(base::SteadyTime when) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - clock_.steady_now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

Result<void> DirWatcher::start() {
  auto watches = WatchSet::open();
  if (watches.has_value()) {
    watches_ = std::make_unique<WatchSet>(std::move(watches.value()));
  } else {
    base::log_warn(kComponent, "changes are noticed by the resync only", {{"error", watches.error().message}});
  }
  scan_ = std::make_unique<TreeScan>(roots_, file_limit_, watches_.get());
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return base::error(Reason::ServiceUnavailable, std::string("eventfd: ") + std::strerror(errno));
  try {
    thread_ = std::thread([this] { main(); });
  } catch (const std::system_error& error) {
    return base::error(Reason::ServiceUnavailable, std::string("cannot start a thread: ") + error.what());
  }
  return {};
}

void DirWatcher::look(bool reread) {
  {
    const std::lock_guard lock(mutex_);
    look_ = true;
    reread_ = reread_ || reread;
  }
  wake();
}

void DirWatcher::run(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    jobs_.push_back(std::move(job));
  }
  wake();
}

void DirWatcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void DirWatcher::wake() {
  if (!wake_) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof one);  // full: it is awake already
}

void DirWatcher::main() {
  bool due = true;
  base::SteadyTime settled{};
  for (;;) {
    bool reread = false;
    bool stopping = false;
    std::vector<std::function<void()>> jobs;
    {
      const std::lock_guard lock(mutex_);
      stopping = stopping_;
      due = std::exchange(look_, false) || due;
      reread = std::exchange(reread_, false);
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) job();
    if (stopping) return;
    if (due) {
      publish(reread);
      settled = clock_.steady_now() + TreeScan::kSettle;
    }
    // Events that call for no look, as in a busy directory on the way, must not put this off.
    due = wait(scan_->unsettled() ? milliseconds_until(settled) : -1);
  }
}

bool DirWatcher::wait(int timeout_ms) {
  std::array<pollfd, 2> descriptors{pollfd{wake_.get(), POLLIN, 0}, pollfd{watches_ ? watches_->fd() : -1, POLLIN, 0}};
  const int ready = ::poll(descriptors.data(), descriptors.size(), timeout_ms);
  if (ready == 0) return true;
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  if (!watches_) return false;
  return scan_->note(watches_->read(), clock_.steady_now());
}

void DirWatcher::publish(bool reread) {
  if (watches_) scan_->note(watches_->read(), clock_.steady_now());
  auto look = std::make_shared<Look>(scan_->scan(clock_.steady_now(), clock_.system_now(), reread));
  if (watches_) {
    const auto changes = watches_->read();
    scan_->retract(*look, changes);
    if (scan_->note(changes, clock_.steady_now())) this->look(false);
    if (watches_->problem() != std::exchange(told_, watches_->problem()) && !told_.empty()) {
      base::log_warn(kComponent, "changes are noticed by the resync only", {{"error", told_}});
    }
  }
  on_look_(std::move(look));
}

}  // namespace berth::source
