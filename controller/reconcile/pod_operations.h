#pragma once

#include "api/server/api_server.h"
#include "base/clock.h"
#include "controller/reconcile/host.h"

namespace berth::reconcile {

// What a server of Pods asks of a Docker host. Clock and host outlive the result.
api::PodOperations pod_operations(Executor executor, base::Clock& clock, Host& host);

}  // namespace berth::reconcile
