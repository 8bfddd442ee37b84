#include "api/server/openapi_meta.h"

#include "api/server/openapi_names.h"

namespace berth::api {

namespace {

constexpr const char* kApiVersion = "The version of the schema of this object, as group/version (only the version for core kinds).";
constexpr const char* kKind = "The kind of this object, in CamelCase. It cannot be changed.";

// By short name; "@ref" stands for a reference to another one.
constexpr const char* kMetaSchemas = R"json({
"ObjectMeta": {
  "description": "ObjectMeta is the metadata that every stored object has.",
  "type": "object",
  "properties": {
    "annotations": {"description": "Texts under qualified names, for tools and people to keep what they like. Nothing is selected by them; 256 KiB in all.", "type": "object", "additionalProperties": {"type": "string", "default": ""}},
    "creationTimestamp": {"description": "When the server made the object, RFC 3339 in UTC. Set by the server. Read-only.", "@ref": "Time"},
    "deletionGracePeriodSeconds": {"description": "Seconds that the object has to end by itself, from deletionTimestamp on. Set by the server with a graceful deletion. Read-only.", "type": "integer", "format": "int64"},
    "deletionTimestamp": {"description": "When the deletion of the object was asked for. It goes once its finalizers are empty. Set by the server; it can never be taken back. Read-only.", "@ref": "Time"},
    "finalizers": {"description": "Names of those that have work to do before the object may go. A deleted object stays until each has taken its own name off; no names may be added then.", "type": "array", "items": {"type": "string", "default": ""}, "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"},
    "generateName": {"description": "The beginning of a name that the server completes, where name is empty.", "type": "string"},
    "generation": {"description": "Counts the changes of what is wanted (the spec). Set by the server. Read-only.", "type": "integer", "format": "int64"},
    "labels": {"description": "Short texts under qualified names, by which objects are selected.", "type": "object", "additionalProperties": {"type": "string", "default": ""}},
    "managedFields": {"description": "Which manager set which fields, kept by the server for server-side apply. There is no need to set it.", "type": "array", "items": {"@ref": "ManagedFieldsEntry", "default": {}}, "x-kubernetes-list-type": "atomic"},
    "name": {"description": "The name of the object, unique among those of its kind in its namespace. It cannot be changed.", "type": "string"},
    "namespace": {"description": "The namespace of the object; empty for kinds that are in none. It cannot be changed.", "type": "string"},
    "ownerReferences": {"description": "Objects that this one belongs to. When all of them are gone, it is deleted. At most one of them is its controller.", "type": "array", "items": {"@ref": "OwnerReference", "default": {}}, "x-kubernetes-list-map-keys": ["uid"], "x-kubernetes-list-type": "map", "x-kubernetes-patch-merge-key": "uid", "x-kubernetes-patch-strategy": "merge"},
    "resourceVersion": {"description": "Changes with every change of the object. Opaque: to be sent back as it came, to read, watch or change from there. Read-only.", "type": "string"},
    "selfLink": {"description": "Deprecated: never set.", "type": "string"},
    "uid": {"description": "Tells the object from every other one there was or will be, also of the same name. Set by the server. Read-only.", "type": "string"}
  }
},
"ListMeta": {
  "description": "ListMeta is the metadata of lists and of some answers.",
  "type": "object",
  "properties": {
    "continue": {"description": "Not empty when the list was cut at its limit: to be sent as the continue parameter to get what follows. Opaque.", "type": "string"},
    "remainingItemCount": {"description": "How many objects follow this part of the list, as far as is known. Absent for lists that are complete or selected.", "type": "integer", "format": "int64"},
    "resourceVersion": {"description": "The state of the store that the list shows; a watch may begin there. Opaque. Read-only.", "type": "string"},
    "selfLink": {"description": "Deprecated: never set.", "type": "string"}
  }
},
"OwnerReference": {
  "description": "OwnerReference names an object that another one belongs to. Both are in the same namespace, or the owner is in none.",
  "type": "object",
  "required": ["apiVersion", "kind", "name", "uid"],
  "properties": {
    "apiVersion": {"description": "The group and version of the owner.", "type": "string", "default": ""},
    "blockOwnerDeletion": {"description": "Whether an owner that is deleted in the foreground waits until this object has gone.", "type": "boolean"},
    "controller": {"description": "Whether the owner is the one that manages this object.", "type": "boolean"},
    "kind": {"description": "The kind of the owner.", "type": "string", "default": ""},
    "name": {"description": "The name of the owner.", "type": "string", "default": ""},
    "uid": {"description": "The uid of the owner.", "type": "string", "default": ""}
  },
  "x-kubernetes-map-type": "atomic"
},
"ManagedFieldsEntry": {
  "description": "ManagedFieldsEntry tells which fields one manager set by one operation.",
  "type": "object",
  "properties": {
    "apiVersion": {"description": "The version of the object in which fieldsV1 names its fields.", "type": "string"},
    "fieldsType": {"description": "The form of the fields: FieldsV1.", "type": "string"},
    "fieldsV1": {"description": "The fields.", "@ref": "FieldsV1"},
    "manager": {"description": "Who manages them, as fieldManager said.", "type": "string"},
    "operation": {"description": "How they were set: Apply or Update.", "type": "string"},
    "subresource": {"description": "The subresource through which they were set; empty for the object itself.", "type": "string"},
    "time": {"description": "When the entry was made or last changed.", "@ref": "Time"}
  }
},
"FieldsV1": {
  "description": "FieldsV1 is a set of fields as a tree: a key 'f:<name>' is a field, 'k:<keys>' the list item with these keys, 'v:<value>' the list item of this value, 'i:<index>' the list item at this place, and '.' the thing itself.",
  "type": "object"
},
"Time": {
  "description": "Time is a time in RFC 3339.",
  "type": "string",
  "format": "date-time"
},
"DeleteOptions": {
  "description": "DeleteOptions says how to delete an object.",
  "type": "object",
  "properties": {
    "dryRun": {"description": "All: check everything and change nothing.", "type": "array", "items": {"type": "string", "default": ""}, "x-kubernetes-list-type": "atomic"},
    "gracePeriodSeconds": {"description": "Seconds that the object has to end by itself; 0 means at once. The kind's own time when absent.", "type": "integer", "format": "int64"},
    "orphanDependents": {"description": "Deprecated: use propagationPolicy. Whether objects that belong to this one stay.", "type": "boolean"},
    "preconditions": {"description": "What the object must be like to be deleted; 409 Conflict otherwise.", "@ref": "Preconditions"},
    "propagationPolicy": {"description": "What becomes of objects that belong to this one: Orphan (they stay), Background (they are deleted after it) or Foreground (it goes after them).", "type": "string"}
  }
},
"Preconditions": {
  "description": "Preconditions must hold before an operation is carried out.",
  "type": "object",
  "properties": {
    "resourceVersion": {"description": "The resourceVersion that the object must have.", "type": "string"},
    "uid": {"description": "The uid that the object must have.", "type": "string"}
  }
},
"Patch": {
  "description": "Patch is the body of a PATCH request; its Content-Type says of which sort it is.",
  "type": "object"
},
"Status": {
  "description": "Status is the answer to requests that have no object to answer with.",
  "type": "object",
  "properties": {
    "code": {"description": "The HTTP status code, 0 when it is not set.", "type": "integer", "format": "int32"},
    "details": {"description": "What the answer is about, depending on the reason.", "@ref": "StatusDetails"},
    "message": {"description": "What happened, for people.", "type": "string"},
    "metadata": {"description": "The metadata of the list that the answer is about.", "@ref": "ListMeta", "default": {}},
    "reason": {"description": "Why it failed, in one word.", "type": "string"},
    "status": {"description": "Success or Failure.", "type": "string"}
  }
},
"StatusDetails": {
  "description": "StatusDetails says more about a Status.",
  "type": "object",
  "properties": {
    "causes": {"description": "The single things that were wrong.", "type": "array", "items": {"@ref": "StatusCause", "default": {}}, "x-kubernetes-list-type": "atomic"},
    "group": {"description": "The group of the resource.", "type": "string"},
    "kind": {"description": "The resource, or the kind.", "type": "string"},
    "name": {"description": "The name of the object.", "type": "string"},
    "retryAfterSeconds": {"description": "Seconds to wait before the request is tried again.", "type": "integer", "format": "int32"},
    "uid": {"description": "The uid of the object.", "type": "string"}
  }
},
"StatusCause": {
  "description": "StatusCause is one thing that was wrong.",
  "type": "object",
  "properties": {
    "field": {"description": "The field, e.g. spec.ports[0].containerPort.", "type": "string"},
    "message": {"description": "What is wrong, for people.", "type": "string"},
    "reason": {"description": "What is wrong, in one word.", "type": "string"}
  }
}
})json";

// Replaces every "@ref"; beside other keywords a reference must be wrapped.
void resolve_short_refs(json& schema) {
  if (schema.is_object()) {
    if (auto short_ref = schema.find("@ref"); short_ref != schema.end() && short_ref->is_string()) {
      const std::string name = *short_ref;
      schema.erase(short_ref);
      schema["allOf"] = json::array({meta_ref(name)});
    }
  }
  if (schema.is_structured()) {
    for (json& inner : schema) resolve_short_refs(inner);
  }
}

}  // namespace

json type_meta_properties() {
  return {{"apiVersion", {{"type", "string"}, {"description", kApiVersion}}}, {"kind", {{"type", "string"}, {"description", kKind}}}};
}

json meta_schemas() {
  json schemas = json::object();
  json parsed = json::parse(kMetaSchemas);
  for (auto& [name, schema] : parsed.items()) {
    resolve_short_refs(schema);
    if (name == "Status" || name == "DeleteOptions") {
      schema["properties"].update(type_meta_properties());
      schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension({"", "v1", name})});
    }
    schemas[std::string(kMetaPrefix) + name] = std::move(schema);
  }
  return schemas;
}

}  // namespace berth::api
