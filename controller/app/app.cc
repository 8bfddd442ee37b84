#include "controller/app/app.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <boost/asio/io_context.hpp>
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
#include "base/state_file.h"
#include "controller/app/certificate_keeper.h"
#include "controller/app/instance_lock.h"
#include "controller/app/startup_code.h"
#include "controller/app/teardown.h"
#include "controller/engine/http_engine.h"
#include "controller/reconcile/core_controllers.h"
#include "controller/reconcile/environment_controller.h"
#include "controller/reconcile/host_network.h"
#include "controller/reconcile/pod_controller.h"
#include "controller/reconcile/probe_transport.h"
#include "controller/runtime/event_recorder.h"
#include "controller/source/dir_source.h"
#include "crd/scheme.h"
#include "metrics/api_metrics.h"
#include "metrics/engine_metrics.h"
#include "metrics/environment_metrics.h"
#include "metrics/manifest_metrics.h"
#include "metrics/runtime_metrics.h"

namespace berth::app {

namespace {

constexpr base::Duration kServerGrace = std::chrono::seconds(1);
constexpr base::Duration kOperationsGrace = std::chrono::seconds(5);
constexpr base::Duration kTeardownLimit = std::chrono::minutes(1);
constexpr const char* kHostName = "local";

reconcile::HostOptions host_options(const Config& config, const std::string& instance) {
  reconcile::HostOptions options;
  options.name = kHostName;
  options.instance = instance;
  options.bind_address = config.publish_address;
  options.ports = config.port_range;
  options.subnet_pool = config.subnet_pool;
  options.policy = config.policy;
  options.engine_is_local = config.docker_host.kind == http::Endpoint::Kind::Unix;
  return options;
}

}  // namespace

// In the order of construction: what stands further down uses what stands above it.
struct App::Impl {
  Impl(Executor ex, Config c, DataDir d, Wraps w) : executor(ex), config(std::move(c)), data_dir(std::move(d)), wraps(std::move(w)) {}

  Executor executor;
  Config config;
  DataDir data_dir;
  const Wraps wraps;
  InstanceLock instance_lock;
  bool instance_is_new = false;  // this run named it
  std::function<void(const Error&)> on_fatal;
  base::SystemClock clock;
  metrics::Registry metrics;
  metrics::ApiMetrics api_metrics{metrics};
  metrics::ManifestMetrics manifest_metrics{metrics};
  metrics::EngineMetrics engine_metrics{metrics, kHostName};
  metrics::EnvironmentMetrics environment_metrics{metrics, kHostName};
  metrics::RuntimeMetrics runtime_metrics{metrics, "testenvironment", reconcile::EnvironmentController::kWorkers};
  metrics::RuntimeMetrics pod_metrics{metrics, "pod", reconcile::PodController::kWorkers};
  crd::Scheme scheme = crd::Scheme::builtin(config.policy);
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<reconcile::ProbeTransport> transport;
  std::shared_ptr<const http::TlsContext> tls;      // null: no https listener
  std::unique_ptr<CertificateKeeper> certificates;  // null as well then
  struct Parts;
  std::unique_ptr<Parts> parts;  // what needs the store and the engine
};

struct App::Impl::Parts {
  Parts(Impl& app, std::string instance, std::string token)
      : registry(app.scheme, *app.store, app.clock),
        client(registry, api::Actor::System),
        recorder(app.executor, app.clock, client, *app.scheme.find("", "v1", "events")),
        emit([this](const ObjectPtr& about, bool warning, std::string reason, std::string message) {
          recorder.emit(about, warning, std::move(reason), std::move(message));
        }),
        environments(app.executor, app.clock, registry, client, *app.engine, *app.transport,
                     {app.runtime_metrics, app.engine_metrics, app.environment_metrics}, emit,
                     controller_options(app, instance)),
        pods(app.executor, app.clock, client, *app.scheme.find("", "v1", "pods"), environments.environments(), app.pod_metrics,
             {kHostName, app.config.publish_address}),
        core(app.executor, app.clock, registry, app.metrics),
        source(app.executor, app.clock, client, app.scheme, environments.environments(), app.manifest_metrics, emit,
               source_options(app)),
        api(registry, app.clock, app.api_metrics, environments.operations(), api_options(app, std::move(token))),
        server(app.executor, app.clock, api.handler(), socket_options(app)) {}

