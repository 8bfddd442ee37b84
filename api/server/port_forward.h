#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http/byte_stream.h"
#include "api/server/port_relay.h"
#include "api/server/stream_protocol.h"
#include "base/result.h"

namespace berth::api {

// What forwards to the ports of one pod.
struct PortForward {
  std::string pod;  // "<name>_<namespace>, uid <uid>", for messages
  std::function<Task<Result<std::shared_ptr<http::ByteStream>>>(std::uint16_t port)> dial;
};

// "error forwarding port 17 to pod p1_default, uid ...: ...", as clients print it.
std::string forward_failure(const PortForward& forward, std::uint16_t port, const Error& error);

// SPDY/3.1: for each connection of the client's a pair of streams, one for errors and one for data. Ends with the client.
Task<void> forward_over_spdy(std::shared_ptr<http::ByteStream> stream, PortForward forward);
// The channel protocol, version 4: for each port one connection, and two channels: 2n data, 2n+1 errors.
Task<void> forward_over_websocket(std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol, std::vector<std::uint16_t> ports,
                                  PortForward forward);

}  // namespace berth::api
