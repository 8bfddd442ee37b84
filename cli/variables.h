#pragma once

#include <string>

#include "cli/quote.h"
#include "crd/object.h"

namespace berth::cli {

// From where the variables are used: on the host, through the leased ports; or inside the environment's network, where
// services have their names and their own ports.
enum class Vantage { Host, Network };

// ports[].env of every service. Errors: ServiceUnavailable when a port that has a variable is not leased yet.
Result<Variables> port_variables(const Object& environment, Vantage vantage);

// BERTH_ENDPOINT_<SERVICE>_<PORT>=host:port for every port; letters in capitals, everything else "_".
Variables endpoint_variables(const Object& environment, Vantage vantage);

}  // namespace berth::cli
