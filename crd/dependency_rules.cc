#include "crd/rule.h"

namespace berth::crd {
namespace {

using Graph = std::map<std::string, std::vector<std::string>>;

void check_targets(RuleContext& context) {
  std::map<std::string, const json*> services;
  for_each_service(context, [&](const json& service, const std::string&) {
    services[text_field(service, "name")] = &service;
  });
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "dependsOn", [&](const json& dependency, const std::string& dependency_path) {
      const std::string target = text_field(dependency, "service");
      const auto found = services.find(target);
      if (found == services.end()) {
        context.add(cause::not_found(child(dependency_path, "service"), target,
                                     "no service of this environment has this name"));
      } else if (target == text_field(service, "name")) {
        context.add(
            cause::invalid(child(dependency_path, "service"), target, "a service cannot depend on itself"));
      } else if (text_field(dependency, "condition") == "Completed") {
        const std::string policy = text_field(*found->second, "restartPolicy");
        if (policy != "Never" && policy != "OnFailure") {
          context.add(cause::invalid(
              child(dependency_path, "condition"), "Completed",
              target + " is started again whenever it exits: set its restartPolicy to Never or OnFailure"));
        }
      }
    });
  });
}

// The services of one cycle in order, starting with the one that is met first; empty when there is none.
std::vector<std::string> find_cycle(const Graph& graph) {
  enum class Mark { New, Open, Done };
  struct Step {
    const std::string* name;
    std::size_t next = 0;
  };
  std::map<std::string, Mark> marks;
  for (const auto& [start, targets] : graph) {
    if (marks[start] != Mark::New) continue;
    std::vector<Step> stack = {{&start}};
    marks[start] = Mark::Open;
    while (!stack.empty()) {
      Step& step = stack.back();
      const auto& edges = graph.at(*step.name);
      if (step.next == edges.size()) {
        marks[*step.name] = Mark::Done;
        stack.pop_back();
        continue;
      }
      const std::string& target = edges[step.next++];
      const auto node = graph.find(target);
      if (node == graph.end() || marks[target] == Mark::Done) continue;
      if (marks[target] == Mark::Open) {
        std::vector<std::string> cycle;
        bool inside = false;
        for (const Step& open : stack) {
          inside = inside || *open.name == target;
          if (inside) cycle.push_back(*open.name);
        }
        return cycle;
      }
      marks[target] = Mark::Open;
      stack.push_back({&node->first});
    }
  }
  return {};
}

void check_cycles(RuleContext& context) {
  Graph graph;
  std::map<std::string, std::string> paths;
  for_each_service(context, [&](const json& service, const std::string& path) {
    const std::string name = text_field(service, "name");
    paths[name] = path;
    auto& targets = graph[name];
    for_each(service, path, "dependsOn", [&](const json& dependency, const std::string&) {
      if (text_field(dependency, "service") != name) targets.push_back(text_field(dependency, "service"));
    });
  });
  const auto cycle = find_cycle(graph);
  if (cycle.empty()) return;
  std::string shown;
  for (const std::string& name : cycle) shown += name + " -> ";
  context.add(cause::invalid(child(paths[cycle.front()], "dependsOn"), cycle.front(),
                             "services wait for each other in a circle: " + shown + cycle.front()));
}

}  // namespace

std::vector<Rule> dependency_rules() {
  return {{"dependencies name other services, in a condition those can reach", check_targets},
          {"dependencies have no cycle", check_cycles}};
}

}  // namespace berth::crd
