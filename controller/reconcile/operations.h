#pragma once

#include "api/server/api_server.h"
#include "base/clock.h"
#include "controller/reconcile/host.h"
#include "controller/reconcile/reaper.h"

namespace berth::reconcile {

// What the API server asks of the controllers: logs, attach, reap. Host, reaper and clock outlive the result.
api::EnvironmentOperations environment_operations(base::Clock& clock, Host& host, Reaper& reaper);

}  // namespace berth::reconcile
