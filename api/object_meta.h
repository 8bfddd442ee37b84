#pragma once

#include <string>
#include <vector>

#include "api/registry.h"
#include "crd/scheme.h"

// metadata is the same for every kind, and its rules are not in any schema.
namespace berth::api {

// Removes what metadata does not have and what berth does not keep (nulls, selfLink, managedFields); returns
// the paths that were unknown ("metadata.bogus"). Wrong types are left for Object::make() and
// validate_metadata().
std::vector<std::string> prune_metadata(json& metadata);

// Name, labels, annotations, finalizers, owners of an object that is about to be stored.
std::vector<Cause> validate_metadata(const crd::ResourceInfo& resource, const json& metadata);

// What an update must not do to the metadata that is stored. `metadata` has taken over what is berth's by
// then.
std::vector<Cause> validate_metadata_update(const json& metadata, const json& old);

// Lays down which finalizers the object gets: those it asks for, each once, and berth's own if it is among
// `kept`. System may leave berth's own out by giving a list without it. Returns a cause when a user tries to
// add berth's own.
std::vector<Cause> settle_finalizers(json& metadata, const std::vector<std::string>& kept, Actor actor);

// metadata.finalizers; empty when absent.
std::vector<std::string> finalizers_of(const json& metadata);

// Whether a deletion of the object waits for somebody: metadata.finalizers, and spec.finalizers of a Namespace.
bool is_held(const crd::ResourceInfo& resource, const json& body);

}  // namespace berth::api
