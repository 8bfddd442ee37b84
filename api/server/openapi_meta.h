#pragma once

#include "crd/object.h"

namespace berth::api {

// The schemas of meta/v1 by their full names, in the form of OpenAPI v3: ObjectMeta and what it is made of, ListMeta, Status,
// DeleteOptions, Patch, Time. Made anew at each call.
json meta_schemas();

// Properties that every kind has: apiVersion and kind.
json type_meta_properties();

}  // namespace berth::api
