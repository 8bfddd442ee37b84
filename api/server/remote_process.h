#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http/byte_stream.h"
#include "api/http/server.h"
#include "base/time.h"
#include "crd/object.h"

// What a server of Pods must ask the controllers for. `environment` is the stored TestEnvironment, `service` one of it.
namespace berth::api {

struct TerminalSize {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
};

struct RemoteOutput {
  int stream = 1;  // 1 stdout, 2 stderr
  std::string bytes;
};

// A process in a container, with its standard streams attached. One reader and one writer at a time, which may be two tasks.
class RemoteProcess {
 public:
  virtual ~RemoteProcess() = default;
  // nullopt: it has ended, or what was attached has.
  virtual Task<Result<std::optional<RemoteOutput>>> next() = 0;
  // To its standard input; false when nobody reads that any more.
  virtual Task<bool> write(std::string bytes) = 0;
  virtual Task<void> end_input() = 0;
  virtual Task<void> resize(TerminalSize size) = 0;
  // After next() said that it has ended. 0 for what was only attached.
  virtual Task<Result<int>> exit_code() = 0;
  // Lets go of it, which does not end it. Pending calls return.
  virtual void close() = 0;
};

struct RemoteStreams {
  bool in = false;
  bool out = false;
  bool err = false;
  bool tty = false;
  std::optional<TerminalSize> size;  // of the terminal to begin with, when the client has said it
};

struct PodLogOptions {
  bool follow = false;
  bool previous = false;  // of the run before the last start
  bool timestamps = false;
  std::optional<std::int64_t> tail;
  std::optional<base::SystemTime> since;
  std::optional<std::int64_t> limit_bytes;
};

struct PodOperations {
  // Writes the log of one run of the service's container to `writer` (starts the stream itself; on an error before that it answers
  // nothing and returns it). Errors: BadRequest (there is no such run), NotFound, EngineUnavailable.
  std::function<Task<Result<void>>(ObjectPtr environment, std::string service, PodLogOptions options, http::ResponseWriter& writer)> logs;
  // Errors: NotFound (no container), ContainerExited (it does not run), EngineUnavailable, EngineError.
  std::function<Task<Result<std::shared_ptr<RemoteProcess>>>(ObjectPtr environment, std::string service,
                                                             std::vector<std::string> command, RemoteStreams streams)>
      exec;
  std::function<Task<Result<std::shared_ptr<RemoteProcess>>>(ObjectPtr environment, std::string service, RemoteStreams streams)> attach;
  // A TCP connection to a port of the container. Errors: NotFound, ContainerExited, ServiceUnavailable ("... connection refused").
  std::function<Task<Result<std::shared_ptr<http::ByteStream>>>(ObjectPtr environment, std::string service, std::uint16_t port)> forward;
};

}  // namespace berth::api
