#pragma once

#include <memory>

#include "api/server/remote_process.h"
#include "api/server/stream_channels.h"

namespace berth::api {

// Opens it with the streams that it is given.
using OpenProcess = std::function<Task<Result<std::shared_ptr<RemoteProcess>>>(RemoteStreams streams)>;

// Opens the client's channels, then the process, and lets bytes flow between them until the process has ended (or the client is gone:
// then it is let go of). The client is told how it went. A process with a terminal waits a moment for the client to say its size.
Task<void> run_remote_process(base::Clock& clock, std::unique_ptr<Channels> channels, RemoteStreams streams, OpenProcess open);

}  // namespace berth::api
