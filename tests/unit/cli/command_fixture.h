#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>

#include "api/client/local_client.h"
#include "api/storage/memory_store.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "cli/app.h"
#include "cli/targets.h"
#include "tests/fakes/run_task.h"
#include "tests/fakes/scratch_directory.h"
#include "tests/fakes/stream_pair.h"

namespace berth::cli {

// A body that is already there.
class TextStream final : public http::ClientStream {
 public:
  static constexpr const char* kCutOff = "(cut off)";  // as a piece
  TextStream(int status, std::deque<std::string> pieces, http::Headers headers = {})
      : status_(status), headers_(std::move(headers)), pieces_(std::move(pieces)) {}
  int status() const override { return status_; }
  const http::Headers& headers() const override { return headers_; }
  Task<Result<std::string>> read(base::Deadline) override {
    if (pieces_.empty()) co_return std::string();
    if (pieces_.front() == kCutOff) co_return base::error(Reason::ServiceUnavailable, "the connection was cut");
    auto piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }
  Task<Result<std::string>> read_all(base::Deadline, std::size_t) override {
    std::string all;
    for (const auto& piece : pieces_) all += piece;
    co_return all;
  }

 private:
  int status_;
  http::Headers headers_;
  std::deque<std::string> pieces_;
};

class FakeRemote final : public Remote {
 public:
  explicit FakeRemote(Executor executor) : executor_(executor), tasks_(std::move(executor), "remote") {}
  Task<void> stop() { co_await tasks_.stop(); }
  // The server's end of each WebSocket; empty: there is none.
  std::function<Task<void>(std::shared_ptr<http::WebSocketConnection> socket)> serve;
  std::string protocol = "v5.channel.k8s.io";
  std::map<std::string, json> answers;  // of call(), by target; else `answer`
  std::vector<std::string> calls;  // "POST /target body"
  Result<json> answer{boost::system::in_place_value, json::object()};
  std::map<std::string, std::deque<std::string>> streams;  // by target
  http::Headers stream_headers;

  Task<Result<json>> call(std::string method, std::string target, std::string body) override {
    calls.push_back(method + " " + target + " " + body);
    const auto found = answers.find(target);
    if (found != answers.end()) co_return Result<json>(boost::system::in_place_value, found->second);
    co_return answer;
  }
  Task<Result<std::unique_ptr<http::ClientStream>>> open(std::string target) override {
    calls.push_back("GET " + target);
    const auto found = streams.find(target);
    if (found == streams.end()) co_return base::error(Reason::NotFound, "no log at " + target);
    std::unique_ptr<http::ClientStream> stream = std::make_unique<TextStream>(200, found->second, stream_headers);
    co_return stream;
  }
  Task<Result<OpenedWebSocket>> websocket(std::string target, std::vector<std::string> protocols) override {
    calls.push_back("WS " + target + " " + protocols.front());
    if (!serve) co_return base::error(Reason::NotFound, "nobody listens at " + target);
    auto [client, server] = fakes::PairedStream::make(executor_);
    const std::size_t limit = 1 << 20;
    tasks_.spawn("peer", serve(std::make_shared<http::WebSocketConnection>(executor_, std::move(server))));
    co_return OpenedWebSocket{std::make_shared<http::WebSocketConnection>(executor_, std::move(client), limit, http::WebSocketRole::Client),
                              protocol};
  }

 private:
  Executor executor_;
  TaskGroup tasks_;
};

// Every environment that appears gets the status that `react` gives it; every one that is deleted goes at once.
class FakeController {
 public:
  using React = std::function<json(const Object&)>;  // the new status; null = nothing

  FakeController(Executor executor, api::Registry& registry)
      : executor_(executor),
        registry_(registry),
        client_(registry, api::Actor::System),
        group_(executor, "controller") {}
  void start(React react) {
    react_ = std::move(react);
    group_.spawn("react", run());
  }
  Task<void> stop() { co_await group_.stop(); }
  std::function<bool()> may_go = [] { return true; };  // asked for each change of an object that is being deleted

 private:
  Task<void> run() {
    const auto& resource = environments(registry_.scheme());
    auto watcher = registry_.watch(resource, "", 0);
    for (;;) {
      auto event = co_await watcher.value()->next();
      if (!event.has_value()) co_return;
      if (event.value().type == storage::EventType::Deleted) continue;
      const auto object = event.value().object;
      if (object->deleting()) {
        if (!may_go()) continue;
        auto key = object->key();
        auto uid = object->uid();
        std::string finalizer(crd::kEngineFinalizer);
        co_await registry_.remove_finalizer(resource, std::move(key), std::move(uid), std::move(finalizer));
        continue;
      }
      auto body = object->body();
      body["status"] = react_(*object);
      if (body["status"].is_null() || body["status"] == object->status()) continue;
      auto key = object->key();
      body["metadata"].erase("resourceVersion");
      api::WriteOptions options;
      co_await client_.update_status(resource, std::move(key), std::move(body), std::move(options));
    }
  }

