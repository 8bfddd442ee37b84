#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <charconv>

#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

namespace {

constexpr std::string_view kRawStream = "application/vnd.docker.raw-stream";

std::optional<base::SystemTime> wire_time(const std::string& text) {
  if (text.empty() || text == "0") return std::nullopt;
  const auto nanos = parse_unix_nanos(text);
  if (!nanos) throw WireRefusal{500, "strconv.ParseInt: parsing \"" + text + "\": invalid syntax"};
  return base::SystemTime(std::chrono::duration_cast<base::SystemTime::duration>(std::chrono::nanoseconds(*nanos)));
}

std::optional<int> line_count(const std::string& text) {
  int lines = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), lines);
  if (error != std::errc() || end != text.data() + text.size() || lines < 0) return std::nullopt;  // "all"
  return lines;
}

// What one reader of /events wants.
class EventWish {
 public:
  explicit EventWish(std::map<std::string, std::vector<std::string>> filters) : filters_(std::move(filters)) {
    for (const auto& [name, values] : filters_) {
      const bool known = name == "type" || name == "event" || name == "container" || name == "label";
      if (!known) throw WireRefusal{400, "Invalid filter '" + name + "'"};
    }
  }
  bool wants(const engine::Event& event) const {
    const auto container = event.attributes.find("name");
    return any("type", [&](const auto& value) { return event.type == value; }) &&
           any("event", [&](const auto& value) { return event.action == value || event.action.starts_with(value + ":"); }) &&
           any("container", [&](const auto& value) {
             return event.actor_id == value || (container != event.attributes.end() && container->second == value);
           }) &&
           any("label", [&](const auto& value) { return has_label(event, value); });
  }

 private:
  static bool has_label(const engine::Event& event, const std::string& wanted) {
    const auto equals = wanted.find('=');
    const auto found = event.attributes.find(wanted.substr(0, equals));
    if (found == event.attributes.end()) return false;
    return equals == std::string::npos || found->second == wanted.substr(equals + 1);
  }
  template <class Fits>
  bool any(const std::string& name, Fits fits) const {
    const auto values = filters_.find(name);
    return values == filters_.end() || values->second.empty() || std::any_of(values->second.begin(), values->second.end(), fits);
  }

  std::map<std::string, std::vector<std::string>> filters_;
};

engine::TerminalSize size_from(const std::string& width, const std::string& height) {
  const auto columns = line_count(width);
  const auto rows = line_count(height);
  if (!columns || !rows) throw WireRefusal{400, "strconv.ParseInt: parsing \"" + height + "\": invalid syntax"};
  return {static_cast<std::uint16_t>(*columns), static_cast<std::uint16_t>(*rows)};
}

}  // namespace

Task<void> EngineWireHandlers::events(Exchange& exchange) {
  const EventWish wish(parse_filters(exchange.value("filters")));
  if (!exchange.value("until").empty()) throw WireRefusal{400, "until: this engine has no end of events"};
  const auto since = exchange.value("since");
  const auto from = since.empty() ? std::optional<std::int64_t>(0) : parse_unix_nanos(since);
  if (!from) throw WireRefusal{500, "strconv.ParseInt: parsing \"" + since + "\": invalid syntax"};
  auto subscribed = co_await engine_.events(*from);
  const auto stream = value_or_refuse(std::move(subscribed));
  std::string type = "application/json";
  http::Headers none;
  co_await exchange.writer.start_stream(200, std::move(type), std::move(none));
  while (true) {
    auto event = co_await stream->next();
    if (!event) co_return;
    if (!wish.wants(*event)) continue;
    auto line = event_json(*event).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const bool there = co_await exchange.writer.write(std::move(line));
    if (!there) co_return;
  }
}

Task<void> EngineWireHandlers::logs(Exchange& exchange) {
  if (!exchange.flag("stdout") && !exchange.flag("stderr")) {
    throw WireRefusal{400, "Bad parameters: you must choose at least one stream"};
  }
  engine::LogOptions options;
  options.follow = exchange.flag("follow");
  options.timestamps = exchange.flag("timestamps");
  options.tail = line_count(exchange.value("tail"));
  options.since = wire_time(exchange.value("since"));
  options.until = wire_time(exchange.value("until"));
  auto opened = co_await engine_.logs(exchange.name, std::move(options), patience());
  const auto stream = value_or_refuse(std::move(opened));
  std::string type(kRawStream);
  http::Headers none;
  co_await exchange.writer.start_stream(200, std::move(type), std::move(none));
  while (true) {
    auto next = co_await stream->next();
    if (!next || !*next) co_return;
    auto bytes = frame((*next)->stream, (*next)->bytes);
    const bool there = co_await exchange.writer.write(std::move(bytes));
    if (!there) co_return;
  }
}

Task<void> EngineWireHandlers::attach(Exchange& exchange) {
  engine::Streams streams;
  streams.in = exchange.flag("stdin");
  streams.out = exchange.flag("stdout");
  streams.err = exchange.flag("stderr");
  auto attached = co_await engine_.attach_container(exchange.name, streams, patience());
  auto process = value_or_refuse(std::move(attached));
  co_await relay(exchange, std::move(process), false);
}

Task<void> EngineWireHandlers::resize_container(Exchange& exchange) {
  const auto size = size_from(exchange.value("w"), exchange.value("h"));
  const auto container = engine_.container(exchange.name);
  if (!container) throw WireRefusal{404, "No such container: " + exchange.name};
  if (!container->running()) throw WireRefusal{409, "Container " + exchange.name + " is not running"};
  auto resized = co_await engine_.resize_container(exchange.name, size, patience());
  value_or_refuse(std::move(resized));
  co_await answer_nothing(exchange, 200);
}

Task<void> EngineWireHandlers::resize_exec(Exchange& exchange) {
  const auto size = size_from(exchange.value("w"), exchange.value("h"));
  const auto exec = exec_named(exchange.name);
  if (!exec->running) throw WireRefusal{500, "exec " + exchange.name + ": the process does not run"};
  const auto inner = exec->inner_id.empty() ? exchange.name : exec->inner_id;
  auto resized = co_await engine_.resize_exec(inner, size, patience());
  value_or_refuse(std::move(resized));
  co_await answer_nothing(exchange, 200);
}

// What the client types. Ends with the connection, which ends with its request.
Task<void> EngineWireHandlers::feed(std::shared_ptr<http::ByteStream> stream, std::shared_ptr<engine::ProcessStream> process) {
  while (true) {
    auto bytes = co_await stream->read();
    if (!bytes) {
      process->close();
      co_return;
    }
    if (bytes->empty()) {
      co_await process->end_input();
      co_return;
    }
    co_await process->write(std::move(*bytes));
  }
}

Task<void> EngineWireHandlers::relay(Exchange& exchange, std::shared_ptr<engine::ProcessStream> process, bool tty) {
  http::Headers headers;
  headers.emplace_back("Content-Type", kRawStream);
  headers.emplace_back("Upgrade", "tcp");
  const auto stream = co_await exchange.writer.upgrade(std::move(headers));
  if (!stream) co_return;
  tasks_.spawn("input", feed(stream, process));
  while (true) {
    auto next = co_await process->next();
    if (!next || !*next) co_return;
    auto bytes = tty ? std::move((*next)->bytes) : frame((*next)->stream, (*next)->bytes);
    const bool there = co_await stream->write(std::move(bytes));
    if (!there) co_return;
  }
}

}  // namespace berth::fakes
