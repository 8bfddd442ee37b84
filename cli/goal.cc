#include "cli/goal.h"

#include "cli/environment_view.h"
#include "cli/fields.h"
#include "cli/json_path.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

bool condition_holds(const Goal& goal, const Object& object) {
  const auto& status = object.status();
  const auto about = number_at(status, {"observedGeneration"}, object.generation());
  for (const auto& condition : items(at(status, {"conditions"}))) {
    if (lower(text_at(condition, {"type"})) != lower(goal.name)) continue;
    if (number_at(condition, {"observedGeneration"}, about) < object.generation()) return false;
    return lower(text_at(condition, {"status"})) == lower(goal.value);
  }
  return false;
}

bool path_holds(const Goal& goal, const Object& object) {
  for (const json* found : json_path(object.body(), goal.name)) {
    if (goal.value.empty() || text(*found) == goal.value) return true;
  }
  return false;
}

bool holds(const Goal& goal, const Object& object) {
  switch (goal.kind) {
    case Goal::Kind::Condition:
      return condition_holds(goal, object);
    case Goal::Kind::JsonPath:
      return path_holds(goal, object);
    case Goal::Kind::Deleted:
      return false;
    case Goal::Kind::Created:
      return true;
  }
  return false;
}

Error wrong_goal(std::string_view text) {
  return base::error(
      Reason::BadRequest,
      "--for \"" + printable(text) +
          "\": condition=TYPE, condition=TYPE=False, phase=PHASE, jsonpath={PATH}=VALUE, create or delete "
          "is expected, such as --for=condition=Ready");
}

Result<Goal> parse_path(std::string_view text, std::string_view whole) {
  Goal goal;
  goal.kind = Goal::Kind::JsonPath;
  const auto end = text.rfind('}');
  if (!text.starts_with('{') || end == std::string_view::npos) return wrong_goal(whole);
  goal.name = std::string(text.substr(0, end + 1));
  auto rest = text.substr(end + 1);
  if (!rest.empty() && rest.front() != '=') return wrong_goal(whole);
  if (!rest.empty()) rest.remove_prefix(1);
  goal.value = std::string(rest);
  return goal;
}

}  // namespace

std::string Goal::str() const {
  switch (kind) {
    case Kind::Condition:
      return "condition " + name + (value == "True" ? "" : "=" + value);
    case Kind::JsonPath:
      return name == "{.status.phase}" ? "phase " + value : name + (value.empty() ? "" : "=" + value);
    case Kind::Deleted:
      return "deletion";
    case Kind::Created:
      return "creation";
  }
  return "";
}

Result<Goal> parse_goal(std::string_view text) {
  Goal goal;
  if (text == "delete" || text == "create") {
    goal.kind = text == "delete" ? Goal::Kind::Deleted : Goal::Kind::Created;
    return goal;
  }
  if (text.starts_with("jsonpath=")) return parse_path(text.substr(9), text);
  const auto parts = split(text, '=');
  if (parts.size() < 2 || parts.size() > 3 || parts[1].empty()) return wrong_goal(text);
  if (parts[0] == "phase" && parts.size() == 2) {
    goal.kind = Goal::Kind::JsonPath;
    goal.name = "{.status.phase}";
    goal.value = parts[1];
    return goal;
  }
  if (parts[0] != "condition") return wrong_goal(text);
  goal.name = parts[1];
  if (parts.size() == 3) goal.value = parts[2];
  if (goal.value.empty()) return wrong_goal(text);
  return goal;
}

Verdict judge(const Goal& goal, const Object& object) {
  if (holds(goal, object)) return Verdict::Met;
  if (goal.kind == Goal::Kind::Deleted) return Verdict::NotYet;
  if (object.deleting()) return Verdict::Never;
  if (object.gvk().kind == "TestEnvironment" && view_environment(object).ended) return Verdict::Never;
  return Verdict::NotYet;
}

}  // namespace berth::cli
