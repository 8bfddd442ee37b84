#include "controller/app/app.h"

#include <csignal>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/client/local_client.h"
#include "api/http/server.h"
#include "api/registry.h"
#include "api/server/api_server.h"
#include "api/storage/sqlite_store.h"
#include "base/clock.h"
#include "base/log.h"
#include "controller/engine/http_engine.h"
#include "controller/reconcile/environment_observer.h"
#include "controller/reconcile/environment_reconciler.h"
#include "controller/reconcile/host_network.h"
#include "controller/reconcile/lease_watch.h"
#include "controller/reconcile/operations.h"
#include "controller/reconcile/prober.h"
#include "controller/reconcile/reaper.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/event_recorder.h"
#include "controller/runtime/informer.h"
#include "controller/runtime/workqueue.h"
#include "controller/source/dir_source.h"
#include "crd/scheme.h"
#include "metrics/api_metrics.h"
#include "metrics/engine_metrics.h"
#include "metrics/environment_metrics.h"
#include "metrics/manifest_metrics.h"
#include "metrics/runtime_metrics.h"

namespace berth::app {

namespace {

// A pass waits for the store now and then: so many may wait at once.
constexpr int kWorkers = 32;
constexpr int kExecProbes = 4;
constexpr base::Backoff kReconcileBackoff{std::chrono::milliseconds(20), std::chrono::seconds(30), 2.0};
constexpr base::Duration kServerGrace = std::chrono::seconds(1);
constexpr const char* kHostName = "local";

reconcile::HostOptions host_options(const Config& config, const std::string& instance) {
  reconcile::HostOptions options;
  options.name = kHostName;
  options.instance = instance;
  options.bind_address = config.publish_address;
  options.ports = config.port_range;
  options.subnet_pool = config.subnet_pool;
  options.engine_is_local = config.docker_host.kind == http::Endpoint::Kind::Unix;
  return options;
}

}  // namespace

// In the order of construction: what stands further down uses what stands above it.
struct App::Impl {
  Impl(Executor ex, Config c, DataDir d) : executor(ex), config(std::move(c)), data_dir(std::move(d)) {}

  Executor executor;
  Config config;
  DataDir data_dir;
  base::SystemClock clock;
  metrics::Registry metrics;
  metrics::ApiMetrics api_metrics{metrics};
  metrics::ManifestMetrics manifest_metrics{metrics};
  metrics::EngineMetrics engine_metrics{metrics, kHostName};
  metrics::EnvironmentMetrics environment_metrics{metrics, kHostName};
  metrics::RuntimeMetrics runtime_metrics{metrics, "testenvironment", kWorkers};
  crd::Scheme scheme = crd::Scheme::builtin();

  std::unique_ptr<storage::Store> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<reconcile::ProbeTransport> transport;

  // Everything that needs the store and the engine.
  struct Parts;
  std::unique_ptr<Parts> parts;
  TaskGroup starting{executor, "start"};
};

struct App::Impl::Parts {
  explicit Parts(Impl& app, std::string instance, std::string token)
      : environments_kind(*app.scheme.find(crd::kGroup, crd::kVersion, "testenvironments")),
        events_kind(*app.scheme.find("", "v1", "events")),
        leases_kind(*app.scheme.find("coordination.k8s.io", "v1", "leases")),
        registry(app.scheme, *app.store, app.clock),
        client(registry, api::Actor::System),
        recorder(app.executor, app.clock, client, events_kind),
        emit([this](const ObjectPtr& about, bool warning, std::string reason, std::string message) {
          recorder.emit(about, warning, std::move(reason), std::move(message));
        }),
        environments(app.executor, app.clock, client, environments_kind),
        leases(app.executor, app.clock, client, leases_kind, environments),
        observer(app.clock, environments, app.environment_metrics),
        host(app.executor, app.clock, *app.engine, app.engine_metrics, app.environment_metrics,
             host_options(app.config, instance)),
        prober(app.executor, app.clock, *app.engine, *app.transport, kExecProbes),
        queue(app.executor, app.clock, app.runtime_metrics, kReconcileBackoff),
        reconciler({app.executor, app.clock, registry, client, environments_kind, environments, leases, host, prober, emit,
                    [this](const ObjectKey& key, int priority) { queue.add(key, priority); },
                    [](const plan::PortKey& key) { return reconcile::port_is_free(key); }}),
        controller(app.executor, app.clock, "testenvironment", queue, reconciler, app.runtime_metrics, kWorkers),
        reaper(app.executor, app.clock, host, environments, emit, reaper_options(app)),
        source(app.executor, app.clock, client, app.scheme, environments, app.manifest_metrics, emit, source_options(app)),
        api(registry, app.clock, app.api_metrics, reconcile::environment_operations(app.clock, host, reaper),
            server_options(app, std::move(token))),
        server(app.executor, app.clock, api.handler(), socket_options(app)) {
    connect();
  }

