#include "controller/app/teardown.h"

#include "base/log.h"

namespace berth::app {

namespace {

constexpr base::Duration kLook = std::chrono::milliseconds(50);

}  // namespace

Task<std::size_t> tear_down(api::Client& client, const crd::ResourceInfo& environments, base::Clock& clock, base::Duration limit,
                            std::shared_ptr<const bool> hurry) {
  const auto end = clock.steady_now() + limit;
  const std::string everywhere;
  for (bool first = true;; first = false) {
    auto listed = co_await client.list(environments, everywhere);
    if (listed.has_error()) {
      base::log_error("berthd", "cannot tear down", {{"error", listed.error().message}});
      co_return 0;
    }
    if (first) base::log_info("berthd", "tearing down", {{"environments", listed->items.size()}});
    for (const auto& object : listed->items) {
      if (object->deleting()) continue;
      const api::DeletePreconditions none;
      const auto removed = co_await client.remove(environments, object->key(), none);
      if (removed.has_error() && removed.error().reason != Reason::NotFound) {
        base::log_warn("berthd", "cannot delete", {{"environment", object->key().str()}, {"error", removed.error().message}});
      }
    }
    if (listed->items.empty() || *hurry || clock.steady_now() >= end) co_return listed->items.size();
    const auto pause = kLook;
    co_await clock.sleep_for(pause);
  }
}

}  // namespace berth::app
