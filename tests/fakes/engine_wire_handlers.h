#pragma once

#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/http/server.h"
#include "base/task_group.h"
#include "tests/fakes/fake_engine.h"

namespace berth::fakes {

// An error answer; thrown to the top of a request.
struct WireRefusal {
  int status = 500;
  std::string message;
};

// Answers the requests of EngineWireServer, one method for each route. Loop thread only.
class EngineWireHandlers {
 public:
  EngineWireHandlers(Executor executor, base::Clock& clock, FakeEngine& engine);
  // Never throws WireRefusal: it becomes {"message": ...}.
  Task<void> handle(std::shared_ptr<const http::ServerRequest> request, http::ResponseWriter& writer);
  // Awaited after the server that calls it has stopped.
  Task<void> stop();

 private:
  using Json = nlohmann::json;
  // One request being answered.
  struct Exchange {
    const http::ServerRequest& request;
    http::ResponseWriter& writer;
    std::string name;  // what the "*" of its route stands for

    bool flag(std::string_view key) const;  // "1" or "true"
    std::string value(std::string_view key) const;
    Json body() const;  // throws WireRefusal when it is no JSON object
  };
  struct Route {
    std::string_view method;
    std::string_view pattern;  // "*" is one segment, "**" one or more
    Task<void> (EngineWireHandlers::*handler)(Exchange&);
  };
  // A command that was made, and maybe started.
  struct Exec {
    std::string container;
    engine::ExecOptions options;
    std::string inner_id;  // FakeEngine's, once it is started with its streams attached
    bool started = false;
    bool running = false;
    int exit_code = 0;
  };
  using ExecPtr = std::shared_ptr<Exec>;

  static const std::vector<Route>& routes();
  Task<void> dispatch(const http::ServerRequest& request, http::ResponseWriter& writer);
  base::Deadline patience() const;

  static Task<void> answer(Exchange& exchange, int status, Json body);
  static Task<void> answer_nothing(Exchange& exchange, int status);

  // engine_wire_handlers.cc: the engine and its images
  Task<void> ping(Exchange& exchange);
  Task<void> version(Exchange& exchange);
  Task<void> info(Exchange& exchange);
  Task<void> inspect_image(Exchange& exchange);
  Task<void> pull_image(Exchange& exchange);

  // engine_wire_containers.cc
  Task<void> list_containers(Exchange& exchange);
  Task<void> create_container(Exchange& exchange);
  Task<void> inspect_container(Exchange& exchange);
  Task<void> start_container(Exchange& exchange);
  Task<void> stop_container(Exchange& exchange);
  Task<void> kill_container(Exchange& exchange);
  Task<void> update_container(Exchange& exchange);
  Task<void> remove_container(Exchange& exchange);
  Task<void> stats(Exchange& exchange);

  // engine_wire_archive.cc
  Task<void> stat_path(Exchange& exchange);
  Task<void> get_archive(Exchange& exchange);
  Task<void> put_archive(Exchange& exchange);
  static Task<Result<std::string>> whole(std::string body);

  // engine_wire_networks.cc, volumes too
  Task<void> list_networks(Exchange& exchange);
  Task<void> inspect_network(Exchange& exchange);
  Task<void> create_network(Exchange& exchange);
  Task<void> remove_network(Exchange& exchange);
  Task<void> connect_network(Exchange& exchange);
  Task<void> disconnect_network(Exchange& exchange);
  Task<void> list_volumes(Exchange& exchange);
  Task<void> remove_volume(Exchange& exchange);

  // engine_wire_streams.cc
  Task<void> logs(Exchange& exchange);
  Task<void> events(Exchange& exchange);
  Task<void> attach(Exchange& exchange);
  Task<void> resize_container(Exchange& exchange);

  // engine_wire_exec.cc
  Task<void> create_exec(Exchange& exchange);
  Task<void> start_exec(Exchange& exchange);
  Task<void> inspect_exec(Exchange& exchange);
  Task<void> resize_exec(Exchange& exchange);
  Task<void> run_exec(Exchange& exchange, ExecPtr exec, bool detach, bool tty);
  Task<void> hijack_exec(Exchange& exchange, ExecPtr exec, bool tty);
  ExecPtr exec_named(const std::string& id) const;
  // Leaves HTTP and relays both ways until the process ends or the client is gone.
  Task<void> relay(Exchange& exchange, std::shared_ptr<engine::ProcessStream> process, bool tty);
  static Task<void> feed(std::shared_ptr<http::ByteStream> stream, std::shared_ptr<engine::ProcessStream> process);

  base::Clock& clock_;
  FakeEngine& engine_;
  std::map<std::string, ExecPtr> execs_;
  std::deque<std::string> exec_order_;
  std::uint64_t next_exec_ = 1;
  TaskGroup tasks_;
};

// The value, or the refusal that the error is on the wire.
void refuse(const Error& error);  // throws WireRefusal
template <class T>
T value_or_refuse(Result<T> result) {
  if (!result) refuse(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace berth::fakes
