#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "api/client/local_client.h"
#include "api/storage/memory_store.h"
#include "controller/reconcile/environment_controller.h"
#include "crd/condition.h"
#include "crd/schema.h"
#include "crd/scheme.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"

namespace berth::reconcile {

using namespace std::chrono_literals;

// Answers probes by a rule that the test chooses; everything is open by default.
struct FakeTransport final : ProbeTransport {
  std::function<Dial(const std::string& host, std::uint16_t port)> rule = [](auto&, auto) { return Dial::Open; };
  int status = 200;
  std::vector<std::string> dialled;

  Task<Dial> dial(std::string host, std::uint16_t port, base::Duration, base::Duration) override {
    dialled.push_back(host + ":" + std::to_string(port));
    co_return rule(host, port);
  }
  Task<Result<int>> get(std::string, std::uint16_t, crd::HttpAction, base::Duration) override { co_return status; }
};

struct Said {
  std::string object;
  std::string reason;
  std::string message;
};

inline json service(const std::string& name, const std::string& image = "busybox") {
  return {{"name", name}, {"image", image}};
}

// A vector, because compilers differ in whether {x} is a json list of one or x itself.
inline json environment(const std::string& name, std::vector<json> services, json more = json::object()) {
  more["services"] = std::move(services);
  return {{"apiVersion", "berth.dev/v1alpha1"},
          {"kind", "TestEnvironment"},
          {"metadata", {{"name", name}, {"namespace", "ci"}}},
          {"spec", std::move(more)}};
}

// postgres (tcpSocket, one port) <- api (depends on it being Ready).
inline json two_services(const std::string& name) {
  json postgres = service("postgres");
  postgres["ports"] = {{{"name", "sql"}, {"containerPort", 5432}, {"env", "DEV_POSTGRES_PORT"}}};
  postgres["readinessProbe"] = {{"tcpSocket", {{"port", "sql"}}}};
  json api = service("api");
  api["dependsOn"] = {{{"service", "postgres"}, {"condition", "Ready"}}};
  return environment(name, {postgres, api});
}

// One berthd without sockets: the real registry, store, informers, planner and reconciler over FakeEngine and FakeClock.
struct ReconcileWorld : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  crd::Scheme scheme = crd::Scheme::builtin();
  std::unique_ptr<storage::Store> store;
  api::Registry registry{scheme, *store, clock};
  api::LocalClient client{registry, api::Actor::System};
  api::LocalClient user{registry, api::Actor::User};
  const crd::ResourceInfo& kind = *scheme.find(crd::kGroup, crd::kVersion, "testenvironments");
  const crd::ResourceInfo& lease_kind = *scheme.find("coordination.k8s.io", "v1", "leases");
  metrics::Registry metrics;
  metrics::RuntimeMetrics runtime_metrics{metrics, "testenvironment", EnvironmentController::kWorkers};
  metrics::EngineMetrics engine_metrics{metrics, "local"};
  metrics::EnvironmentMetrics environment_metrics{metrics, "local"};
  fakes::FakeEngine engine{io.get_executor(), clock};
  FakeTransport transport;
  std::vector<Said> said;
  EnvironmentControllerOptions options = default_options();
  std::unique_ptr<EnvironmentController> berthd;

  using MakeStore = std::function<std::unique_ptr<storage::Store>(Executor, base::Clock&)>;
  explicit ReconcileWorld(
      const MakeStore& make = [](Executor executor, base::Clock&) { return storage::make_memory_store(std::move(executor)); })
      : store(make(io.get_executor(), clock)) {}

  static EnvironmentControllerOptions default_options() {
    EnvironmentControllerOptions options;
    options.host.instance = "test";
    options.host.ports = {30000, 30099};
    options.host.subnet_pool = plan::parse_subnet("10.213.0.0/22").value();
    options.host.engine_is_local = false;
    return options;
  }

  void SetUp() override { start(); }
  void TearDown() override {
    stop();
    fakes::run_task(io, clock, engine.stop());
    fakes::run_task(io, clock, store->stop());
  }

  void start() {
    make();
    berthd->start();
    fakes::settle(io);
  }
  void make() {
    EnvironmentControllerMetrics all{runtime_metrics, engine_metrics, environment_metrics};
    auto emit = [this](const ObjectPtr& about, bool, std::string reason, std::string message) {
      said.push_back({about ? about->name() : "", std::move(reason), std::move(message)});
    };
    berthd = std::make_unique<EnvironmentController>(io.get_executor(), clock, registry, client, engine, transport, all, emit, options);
  }
  void stop() {
    if (!berthd) return;
    fakes::run_task(io, clock, berthd->stop(0s));
    berthd.reset();
    fakes::settle(io);
  }
  void run(base::Duration duration) { fakes::run_for(io, clock, duration); }

  ObjectPtr create(json body) {
    api::WriteOptions strict;
    strict.field_validation = api::FieldValidation::Strict;
    auto created = fakes::run_task(io, clock, user.create(kind, "ci", std::move(body), strict));
    EXPECT_TRUE(created.has_value()) << (created.has_error() ? created.error().message : "");
    fakes::settle(io);
    return created.has_value() ? *created : nullptr;
  }
  void change_spec(const std::string& name, const std::function<void(json&)>& edit) {
    auto body = get(name)->body();
    edit(body["spec"]);
    auto replaced = fakes::run_task(io, clock, user.replace(kind, {"ci", name}, std::move(body), {}));
    EXPECT_TRUE(replaced.has_value()) << (replaced.has_error() ? replaced.error().message : "");
    fakes::settle(io);
  }
  void remove(const std::string& name) {
    fakes::run_task(io, clock, user.remove(kind, {"ci", name}, {})).value();
    fakes::settle(io);
  }
  ObjectPtr get(const std::string& name) { return store->get({"testenvironments.berth.dev", "ci", name}); }
  json status(const std::string& name) {
    const auto object = get(name);
    if (!object) return {};
    expect_described(object->body());
    return object->status();
  }
  // What the schema does not describe would be lost when a client sends it back.
  void expect_described(json body) {
    EXPECT_THAT(crd::prune(kind.schema, body), testing::IsEmpty()) << body.dump(2);
    EXPECT_THAT(crd::validate(kind.schema, body), testing::IsEmpty()) << body.dump(2);
  }
  std::string phase(const std::string& name) {
    const auto object = get(name);
    return object ? object->status().value("phase", "") : "gone";
  }
  json service_status(const std::string& name, const std::string& service) {
    const auto all = status(name);
    for (const auto& entry : all.value("services", json::array())) {
      if (entry.value("name", "") == service) return entry;
    }
    return json::object();
  }
  std::string container_of(const std::string& name, const std::string& service) {
    return service_status(name, service).value("containerName", "");
  }
  int heard(const std::string& reason) const {
    return static_cast<int>(std::count_if(said.begin(), said.end(), [&](const auto& s) { return s.reason == reason; }));
  }
  // Engine calls that change something.
  std::vector<std::string> changes() const {
    static const std::set<std::string> reading = {"info", "ping", "container_list", "container_inspect", "container_logs",
                                                  "network_list", "network_inspect", "volume_list", "image_inspect", "events", "exec"};
    std::vector<std::string> out;
    for (const auto& call : engine.calls()) {
      if (!reading.contains(call.operation)) out.push_back(call.operation + " " + call.target);
    }
    return out;
  }
  double metric(const std::string& series) const {
    const auto text = "\n" + metrics.text();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
};

}  // namespace berth::reconcile