  static reconcile::EnvironmentControllerOptions controller_options(Impl& app, const std::string& instance) {
    reconcile::EnvironmentControllerOptions options;
    options.host = host_options(app.config, instance);
    options.host.claim = [&app, instance](const engine::EngineInfo& info) {
      const auto taken = app.instance_lock.take(lock_directory(), info.id, instance);
      if (taken.has_error() && app.instance_is_new) app.data_dir.forget_instance();
      if (taken.has_error() && app.on_fatal) app.on_fatal(taken.error());
      return taken.has_value();
    };
    options.reaper.store_epoch = app.store->epoch();
    options.reaper.store_revision = app.store->revision();
    options.reaper.state_file = app.data_dir.file("reaper.json");
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

  http::ServerOptions socket_options(const Impl& app) const {
    auto options = api.server_options();
    options.socket_group = app.config.socket_group;
    options.tls = app.tls;
    return options;
  }

  api::ApiServerOptions api_options(Impl& app, std::string token) {
    api::ApiServerOptions options;
    options.token = std::move(token);
    options.ready = [this] { return environments.ready(); };
    options.metrics = [this, &app] {
      environments.report_times();
      core.report_times();
      return app.metrics.text();
    };
    options.version = BERTH_VERSION;
    return options;
  }

  api::Registry registry;
  api::LocalClient client;
  runtime::EventRecorder recorder;
  reconcile::EmitEvent emit;
  reconcile::EnvironmentController environments;
  reconcile::PodController pods;
  reconcile::CoreControllers core;
  source::DirSource source;
  api::ApiServer api;
  http::Server server;
};

namespace {

void warn_about_ports(const plan::PortRange& ours) {
  const auto theirs = reconcile::ephemeral_ports();
  if (theirs.first == 0 || ours.last < theirs.first || ours.first > theirs.last) return;
  base::log_warn("berthd", "--port-range overlaps the ports that this machine gives to outgoing connections: leases will collide",
                 {{"port_range", std::to_string(ours.first) + "-" + std::to_string(ours.last)},
                  {"ip_local_port_range", std::to_string(theirs.first) + "-" + std::to_string(theirs.last)}});
}

bool has_https(const Config& config) {
  return std::any_of(config.listen.begin(), config.listen.end(), [](const auto& endpoint) { return endpoint.tls; });
}

CertificateOptions certificate_options(const Config& config, const DataDir& data_dir) {
  CertificateOptions options;
  options.directory = data_dir.file("tls");
  options.names = certificate_names(config.listen, config.tls_san);
  options.given_certificate = config.tls_cert;
  options.given_key = config.tls_key;
  return options;
}

// For clients on this machine that cannot use the unix socket (server.json): where https is, and what checks its certificate.
Result<void> announce(const DataDir& data_dir, http::Endpoint https, const std::string& authority) {
  if (https.host == "0.0.0.0") https.host = "127.0.0.1";
  if (https.host == "::") https.host = "::1";
  const crd::json value = {{"server", https.tls ? https.str() : ""}, {"certificateAuthority", authority}};
  return base::write_state(data_dir.file("server.json"), crd::dump(value) + "\n");
}

}  // namespace

App::App(Executor executor, Config config, DataDir data_dir, Wraps wraps)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(config), std::move(data_dir), std::move(wraps))) {}

App::~App() = default;

void App::on_fatal(std::function<void(const Error&)> handler) { impl_->on_fatal = std::move(handler); }

Task<Result<void>> App::start() {
  auto& app = *impl_;
  app.instance_is_new = !app.data_dir.has_instance();
  auto instance = app.data_dir.instance(app.config.instance);
  if (instance.has_error()) co_return instance.error();
  auto token = app.data_dir.admin_token();
  if (token.has_error()) co_return token.error();
  auto store = storage::open_sqlite_store(app.executor, app.data_dir.file("berth.db"));
  if (store.has_error()) co_return store.error();
  app.store = app.wraps.store ? app.wraps.store(std::move(*store)) : std::move(*store);
  app.engine = engine::make_http_engine(app.executor, app.clock, app.config.docker_host, app.engine_metrics);
  if (app.wraps.engine) app.engine = app.wraps.engine(std::move(app.engine));
  app.transport = reconcile::make_probe_transport(app.executor, app.clock);
  warn_about_ports(app.config.port_range);

  if (has_https(app.config)) {
    app.certificates = std::make_unique<CertificateKeeper>(app.executor, app.clock, certificate_options(app.config, app.data_dir));
    auto tls = app.certificates->load();
    if (tls.has_error()) co_return tls.error();
    app.tls = std::move(*tls);
  }
  app.parts = std::make_unique<Impl::Parts>(app, *instance, *token);
  auto& parts = *app.parts;
  const auto prepared = co_await parts.registry.start();
  if (prepared.has_error()) co_return prepared.error();
  http::Endpoint https;
  for (const auto& wanted : app.config.listen) {
    auto bound = parts.server.listen(wanted);
    if (bound.has_error()) co_return base::error(bound.error().reason, "--listen: " + bound.error().message);
    base::log_info("berthd", "listening", {{"on", bound->str()}});
    if (bound->tls && !https.tls) https = *bound;
  }
  auto announced = announce(app.data_dir, https, app.certificates ? app.certificates->authority() : "");
  if (announced.has_error()) co_return announced.error();
  if (app.certificates) {
    app.certificates->start([&parts](std::shared_ptr<const http::TlsContext> tls) { parts.server.use_certificate(std::move(tls)); });
  }
  auto watched = parts.source.start();
  if (watched.has_error()) co_return base::error(watched.error().reason, "--manifests: " + watched.error().message);
  parts.recorder.start();
  parts.environments.start();
  parts.pods.start();
  parts.core.start();
  base::log_info("berthd", "started",
                 {{"version", BERTH_VERSION}, {"instance", *instance}, {"engine", app.config.docker_host.str()},
                  {"data_dir", app.data_dir.path().string()}});
  co_return Result<void>();
}

