#include "crd/expand.h"
#include "crd/formats.h"
#include "crd/rule.h"

namespace berth::crd {
namespace {

constexpr std::string_view kLabelText =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

void check_environment_name(RuleContext& context) {
  const json* metadata = field(context.object, "metadata");
  const std::string name = metadata ? text_field(*metadata, "name") : "";
  if (name.empty() || is_dns_label(name)) return;
  if (name.size() > 63) return context.add(cause::too_long("metadata.name", 63));
  context.add(cause::invalid("metadata.name", name, kLabelText));
}

void check_service_names(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const std::string name = text_field(service, "name");
    if (!is_dns_label(name)) context.add(cause::invalid(child(path, "name"), name, kLabelText));
  });
}

void check_env_names(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "env", [&](const json& env, const std::string& env_path) {
      const std::string name = text_field(env, "name");
      if (is_env_name(name)) return;
      context.add(
          cause::invalid(child(env_path, "name"), name,
                         "a variable's name consists of letters, digits, '_', '-' or '.', and does not start "
                         "with a digit (e.g. 'POSTGRES_PASSWORD')"));
    });
  });
}

void check_port_env_names(RuleContext& context) {
  std::map<std::string, std::string> owners;
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "ports", [&](const json& port, const std::string& port_path) {
      const json* env = field(port, "env");
      if (!env) return;
      const std::string name = env->get<std::string>();
      const std::string env_path = child(port_path, "env");
      if (!is_c_identifier(name)) {
        return context.add(
            cause::invalid(env_path, name,
                           "a variable that a shell can export consists of letters, digits and '_', and "
                           "does not start with a digit (e.g. 'DEV_POSTGRES_PORT')"));
      }
      if (!owners.emplace(name, env_path).second) context.add(cause::duplicate(env_path, name));
    });
  });
}

std::set<std::string> port_variables(const RuleContext& context) {
  std::set<std::string> names;
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "ports",
             [&](const json& port, const std::string&) { names.insert(text_field(port, "env")); });
  });
  return names;
}

// A variable sees only what stands before it, so a reference to itself or to a later one would stay as text
// unseen; this refuses every cycle as well.
void check_env_references(RuleContext& context) {
  const std::set<std::string> everywhere = port_variables(context);
  for_each_service(context, [&](const json& service, const std::string& path) {
    std::set<std::string> later;
    for_each(service, path, "env",
             [&](const json& env, const std::string&) { later.insert(text_field(env, "name")); });
    for_each(service, path, "env", [&](const json& env, const std::string& env_path) {
      const std::string value = text_field(env, "value");
      expand(value, [&](std::string_view reference) -> std::optional<std::string> {
        const std::string name(reference);
        if (!later.contains(name) || everywhere.contains(name)) return std::nullopt;
        const bool itself = name == text_field(env, "name");
        context.add(cause::invalid(child(env_path, "value"), value,
                                   itself ? "refers to itself (write $$(" + name + ") for the text)"
                                          : "refers to " + name +
                                                ", which stands later in the list: put it before this "
                                                "one (or write $$(" +
                                                name + ") for the text)"));
        return std::nullopt;
      });
      later.erase(text_field(env, "name"));
    });
  });
}

}  // namespace

std::vector<Rule> name_rules() {
  return {{"environment names are DNS labels", check_environment_name},
          {"service names are DNS labels", check_service_names},
          {"variables have names that a process can have", check_env_names},
          {"port variables can be exported and are unique in the environment", check_port_env_names},
          {"variables refer to earlier ones only", check_env_references}};
}

}  // namespace berth::crd
