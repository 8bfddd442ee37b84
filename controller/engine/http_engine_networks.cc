#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"
#include "controller/engine/http_engine_impl.h"

namespace berth::engine {

Task<Result<std::vector<Network>>> HttpEngine::list_networks(std::vector<std::string> labels,
                                                             base::Deadline deadline) {
  auto target = "/networks?filters=" + label_filter(labels);
  auto body = co_await wire_.list(Operation::NetworkList, std::move(target), deadline);
  if (!body) co_return body.error();
  std::vector<Network> networks;
  for (const auto& item : *body) networks.push_back(network_from_json(item));
  co_return networks;
}

Task<Result<Network>> HttpEngine::inspect_network(std::string id, base::Deadline deadline) {
  auto body = co_await wire_.get(Operation::NetworkInspect, network_target(id, ""), deadline);
  if (!body) co_return body.error();
  co_return network_from_json(*body);
}

Task<Result<std::string>> HttpEngine::create_network(NetworkSpec spec, base::Deadline deadline) {
  auto request = post("/networks/create", network_body(spec));
  auto answer = co_await wire_.send(Operation::NetworkCreate, std::move(request), deadline);
  if (!answer) co_return answer.error();
  auto id = fields::text(json::parse(answer->body, nullptr, false), "Id");
  if (id.empty()) co_return base::error(Reason::EngineError, "network_create: the answer has no Id");
  co_return id;
}

Task<Result<void>> HttpEngine::remove_network(std::string id, base::Deadline deadline) {
  auto request = plain("DELETE", network_target(id, ""));
  auto answer = co_await wire_.send(Operation::NetworkRemove, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<void>> HttpEngine::connect_network(std::string network_id, std::string container_id,
                                               std::vector<std::string> aliases, base::Deadline deadline) {
  // Engines accept a network that is not there for a container that does not run, and store it.
  auto network = co_await inspect_network(network_id, deadline);
  if (!network) {
    auto error = network.error();
    if (error.reason == Reason::NotFound) error.reason = Reason::NetworkMissing;
    co_return error;
  }
  auto request = post(network_target(network_id, "/connect"), connect_body(container_id, aliases));
  request.idempotent = true;
  auto answer = co_await wire_.send(Operation::NetworkConnect, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<void>> HttpEngine::disconnect_network(std::string network_id, std::string container_id,
                                                  bool force, base::Deadline deadline) {
  json body = {{"Container", container_id}, {"Force", force}};
  auto request = post(network_target(network_id, "/disconnect"), body);
  request.idempotent = true;
  auto answer = co_await wire_.send(Operation::NetworkDisconnect, std::move(request), deadline);
  co_return without_value(answer);
}

}  // namespace berth::engine
