#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/client/client.h"
#include "api/http/client.h"

namespace berth::api {

// Reads the JSON lines of a watch. next() fails with the error of an ERROR event (Expired), with ServiceUnavailable when the
// connection is cut or the server ends the stream: watch again from the last revision. `previous` of an event is null.
std::unique_ptr<Watcher> make_http_watcher(std::unique_ptr<http::ClientStream> stream, std::string group_resource);

// One line of a watch as an event. Pure. Errors: those of an ERROR event; InternalError for what is no watch event.
Result<storage::WatchEvent> parse_watch_line(const std::string& line, const std::string& group_resource);

// metadata.resourceVersion as a number.
std::optional<storage::Revision> read_revision(const json& object);

}  // namespace berth::api