  Executor executor_;
  api::Registry& registry_;
  api::LocalClient client_;
  React react_;
  TaskGroup group_;
};

// Runs command lines against a server in memory.
class CommandTest : public testing::Test {
 protected:
  ~CommandTest() override {
    fakes::run_task(io, controller.stop());
    fakes::run_task(io, remote.stop());
  }

  // The exit status; what was printed is in out() and err().
  int run(std::vector<std::string> arguments) {
    output.str("");
    errors.str("");
    const Getenv getenv = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    };
    auto parsed = parse_command_line(arguments, getenv);
    if (!parsed.has_value()) {
      errors << parsed.error().message << "\n";
      return 2;
    }
    Io streams{input, output, errors, getenv};
    Session session{io.get_executor(), clock, scheme, client, remote, streams};
    session.ns = parsed.value().ns;
    session.ns_given = parsed.value().ns_given;
    session.quiet = parsed.value().quiet;
    session.connection = parsed.value().connection;
    session.server = "unix:///test.sock";
    const auto result = fakes::run_task(io, parsed.value().command->run(session));
    if (result.has_value()) return result.value();
    errors << error_text(result.error(), "");
    return parsed.value().command->error_status();
  }
  std::string out() const { return output.str(); }
  std::string err() const { return errors.str(); }

  std::string write_file(const std::string& name, const std::string& text) {
    const auto path = scratch / name;
    std::ofstream(path) << text;
    return path;
  }

  ObjectPtr stored(const std::string& name, const std::string& ns = "default") {
    const auto found = registry.get(environments(scheme), {ns, name});
    return found.has_value() ? found.value() : nullptr;
  }

  // Ready from the start: host ports 30000, 30001, ... for the ports of the spec.
  static json ready_status(const Object& object) {
    json status = {{"phase", "Ready"},
                   {"observedGeneration", object.generation()},
                   {"endpoints", json::object()},
                   {"env", json::object()}};
    int port = 30000;
    for (const auto& service : object.spec()["services"]) {
      status["services"].push_back({{"name", service["name"]}, {"state", "Running"}, {"ready", true}});
      if (!service.contains("ports")) continue;
      for (const auto& one : service["ports"]) {
        const auto endpoint = service["name"].get<std::string>() + "." + one.value("name", "port");
        status["endpoints"][endpoint] = "127.0.0.1:" + std::to_string(port);
        if (one.contains("env")) status["env"][one["env"].get<std::string>()] = std::to_string(port);
        ++port;
      }
    }
    status["conditions"] =
        json::array({{{"type", "Ready"}, {"status", "True"}, {"observedGeneration", object.generation()}}});
    return status;
  }
  static json failed_status(const Object& object) {
    return {{"phase", "Failed"},
            {"observedGeneration", object.generation()},
            {"reason", "ContainerExited"},
            {"message", "postgres: exited with code 1"},
            {"services", json::array({{{"name", "postgres"},
                                       {"state", "Failed"},
                                       {"ready", false},
                                       {"exitCode", 1},
                                       {"reason", "ContainerExited"},
                                       {"message", "exited with code 1\nFATAL: out of luck"}}})}};
  }

  static const crd::Scheme& shared_scheme() {
    static const auto kScheme = crd::Scheme::builtin();
    return kScheme;
  }

  static constexpr const char* kManifest = R"(apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata:
  name: checkout
  labels: {pipeline: "1"}
spec:
  services:
  - name: postgres
    image: postgres:16
    ports:
    - {name: sql, containerPort: 5432, env: DEV_POSTGRES_PORT}
)";

  fakes::ScratchDirectory scratch;
  asio::io_context io;
  base::SystemClock clock;
  const crd::Scheme& scheme = shared_scheme();
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor());
  api::Registry registry{scheme, *store, clock};
  api::LocalClient client{registry, api::Actor::User};
  FakeRemote remote{io.get_executor()};
  FakeController controller{io.get_executor(), registry};
  std::map<std::string, std::string> environment;
  std::istringstream input;
  std::ostringstream output;
  std::ostringstream errors;
};

}  // namespace berth::cli
