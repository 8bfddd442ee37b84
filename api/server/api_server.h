#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/http/server.h"
#include "api/registry.h"
#include "api/server/remote_process.h"
#include "base/clock.h"
#include "metrics/api_metrics.h"

namespace berth::api {

// What the server must ask the controllers for, handed in by the application so that api never includes controller.
struct EnvironmentOperations {
  struct LogOptions {
    bool follow = false;
    std::optional<int> tail;
    bool timestamps = false;
    std::optional<std::int64_t> since_seconds;
    std::optional<base::SystemTime> since;
  };
  // Writes the log of one service to `writer` (starts the stream itself; on an error before that answers nothing and
  // returns it). Errors: NotFound (no such service or no container yet), EngineUnavailable.
  std::function<Task<Result<void>>(ObjectPtr environment, std::string service, LogOptions options,
                                   http::ResponseWriter& writer)>
      logs;
  // Connects a container from outside to the environment's network (or disconnects it). Errors: NotFound, Conflict.
  std::function<Task<Result<json>>(ObjectPtr environment, std::string container, bool connect)> attach;
  // The reaper: what is owned but wanted by nobody; `confirm` removes it (or with adopt=true keeps and adopts it).
  std::function<Task<Result<json>>(bool confirm, bool adopt)> reap;
  // What stands at a path of a service's container: {"name", "size", "mode", "directory", "linkTarget"}, or
  // {"missing": true}. Errors: NotFound (no container), EngineUnavailable.
  std::function<Task<Result<json>>(ObjectPtr environment, std::string service, std::string path)> stat_path;
  // A tar archive of it to `writer`, as logs does.
  std::function<Task<Result<void>>(ObjectPtr environment, std::string service, std::string path, http::ResponseWriter& writer)> read_archive;
  // Unpacks one in a directory. Errors besides: InvalidSpec (read-only), DiskPressure, those of `source`.
  std::function<Task<Result<void>>(ObjectPtr environment, std::string service, std::string path, http::BodySource source)> write_archive;
  // What services use now: {"items": [...]}, one for each service of each environment.
  std::function<Task<Result<json>>(std::vector<ObjectPtr> environments)> usage;
  // What was done for the environments of this name, the oldest first. Errors: NotFound (nothing is known).
  std::function<Result<json>(ObjectKey environment)> why;
  // What becomes of each service when `after` takes the place of `before`, which may be null.
  std::function<Result<json>(ObjectPtr before, ObjectPtr after)> preview;
  // What the engine says of the environment's containers and networks, without secrets.
  std::function<Task<Result<json>>(ObjectPtr environment)> inspect;
  PodOperations pods;
};

struct ApiServerOptions {
  std::string token;  // required over TCP as "Authorization: Bearer ..." for all but health, version and metrics
  std::function<bool()> ready;         // /readyz
  std::function<std::string()> metrics;  // the text of /metrics
  std::string version;
};

// The Kubernetes-shaped REST surface over a Registry. Owns no listener: pass handler() to an http::Server. Loop thread only.
//   /apis/berth.dev/v1alpha1/namespaces/{ns}/testenvironments[/{name}[/status|/log|/attach]]   (also without namespaces/{ns}: list, watch)
//   /api/v1/namespaces[/{ns}], /api/v1/namespaces/{ns}/events, /apis/coordination.k8s.io/v1/namespaces/{ns}/leases
//   /apis, /api discovery (legacy and aggregated), /openapi/v2 /openapi/v3, the self reviews of authentication.k8s.io and
//   authorization.k8s.io, /healthz /livez /readyz /version /metrics, POST /berth/v1/reap,
//   /berth/v1/{top,why,preview,inspect,archive} (DebugHandler),
//   GET /berth/v1/backup: the whole store as a file of SQLite
class ApiServer {
 public:
  ApiServer(Registry& registry, base::Clock& clock, metrics::ApiMetrics& metrics, EnvironmentOperations operations,
            ApiServerOptions options);
  ~ApiServer();
  http::Handler handler();
  // What the http::Server of this handler starts from: its limits, Status bodies for what never reaches the handler, and no bodies
  // of those who may not send any.
  http::ServerOptions server_options() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace berth::api
