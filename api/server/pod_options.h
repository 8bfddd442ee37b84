#pragma once

#include <string>
#include <vector>

#include "api/http/server.h"
#include "api/server/remote_process.h"
#include "base/result.h"
#include "base/time.h"

// What requests to the parts of a Pod say in their query. Pure.
namespace berth::api {

// Errors: Invalid (PodLogOptions, with causes), BadRequest (no number, no time).
Result<PodLogOptions> parse_pod_log_options(const http::ServerRequest& request, const std::string& pod, base::SystemTime now);

struct PodExecOptions {
  std::vector<std::string> command;
  RemoteStreams streams;
};
// Of exec and attach. With a terminal there is no stderr.
PodExecOptions parse_pod_exec_options(const http::ServerRequest& request);

// ports=80&ports=81,82. Errors: BadRequest, with the text for the client.
Result<std::vector<std::uint16_t>> parse_forward_ports(const http::ServerRequest& request);

}  // namespace berth::api
