#include "crd/rule.h"
#include "crd/test_environment.h"

namespace berth::crd {
namespace {

std::vector<Rule> all_rules() {
  std::vector<Rule> rules;
  for (const auto& part :
       {name_rules(), container_rules(), settings_rules(), host_rules(), security_rules(), port_rules(), dependency_rules(),
        network_rules()}) {
    rules.insert(rules.end(), part.begin(), part.end());
  }
  return rules;
}

}  // namespace

std::vector<Cause> test_environment_rules(const json& object, const json*) {
  static const std::vector<Rule> kRules = all_rules();
  std::vector<Cause> causes;
  const json* spec = field(object, "spec");
  if (!spec) return causes;
  RuleContext context{object, *spec, causes};
  for (const Rule& rule : kRules) rule.check(context);
  return causes;
}

}  // namespace berth::crd
