#pragma once

#include "api/registry.h"

namespace berth::api {

// The first steps of every write: is `body` of this kind, and what of it is known? Fills in apiVersion and
// kind of core kinds, prunes metadata and the rest, applies defaults. What was unknown is an error or a
// warning, as `options` say. The result passes Object::make() and has an object at "metadata". Errors:
// BadRequest, Invalid (of another kind).
Result<json> decode(const crd::ResourceInfo& resource, json body, const WriteOptions& options);

}  // namespace berth::api
