#include <algorithm>

#include "controller/engine/codec_fields.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

namespace fields = engine::fields;

namespace {

WireRefusal no_network_named(const std::string& name) { return WireRefusal{404, "network " + name + " not found"}; }

// How the container is attached to a network of this name.
const engine::Attachment* attachment_to(const engine::Container& container, const std::string& name) {
  const auto& all = container.attachments;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& attachment) { return attachment.network_name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> labels_of_filter(const std::string& text) {
  auto filters = parse_filters(text);
  for (const auto& [name, values] : filters) {
    if (name != "label") throw WireRefusal{400, "Invalid filter '" + name + "'"};
  }
  return filters["label"];
}

}  // namespace

Task<void> EngineWireHandlers::list_networks(Exchange& exchange) {
  auto labels = labels_of_filter(exchange.value("filters"));
  auto found = co_await engine_.list_networks(std::move(labels), patience());
  json items = json::array();
  for (const auto& network : value_or_refuse(std::move(found))) items.push_back(network_json(network));
  co_await answer(exchange, 200, std::move(items));
}

Task<void> EngineWireHandlers::inspect_network(Exchange& exchange) {
  auto inspected = co_await engine_.inspect_network(exchange.name, patience());
  auto body = network_json(value_or_refuse(std::move(inspected)));
  co_await answer(exchange, 200, std::move(body));
}

Task<void> EngineWireHandlers::create_network(Exchange& exchange) {
  auto spec = network_from_body(exchange.body());
  auto created = co_await engine_.create_network(std::move(spec), patience());
  json body = {{"Id", value_or_refuse(std::move(created))}, {"Warning", ""}};
  co_await answer(exchange, 201, std::move(body));
}

Task<void> EngineWireHandlers::remove_network(Exchange& exchange) {
  const auto before = engine_.network(exchange.name);
  auto removed = co_await engine_.remove_network(exchange.name, patience());
  value_or_refuse(std::move(removed));
  if (!before) throw no_network_named(exchange.name);
  co_await answer_nothing(exchange, 204);
}

Task<void> EngineWireHandlers::connect_network(Exchange& exchange) {
  const auto body = exchange.body();
  const auto who = fields::text(body, "Container");
  const auto container = engine_.container(who);
  const auto network = engine_.network(exchange.name);
  const auto* before = container && network ? attachment_to(*container, network->name) : nullptr;
  const bool up = before && container->running() && before->network_id == network->id && !before->ip_address.empty();
  auto aliases = fields::texts(fields::member(body, "EndpointConfig"), "Aliases");
  auto connected = co_await engine_.connect_network(exchange.name, who, std::move(aliases), patience());
  value_or_refuse(std::move(connected));
  if (up) throw WireRefusal{403, "endpoint with name " + container->name + " already exists in network " + network->name};
  co_await answer_nothing(exchange, 200);
}

// A container that does not run leaves a network that is gone, but only by its name.
Task<void> EngineWireHandlers::disconnect_network(Exchange& exchange) {
  const auto body = exchange.body();
  const auto who = fields::text(body, "Container");
  const auto container = engine_.container(who);
  const auto network = engine_.network(exchange.name);
  const auto name = network ? network->name : exchange.name;
  const bool attached = container && attachment_to(*container, name);
  auto disconnected = co_await engine_.disconnect_network(exchange.name, who, fields::flag(body, "Force"), patience());
  value_or_refuse(std::move(disconnected));
  if (!network && !attached) throw no_network_named(exchange.name);
  if (!container) throw WireRefusal{404, "No such container: " + who};
  if (!attached) throw WireRefusal{500, "container " + container->id + " is not connected to network " + name};
  co_await answer_nothing(exchange, 200);
}

Task<void> EngineWireHandlers::list_volumes(Exchange& exchange) {
  auto labels = labels_of_filter(exchange.value("filters"));
  auto found = co_await engine_.list_volumes(std::move(labels), patience());
  json items = json::array();
  for (const auto& volume : value_or_refuse(std::move(found))) {
    items.push_back({{"Name", volume.name}, {"Labels", volume.labels}, {"Driver", "local"}, {"Scope", "local"}});
  }
  json body = {{"Volumes", std::move(items)}, {"Warnings", json::array()}};
  co_await answer(exchange, 200, std::move(body));
}

Task<void> EngineWireHandlers::remove_volume(Exchange& exchange) {
  const auto volumes = engine_.volumes();
  const bool there = std::any_of(volumes.begin(), volumes.end(), [&](const auto& volume) { return volume.name == exchange.name; });
  auto removed = co_await engine_.remove_volume(exchange.name, patience());
  value_or_refuse(std::move(removed));
  if (!there) throw WireRefusal{404, "get " + exchange.name + ": no such volume"};
  co_await answer_nothing(exchange, 204);
}

}  // namespace berth::fakes
