#pragma once

#include <cstddef>
#include <memory>

#include "api/client/client.h"
#include "base/clock.h"

namespace berth::app {

// Deletes every environment and waits until the last is gone, but not longer than `limit` and not once *hurry is true. Returns how
// many are still there; those are marked for deletion, and the next berthd goes on with them. Nobody else may create any meanwhile.
// Loop thread only.
Task<std::size_t> tear_down(api::Client& client, const crd::ResourceInfo& environments, base::Clock& clock, base::Duration limit,
                            std::shared_ptr<const bool> hurry);

}  // namespace berth::app
