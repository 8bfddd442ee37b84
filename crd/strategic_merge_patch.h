#pragma once

#include "crd/merge_type.h"

namespace berth::crd {

// The merge patch of Kubernetes' built-in kinds: like RFC 7386, but lists of type map merge by the first of their keys and sets as
// sets, with the directives $patch (replace, delete, merge), $retainKeys, $deleteFromPrimitiveList/<list> and
// $setElementOrder/<list>. Pure. `patch` is an object. Errors: BadRequest for directives that make no sense, and items without key.
Result<json> apply_strategic_merge_patch(const MergeType& type, json document, const json& patch);

}  // namespace berth::crd
