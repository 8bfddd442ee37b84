#include "controller/engine/codec_fields.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

namespace fields = engine::fields;

namespace {

constexpr auto kUsualGrace = std::chrono::seconds(10);

WireRefusal nobody_named(const std::string& name) { return WireRefusal{404, "No such container: " + name}; }

}  // namespace

Task<void> EngineWireHandlers::list_containers(Exchange& exchange) {
  auto filters = parse_filters(exchange.value("filters"));
  for (const auto& [name, values] : filters) {
    if (name != "label") throw WireRefusal{400, "Invalid filter '" + name + "'"};
  }
  auto found = co_await engine_.list_containers(filters["label"], patience());
  const auto containers = value_or_refuse(std::move(found));
  const bool all = exchange.flag("all");
  json items = json::array();
  for (const auto& container : containers) {
    if (all || container.running()) items.push_back(listed_container(container));
  }
  co_await answer(exchange, 200, std::move(items));
}

Task<void> EngineWireHandlers::create_container(Exchange& exchange) {
  auto spec = spec_from_body(exchange.value("name"), exchange.body());
  spec.options.platform = exchange.value("platform");
  auto created = co_await engine_.create_container(std::move(spec), patience());
  json body = {{"Id", value_or_refuse(std::move(created))}, {"Warnings", json::array()}};
  co_await answer(exchange, 201, std::move(body));
}

Task<void> EngineWireHandlers::inspect_container(Exchange& exchange) {
  auto inspected = co_await engine_.inspect_container(exchange.name, patience());
  const auto container = value_or_refuse(std::move(inspected));
  const auto spec = engine_.spec(container.id);
  auto body = inspected_container(container, spec.value_or(engine::ContainerSpec{}));
  co_await answer(exchange, 200, std::move(body));
}

Task<void> EngineWireHandlers::start_container(Exchange& exchange) {
  const auto before = engine_.container(exchange.name);
  auto started = co_await engine_.start_container(exchange.name);
  value_or_refuse(std::move(started));
  const int status = before && before->running() ? 304 : 204;
  co_await answer_nothing(exchange, status);
}

Task<void> EngineWireHandlers::stop_container(Exchange& exchange) {
  const auto before = engine_.container(exchange.name);
  base::Duration grace = kUsualGrace;
  if (const auto seconds = parse_unix_nanos(exchange.value("t"))) grace = base::Duration(*seconds);
  auto stopped = co_await engine_.stop_container(exchange.name, grace, patience());
  value_or_refuse(std::move(stopped));
  const int status = before && !before->running() ? 304 : 204;
  co_await answer_nothing(exchange, status);
}

Task<void> EngineWireHandlers::kill_container(Exchange& exchange) {
  const auto container = engine_.container(exchange.name);
  if (!container) throw nobody_named(exchange.name);
  if (!container->running()) throw WireRefusal{409, "Cannot kill container: " + exchange.name + ": Container is not running"};
  engine_.kill(container->id);
  co_await answer_nothing(exchange, 204);
}

// What is left out stays as it is.
Task<void> EngineWireHandlers::update_container(Exchange& exchange) {
  const auto body = exchange.body();
  const auto before = engine_.container(exchange.name).value_or(engine::Container{});
  const auto cpus = fields::number(body, "NanoCpus");
  const auto memory = fields::number(body, "Memory");
  const auto new_cpus = cpus == 0 ? before.nano_cpus : cpus;
  const auto new_memory = memory == 0 ? before.memory_bytes : memory;
  auto updated = co_await engine_.update_container(exchange.name, new_cpus, new_memory, patience(), fields::number(body, "CpuShares"));
  value_or_refuse(std::move(updated));
  json warnings = json::object();
  warnings["Warnings"] = json::array();
  co_await answer(exchange, 200, std::move(warnings));
}

Task<void> EngineWireHandlers::remove_container(Exchange& exchange) {
  const auto before = engine_.container(exchange.name);
  if (before && before->running() && !exchange.flag("force")) {
    throw WireRefusal{409, "You cannot remove a running container " + before->id +
                               ". Stop the container before attempting removal or force remove"};
  }
  auto removed = co_await engine_.remove_container(exchange.name, patience());
  value_or_refuse(std::move(removed));
  if (!before) throw nobody_named(exchange.name);
  co_await answer_nothing(exchange, 204);
}

Task<void> EngineWireHandlers::stats(Exchange& exchange) {
  auto looked = co_await engine_.stats(exchange.name, patience());
  auto body = stats_json(value_or_refuse(std::move(looked)));
  co_await answer(exchange, 200, std::move(body));
}

}  // namespace berth::fakes