void App::reload() {
  if (!impl_->parts) return;
  base::log_info("berthd", "reading all manifests again", {{"directories", impl_->config.manifests.size()}});
  impl_->parts->source.rescan();
  if (impl_->certificates) impl_->certificates->reload();
}

// Nobody may ask any more, then nobody may write any more, then nobody may act any more; the store goes last.
Task<void> App::stop(std::shared_ptr<const bool> hurry) {
  auto& app = *impl_;
  if (app.certificates) co_await app.certificates->stop();
  if (app.parts) {
    auto& parts = *app.parts;
    const auto grace = kServerGrace;
    co_await parts.server.stop(grace);
    co_await parts.source.stop();
    if (hurry && app.config.teardown_on_exit) {
      const auto& kind = *app.scheme.find(crd::kGroup, crd::kVersion, "testenvironments");
      const auto limit = kTeardownLimit;
      const auto left = co_await tear_down(parts.client, kind, app.clock, limit, hurry);
      base::log_info("berthd", left == 0 ? "torn down" : "not all is torn down: the next berthd goes on", {{"left", left}});
    }
    co_await parts.core.stop();
    co_await parts.pods.stop();
    const auto operations_grace = kOperationsGrace;
    co_await parts.environments.stop(operations_grace);
    co_await parts.recorder.stop();
    app.parts.reset();
  }
  if (app.engine) co_await app.engine->stop();
  app.engine.reset();
  if (app.store) co_await app.store->stop();
}

namespace {

// Whatever goes wrong at start, the parts that run already are stopped in good order.
Task<Result<void>> start(App& app) {
  std::string failure;
  try {
    co_return co_await app.start();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  co_return base::error(Reason::InternalError, "cannot start: " + failure);
}

Task<int> run_until_signalled(Config config, DataDir data_dir, Wraps wraps) {
  const auto executor = co_await asio::this_coro::executor;
  asio::signal_set signals(executor, SIGTERM, SIGINT, SIGHUP);
  App app(executor, std::move(config), std::move(data_dir), std::move(wraps));
  int code = 0;
  const auto give_up = [&](const Error& error) {
    base::log_error("berthd", error.message, {{"reason", base::to_string(error.reason)}});
    code = 1;
    signals.cancel();
  };
  app.on_fatal(give_up);
  const auto started = co_await start(app);
  if (started.has_error()) give_up(started.error());
  release_startup_code();
  while (code == 0) {
    boost::system::error_code ec;
    const int signal = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (code != 0) break;
    if (ec || signal != SIGHUP) {
      base::log_info("berthd", "stopping", {{"signal", signal}});
      break;
    }
    app.reload();
  }
  std::shared_ptr<bool> hurry;
  if (code == 0) {
    hurry = std::make_shared<bool>(false);
    signals.async_wait([hurry](const boost::system::error_code& ec, int) { *hurry = !ec; });
  }
  co_await app.stop(hurry);
  signals.cancel();
  base::log_info("berthd", "stopped");
  co_return code;
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

// Every probe, stream and watcher is a descriptor.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int refuse(const Error& error, int code) {
  std::cerr << "berthd: " << error.message << "\n";
  return code;
}

}  // namespace

int run_daemon(int argc, char** argv, Wraps wraps) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto read = read_config(arguments, variable);
  if (read.has_error()) return refuse(read.error(), 2);
  if (read->text) {
    std::cout << *read->text;
    return 0;
  }
  base::log_setup(read->config.log_format, read->config.log_level);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  auto data_dir = DataDir::open(read->config.data_dir);
  if (data_dir.has_error()) return refuse(data_dir.error(), 1);
  asio::io_context io(1);
  return base::run_main(io, run_until_signalled(std::move(read->config), std::move(*data_dir), std::move(wraps)));
}

}  // namespace berth::app
