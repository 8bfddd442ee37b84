#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controller/engine/engine_error.h"

namespace berth::fakes {

// The HTTP status with which an engine gives this error.
int wire_status(const Error& error);
// The same error with a status of its own.
Error with_status(Error error, int status);
// What an engine writes in this case.
std::string usual_text(Reason reason);

// nullopt for a name that is none.
std::optional<engine::Operation> operation_named(std::string_view name);
std::string operation_names();  // "ping, info, ..."
std::optional<Reason> reason_named(std::string_view name);

}  // namespace berth::fakes
