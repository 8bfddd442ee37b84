#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "api/http/client.h"
#include "base/clock.h"
#include "controller/engine/engine_error.h"
#include "metrics/engine_metrics.h"

namespace berth::engine {

// One engine's HTTP: negotiates the API version, meters every request, and turns transport failures and error
// answers into our Errors. Loop thread only.
class EngineWire {
 public:
  EngineWire(Executor executor, base::Clock& clock, http::Endpoint endpoint, metrics::EngineMetrics& metrics);

  // An error answer that means "already done" is a success with its status.
  Task<Result<http::ClientResponse>> send(Operation operation, http::ClientRequest request,
                                          base::Deadline deadline);
  // send() for answers that are one JSON object. Errors: EngineError (it is something else).
  Task<Result<nlohmann::json>> get(Operation operation, std::string target, base::Deadline deadline);
  // send() for answers that are an array of JSON objects. Errors: EngineError (it is something else: what
  // cannot be read is not "there is nothing").
  Task<Result<nlohmann::json>> list(Operation operation, std::string target, base::Deadline deadline);
  // The answer was 2xx. The deadline is for its head.
  Task<Result<std::unique_ptr<http::ClientStream>>> open(Operation operation, http::ClientRequest request,
                                                         base::Deadline deadline);
  // A request whose body comes piece by piece; `patience` is for each piece, and for the answer. Errors besides: those of `body`.
  Task<Result<http::ClientResponse>> upload(Operation operation, http::ClientRequest request, http::BodySource body,
                                            base::Duration patience);
  // Leaves HTTP: raw bytes both ways. The deadline is for the head of the answer.
  Task<Result<std::shared_ptr<http::ByteStream>>> upgrade(Operation operation, http::ClientRequest request,
                                                          base::Deadline deadline);
  // Asks for the version anew. It is forgotten whenever an answer or its absence says EngineUnavailable:
  // another engine may listen there by then.
  Task<Result<void>> negotiate(base::Deadline deadline);
  const std::string& api_version() const { return version_; }
  // Whether the engine speaks API 1.<minor>; negotiates when that is not known.
  Task<Result<bool>> speaks(Operation operation, int minor, base::Deadline deadline);
  // A connection that broke while it was read.
  Error lost(Error error);

  base::Clock& clock() { return clock_; }
  metrics::EngineMetrics& metrics() { return metrics_; }

 private:
  Task<Result<std::string>> version_for(Operation operation, base::Deadline deadline);
  void meter(Operation operation, int status, base::SteadyTime begin);
  Error transport_error(Operation operation, Error error);
  Error refusal(Operation operation, int status, std::string message);
  Task<Result<nlohmann::json>> get_json(Operation operation, std::string target, base::Deadline deadline);

  base::Clock& clock_;
  metrics::EngineMetrics& metrics_;
  http::Client quick_;
  // Starts, stops and removals take seconds: they must neither queue behind each other nor in front of the
  // quick ones.
  http::Client slow_;
  std::string version_;  // "" = not negotiated
};

// min(1.51, what the engine offers). Errors: EngineError (older than 1.41, or no version at all).
Result<std::string> choose_api_version(std::string_view offered);

// A request with a JSON body. Not to be sent twice.
http::ClientRequest post(std::string target, const nlohmann::json& body);
// A request without a body that may be sent twice.
http::ClientRequest plain(std::string method, std::string target);

}  // namespace berth::engine
