#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/http/server.h"

// Which streaming protocol a client asks for, and what it is answered. Pure.
namespace berth::api {

enum class Transport { None, WebSocket, Spdy };
// By the Upgrade and Connection headers.
Transport transport_of(const http::ServerRequest& request);

// The Bearer token that a browser, which cannot send headers of its own, offers as a subprotocol; "" when there is none. It is secret.
std::string websocket_token(const http::ServerRequest& request);

// A version of the channel protocol: "v4.base64.channel.k8s.io" is {4, true}.
struct ChannelProtocol {
  std::string name;  // as it is answered; "" for a client that named none
  int version = 1;
  bool base64 = false;
};

// The protocols that the client offers, in its order: of Sec-WebSocket-Protocol without tokens, or of X-Stream-Protocol-Version.
std::vector<std::string> offered_protocols(const http::ServerRequest& request, Transport transport);

// The first of `offered` that exec and attach can speak; without any offer over a WebSocket, version 1.
std::optional<ChannelProtocol> choose_exec_protocol(const std::vector<std::string>& offered, Transport transport);

inline constexpr std::string_view kPortForwardTunnel = "SPDY/3.1+portforward.k8s.io";  // a subprotocol of WebSocket
inline constexpr std::string_view kPortForwardSpdy = "portforward.k8s.io";
// The same for port-forward: the tunnel, version 4 of the channel protocol, or SPDY.
std::optional<ChannelProtocol> choose_forward_protocol(const std::vector<std::string>& offered, Transport transport);

// What answers a client that asked for none of `accepted` over SPDY.
std::string no_common_protocol(const std::vector<std::string>& offered, const std::vector<std::string>& accepted);
std::vector<std::string> accepted_spdy_protocols(bool forward);

}  // namespace berth::api
