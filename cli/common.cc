#include "cli/common.h"

#include <algorithm>

#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

api::WriteOptions write_options(bool dry_run) {
  api::WriteOptions options;
  options.field_validation = api::FieldValidation::Strict;
  options.field_manager = "berthctl";
  options.dry_run = dry_run;
  return options;
}

Result<std::string> namespace_of(const Session& session, const Manifest& manifest) {
  if (!manifest.resource->namespaced) return std::string();
  const auto own = manifest.ns();
  if (own.empty()) return session.ns;
  if (session.ns_given && own != session.ns) {
    return base::error(Reason::BadRequest, manifest.place("metadata.namespace") + ": metadata.namespace: \"" +
                                               printable(own) + "\" is not the namespace \"" + session.ns +
                                               "\" that -n asks for");
  }
  return own;
}

Result<void> names_or_selector(const std::vector<Targets>& targets, const std::string& selector) {
  for (const auto& one : targets) {
    if (selector.empty() || one.names.empty()) continue;
    return base::error(Reason::BadRequest, "names cannot be combined with -l: \"" + printable(one.names.front()) +
                                               "\" is taken for a name");
  }
  return {};
}

Task<Result<std::vector<std::string>>> names_of(Session& session, const Targets& targets, std::string ns,
                                                Selector selector) {
  if (!targets.names.empty()) co_return targets.names;
  auto listed = co_await session.client.list(*targets.resource, std::move(ns));
  if (!listed.has_value()) co_return listed.error();
  std::vector<std::string> names;
  for (const auto& object : listed.value().items) {
    if (selector.matches(*object)) names.push_back(object->name());
  }
  co_return names;
}

Task<Result<ObjectPtr>> get_environment(Session& session, std::string name) {
  ObjectKey key{session.ns, name};
  auto found = co_await session.client.get(environments(session.scheme), std::move(key));
  if (found.has_value() || found.error().reason != Reason::NotFound) co_return found;
  co_return base::error(Reason::NotFound, "environment \"" + printable(name) + "\" not found in namespace \"" +
                                              session.ns + "\"; berthctl get -A lists all of them");
}

Result<ServiceName> parse_service_name(const std::string& word, const std::string& container) {
  ServiceName name{word, container};
  const auto slash = word.find('/');
  if (slash == std::string::npos) return name;
  name.environment = word.substr(0, slash);
  name.service = word.substr(slash + 1);
  if (container.empty() || container == name.service) return name;
  return base::error(Reason::BadRequest, "\"" + printable(word) + "\" names another service than --container " + printable(container));
}

Result<std::string> one_service(const Object& environment, const std::string& asked) {
  std::vector<std::string> names;
  for (const auto& service : items(at(environment.spec(), {"services"}))) names.push_back(text_at(service, {"name"}));
  if (asked.empty() && names.size() == 1) return names.front();
  if (std::find(names.begin(), names.end(), asked) != names.end()) return asked;
  if (asked.empty()) {
    return base::error(Reason::BadRequest, "environment \"" + environment.name() + "\" has several services: say which with -c, one of " +
                                               join(names, ", "));
  }
  return base::error(Reason::NotFound, "environment \"" + environment.name() + "\" has no service \"" + printable(asked) + "\"; it has " +
                                           join(names, ", "));
}

json merged_body(const Manifest& manifest, const Object& stored) {
  json body = manifest.body;
  const auto& before = at(stored.body(), {"metadata"});
  json& metadata = body["metadata"];
  for (const char* field : {"uid", "creationTimestamp", "finalizers", "ownerReferences", "generation"}) {
    if (before.contains(field) && !metadata.contains(field)) metadata[field] = before[field];
  }
  const auto& annotations = at(before, {"annotations"});
  if (annotations.is_object()) {
    for (const auto& [name, value] : annotations.items()) {
      if (!name.starts_with("berth.dev/") || at(metadata, {"annotations"}).contains(name)) continue;
      metadata["annotations"][name] = value;
    }
  }
  metadata["resourceVersion"] = std::to_string(stored.revision());
  return body;
}

Result<void> wait_error(const WaitOutcome& outcome) {
  if (outcome.interrupted) return base::error(Reason::Cancelled, "interrupted");
  if (outcome.failures.empty()) return {};
  return base::error(outcome.timed_out ? Reason::Timeout : Reason::DependencyFailed, join(outcome.failures, "\n"));
}

Error with_type_advice(Error error, const Targets& targets, const crd::Scheme& scheme) {
  if (targets.type_assumed && error.reason == Reason::NotFound) {
    error.message += "\nIf \"" + targets.names.front() + "\" is meant as a type: the types are " + known_types(scheme);
  }
  return error;
}

}  // namespace berth::cli