  // Who wakes whom. Everything only ever enqueues a key.
  void connect() {
    environments.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool initial) {
      reconciler.changed(old, now, initial);
      if (!now && old) reaper.look_soon();
    });
    leases.on_renewal([this](const ObjectKey& key) { wake(key); });
    host.mirror.on_change([this](const reconcile::Owner& owner) { wake(owner.key); });
    host.mirror.on_drift([this](const reconcile::Drift& drift) { reconciler.drifted(drift); });
    host.mirror.on_connection([this](bool live) {
      if (live) wake_all();
    });
    host.on_prepare([this] {
      reconciler.charge_leases();
      wake_all();
    });
    prober.on_verdict([this](const reconcile::Owner& owner) { wake(owner.key); });
    reaper.on_removed([this](const std::string& uid) { reconciler.release_leases(uid); });
  }

  void wake(const ObjectKey& key) {
    if (environments.get(key)) queue.add(key);
  }
  void wake_all() {
    for (const auto& object : environments.list()) queue.add(object->key());
  }

  static reconcile::ReaperOptions reaper_options(const Impl& app) {
    reconcile::ReaperOptions options;
    options.store_is_new = app.store->was_created();
    options.state_file = app.data_dir.file("reaper.json");
    return options;
  }

  static source::DirSourceOptions source_options(const Impl& app) {
    source::DirSourceOptions options;
    options.directories = app.config.manifests;
    options.prune_delay = app.config.prune_delay;
    options.prune_empty = app.config.prune_empty;
    options.state_file = app.data_dir.file("manifests.json");
    return options;
  }

  static http::ServerOptions socket_options(const Impl& app) {
    auto options = api::ApiServer::server_options();
    options.socket_group = app.config.socket_group;
    return options;
  }

  api::ApiServerOptions server_options(Impl& app, std::string token) {
    api::ApiServerOptions options;
    options.token = std::move(token);
    options.ready = [this] { return ready; };
    options.metrics = [this, &app] {
      queue.report_unfinished();
      observer.report_times();
      return app.metrics.text();
    };
    options.version = BERTH_VERSION;
    return options;
  }

  const crd::ResourceInfo& environments_kind;
  const crd::ResourceInfo& events_kind;
  const crd::ResourceInfo& leases_kind;
  api::Registry registry;
  api::LocalClient client;
  runtime::EventRecorder recorder;
  reconcile::EmitEvent emit;
  runtime::Informer environments;
  reconcile::LeaseWatch leases;
  reconcile::EnvironmentObserver observer;
  reconcile::Host host;
  reconcile::Prober prober;
  runtime::WorkQueue queue;
  reconcile::EnvironmentReconciler reconciler;
  runtime::Controller controller;
  reconcile::Reaper reaper;
  source::DirSource source;
  bool ready = false;
  api::ApiServer api;
  http::Server server;
};

