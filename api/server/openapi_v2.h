#pragma once

#include "crd/scheme.h"

namespace berth::api {

// The OpenAPI v2 (Swagger) document of everything, made from those of v3. What v2 cannot say is left out: where a value may be null,
// or a number or a text, there is no type; nor where a custom resource may hold unknown fields, except in its status. Pure.
json openapi_v2(const crd::Scheme& scheme);

// A v2 document in the shape of the message openapi.v2.Document: lists of {name, value} for objects, vendor extensions and defaults
// as YAML texts. Pure.
json openapi_v2_message(const json& document);

}  // namespace berth::api
