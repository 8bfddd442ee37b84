#include <algorithm>

#include "tests/fakes/fake_engine_calls.h"

namespace berth::fakes {

namespace {

constexpr std::size_t kHistory = 256;

std::string last_lines(const std::string& text, int n) {
  std::size_t from = text.size();
  if (from > 0 && text.back() == '\n') --from;
  while (n > 0 && from != std::string::npos && from > 0) {
    const auto newline = text.rfind('\n', from - 1);
    if (newline == std::string::npos) return text;
    from = newline;
    --n;
  }
  return n > 0 ? text : text.substr(from + 1);
}

bool is_asked_for(base::SystemTime written, const engine::LogOptions& options) {
  if (options.since && written < *options.since) return false;
  if (!options.since && options.since_seconds && written < base::SystemTime{std::chrono::seconds(*options.since_seconds)}) return false;
  return !options.until || written <= *options.until;
}

}  // namespace

struct FakeEngine::Subscription {
  std::deque<engine::Event> events;
  bool ended = false;
};

class FakeEngine::Events final : public engine::EventStream {
 public:
  Events(std::shared_ptr<Subscription> subscription, std::shared_ptr<base::Signal> changed)
      : subscription_(std::move(subscription)), changed_(std::move(changed)) {}

  Task<Result<engine::Event>> next() override {
    while (subscription_->events.empty() && !subscription_->ended) co_await changed_->wait();
    if (subscription_->events.empty())
      co_return base::error(Reason::EngineUnavailable, "fake engine: the event stream ended");
    auto event = std::move(subscription_->events.front());
    subscription_->events.pop_front();
    co_return event;
  }

 private:
  std::shared_ptr<Subscription> subscription_;
  std::shared_ptr<base::Signal> changed_;
};

class FakeEngine::Logs final : public engine::LogStream {
 public:
  // `following` is null for a log that is not followed.
  Logs(BoxPtr box, engine::LogOptions options, std::shared_ptr<int> following)
      : box_(std::move(box)), options_(std::move(options)), following_(std::move(following)), follow_(following_ != nullptr) {
    if (options_.tail) read_ = box_->output.size() - last_lines(box_->output, *options_.tail).size();
    pending_ = take();
    if (follow_) ++*following_;
  }
  ~Logs() override {
    if (follow_) --*following_;
  }

  Task<Result<std::optional<engine::LogChunk>>> next() override {
    if (pending_.empty() && follow_) pending_ = take();
    while (pending_.empty() && follow_ && box_->view.running()) {
      co_await box_->changed.wait();
      pending_ = take();
    }
    if (pending_.empty()) co_return std::nullopt;
    engine::LogChunk chunk{1, std::exchange(pending_, "")};
    co_return std::optional(std::move(chunk));
  }

 private:
  std::string take() {
    const auto& output = box_->output;
    if (!options_.timestamps && !options_.since && !options_.since_seconds && !options_.until) {
      return output.substr(std::exchange(read_, output.size()));
    }
    std::string text;
    while (read_ < output.size()) {
      auto end = output.find('\n', read_);
      if (end == std::string::npos && box_->view.running()) break;  // its rest is still to come
      end = end == std::string::npos ? output.size() : end + 1;
      const auto written = time_of(read_);
      if (is_asked_for(written, options_)) {
        if (options_.timestamps) text += engine_time(written) + " ";
        text.append(output, read_, end - read_);
      }
      read_ = end;
    }
    return text;
  }
  base::SystemTime time_of(std::size_t offset) const {
    const auto after = std::upper_bound(box_->written.begin(), box_->written.end(), offset,
                                        [](std::size_t at, const auto& piece) { return at < piece.first; });
    return std::prev(after)->second;
  }

