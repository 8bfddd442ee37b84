#pragma once

#include "api/server/api_server.h"
#include "base/clock.h"
#include "controller/reconcile/host.h"
#include "controller/reconcile/journal.h"

namespace berth::reconcile {

// Adds what people ask when something is wrong: files, usage, inspects, what a change would do, what was done. All outlive the result.
void add_debug_operations(api::EnvironmentOperations& operations, base::Clock& clock, Host& host, Journal& journal);

// What an inspect of the engine says, without the values of environment variables and of words that look like secrets. Pure.
void mask_inspect(json& inspected);

}  // namespace berth::reconcile
