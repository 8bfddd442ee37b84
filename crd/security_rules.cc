#include <algorithm>

#include "crd/container_settings.h"
#include "crd/fields.h"
#include "crd/formats.h"
#include "crd/rule.h"

namespace berth::crd {
namespace {

// Calls visit(securityContext, its path, the service) for each service that has one.
template <class Visit>
void for_each_security(const RuleContext& context, Visit visit) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    if (const json* security = field(service, "securityContext")) visit(*security, child(path, "securityContext"), service);
  });
}

bool is_user_name(std::string_view text) {
  const auto part = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-'; };
  return !text.empty() && text[0] != '-' && std::all_of(text.begin(), text.end(), part) &&
         !std::all_of(text.begin(), text.end(), is_digit);
}

void check_users(RuleContext& context) {
  for_each_security(context, [&](const json& security, const std::string& path, const json&) {
    const json* name = field(security, "runAsUserName");
    if (name && !is_user_name(name->get_ref<const std::string&>())) {
      context.add(cause::invalid(child(path, "runAsUserName"), *name,
                                 "must be the name of a user in the image's /etc/passwd, e.g. postgres; a number is runAsUser"));
    }
    if (name && field(security, "runAsUser")) {
      context.add(cause::forbidden(child(path, "runAsUserName"), "may not be set together with runAsUser"));
    }
    if (field(security, "runAsGroup") && !name && !field(security, "runAsUser")) {
      context.add(cause::required(child(path, "runAsUser"), "an engine takes a group only with a user: set it, or runAsUserName"));
    }
  });
}

void check_capabilities(RuleContext& context) {
  for_each_security(context, [&](const json& security, const std::string& path, const json&) {
    const json& capabilities = object_at(security, "capabilities");
    for (const char* key : {"add", "drop"}) {
      std::set<std::string> seen;
      for_each(capabilities, child(path, "capabilities"), key, [&](const json& value, const std::string& value_path) {
        const std::string name = capability_name(value.get<std::string>());
        if (name != "ALL" && !is_capability(name)) {
          context.add(cause::invalid(value_path, value, "must be a capability of Linux in upper case, e.g. NET_ADMIN, or ALL"));
        } else if (!seen.insert(name).second) {
          context.add(cause::duplicate(value_path, value));
        }
      });
    }
  });
}

void check_escalation(RuleContext& context) {
  for_each_security(context, [&](const json& security, const std::string& path, const json&) {
    const json* escalation = field(security, "allowPrivilegeEscalation");
    if (!escalation || *escalation != false) return;
    if (flag_at(security, "privileged")) {
      context.add(cause::invalid(child(path, "allowPrivilegeEscalation"), false, "cannot be false when privileged is true"));
    }
    for (const json& added : array_at(object_at(security, "capabilities"), "add")) {
      if (capability_name(added.get<std::string>()) != "SYS_ADMIN") continue;
      context.add(cause::invalid(child(path, "allowPrivilegeEscalation"), false, "cannot be false when SYS_ADMIN is added"));
    }
  });
}

void check_read_only(RuleContext& context) {
  for_each_security(context, [&](const json& security, const std::string& path, const json& service) {
    if (!flag_at(security, "readOnlyRootFilesystem") || array_at(service, "files").empty()) return;
    context.add(cause::forbidden(child(path, "readOnlyRootFilesystem"),
                                 "may not be set together with files: an engine puts none into a container that cannot be written"));
  });
}

}  // namespace

std::vector<Rule> security_rules() {
  return {{"a user is a number or a name", check_users},
          {"capabilities are ones of Linux", check_capabilities},
          {"a process without escalation has no rights that give it", check_escalation},
          {"files go into containers that can be written", check_read_only}};
}

}  // namespace berth::crd