  BoxPtr box_;
  engine::LogOptions options_;
  std::string pending_;
  std::size_t read_ = 0;
  std::shared_ptr<int> following_;
  bool follow_;
};

void FakeEngine::print(Box& box, std::string_view text) {
  if (text.empty()) return;
  box.written.emplace_back(box.output.size(), clock_.system_now());
  box.output += text;
  box.changed.notify_all();
}

std::string engine_time(base::SystemTime time) {
  if (time == base::SystemTime{}) return "0001-01-01T00:00:00Z";
  auto text = base::format_micro_time(time);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count() % 1000;
  const auto digits = std::to_string(1000 + nanos);
  text.replace(text.size() - 1, 1, digits.substr(1) + "Z");
  return text;
}

void FakeEngine::emit(std::string type, std::string action, std::string actor, engine::Labels attributes) {
  if (losing_events_) return;
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.system_now().time_since_epoch()).count();
  last_event_nano_ = std::max<std::int64_t>(last_event_nano_ + 1, now);
  engine::Event event{std::move(type), std::move(action), std::move(actor), std::move(attributes), last_event_nano_};
  const auto drawn = [&](int percent) { return static_cast<int>(event_dice_() % 100) < percent; };
  if (drawn(event_quirks_.lost_percent)) return;
  for (int copies = drawn(event_quirks_.doubled_percent) ? 2 : 1; copies > 0; --copies) {
    if (event_quirks_.late == base::Duration::zero()) {
      deliver(event);
    } else {
      const base::Duration delay(static_cast<base::Duration::rep>(event_dice_() % static_cast<std::uint64_t>(event_quirks_.late.count())));
      tasks_.spawn("event", deliver_later(event, delay));
    }
  }
}

void FakeEngine::disturb_events(const EventQuirks& quirks) {
  event_quirks_ = quirks;
  event_dice_.seed(quirks.seed);
}

Task<void> FakeEngine::deliver_later(engine::Event event, base::Duration delay) {
  co_await clock_.sleep_for(delay);
  deliver(event);
}

void FakeEngine::deliver(const engine::Event& event) {
  history_.push_back(event);
  if (history_.size() > kHistory) history_.pop_front();
  changed_->notify_all();
  std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : subscriptions_) weak.lock()->events.push_back(history_.back());
}

void FakeEngine::emit_container(const Box& box, std::string action, engine::Labels extra) {
  engine::Labels attributes = box.view.labels;
  attributes["name"] = box.view.name;
  attributes["image"] = box.view.image;
  attributes.merge(extra);
  emit("container", std::move(action), box.view.id, std::move(attributes));
}

void FakeEngine::emit_network(const Net& network, std::string action, const std::string& container) {
  engine::Labels attributes{{"name", network.spec.name}, {"type", "bridge"}};
  if (!container.empty()) attributes["container"] = container;
  emit("network", std::move(action), network.id, std::move(attributes));
}

void FakeEngine::end_event_streams() {
  for (const auto& weak : subscriptions_) {
    if (const auto subscription = weak.lock()) subscription->ended = true;
  }
  subscriptions_.clear();
  changed_->notify_all();
}

Task<Result<std::unique_ptr<engine::EventStream>>> FakeEngine::events(std::int64_t since_nano) {
  auto effect = [this, since_nano]() -> Result<std::unique_ptr<engine::EventStream>> {
    auto subscription = std::make_shared<Subscription>();
    for (const auto& event : history_) {
      if (since_nano > 0 && event.time_nano >= since_nano) subscription->events.push_back(event);
    }
    subscriptions_.push_back(subscription);
    return std::unique_ptr<engine::EventStream>(std::make_unique<Events>(std::move(subscription), changed_));
  };
  return call("events", "", base::Deadline::never(), std::move(effect));
}

Task<Result<std::unique_ptr<engine::LogStream>>> FakeEngine::logs(std::string id, engine::LogOptions options,
                                                                  base::Deadline deadline) {
  auto effect = [this, id, options]() -> Result<std::unique_ptr<engine::LogStream>> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    last_log_options_ = options;
    return std::unique_ptr<engine::LogStream>(std::make_unique<Logs>(box, options, options.follow ? following_ : nullptr));
  };
  return call("container_logs", id, deadline, std::move(effect));
}

}  // namespace berth::fakes
