#pragma once

#include "crd/object.h"

// Pieces of schemas that are written in code: those of Kubernetes' own kinds. Pure.
namespace berth::crd::core {

json text(const char* description);
json flag(const char* description);
json number(const char* description);  // int32, not negative
// A time that may be absent or null.
json time(const char* description);
json object(const char* description, json properties);
// Also keeps fields that it does not name.
json open_object(const char* description, json properties = json::object());
json map_of(const char* description, json values);
// Those whose values are text, base64, or quantities.
json text_map(const char* description);
json bytes_map(const char* description);
json quantity_map(const char* description);
json list_of(const char* description, json items);
// A list whose items are told apart by `key`.
json list_by(const char* description, const char* key, json items);
json with_default(json schema, json value);
json required(json schema, json names);
// Conditions of a status, by type.
json conditions();

}  // namespace berth::crd::core
