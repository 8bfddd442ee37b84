#pragma once

#include <optional>
#include <string>

#include "api/server/reply.h"

namespace berth::api {

// What an upgrade that cannot be is answered with, as a server of Kubernetes does.
Task<void> refuse_upgrade(Reply& reply, int status, std::string text, http::Headers headers);
Task<void> refuse_upgrade(Reply& reply, std::string text);  // with 400

// The Sec-WebSocket-Accept for the client's key, which is checked before anything else is done. nullopt: it was answered.
Task<std::optional<std::string>> websocket_key(const http::ServerRequest& request, Reply& reply);

}  // namespace berth::api
