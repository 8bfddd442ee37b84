#include "api/server/openapi_meta.h"

#include "api/server/openapi_names.h"
#include "crd/core_schema.h"

namespace berth::api {

namespace {

namespace core = crd::core;

json whole_32(const char* description) { return {{"type", "integer"}, {"format", "int32"}, {"description", description}}; }

json whole_64(const char* description) { return {{"type", "integer"}, {"format", "int64"}, {"description", description}}; }

// The items of lists and maps of texts.
json text_item() { return {{"type", "string"}, {"default", ""}}; }

// The items of a list of another kind of meta/v1.
json meta_item(const char* kind) { return {{"default", json::object()}, {"allOf", json::array({meta_ref(kind)})}}; }

json meta_field(const char* description, const char* kind) { return described_ref(std::string(kMetaPrefix) + kind, description); }

json object_meta_schema() {
  json schema = core::object(
      "ObjectMeta is the metadata that every stored object has.",
      {{"annotations", core::map_of("Texts under qualified names, for tools and people to keep what they like. "
                                    "Nothing is selected by them; 256 KiB in all.",
                                    text_item())},
       {"creationTimestamp", meta_field("When the server made the object, RFC 3339 in UTC. Set by the server. "
                                        "Read-only.",
                                        "Time")},
       {"deletionGracePeriodSeconds", whole_64("Seconds that the object has to end by itself, from "
                                               "deletionTimestamp on. Set by the server with a graceful deletion. "
                                               "Read-only.")},
       {"deletionTimestamp", meta_field("When the deletion of the object was asked for. It goes once its "
                                        "finalizers are empty. Set by the server; it can never be taken back. "
                                        "Read-only.",
                                        "Time")},
       {"finalizers", core::list_of("Names of those that have work to do before the object may go. A deleted object "
                                    "stays until each has taken its own name off; no names may be added then.",
                                    text_item())},
       {"generateName", core::text("The beginning of a name that the server completes, where name is empty.")},
       {"generation", whole_64("Counts the changes of what is wanted (the spec). Set by the server. Read-only.")},
       {"labels", core::map_of("Short texts under qualified names, by which objects are selected.", text_item())},
       {"managedFields", core::list_of("Which manager set which fields, kept by the server for server-side apply. "
                                       "There is no need to set it.",
                                       meta_item("ManagedFieldsEntry"))},
       {"name", core::text("The name of the object, unique among those of its kind in its namespace. It cannot be "
                           "changed.")},
       {"namespace", core::text("The namespace of the object; empty for kinds that are in none. It cannot be changed.")},
       {"ownerReferences", core::list_of("Objects that this one belongs to. When all of them are gone, it is deleted. "
                                         "At most one of them is its controller.",
                                         meta_item("OwnerReference"))},
       {"resourceVersion", core::text("Changes with every change of the object. Opaque: to be sent back as it came, "
                                      "to read, watch or change from there. Read-only.")},
       {"selfLink", core::text("Deprecated: never set.")},
       {"uid", core::text("Tells the object from every other one there was or will be, also of the same name. Set by "
                          "the server. Read-only.")}});
  json& properties = schema["properties"];
  properties["finalizers"].update({{"x-kubernetes-list-type", "set"}, {"x-kubernetes-patch-strategy", "merge"}});
  properties["managedFields"]["x-kubernetes-list-type"] = "atomic";
  properties["ownerReferences"].update({{"x-kubernetes-list-type", "map"},
                                        {"x-kubernetes-list-map-keys", json::array({"uid"})},
                                        {"x-kubernetes-patch-strategy", "merge"},
                                        {"x-kubernetes-patch-merge-key", "uid"}});
  return schema;
}

json list_meta_schema() {
  return core::object(
      "ListMeta is the metadata of lists and of some answers.",
      {{"continue", core::text("Not empty when the list was cut at its limit: to be sent as the continue parameter to get "
                               "what follows. Opaque.")},
       {"remainingItemCount", whole_64("How many objects follow this part of the list, as far as is known. Absent for "
                                       "lists that are complete or selected.")},
       {"resourceVersion", core::text("The state of the store that the list shows; a watch may begin there. Opaque. Read-only.")},
       {"selfLink", core::text("Deprecated: never set.")}});
}

json owner_reference_schema() {
  json schema = core::object(
      "OwnerReference names an object that another one belongs to. Both are in the same namespace, or the owner "
      "is in none.",
      {{"apiVersion", core::text("The group and version of the owner.")},
       {"blockOwnerDeletion", core::flag("Whether an owner that is deleted in the foreground waits until this object "
                                         "has gone.")},
       {"controller", core::flag("Whether the owner is the one that manages this object.")},
       {"kind", core::text("The kind of the owner.")},
       {"name", core::text("The name of the owner.")},
       {"uid", core::text("The uid of the owner.")}});
  for (const auto* name : {"apiVersion", "kind", "name", "uid"}) {
    schema["required"].push_back(name);
    schema["properties"][name]["default"] = "";
  }
  schema["x-kubernetes-map-type"] = "atomic";
  return schema;
}

json managed_fields_entry_schema() {
  return core::object("ManagedFieldsEntry tells which fields one manager set by one operation.",
                      {{"apiVersion", core::text("The version of the object in which fieldsV1 names its fields.")},
                       {"fieldsType", core::text("The form of the fields: FieldsV1.")},
                       {"fieldsV1", meta_field("The fields.", "FieldsV1")},
                       {"manager", core::text("Who manages them, as fieldManager said.")},
                       {"operation", core::text("How they were set: Apply or Update.")},
                       {"subresource", core::text("The subresource through which they were set; empty for the object itself.")},
                       {"time", meta_field("When the entry was made or last changed.", "Time")}});
}

json delete_options_schema() {
  json schema = core::object(
      "DeleteOptions says how to delete an object.",
      {{"dryRun", core::list_of("All: check everything and change nothing.", text_item())},
       {"gracePeriodSeconds", whole_64("Seconds that the object has to end by itself; 0 means at once. The kind's "
                                       "own time when absent.")},
       {"orphanDependents", core::flag("Deprecated: use propagationPolicy. Whether objects that belong to this one stay.")},
       {"preconditions", meta_field("What the object must be like; 409 Conflict otherwise.", "Preconditions")},
       {"propagationPolicy", core::text("What becomes of objects that belong to this one: Orphan (they stay), "
                                        "Background (they are deleted after it) or Foreground (it goes after them).")}});
  schema["properties"]["dryRun"]["x-kubernetes-list-type"] = "atomic";
  return schema;
}

json preconditions_schema() {
  return core::object("Preconditions must hold before an operation is carried out.",
                      {{"resourceVersion", core::text("The resourceVersion that the object must have.")},
                       {"uid", core::text("The uid that the object must have.")}});
}

json status_schema() {
  json schema = core::object("Status is the answer to requests that have no object to answer with.",
                             {{"code", whole_32("The HTTP status code, 0 when it is not set.")},
                              {"details", meta_field("What the answer is about, depending on the reason.", "StatusDetails")},
                              {"message", core::text("What happened, for people.")},
                              {"metadata", meta_field("The metadata of the list that the answer is about.", "ListMeta")},
                              {"reason", core::text("Why it failed, in one word.")},
                              {"status", core::text("Success or Failure.")}});
  schema["properties"]["metadata"]["default"] = json::object();
  return schema;
}

json status_details_schema() {
  json schema = core::object("StatusDetails says more about a Status.",
                             {{"causes", core::list_of("The single things that were wrong.", meta_item("StatusCause"))},
                              {"group", core::text("The group of the resource.")},
                              {"kind", core::text("The resource, or the kind.")},
                              {"name", core::text("The name of the object.")},
                              {"retryAfterSeconds", whole_32("Seconds to wait before the request is tried again.")},
                              {"uid", core::text("The uid of the object.")}});
  schema["properties"]["causes"]["x-kubernetes-list-type"] = "atomic";
  return schema;
}

json status_cause_schema() {
  return core::object("StatusCause is one thing that was wrong.",
                      {{"field", core::text("The field, e.g. spec.ports[0].containerPort.")},
                       {"message", core::text("What is wrong, for people.")},
                       {"reason", core::text("What is wrong, in one word.")}});
}

json fields_v1_schema() {
  return {{"type", "object"},
          {"description",
           "FieldsV1 is a set of fields as a tree: a key 'f:<name>' is a field, 'k:<keys>' the list item with these keys, "
           "'v:<value>' the list item of this value, 'i:<index>' the list item at this place, and '.' the thing itself."}};
}

json time_schema() { return {{"type", "string"}, {"format", "date-time"}, {"description", "Time is a time in RFC 3339."}}; }

json patch_schema() {
  return {{"type", "object"},
          {"description", "Patch is the body of a PATCH request; its Content-Type says of which sort it is."}};
}

// One that is sent as an object of its own.
json kind_of_core(json schema, const char* kind) {
  schema["properties"].update(type_meta_properties());
  schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension({"", "v1", kind})});
  return schema;
}

}  // namespace

json type_meta_properties() {
  return {
      {"apiVersion", core::text("The version of the schema of this object, as group/version (only the version for core kinds).")},
      {"kind", core::text("The kind of this object, in CamelCase. It cannot be changed.")}};
}

json meta_schemas() {
  const std::pair<const char*, json> all[] = {{"DeleteOptions", kind_of_core(delete_options_schema(), "DeleteOptions")},
                                              {"FieldsV1", fields_v1_schema()},
                                              {"ListMeta", list_meta_schema()},
                                              {"ManagedFieldsEntry", managed_fields_entry_schema()},
                                              {"ObjectMeta", object_meta_schema()},
                                              {"OwnerReference", owner_reference_schema()},
                                              {"Patch", patch_schema()},
                                              {"Preconditions", preconditions_schema()},
                                              {"Status", kind_of_core(status_schema(), "Status")},
                                              {"StatusCause", status_cause_schema()},
                                              {"StatusDetails", status_details_schema()},
                                              {"Time", time_schema()}};
  json schemas = json::object();
  for (const auto& [kind, schema] : all) schemas[std::string(kMetaPrefix) + kind] = schema;
  return schemas;
}

}  // namespace berth::api
