#pragma once

#include <string>
#include <vector>

#include "api/registry.h"
#include "cli/manifest.h"
#include "cli/selector.h"
#include "cli/session.h"
#include "cli/targets.h"
#include "cli/waiter.h"

namespace berth::cli {

// Steps that several commands share.

// As berthctl writes: Strict, field manager "berthctl".
api::WriteOptions write_options(bool dry_run);

// The namespace of an object: its own, else the session's; "" for a cluster-scoped one. Errors: BadRequest when -n was
// given and says another.
Result<std::string> namespace_of(const Session& session, const Manifest& manifest);

// Names and a selector say two different things. Errors: BadRequest when `targets` has names and `selector` is not "".
Result<void> names_or_selector(const std::vector<Targets>& targets, const std::string& selector);

// The names of `targets`, or when there are none the ones that exist and match `selector`. Errors: the server's.
Task<Result<std::vector<std::string>>> names_of(Session& session, const Targets& targets, std::string ns,
                                                Selector selector);

// Gets one environment. NotFound says which command lists them.
Task<Result<ObjectPtr>> get_environment(Session& session, std::string name);

// "ENV" or "ENV/SERVICE" and what --container says, as one. Errors: BadRequest (they differ).
struct ServiceName {
  std::string environment;
  std::string service;  // "" = not said
};
Result<ServiceName> parse_service_name(const std::string& word, const std::string& container);
// The service that is meant; `asked` "" is the only one there is. Errors: NotFound, BadRequest with those to choose from.
Result<std::string> one_service(const Object& environment, const std::string& asked);

// The body of an update of `stored` to what a file declares: what berth and the API own in metadata stays.
json merged_body(const Manifest& manifest, const Object& stored);

// What a wait's failures and interruption mean for the command: an Error of several lines, or success.
Result<void> wait_error(const WaitOutcome& outcome);

// Adds advice to an error about a name that was taken for an environment's because it is no type.
Error with_type_advice(Error error, const Targets& targets, const crd::Scheme& scheme);

}  // namespace berth::cli
