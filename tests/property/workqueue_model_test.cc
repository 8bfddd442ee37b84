#include <boost/asio/io_context.hpp>

#include "controller/runtime/workqueue.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"
#include "tests/property/holds.h"

namespace berth::runtime {
namespace {

using std::chrono::milliseconds;

// What the queue promises, in the simplest words: a key has a priority and a time; one of the ready keys with the highest priority is
// next; a key in work is never next.
struct Model {
  struct Waiting {
    int priority;
    base::SteadyTime when;
  };
  std::map<std::string, Waiting> waiting;
  std::set<std::string> working;

  void add(const std::string& key, int priority, base::SteadyTime when) {
    const auto [place, is_new] = waiting.try_emplace(key, Waiting{priority, when});
    if (is_new) return;
    place->second.priority = std::max(place->second.priority, priority);
    place->second.when = std::min(place->second.when, when);
  }

  std::set<std::string> best(base::SteadyTime now) const {
    std::set<std::string> keys;
    int priority = 0;
    for (const auto& [key, item] : waiting) {
      if (item.when > now || working.contains(key)) continue;
      if (!keys.empty() && item.priority < priority) continue;
      if (!keys.empty() && item.priority > priority) keys.clear();
      priority = item.priority;
      keys.insert(key);
    }
    return keys;
  }
};

Task<void> take(WorkQueue& queue, std::optional<std::string>& taken) {
  auto key = co_await queue.get();
  if (key) taken = key->name;
}

TEST(WorkQueueModel, BehavesAsASetOfKeysWithPriorityAndTime) {
  holds([] {
    asio::io_context io;
    fakes::FakeClock clock;
    metrics::Registry registry;
    metrics::RuntimeMetrics metrics(registry, "test", 1);
    WorkQueue queue(io.get_executor(), clock, metrics, {milliseconds(10), std::chrono::seconds(1), 2.0});
    Model model;
    const auto steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      const auto key = std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 6)));
      switch (*rc::gen::inRange(0, 5)) {
        case 0: {
          const int priority = *rc::gen::element(-100, 0, 10);
          queue.add({"", key}, priority);
          model.add(key, priority, clock.steady_now());
          break;
        }
        case 1: {
          const auto delay = milliseconds(*rc::gen::inRange(0, 50));
          const int priority = *rc::gen::element(-100, 0);
          queue.add_after({"", key}, delay, priority);
          model.add(key, priority, clock.steady_now() + delay);
          break;
        }
        case 2:
          clock.advance(milliseconds(*rc::gen::inRange(0, 30)));
          break;
        case 3: {
          std::optional<std::string> taken;
          TaskGroup group(io.get_executor(), "taker");
          group.spawn("take", take(queue, taken));
          fakes::settle(io);
          const auto best = model.best(clock.steady_now());
          RC_ASSERT(taken.has_value() == !best.empty());
          if (taken) {
            RC_ASSERT(best.contains(*taken));
            model.waiting.erase(*taken);
            model.working.insert(*taken);
          }
          fakes::run_task(io, group.stop());
          break;
        }
        default:
          if (!model.working.empty()) {
            const auto finished = *model.working.begin();
            queue.done({"", finished});
            model.working.erase(finished);
          }
      }
    }
    // Whatever was added comes out, once.
    for (const auto& key : model.working) queue.done({"", key});
    model.working.clear();
    clock.advance(std::chrono::minutes(1));
    RC_ASSERT(queue.depth() == model.waiting.size());
  });
}

}  // namespace
}  // namespace berth::runtime
