#include "controller/engine/codec_fields.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_handlers.h"

namespace berth::fakes {

namespace fields = engine::fields;

namespace {

// Engines forget a command some minutes after its end; this one after that many later ones.
constexpr std::size_t kRemembered = 4096;
constexpr int kNoSuchCommand = 127;

std::string not_executable(const std::string& message) {
  const std::string begin = "OCI runtime exec failed: ";
  return (message.starts_with(begin) ? "" : begin) + message + "\r\n";
}

}  // namespace

EngineWireHandlers::ExecPtr EngineWireHandlers::exec_named(const std::string& id) const {
  const auto found = execs_.find(id);
  if (found == execs_.end()) throw WireRefusal{404, "No such exec instance: " + id};
  return found->second;
}

Task<void> EngineWireHandlers::create_exec(Exchange& exchange) {
  auto options = exec_from_body(exchange.body());
  const auto container = engine_.container(exchange.name);
  if (!container) throw WireRefusal{404, "No such container: " + exchange.name};
  if (!container->running()) throw WireRefusal{409, "Container " + exchange.name + " is not running"};
  if (options.command.empty()) throw WireRefusal{400, "No exec command specified"};
  auto exec = std::make_shared<Exec>();
  exec->container = exchange.name;
  exec->options = std::move(options);
  auto digits = std::to_string(next_exec_++);
  const auto id = std::string(64 - digits.size(), 'e') + digits;
  execs_[id] = std::move(exec);
  exec_order_.push_back(id);
  if (exec_order_.size() > kRemembered) {
    execs_.erase(exec_order_.front());
    exec_order_.pop_front();
  }
  json body = json::object();
  body["Id"] = id;
  co_await answer(exchange, 201, std::move(body));
}

Task<void> EngineWireHandlers::start_exec(Exchange& exchange) {
  const auto body = exchange.request.body.empty() ? json::object() : exchange.body();
  auto exec = exec_named(exchange.name);
  if (exec->started) throw WireRefusal{409, "Error: Exec command " + exchange.name + " is already running"};
  exec->started = exec->running = true;
  const bool tty = fields::flag(body, "Tty");
  std::exception_ptr failure;
  try {
    if (exchange.request.header("Upgrade").empty()) {
      co_await run_exec(exchange, exec, fields::flag(body, "Detach"), tty);
    } else {
      co_await hijack_exec(exchange, exec, tty);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  exec->running = false;
  if (failure) std::rethrow_exception(failure);
}

// Without an upgrade nothing can be typed: the command has ended before its output is sent.
Task<void> EngineWireHandlers::run_exec(Exchange& exchange, ExecPtr exec, bool detach, bool tty) {
  auto ran = co_await engine_.exec(exec->container, exec->options.command, patience());
  const bool missing = !ran && ran.error().reason == Reason::CommandNotFound && ran.error().causes.empty();
  if (!ran && (!missing || detach)) refuse(ran.error());
  exec->exit_code = missing ? kNoSuchCommand : ran->exit_code;
  exec->running = false;
  if (detach) {
    co_await answer_nothing(exchange, 200);
    co_return;
  }
  std::string type = "application/vnd.docker.raw-stream";
  http::Headers none;
  co_await exchange.writer.start_stream(200, std::move(type), std::move(none));
  auto output = missing ? not_executable(ran.error().message) : std::move(ran->output);
  if (output.empty()) co_return;
  auto bytes = tty ? std::move(output) : frame(1, output);
  co_await exchange.writer.write(std::move(bytes));
}

Task<void> EngineWireHandlers::hijack_exec(Exchange& exchange, ExecPtr exec, bool tty) {
  auto options = exec->options;
  options.tty = tty;
  auto opened = co_await engine_.open_exec(exec->container, std::move(options), patience());
  auto session = value_or_refuse(std::move(opened));
  exec->inner_id = session.id;
  auto code = co_await engine_.exec_exit_code(session.id, patience());
  exec->exit_code = code ? *code : -1;
  co_await relay(exchange, std::move(session.stream), tty);
}

Task<void> EngineWireHandlers::inspect_exec(Exchange& exchange) {
  const auto exec = exec_named(exchange.name);
  json body = {{"ID", exchange.name},
               {"Running", exec->running},
               {"ContainerID", exec->container},
               {"OpenStdin", exec->options.streams.in},
               {"ExitCode", nullptr}};
  if (exec->started && !exec->running) body["ExitCode"] = exec->exit_code;
  co_await answer(exchange, 200, std::move(body));
}

}  // namespace berth::fakes
