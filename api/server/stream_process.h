#pragma once

#include <memory>

#include "api/server/remote_process.h"
#include "api/server/stream_channels.h"

namespace berth::api {

using OpenProcess = std::function<Task<Result<std::shared_ptr<RemoteProcess>>>()>;

// Opens the client's channels, then the process, and lets bytes flow between them until the process has ended (or the client is gone:
// then it is let go of). The client is told how it went.
Task<void> run_remote_process(std::unique_ptr<Channels> channels, OpenProcess open);

}  // namespace berth::api
