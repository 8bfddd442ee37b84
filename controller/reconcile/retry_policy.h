#pragma once

#include "base/result.h"
#include "base/time.h"

namespace berth::reconcile {

// How long an operation that failed for `reason` waits before its next attempt; `attempts` counts from 1. Pure.
base::Duration retry_delay(Reason reason, int attempts);

}  // namespace berth::reconcile