namespace {

// Controllers start once their caches are complete: nothing is decided on half a picture.
template <class Parts>
Task<void> start_controllers(Parts& parts) {
  co_await parts.environments.synced();
  co_await parts.leases.synced();
  parts.controller.start();
  parts.reaper.start();
  parts.host.start();
  parts.ready = true;
}

void warn_about_ports(const plan::PortRange& ours) {
  const auto theirs = reconcile::ephemeral_ports();
  if (theirs.first == 0 || ours.last < theirs.first || ours.first > theirs.last) return;
  base::log_warn("berthd", "--port-range overlaps the ports that this machine gives to outgoing connections: leases will collide",
                 {{"port_range", std::to_string(ours.first) + "-" + std::to_string(ours.last)},
                  {"ip_local_port_range", std::to_string(theirs.first) + "-" + std::to_string(theirs.last)}});
}

}  // namespace

App::App(Executor executor, Config config, DataDir data_dir)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(config), std::move(data_dir))) {}

App::~App() = default;

Result<void> App::start() {
  auto& app = *impl_;
  auto instance = app.data_dir.instance(app.config.instance);
  if (instance.has_error()) return instance.error();
  auto token = app.data_dir.admin_token();
  if (token.has_error()) return token.error();
  auto store = storage::open_sqlite_store(app.executor, app.data_dir.file("berth.db"));
  if (store.has_error()) return store.error();
  app.store = std::move(*store);
  app.engine = engine::make_http_engine(app.executor, app.clock, app.config.docker_host, app.engine_metrics);
  app.transport = reconcile::make_probe_transport(app.executor, app.clock);
  warn_about_ports(app.config.port_range);

  app.parts = std::make_unique<Impl::Parts>(app, *instance, *token);
  auto& parts = *app.parts;
  for (const auto& wanted : app.config.listen) {
    auto bound = parts.server.listen(wanted);
    if (bound.has_error()) return base::error(bound.error().reason, "--listen: " + bound.error().message);
    base::log_info("berthd", "listening", {{"on", bound->str()}});
  }
  if (!app.config.manifests.empty()) {
    auto watched = parts.source.start();
    if (watched.has_error()) return base::error(watched.error().reason, "--manifests: " + watched.error().message);
  }
  parts.recorder.start();
  parts.environments.start();
  parts.leases.start();
  app.starting.spawn("controllers", start_controllers(parts));
  base::log_info("berthd", "started",
                 {{"version", BERTH_VERSION}, {"instance", *instance}, {"engine", app.config.docker_host.str()},
                  {"data_dir", app.data_dir.path().string()}});
  return {};
}

void App::rescan_manifests() {
  if (impl_->parts && !impl_->config.manifests.empty()) impl_->parts->source.rescan();
}

// Nobody may ask any more, then nobody may write any more, then nobody may act any more; the store goes last.
Task<void> App::stop() {
  auto& app = *impl_;
  co_await app.starting.stop();
  if (app.parts) {
    auto& parts = *app.parts;
    parts.ready = false;
    const auto grace = kServerGrace;
    co_await parts.server.stop(grace);
    co_await parts.source.stop();
    co_await parts.controller.stop();
    co_await parts.reaper.stop();
    co_await parts.reconciler.stop();
    co_await parts.prober.stop();
    co_await parts.host.stop();
    co_await parts.leases.stop();
    co_await parts.environments.stop();
    co_await parts.recorder.stop();
    app.parts.reset();
  }
  app.engine.reset();
  if (app.store) co_await app.store->stop();
}

Task<int> run_until_signalled(Config config, DataDir data_dir) {
  const auto executor = co_await asio::this_coro::executor;
  asio::signal_set signals(executor, SIGTERM, SIGINT, SIGHUP);
  App app(executor, std::move(config), std::move(data_dir));
  auto started = app.start();
  int code = 0;
  if (started.has_error()) {
    base::log_error("berthd", started.error().message, {{"reason", base::to_string(started.error().reason)}});
    code = 1;
  }
  while (code == 0) {
    boost::system::error_code ec;
    const int signal = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (ec || signal != SIGHUP) {
      base::log_info("berthd", "stopping", {{"signal", signal}});
      break;
    }
    app.rescan_manifests();
  }
  co_await app.stop();
  base::log_info("berthd", "stopped");
  co_return code;
}

}  // namespace berth::app
