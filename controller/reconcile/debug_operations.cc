#include "controller/reconcile/debug_operations.h"

#include "controller/plan/environment_change.h"
#include "controller/reconcile/pod_log.h"
#include "controller/reconcile/service_container.h"
#include "controller/reconcile/usage_sampler.h"
#include "crd/secrets.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kDebugDeadline = std::chrono::seconds(30);

class DebugServer {
 public:
  DebugServer(base::Clock& clock, Host& host) : clock_(clock), host_(host), sampler_(clock, host) {}

  UsageSampler& sampler() { return sampler_; }

  Task<Result<json>> stat_path(ObjectPtr environment, std::string service, std::string path) {
    auto id = container_id(*environment, service);
    if (id.has_error()) co_return id.error();
    const auto stat = co_await host_.engine.stat_path(std::move(*id), std::move(path), soon());
    if (stat.has_error() && stat.error().reason == Reason::NotFound) {
      json nothing = {{"missing", true}};
      co_return Result<json>(boost::system::in_place_value, std::move(nothing));
    }
    if (stat.has_error()) co_return stat.error();
    json out = {{"name", stat->name},
                {"size", stat->size},
                {"mode", stat->mode},
                {"directory", stat->directory},
                {"linkTarget", stat->link_target}};
    co_return Result<json>(boost::system::in_place_value, std::move(out));
  }

  Task<Result<void>> read_archive(ObjectPtr environment, std::string service, std::string path, http::ResponseWriter& writer) {
    auto id = container_id(*environment, service);
    if (id.has_error()) co_return id.error();
    auto opened = co_await host_.engine.read_archive(std::move(*id), std::move(path), soon());
    if (opened.has_error()) co_return opened.error();
    std::string type = "application/x-tar";
    http::Headers none;
    co_await writer.start_stream(200, std::move(type), std::move(none));
    WholeOrCutOff end(writer);
    while (true) {
      auto piece = co_await (*opened)->next();
      if (piece.has_error()) break;
      if (piece->empty()) {
        end.whole();
        break;
      }
      const bool there = co_await writer.write(std::move(*piece));
      if (!there) break;
    }
    co_return Result<void>();
  }

  Task<Result<void>> write_archive(ObjectPtr environment, std::string service, std::string path, http::BodySource source) {
    auto id = container_id(*environment, service);
    if (id.has_error()) co_return id.error();
    auto written = co_await host_.engine.write_archive(std::move(*id), std::move(path), std::move(source));
    co_return written;
  }

  Result<json> preview(const ObjectPtr& before, const ObjectPtr& after) const {
    const auto input = before ? input_of(*before, *before) : input_of(*after, *after);
    static const json kNothing = json::object();
    auto old_input = input;
    if (!before) old_input.spec.services.clear();
    const auto& old_spec = before ? before->spec() : kNothing;
    const auto all = plan::outcomes(old_input, old_spec, input_of(before ? *before : *after, *after), after->spec());
    json services = json::array();
    for (const auto& change : all) {
      json one = {{"name", change.service}, {"effect", plan::to_string(change.outcome)}, {"fields", change.fields}};
      if (!change.why.empty()) one["why"] = change.why;
      services.push_back(std::move(one));
    }
    json out = {{"services", std::move(services)}};
    return Result<json>(boost::system::in_place_value, std::move(out));
  }

  Task<Result<json>> inspect(ObjectPtr environment) {
    const auto actual = host_.mirror.actual(environment->uid());
    json containers = json::array();
    json networks = json::array();
    for (const auto& container : actual.containers) {
      auto text = co_await host_.engine.describe_container(container.id, soon());
      if (text.has_error() && text.error().reason == Reason::NotFound) continue;
      if (text.has_error()) co_return text.error();
      containers.push_back(masked_inspect(*text));
    }
    for (const auto& network : actual.networks) {
      auto text = co_await host_.engine.describe_network(network.id, soon());
      if (text.has_error() && text.error().reason == Reason::NotFound) continue;
      if (text.has_error()) co_return text.error();
      networks.push_back(masked_inspect(*text));
    }
    const auto& info = host_.info();
    json out = {{"containers", std::move(containers)},
                {"networks", std::move(networks)},
                {"engine",
                 {{"version", info.version},
                  {"apiVersion", info.api_version},
                  {"cpus", info.cpus},
                  {"memoryBytes", info.memory_bytes},
                  {"operatingSystem", info.operating_system}}}};
    crd::mask_strings(out, crd::secret_values(environment->spec()));
    co_return Result<json>(boost::system::in_place_value, std::move(out));
  }

 private:
  base::Deadline soon() const { return base::Deadline::after(clock_.steady_now(), kDebugDeadline); }

  Result<std::string> container_id(const Object& environment, const std::string& service) const {
    auto container = service_container(host_.mirror, environment.uid(), service);
    if (container) return std::move(container->id);
    return base::error(Reason::NotFound, "service \"" + service + "\" of " + environment.key().str() + " has no container now");
  }

  // As the reconciler would see `object` with what `stored` holds.
  plan::Input input_of(const Object& stored, const Object& object) const {
    plan::Input input;
    input.instance = host_.instance();
    input.ns = object.ns();
    input.name = object.name();
    input.uid = stored.uid();
    input.bind_address = host_.options().bind_address;
    input.spec = crd::parse_test_environment_spec(object.spec());
    input.leases = plan::leases_of(stored.status());
    return input;
  }

  static json masked_inspect(const std::string& text) {
    auto parsed = json::parse(text, nullptr, false);
    mask_inspect(parsed);
    return parsed;
  }

  base::Clock& clock_;
  Host& host_;
  UsageSampler sampler_;
};

void mask_environment(json& list) {
  for (auto& variable : list) {
    if (!variable.is_string()) continue;
    const auto text = variable.get<std::string>();
    variable = text.substr(0, text.find('=')) + "=" + crd::kMasked;
  }
}

}  // namespace

void mask_inspect(json& inspected) {
  if (inspected.is_object()) {
    for (auto& [name, value] : inspected.items()) {
      if (name == "Env" && value.is_array()) {
        mask_environment(value);
      } else {
        mask_inspect(value);
      }
    }
  } else if (inspected.is_array()) {
    for (auto& item : inspected) mask_inspect(item);
  }
}

void add_debug_operations(api::EnvironmentOperations& operations, base::Clock& clock, Host& host, Journal& journal) {
  const auto self = std::make_shared<DebugServer>(clock, host);
  operations.stat_path = [self](ObjectPtr environment, std::string service, std::string path) {
    return self->stat_path(std::move(environment), std::move(service), std::move(path));
  };
  operations.read_archive = [self](ObjectPtr environment, std::string service, std::string path, http::ResponseWriter& writer) {
    return self->read_archive(std::move(environment), std::move(service), std::move(path), writer);
  };
  operations.write_archive = [self](ObjectPtr environment, std::string service, std::string path, http::BodySource source) {
    return self->write_archive(std::move(environment), std::move(service), std::move(path), std::move(source));
  };
  operations.usage = [self](std::vector<ObjectPtr> environments) { return self->sampler().usage(std::move(environments)); };
  operations.why = [&journal](ObjectKey environment) { return journal.tell(environment); };
  operations.preview = [self](const ObjectPtr& before, const ObjectPtr& after) { return self->preview(before, after); };
  operations.inspect = [self](ObjectPtr environment) { return self->inspect(std::move(environment)); };
}

}  // namespace berth::reconcile
