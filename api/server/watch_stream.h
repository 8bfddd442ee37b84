#pragma once

#include "api/registry.h"
#include "api/server/options.h"
#include "api/server/reply.h"

namespace berth::api {

// Serves ?watch=1 to its end: the client leaves, timeoutSeconds is over, the server stops, or history is gone (an ERROR event
// with a Status, then the end). Starts the stream itself, at once. Cancelled: throws operation_aborted.
Task<void> serve_watch(Registry& registry, base::Clock& clock, const crd::ResourceInfo& resource, std::string ns,
                       ListOptions options, Reply& reply);

// The JSON line of one change as a watcher with these selectors sees it: an object that enters the selection is ADDED, one
// that leaves it is DELETED with its last matching content and the new revision. "" for what it does not see. Pure.
std::string watch_line(const storage::WatchEvent& event, const ListOptions& options);
std::string watch_error_line(const Error& error);

}  // namespace berth::api
