#include "crd/compose/convert.h"

#include "crd/compose/context.h"
#include "crd/compose/keys.h"
#include "crd/compose/units.h"
#include "crd/formats.h"

namespace berth::compose {
namespace {

constexpr std::size_t kMostServices = 200;  // of a TestEnvironment

bool is_left_out(Context& context, const Member& service) {
  const Node& node = service.value;
  if (node.find("provider")) {
    context.report.loss(place_of(node, "provider"),
                        "service \"" + service.name + "\" comes from a provider, a program of its own: left out");
    return true;
  }
  const Node* deploy = node.find("deploy");
  for (const auto& [map, key] : {std::pair{&node, "scale"}, std::pair{deploy, "replicas"}}) {
    if (!map || text_of(*map, key) != "0") continue;
    context.report.loss(place_of(*map, key), "service \"" + service.name + "\" is to run no container: left out");
    return true;
  }
  return false;
}

void draft_services(Context& context) {
  const Node* services = context.project.root.find("services");
  if (!services || services->members.empty()) return context.report.error({0, 1, 1}, "there is no service to convert");
  std::map<std::string, std::string> names;
  for (const Member& service : services->members) {
    if (is_left_out(context, service)) {
      context.left_out.insert(service.name);
      continue;
    }
    ServiceDraft draft;
    draft.compose_name = service.name;
    draft.name = dns_label(service.name);
    draft.place = service.place;
    draft.node = &service.value;
    if (draft.name.empty()) {
      context.report.error(service.place, "\"" + service.name + "\" cannot be a service's name");
      continue;
    }
    const auto [other, is_new] = names.emplace(draft.name, service.name);
    if (!is_new) {
      context.report.error(service.place,
                           "services \"" + other->second + "\" and \"" + service.name + "\" would both be called " + draft.name);
      continue;
    }
    if (draft.name != service.name) {
      draft.aliases.insert(service.name);
      context.report.note(service.place,
                          "service \"" + service.name + "\" is called " + draft.name + ", a DNS label; " + service.name + " is an alias");
    }
    context.services.push_back(std::move(draft));
  }
  if (context.services.size() > kMostServices) {
    context.report.error(services->place, "more than " + std::to_string(kMostServices) + " services");
  } else if (context.services.empty() && !context.report.failed()) {
    context.report.error(services->place, "there is no service to convert");
  }
}

void tell_volumes(Context& context) {
  const Node* volumes = context.project.root.find("volumes");
  if (!volumes) return;
  for (const Member& volume : volumes->members) {
    const Node& node = volume.value;
    const Node* external = node.find("external");
    if (external && (external->is_map() || flag_of(node, "external"))) {
      context.report.loss(place_of(node, "external"),
                          "volume \"" + volume.name + "\" is from outside and shared by all runs: an empty one stands in");
    } else if (const auto name = text_of(node, "name"); !name.empty()) {
      context.report.note(place_of(node, "name"), "volume name \"" + name + "\" would be shared between runs: dropped");
    }
    if (const auto driver = text_of(node, "driver"); !driver.empty() && driver != "local") {
      context.report.loss(place_of(node, "driver"), "volume driver \"" + driver + "\": a volume is an empty directory: dropped");
    }
  }
}

// An alias that is another service's name, or its alias, would lead to either of them.
void write_aliases(Context& context) {
  std::map<std::string, std::string> owners;
  for (const ServiceDraft& draft : context.services) owners[draft.name] = draft.name;
  for (ServiceDraft& draft : context.services) {
    for (const auto& alias : draft.aliases) {
      const auto [owner, is_new] = owners.emplace(alias, draft.name);
      if (is_new) {
        draft.body["aliases"].push_back(alias);
      } else if (owner->second != draft.name) {
        context.report.loss(draft.place,
                            "alias \"" + alias + "\" of " + draft.compose_name + " is a name of " + owner->second + " as well: dropped");
      }
    }
  }
}

json environment(Context& context, json network) {
  json spec = {{"services", json::array()}};
  for (ServiceDraft& draft : context.services) {
    draft.body["name"] = draft.name;
    spec["services"].push_back(std::move(draft.body));
  }
  if (!context.volumes.empty()) spec["volumes"] = context.volumes;
  if (!network.is_null()) spec["network"] = std::move(network);
  const std::string name = dns_label(context.project.name);
  json metadata = json::object();
  if (context.request.generate_name) {
    metadata["generateName"] = name.substr(0, 57) + "-";
  } else {
    metadata["name"] = name;
  }
  if (!context.request.ns.empty()) metadata["namespace"] = context.request.ns;
  return {{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
}

}  // namespace

ServiceDraft* Context::find(std::string_view compose_name) {
  for (ServiceDraft& draft : services) {
    if (draft.compose_name == compose_name) return &draft;
  }
  return nullptr;
}

std::string Context::absolute(const std::string& path) const { return join_path(request.load.working_directory, path); }

Result<Conversion> convert(const ConvertRequest& request) {
  Report report;
  Project project;
  if (!load_project(request.load, report, project)) return report.failure();
  check_keys(project.root, report);
  if (report.failed()) return report.failure();
  Context context{request, project, report};
  draft_services(context);
  if (report.failed()) return report.failure();
  convert_ports(context);
  for (ServiceDraft& draft : context.services) {
    convert_process(context, draft);
    convert_settings(context, draft);
    convert_mounts(context, draft);
  }
  convert_volumes_from(context);
  convert_dependencies(context);
  json network = convert_networks(context);
  write_aliases(context);
  tell_volumes(context);
  if (report.failed()) return report.failure();
  if (request.strict) {
    const auto lost = report.lines(Level::Loss, Level::Loss);
    std::string message;
    for (const auto& line : lost) message += (message.empty() ? "" : "\n") + line;
    if (!lost.empty()) return base::error(Reason::BadRequest, std::move(message));
  }
  Conversion out;
  for (json& secret : context.secrets) out.manifests.push_back(std::move(secret));
  out.manifests.push_back(environment(context, std::move(network)));
  out.notices = report.lines(Level::Note, Level::Loss);
  return out;
}

bool is_compose(std::string_view text) {
  const auto trees = crd::parse_yaml_trees(text);
  if (!trees.has_value() || trees.value().empty()) return false;
  bool compose = false;
  for (const auto& key : trees.value().front().keys) {
    if (key.name == "apiVersion" || key.name == "kind") return false;
    compose = compose || key.name == "services" || key.name == "include";
  }
  return compose;
}

}  // namespace berth::compose
