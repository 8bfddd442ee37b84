#include "crd/core_kinds.h"

namespace berth::crd {
namespace {

json text(const char* description) { return {{"type", "string"}, {"description", description}}; }

json integer(const char* description) {
  return {{"type", "integer"}, {"format", "int32"}, {"minimum", 0}, {"description", description}};
}

json time(const char* description) {
  return {{"type", "string"}, {"format", "date-time"}, {"nullable", true}, {"description", description}};
}

json object(const char* description, json properties) {
  return {{"type", "object"}, {"description", description}, {"properties", std::move(properties)}};
}

json open_object(const char* description, json properties) {
  json schema = object(description, std::move(properties));
  schema["x-kubernetes-preserve-unknown-fields"] = true;
  return schema;
}

ResourceInfo kind_namespace() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Namespace"};
  info.plural = "namespaces";
  info.singular = "namespace";
  info.short_names = {"ns"};
  info.namespaced = false;
  info.has_status = true;
  json status = open_object("What it is.", {{"phase", text("Active or Terminating.")}});
  status["default"] = {{"phase", "Active"}};
  info.schema = object(
      "Namespace groups objects. berth makes one when its first object is made.",
      {{"spec", open_object("Nothing that berth uses.", json::object())}, {"status", std::move(status)}});
  info.columns = {{"Status", "string", ".status.phase", "Whether it is in use or going."},
                  {"Age", "date", ".metadata.creationTimestamp", "Time since it was created."}};
  return info;
}

ResourceInfo kind_event() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Event"};
  info.plural = "events";
  info.singular = "event";
  info.short_names = {"ev"};
  info.schema = open_object("Event tells of one thing that happened to an object, perhaps several times.",
                            {{"involvedObject", open_object("The object that it is about.", json::object())},
                             {"reason", text("What happened, in one word.")},
                             {"message", text("What happened.")},
                             {"type", text("Normal or Warning.")},
                             {"count", integer("How often it happened.")},
                             {"firstTimestamp", time("When it happened first.")},
                             {"lastTimestamp", time("When it happened last.")},
                             {"eventTime", time("When it happened, for events that are never counted up.")},
                             {"source", open_object("Who tells.", json::object())}});
  info.schema["required"] = json::array({"involvedObject"});
  info.columns = {{"Last Seen", "date", ".lastTimestamp", "Time since it happened last."},
                  {"Type", "string", ".type", "Normal or Warning."},
                  {"Reason", "string", ".reason", "What happened, in one word."},
                  {"Kind", "string", ".involvedObject.kind", "The kind of the object that it is about."},
                  {"Object", "string", ".involvedObject.name", "The object that it is about."},
                  {"Message", "string", ".message", "What happened."},
                  {"Count", "integer", ".count", "How often it happened.", 1}};
  return info;
}

ResourceInfo kind_lease() {
  ResourceInfo info;
  info.gvk = {"coordination.k8s.io", "v1", "Lease"};
  info.plural = "leases";
  info.singular = "lease";
  json duration = integer("Seconds that a renewal lasts.");
  duration["minimum"] = 1;
  info.schema = object(
      "Lease is a heartbeat: the TestEnvironment of the same name lives while it is renewed.",
      {{"spec",
        object("Who holds it, and since when.", {{"holderIdentity", text("Who holds it.")},
                                                 {"leaseDurationSeconds", std::move(duration)},
                                                 {"acquireTime", time("When it was taken.")},
                                                 {"renewTime", time("When it was renewed last.")},
                                                 {"leaseTransitions", integer("How often it changed hands.")},
                                                 {"strategy", text("How the next holder is chosen.")},
                                                 {"preferredHolder", text("Who should hold it next.")}})}});
  info.columns = {{"Holder", "string", ".spec.holderIdentity", "Who holds it."},
                  {"Age", "date", ".metadata.creationTimestamp", "Time since it was created."}};
  return info;
}

}  // namespace

std::vector<ResourceInfo> core_kinds() { return {kind_namespace(), kind_event(), kind_lease()}; }

}  // namespace berth::crd
