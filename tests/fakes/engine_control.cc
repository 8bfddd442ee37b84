#include "tests/fakes/engine_control.h"

#include "tests/fakes/engine_control_fields.h"
#include "tests/fakes/engine_wire_error.h"

namespace berth::fakes {

namespace {

using nlohmann::json;

std::string path_of(const http::ServerRequest& request) { return request.path.substr(0, request.path.find('?')); }

}  // namespace

EngineControl::EngineControl(base::Clock& clock, FakeEngine& engine, EngineWireServer& server, http::Endpoint endpoint)
    : clock_(clock), engine_(engine), server_(server), endpoint_(std::move(endpoint)) {}

const std::vector<EngineControl::Verb>& EngineControl::verbs() {
  using C = EngineControl;
  static const std::vector<Verb> table = {
      {"POST", "/faults", &C::add_fault},
      {"DELETE", "/faults", &C::forget_faults},
      {"POST", "/behaviours", &C::add_behaviour},
      {"POST", "/images", &C::add_image},
      {"POST", "/latency", &C::set_latency},
      {"POST", "/kill", &C::kill},
      {"POST", "/remove", &C::remove},
      {"POST", "/health", &C::set_health},
      {"POST", "/logs", &C::write_logs},
      {"POST", "/disconnect", &C::disconnect},
      {"POST", "/hold-port", &C::hold_port},
      {"POST", "/foreign-network", &C::add_foreign_network},
      {"POST", "/foreign-container", &C::add_foreign_container},
      {"POST", "/pause", &C::set_paused},
      {"POST", "/rename", &C::rename},
      {"POST", "/removing", &C::set_removing},
      {"POST", "/lose-events", &C::lose_events},
      {"POST", "/event-quirks", &C::disturb_events},
      {"GET", "/state", &C::state},
      {"GET", "/calls", &C::calls},
      {"DELETE", "/calls", &C::forget_calls},
  };
  return table;
}

Task<void> EngineControl::handle(std::shared_ptr<const http::ServerRequest> request, http::ResponseWriter& writer) {
  int status = 200;
  json body;
  try {
    body = co_await obey(request);
  } catch (const WireRefusal& refusal) {
    status = refusal.status;
    body = json::object();
    body["message"] = refusal.message;
  }
  std::string type = "application/json";
  auto text = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  http::Headers none;
  co_await writer.respond(status, std::move(type), std::move(text), std::move(none));
}

Task<EngineControl::Json> EngineControl::obey(std::shared_ptr<const http::ServerRequest> request) {
  const auto path = path_of(*request);
  auto body = json::object();
  if (!request->body.empty()) body = json::parse(request->body, nullptr, false);
  if (!body.is_object()) throw WireRefusal{400, path + ": the body is no JSON object"};
  for (const auto& verb : verbs()) {
    if (verb.method == request->method && verb.path == path) co_return act(verb, *request, body);
  }
  const Fields fields(body, path);
  if (request->method == "POST" && path == "/down") {
    fields.only({"down"});
    if (fields.flag("down", true)) {
      co_await go_down();
    } else {
      come_up();
    }
    co_return json::object();
  }
  if (request->method == "POST" && path == "/restart") {
    fields.only({"downFor", "liveRestore"});
    const auto pause = fields.seconds("downFor").value_or(base::Duration::zero());
    co_await go_down();
    engine_.restart(fields.flag("liveRestore", false));
    co_await clock_.sleep_for(pause);
    come_up();
    co_return json::object();
  }
  std::string known = "POST /down, POST /restart";
  for (const auto& verb : verbs()) known += ", " + std::string(verb.method) + " " + std::string(verb.path);
  throw WireRefusal{404, request->method + " " + path + ": there is no such thing; expected one of " + known};
}

EngineControl::Json EngineControl::act(const Verb& verb, const http::ServerRequest& request, const Json& body) {
  auto members = body;
  for (const auto& [key, value] : request.query) members[key] = value;
  const Fields fields(members, std::string(verb.path));
  try {
    return (this->*verb.act)(fields);
  } catch (const std::out_of_range& unknown) {
    throw WireRefusal{404, std::string(verb.path) + ": " + unknown.what()};
  } catch (const std::runtime_error& refused) {
    throw WireRefusal{409, std::string(verb.path) + ": " + refused.what()};
  }
}

Task<void> EngineControl::go_down() {
  down_ = true;
  engine_.set_down(true);
  co_await server_.stop();
}

void EngineControl::come_up() {
  if (!down_) return;
  down_ = false;
  engine_.set_down(false);
  if (auto listening = server_.listen(endpoint_); !listening) throw WireRefusal{500, listening.error().message};
}

// An error of this kind that a client reads as it is meant.
EngineControl::Json EngineControl::add_fault(const Fields& fields) {
  fields.only({"operation", "target", "skip", "times", "takesEffect", "hang", "reason", "status", "message"});
  Fault fault;
  fault.operation = fields.text("operation");
  const auto operation = operation_named(fault.operation);
  if (!operation) fields.refuse("there is no operation \"" + fault.operation + "\"; expected one of " + operation_names());
  fault.target = fields.text("target", "");
  fault.skip = fields.number("skip", 0);
  fault.times = fields.number("times", 1);
  fault.takes_effect = fields.flag("takesEffect", false);
  const bool answers = fields.has("reason") || fields.has("status");
  if (fields.flag("hang", false) == answers) fields.refuse("either hang, or reason or status must be given");
  if (answers) {
    Error error;
    error.reason = fields.has("reason") ? fields.reason("reason") : Reason::EngineError;
    error.message = fields.text("message", usual_text(error.reason));
    if (fields.has("status")) error = with_status(std::move(error), fields.number("status", 0));
    const int status = wire_status(error);
    if (status < 400 || status > 599) fields.refuse("status must be from 400 to 599");
    const auto read = engine::classify(*operation, status, error.message).reason;
    if (fields.has("reason") && (read != error.reason || engine::is_already_done(*operation, status, error.message))) {
      fields.refuse("a client reads " + std::to_string(status) + " \"" + error.message + "\" of " + fault.operation + " as " +
                    (read != error.reason ? std::string(base::to_string(read)) : "a success"));
    }
    if (!fields.has("reason")) error.reason = read;
    fault.error = std::move(error);
  }
  engine_.inject(std::move(fault));
  return json::object();
}

EngineControl::Json EngineControl::forget_faults(const Fields& fields) {
  fields.only({});
  engine_.forget_faults();
  return json::object();
}

}  // namespace berth::fakes
