#include "controller/reconcile/operations.h"

#include <algorithm>

#include "controller/reconcile/pod_log.h"
#include "controller/reconcile/service_container.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kOperationDeadline = std::chrono::seconds(30);
constexpr base::Duration kWholeLog = std::chrono::minutes(10);  // the reader may be slow

base::Deadline soon(base::Clock& clock) { return base::Deadline::after(clock.steady_now(), kOperationDeadline); }

bool has_service(const ObjectPtr& environment, const std::string& name) {
  const auto services = environment->spec().find("services");
  if (services == environment->spec().end() || !services->is_array()) return false;
  return std::any_of(services->begin(), services->end(), [&](const json& service) { return service.value("name", "") == name; });
}

class Operations {
 public:
  Operations(base::Clock& clock, Host& host, Reaper& reaper) : clock_(clock), host_(host), reaper_(reaper) {}

  Task<Result<void>> logs(ObjectPtr environment, std::string service, api::EnvironmentOperations::LogOptions options,
                          http::ResponseWriter& writer) {
    if (!has_service(environment, service)) {
      co_return base::error(Reason::NotFound, "environment " + environment->key().str() + " has no service \"" + service + "\"");
    }
    const auto container = service_container(host_.mirror, environment->uid(), service);
    if (!container) {
      co_return base::error(Reason::NotFound, "service \"" + service + "\" of " + environment->key().str() + " has no container yet");
    }
    engine::LogOptions wanted;
    wanted.follow = options.follow;
    wanted.tail = options.tail;
    wanted.timestamps = options.timestamps;
    if (options.since_seconds) {
      const auto now = std::chrono::floor<std::chrono::seconds>(clock_.system_now()).time_since_epoch().count();
      wanted.since_seconds = now - *options.since_seconds;
    }
    wanted.since = options.since;
    const auto deadline = base::Deadline::after(clock_.steady_now(), kWholeLog);
    auto opened = co_await host_.engine.logs(container->id, std::move(wanted), deadline);
    if (opened.has_error()) co_return opened.error();
    std::string type = "text/plain; charset=utf-8";
    http::Headers none;
    co_await writer.start_stream(200, std::move(type), std::move(none));
    WholeOrCutOff end(writer);
    for (;;) {
      auto chunk = co_await (*opened)->next();
      if (chunk.has_error()) break;
      if (!*chunk) {
        end.whole();
        break;
      }
      auto bytes = std::move((*chunk)->bytes);
      const bool there = co_await writer.write(std::move(bytes));
      if (!there) break;
    }
    co_return Result<void>();
  }

  Task<Result<json>> attach(ObjectPtr environment, std::string container, bool connect) {
    if (container.empty()) co_return base::error(Reason::BadRequest, "which container to attach is not said");
    const auto actual = host_.mirror.actual(environment->uid());
    if (actual.networks.empty() || environment->deleting()) {
      co_return base::error(Reason::Conflict, "environment " + environment->key().str() + " has no network now");
    }
    auto deadline = soon(clock_);
    auto found = co_await host_.engine.inspect_container(container, deadline);
    if (found.has_error()) co_return found.error();
    if (owner_of(found->labels, host_.instance())) {
      co_return base::error(Reason::Conflict, "container " + found->name + " belongs to an environment");
    }
    const auto& network = actual.networks.front();
    const auto id = found->id;
    const auto name = found->name;
    deadline = soon(clock_);
    if (connect) {
      std::vector<std::string> aliases;
      auto done = co_await host_.engine.connect_network(network.id, id, std::move(aliases), deadline);
      if (done.has_error()) co_return done.error();
    } else {
      auto done = co_await host_.engine.disconnect_network(network.id, id, true, deadline);
      if (done.has_error() && done.error().reason != Reason::NotFound) co_return done.error();
    }
    json answer = {{"container", name}, {"containerID", id}, {"network", network.name}, {"connected", connect}};
    co_return Result<json>(boost::system::in_place_value, std::move(answer));
  }

  Task<Result<json>> reap(bool confirm, bool adopt) { return reaper_.reap(confirm, adopt); }

 private:
  base::Clock& clock_;
  Host& host_;
  Reaper& reaper_;
};

}  // namespace

api::EnvironmentOperations environment_operations(base::Clock& clock, Host& host, Reaper& reaper) {
  auto self = std::make_shared<Operations>(clock, host, reaper);
  api::EnvironmentOperations operations;
  operations.logs = [self](ObjectPtr environment, std::string service, api::EnvironmentOperations::LogOptions options,
                           http::ResponseWriter& writer) {
    return self->logs(std::move(environment), std::move(service), std::move(options), writer);
  };
  operations.attach = [self](ObjectPtr environment, std::string container, bool connect) {
    return self->attach(std::move(environment), std::move(container), connect);
  };
  operations.reap = [self](bool confirm, bool adopt) { return self->reap(confirm, adopt); };
  return operations;
}

}  // namespace berth::reconcile
