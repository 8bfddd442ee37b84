#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crd/cause.h"
#include "crd/field_path.h"

namespace berth::crd {

// What a rule of TestEnvironment sees and where it puts what is wrong. The schema passed, so types are right.
struct RuleContext {
  const json& object;
  const json& spec;
  std::vector<Cause>& causes;

  void add(Cause cause) { causes.push_back(std::move(cause)); }
};

// One named rule; the table is in test_environment_rules.cc.
struct Rule {
  std::string_view name;
  void (*check)(RuleContext& context);
};

// nullptr when `key` is absent or null.
inline const json* field(const json& value, std::string_view key) {
  auto it = value.find(key);
  return it == value.end() || it->is_null() ? nullptr : &*it;
}
inline std::string text_field(const json& value, std::string_view key) {
  const json* found = field(value, key);
  return found ? found->get<std::string>() : "";
}
// Calls visit(element, path of the element) for each one of the list `key` of `value`.
template <class Visit>
void for_each(const json& value, const std::string& path, std::string_view key, Visit visit) {
  const json* list = field(value, key);
  if (!list) return;
  const std::string list_path = child(path, key);
  for (std::size_t i = 0; i < list->size(); ++i) visit((*list)[i], item(list_path, i));
}
template <class Visit>
void for_each_service(const RuleContext& context, Visit visit) {
  for_each(context.spec, "spec", "services", visit);
}

std::vector<Rule> name_rules();
std::vector<Rule> container_rules();
std::vector<Rule> port_rules();
std::vector<Rule> dependency_rules();
std::vector<Rule> network_rules();
std::vector<Rule> settings_rules();
std::vector<Rule> host_rules();
std::vector<Rule> security_rules();

}  // namespace berth::crd
