#include "crd/compose/context.h"
#include "crd/compose/units.h"

namespace berth::compose {
namespace {

std::optional<std::string> condition_of(Context& context, const Member& dependency) {
  const std::string condition = text_of(dependency.value, "condition");
  if (condition.empty() || condition == "service_started") return "Started";
  if (condition == "service_healthy") return "Ready";
  if (condition == "service_completed_successfully") return "Completed";
  context.report.error(dependency.place, "depends_on." + dependency.name + ": \"" + condition +
                                             "\" is not service_started, service_healthy or service_completed_successfully");
  return std::nullopt;
}

// Whether the other service is there; what is said when it is not.
bool is_there(Context& context, const std::string& name, Place place, bool required) {
  if (context.find(name)) return true;
  if (context.left_out.contains(name)) {
    context.report.loss(place, "service \"" + name + "\" is left out, so nobody waits for it: dropped");
  } else if (required) {
    context.report.error(place, "there is no service \"" + name + "\" (of the chosen profiles)");
  } else {
    context.report.note(place, "service \"" + name + "\" is not there, and is not required: dropped");
  }
  return false;
}

void read_depends_on(Context& context, ServiceDraft& draft) {
  const Node* depends_on = draft.node->find("depends_on");
  if (!depends_on) return;
  for (const Member& member : depends_on->members) {
    const Node* required = member.value.find("required");
    const bool is_required = !required || flag_of(member.value, "required");
    if (!is_there(context, member.name, member.place, is_required)) continue;
    if (!is_required) {
      context.report.loss(place_of(member.value, "required"),
                          "service \"" + member.name + "\" is there: when it fails, who waits for it does not start: dropped");
    }
    if (const auto condition = condition_of(context, member)) draft.dependencies.push_back({member.name, *condition, member.place});
  }
}

void read_links(Context& context, ServiceDraft& draft) {
  const Node* links = draft.node->find("links");
  if (!links) return;
  for (const Node& item : links->items) {
    const auto colon = item.text.find(':');
    const std::string name = item.text.substr(0, colon), alias = colon == std::string::npos ? "" : item.text.substr(colon + 1);
    if (!is_there(context, name, item.place, true)) continue;
    draft.dependencies.push_back({name, "Started", item.place});
    if (alias.empty() || alias == name) continue;
    ServiceDraft* other = context.find(name);
    if (context.find(alias)) {
      context.report.loss(item.place, "link \"" + item.text + "\": " + alias + " is a service itself: dropped");
      continue;
    }
    other->aliases.insert(alias);
    context.report.note(item.place, "link \"" + item.text + "\": " + alias + " is a name of " + name + " for every service");
  }
}

void read_network_mode(Context& context, ServiceDraft& draft) {
  const std::string mode = text_of(*draft.node, "network_mode");
  if (mode.empty() || mode == "bridge" || mode == "default") return;
  const Place place = place_of(*draft.node, "network_mode");
  if (mode.starts_with("service:")) {
    const std::string name = mode.substr(8);
    if (is_there(context, name, place, true)) draft.dependencies.push_back({name, "Started", place});
  }
  context.report.loss(place, "network_mode \"" + mode + "\": a service is in the environment's network with a name of its own: dropped");
}

// The strongest condition of each service that is waited for.
void write_dependencies(Context& context, ServiceDraft& draft) {
  const auto rank = [](const std::string& condition) { return condition == "Started" ? 0 : condition == "Ready" ? 1 : 2; };
  std::vector<ServiceDraft::Dependency> kept;
  for (const auto& dependency : draft.dependencies) {
    const auto known = std::find_if(kept.begin(), kept.end(), [&](const auto& each) { return each.service == dependency.service; });
    if (known == kept.end()) {
      kept.push_back(dependency);
    } else if (rank(dependency.condition) > rank(known->condition)) {
      *known = dependency;
    }
  }
  draft.dependencies = std::move(kept);
  for (const auto& dependency : draft.dependencies) {
    ServiceDraft& other = *context.find(dependency.service);
    if (dependency.condition == "Completed" && other.body["restartPolicy"] == "Always") {
      context.report.error(dependency.place,
                           "service \"" + dependency.service + "\" never completes: it is started again whenever it exits");
    }
    if (dependency.condition == "Ready" && other.healthcheck_disabled) {
      context.report.error(dependency.place, "service \"" + dependency.service + "\" never becomes healthy: its healthcheck is turned off");
    } else if (dependency.condition == "Ready" && !other.has_healthcheck) {
      other.has_healthcheck = true;
      other.body["readinessProbe"] = {{"image", json::object()}};
      context.report.note(dependency.place, "service \"" + dependency.service + "\" has no healthcheck here: its image must have one");
    }
    json body = {{"service", other.name}};
    if (dependency.condition != "Started") body["condition"] = dependency.condition;
    draft.body["dependsOn"].push_back(std::move(body));
  }
}

class CycleSearch {
 public:
  explicit CycleSearch(Context& context) : context_(context) {}

  void search() {
    for (const ServiceDraft& draft : context_.services) {
      if (!found_) visit(draft);
    }
  }

 private:
  void visit(const ServiceDraft& draft) {
    if (done_.contains(draft.compose_name) || found_) return;
    open_.push_back(draft.compose_name);
    for (const auto& dependency : draft.dependencies) {
      const auto first = std::find(open_.begin(), open_.end(), dependency.service);
      if (first != open_.end()) {
        std::string path;
        for (auto at = first; at != open_.end(); ++at) path += *at + " -> ";
        context_.report.error(dependency.place, "services wait for each other in a circle: " + path + dependency.service);
        found_ = true;
        return;
      }
      visit(*context_.find(dependency.service));
      if (found_) return;
    }
    open_.pop_back();
    done_.insert(draft.compose_name);
  }

  Context& context_;
  std::vector<std::string> open_;
  std::set<std::string> done_;
  bool found_ = false;
};

}  // namespace

void convert_dependencies(Context& context) {
  for (ServiceDraft& draft : context.services) {
    read_depends_on(context, draft);
    read_links(context, draft);
    read_network_mode(context, draft);
  }
  CycleSearch(context).search();
  for (ServiceDraft& draft : context.services) write_dependencies(context, draft);
}

}  // namespace berth::compose
