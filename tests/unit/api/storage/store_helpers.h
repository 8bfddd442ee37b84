#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "api/storage/store.h"
#include "base/task_group.h"
#include "tests/fakes/run_task.h"

namespace berth::storage {

inline StoreKey thing(const std::string& name, const std::string& ns = "ci") { return {"things", ns, name}; }

inline json thing_body(const StoreKey& key, int value) {
  return {{"apiVersion", "test/v1"},
          {"kind", "Thing"},
          {"metadata", {{"name", key.name}, {"namespace", key.ns}}},
          {"spec", {{"value", value}}}};
}

inline Write put(const StoreKey& key, int value, std::optional<Revision> expected = std::nullopt) {
  return {key, thing_body(key, value), expected};
}

inline Write erase(const StoreKey& key, std::optional<Revision> expected = std::nullopt) {
  return {key, std::nullopt, expected};
}

inline int value_of(const ObjectPtr& object) { return object->spec().at("value").get<int>(); }

// "+name@revision=value" (Added), "~" (Modified, with "<" and the value before), "-" (Deleted).
inline std::string show(const WatchEvent& event) {
  const char* sign = event.type == EventType::Added ? "+" : event.type == EventType::Modified ? "~" : "-";
  std::string text = sign + event.key.name + "@" + std::to_string(event.revision) + "=" +
                     std::to_string(value_of(event.object));
  if (event.previous) text += "<" + std::to_string(value_of(event.previous));
  if (event.object->revision() != event.revision)
    text += " (stamped " + std::to_string(event.object->revision()) + ")";
  return text;
}

// What is there now; the last entry is "Expired: ..." when the watcher ended.
inline std::vector<std::string> drain(Watcher& watcher) {
  std::vector<std::string> events;
  while (auto event = watcher.poll()) {
    if (event->has_error()) {
      events.push_back(std::string(to_string(event->error().reason)));
      break;
    }
    events.push_back(show(event->value()));
  }
  return events;
}

// Starts commits that nobody waits for and keeps their outcomes in order: "5" (revision) or the reason of the
// failure.
class Commits {
 public:
  explicit Commits(asio::io_context& io) : group_(io.get_executor(), "commits") {}

  void start(Store& store, Write write) {
    outcomes_->emplace_back("pending");
    group_.spawn("commit", run(store, std::move(write), outcomes_, outcomes_->size() - 1));
  }
  const std::vector<std::string>& outcomes() const { return *outcomes_; }
  TaskGroup& group() { return group_; }

 private:
  using Outcomes = std::shared_ptr<std::vector<std::string>>;
  static Task<void> run(Store& store, Write write, Outcomes outcomes, std::size_t place) {
    const auto result = co_await store.commit(std::move(write));
    (*outcomes)[place] = result.has_value() ? std::to_string(result.value()->revision())
                                            : std::string(to_string(result.error().reason));
  }
  Outcomes outcomes_ = std::make_shared<std::vector<std::string>>();
  TaskGroup group_;
};

}  // namespace berth::storage
