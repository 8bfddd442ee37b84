#include "tests/fakes/fake_engine.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/fakes/fake_engine_calls.h"

namespace berth::fakes {

FakeEngine::FakeEngine(Executor executor, base::Clock& clock)
    : executor_(executor),
      clock_(clock),
      changed_(std::make_shared<base::Signal>(executor)),
      tasks_(executor, "fake_engine") {}

FakeEngine::~FakeEngine() { end_event_streams(); }

Task<void> FakeEngine::stop() {
  end_event_streams();
  co_await tasks_.stop();
}

void FakeEngine::behave(std::string who, Behaviour behaviour) {
  behaviours_[std::move(who)] = std::move(behaviour);
}

void FakeEngine::add_image(std::string reference, engine::Image image) {
  if (image.id.empty()) image.id = "sha256:" + new_id();
  image.repo_tags.push_back(reference);
  images_[std::move(reference)] = std::move(image);
}

void FakeEngine::offer_image(std::string reference, engine::Image image) {
  registry_.insert_or_assign(std::move(reference), Result<engine::Image>(std::move(image)));
}

void FakeEngine::refuse_pull(std::string reference, Error error) {
  registry_.insert_or_assign(std::move(reference), Result<engine::Image>(std::move(error)));
}

void FakeEngine::forget_faults() { faults_.clear(); }

void FakeEngine::inject(Fault fault) { faults_.push_back(PendingFault{std::move(fault)}); }

void FakeEngine::set_down(bool down) {
  down_ = down;
  if (down) end_event_streams();
}

void FakeEngine::hold_port(std::string host_ip, std::uint16_t port) {
  held_ports_.emplace(std::move(host_ip), port);
}
void FakeEngine::release_port(const std::string& host_ip, std::uint16_t port) {
  held_ports_.erase({host_ip, port});
}

int FakeEngine::count(const std::string& operation) const {
  int n = 0;
  for (const auto& call : calls_) n += call.operation == operation;
  return n;
}

int FakeEngine::most_at_once(const std::string& operation) const {
  const auto found = most_at_once_.find(operation);
  return found == most_at_once_.end() ? 0 : found->second;
}

void FakeEngine::forget_calls() {
  first_call_ += calls_.size();
  calls_.clear();
  most_at_once_.clear();
}

std::size_t FakeEngine::begin_call(const std::string& operation, const std::string& target) {
  calls_.push_back(Call{operation, target, clock_.steady_now(), std::nullopt, false});
  auto& most = most_at_once_[operation];
  most = std::max(most, ++in_flight_[operation]);
  return first_call_ + calls_.size() - 1;
}

void FakeEngine::end_call(const std::string& operation, std::size_t number, std::optional<Reason> failed) {
  --in_flight_[operation];
  if (number < first_call_) return;
  auto& call = calls_[number - first_call_];
  call.ended = true;
  call.failed = failed;
}

std::optional<Fault> FakeEngine::take_fault(const std::string& operation, const std::string& target) {
  for (auto it = faults_.begin(); it != faults_.end(); ++it) {
    auto& fault = it->fault;
    if (fault.operation != operation || target.find(fault.target) == std::string::npos) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    const Fault taken = fault;
    if (fault.times > 0 && --fault.times == 0) faults_.erase(it);
    return taken;
  }
  return std::nullopt;
}

Task<bool> FakeEngine::pass_time(std::string operation, base::Deadline deadline) {
  co_await asio::post(executor_, asio::use_awaitable);
  const auto found = latency.find(operation);
  if (found == latency.end()) co_return true;
  const auto end = clock_.steady_now() + found->second;
  const auto until = std::min(end, deadline.at);
  co_await clock_.sleep_until(until);
  co_return end <= deadline.at;
}

Task<void> FakeEngine::finish_later(std::string operation, base::SteadyTime begun, std::function<void()> effect) {
  const auto found = latency.find(operation);
  if (found != latency.end()) co_await clock_.sleep_until(begun + found->second);
  if (!down_) effect();
}

Task<void> FakeEngine::wait_for_deadline(base::Deadline deadline) {
  base::Signal never(executor_);
  if (deadline.is_never()) {
    co_await never.wait();
  } else {
    co_await clock_.sleep_until(deadline.at);
  }
}

std::string FakeEngine::new_id() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  std::uint64_t state = next_id_++ * 0x9e3779b97f4a7c15ull;
  for (int i = 0; i < 64; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    id.push_back(kHex[state >> 60]);
  }
  return id;
}

Task<Result<engine::EngineInfo>> FakeEngine::info(base::Deadline deadline) {
  return call("info", "", deadline, [this]() -> Result<engine::EngineInfo> { return engine_info; });
}

Task<Result<void>> FakeEngine::ping(base::Deadline deadline) {
  return call("ping", "", deadline, []() -> Result<void> { return {}; });
}

Task<Result<engine::Image>> FakeEngine::inspect_image(std::string reference, base::Deadline deadline) {
  return call("image_inspect", reference, deadline, [this, reference]() -> Result<engine::Image> {
    auto image = find_image(reference);
    if (!image) return base::error(Reason::ImageNotFound, "No such image: " + reference);
    return *std::move(image);
  });
}

Task<Result<void>> FakeEngine::pull_image(std::string reference, std::string platform, base::Deadline deadline) {
  return call("image_pull", reference, deadline, [this, reference, platform]() -> Result<void> {
    const auto found = registry_.find(reference);
    if (found == registry_.end() && every_pull_succeeds) {
      add_image(reference, {});
      platforms_[reference] = platform;
      return {};
    }
    if (found == registry_.end()) {
      return base::error(Reason::ImageNotFound, "manifest for " + reference + " not found: manifest unknown");
    }
    if (!found->second) return found->second.error();
    add_image(reference, *found->second);
    platforms_[reference] = platform;
    return {};
  });
}

std::optional<engine::Image> FakeEngine::find_image(const std::string& reference) const {
  for (const auto& [name, image] : images_) {
    if (name == reference || image.id == reference || name == reference + ":latest") return image;
  }
  if (!every_image_exists) return std::nullopt;
  return engine::Image{"sha256:" + std::string(64, '1'), {reference}, false, {}};
}

}  // namespace berth::fakes
