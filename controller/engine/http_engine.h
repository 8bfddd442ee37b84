#pragma once

#include <memory>
#include <string>

#include "api/http/endpoint.h"
#include "base/clock.h"
#include "controller/engine/engine.h"
#include "metrics/engine_metrics.h"

namespace berth::engine {

// Engine over the Docker Engine API, 1.41 up to what the engine offers. Facts it relies on: docs/engine.md.
std::unique_ptr<Engine> make_http_engine(Executor executor, base::Clock& clock, http::Endpoint endpoint,
                                         metrics::EngineMetrics& metrics);

// --docker-host / DOCKER_HOST text to an endpoint; "" is unix:///var/run/docker.sock.
Result<http::Endpoint> parse_docker_host(std::string_view text);

}  // namespace berth::engine
