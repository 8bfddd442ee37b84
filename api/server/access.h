#pragma once

#include <string>

#include "api/http/server.h"
#include "base/result.h"

namespace berth::api {

// Whoever reaches the API is root on the engine, so this comes before anything else. A unix socket is guarded by its mode.
// Over TCP the Host must be this machine's loopback (a web page that rebinds its name to 127.0.0.1 sends its own name) or, over
// TLS, what the server's certificate names; the Bearer token is needed unless `open`, and a wrong one is refused even then. An
// Origin that is not the server itself is refused everywhere: there is no CORS. Nobody acts as somebody else (impersonation.h).
// Errors: Forbidden, Unauthorized.
Result<void> check_access(const http::ServerRequest& request, const std::string& token, bool open);

// Takes the same time wherever the two differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace berth::api
