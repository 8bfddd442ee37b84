#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "controller/engine/types.h"

namespace berth::engine {

// A subscription to /events. Reads continuously into memory on its own (a reader that pauses slows the whole
// engine).
class EventStream {
 public:
  virtual ~EventStream() = default;  // unsubscribes
  // Errors: EngineUnavailable (the stream ended: subscribe again, list again). Cancelled: throws
  // operation_aborted.
  virtual Task<Result<Event>> next() = 0;
};

class LogStream {
 public:
  virtual ~LogStream() = default;
  // nullopt: the end. Cancelled: throws operation_aborted.
  virtual Task<Result<std::optional<LogChunk>>> next() = 0;
};

// A tar archive as it comes out of a container.
class ArchiveStream {
 public:
  virtual ~ArchiveStream() = default;
  // "": the end. Errors: EngineUnavailable (it broke off). Cancelled: throws operation_aborted.
  virtual Task<Result<std::string>> next() = 0;
};
// The next piece of one that goes in; "" is its end.
using ArchiveSource = std::function<Task<Result<std::string>>()>;

// The standard streams of a process in a container: raw bytes both ways. One reader and one writer at a time, which may be two
// tasks. Letting go of it closes the connection; that does not end the process.
class ProcessStream {
 public:
  virtual ~ProcessStream() = default;
  // nullopt: the process has ended (or closed what is attached). Errors: EngineUnavailable, EngineError. Cancelled: throws
  // operation_aborted.
  virtual Task<Result<std::optional<LogChunk>>> next() = 0;
  // To its standard input. False: nobody reads it any more.
  virtual Task<bool> write(std::string bytes) = 0;
  // The end of its standard input; output goes on. Not while a write() runs.
  virtual Task<void> end_input() = 0;
  // Pending calls return.
  virtual void close() = 0;
};

// A command that was started in a container.
struct ExecSession {
  std::string id;
  std::shared_ptr<ProcessStream> stream;
};

// One Docker host. Every call has a deadline, except streams (which end by cancel) and start_container (a
// start is never cut short: newer engines cancel it when the client hangs up). Any number of calls at once.
// Loop thread only.
//
// "Already done" is success: start of a running and stop of a stopped container, removal of what is gone,
// connect of what is connected, disconnect of what is not. Errors are mapped by call, status and message to
// Reason, the engine's text kept:
//   EngineUnavailable (cannot connect, timeout, 5xx while starting up), NameConflict, NotFound,
//   ImageNotFound, PortConflict, SubnetConflict, SubnetExhausted, NetworkMissing, NetworkInUse,
//   RemovalInProgress, CommandNotFound, InvalidSpec, DiskPressure, ImagePullFailed, PullRateLimited,
//   EngineError.
class Engine {
 public:
  virtual ~Engine() = default;
  // Ends every stream (EngineUnavailable). Await it before destruction, with no call in flight.
  virtual Task<void> stop() = 0;
  // Ends the streams of events() that are open now, as if the engine had: next() gives what came before, then
  // EngineUnavailable. For who found out in another way that the engine does not answer.
  virtual void drop_event_streams() {}

  // Negotiates the API version on first use and after every EngineUnavailable.
  virtual Task<Result<EngineInfo>> info(base::Deadline deadline) = 0;
  virtual Task<Result<void>> ping(base::Deadline deadline) = 0;

  // Every container, running or not, that carries all `labels` ("k=v" or "k"). List fields only: exit code,
  // health, start times and limits are not in it.
  virtual Task<Result<std::vector<Container>>> list_containers(std::vector<std::string> labels,
                                                               base::Deadline deadline) = 0;
  // By id or name. Errors: NotFound.
  virtual Task<Result<Container>> inspect_container(std::string id, base::Deadline deadline) = 0;
  // The new container's id. Never pulls. Errors: NameConflict, ImageNotFound, InvalidSpec.
  virtual Task<Result<std::string>> create_container(ContainerSpec spec, base::Deadline deadline) = 0;
  virtual Task<Result<void>> start_container(std::string id) = 0;
  // SIGTERM (or the image's signal), SIGKILL after `grace`.
  virtual Task<Result<void>> stop_container(std::string id, base::Duration grace,
                                            base::Deadline deadline) = 0;
  // With its anonymous volumes, killing it if needed. Errors: RemovalInProgress.
  virtual Task<Result<void>> remove_container(std::string id, base::Deadline deadline) = 0;
  // cpu_shares 0: as they are.
  virtual Task<Result<void>> update_container(std::string id, std::int64_t nano_cpus,
                                              std::int64_t memory_bytes, base::Deadline deadline,
                                              std::int64_t cpu_shares = 0) = 0;
  // Into a created or running container; parent directories are made.
  virtual Task<Result<void>> copy_files(std::string id, std::vector<FileToCopy> files,
                                        base::Deadline deadline) = 0;
  // What stands there, a link as a link. Errors: NotFound (no such path, or container).
  virtual Task<Result<PathStat>> stat_path(std::string id, std::string path, base::Deadline deadline) = 0;
  // A file or a directory with what is in it, under its own name. The deadline is for the beginning. Errors: NotFound.
  virtual Task<Result<std::unique_ptr<ArchiveStream>>> read_archive(std::string id, std::string path, base::Deadline deadline) = 0;
  // Unpacks it in a directory that is there. Takes as long as `source` does. Errors: NotFound, InvalidSpec (read-only, no
  // directory), DiskPressure, those of `source`.
  virtual Task<Result<void>> write_archive(std::string id, std::string path, ArchiveSource source) = 0;
  // One look, at once. Errors: NotFound.
  virtual Task<Result<ContainerStats>> stats(std::string id, base::Deadline deadline) = 0;
  // What inspect says, as the engine says it: JSON. For people to read. Errors: NotFound.
  virtual Task<Result<std::string>> describe_container(std::string id, base::Deadline deadline) = 0;
  virtual Task<Result<std::string>> describe_network(std::string id, base::Deadline deadline) = 0;
  // Runs a command to its end. Errors: NotFound, ContainerExited (not running), CommandNotFound,
  // DeadlineExceeded.
  virtual Task<Result<ExecResult>> exec(std::string id, std::vector<std::string> command,
                                        base::Deadline deadline) = 0;
  // Starts a command with its streams attached. A command that cannot be started says so in its output and ends with 126 or 127.
  // Errors: NotFound, ContainerExited (not running).
  virtual Task<Result<ExecSession>> open_exec(std::string id, ExecOptions options, base::Deadline deadline) = 0;
  // Waits until the command has ended. Errors: NotFound (ended long ago), DeadlineExceeded.
  virtual Task<Result<int>> exec_exit_code(std::string exec_id, base::Deadline deadline) = 0;
  // Errors: NotFound, EngineError (it does not run yet, or no more).
  virtual Task<Result<void>> resize_exec(std::string exec_id, TerminalSize size, base::Deadline deadline) = 0;
  // The streams of the container's own process, from now on. Errors: NotFound, ContainerExited.
  virtual Task<Result<std::shared_ptr<ProcessStream>>> attach_container(std::string id, Streams streams,
                                                                        base::Deadline deadline) = 0;
  virtual Task<Result<void>> resize_container(std::string id, TerminalSize size, base::Deadline deadline) = 0;
  virtual Task<Result<std::unique_ptr<LogStream>>> logs(std::string id, LogOptions options,
                                                        base::Deadline deadline) = 0;

  virtual Task<Result<std::vector<Network>>> list_networks(std::vector<std::string> labels,
                                                           base::Deadline deadline) = 0;
  virtual Task<Result<Network>> inspect_network(std::string id, base::Deadline deadline) = 0;
  // The new network's id. Errors: SubnetConflict, NameConflict (26 and later), InvalidSpec.
  virtual Task<Result<std::string>> create_network(NetworkSpec spec, base::Deadline deadline) = 0;
  // Errors: NetworkInUse.
  virtual Task<Result<void>> remove_network(std::string id, base::Deadline deadline) = 0;
  // Errors: NotFound, NetworkMissing.
  virtual Task<Result<void>> connect_network(std::string network_id, std::string container_id,
                                             std::vector<std::string> aliases, base::Deadline deadline) = 0;
  // By the network's name or id; a container that does not run leaves a network that is gone only by its
  // name.
  virtual Task<Result<void>> disconnect_network(std::string network_id, std::string container_id, bool force,
                                                base::Deadline deadline) = 0;

  virtual Task<Result<std::vector<Volume>>> list_volumes(std::vector<std::string> labels,
                                                         base::Deadline deadline) = 0;
  virtual Task<Result<void>> remove_volume(std::string name, base::Deadline deadline) = 0;

  // Missing: ImageNotFound.
  virtual Task<Result<Image>> inspect_image(std::string reference, base::Deadline deadline) = 0;
  // Anonymous. Errors: ImageNotFound, ImagePullFailed, PullRateLimited, with the registry's text.
  // `platform`: the one to be taken where there are several, "" for the engine's own.
  virtual Task<Result<void>> pull_image(std::string reference, std::string platform, base::Deadline deadline) = 0;

  // Container, network and volume events from `since_nano` on (0: from now), without those of exec, attach,
  // top and the like.
  virtual Task<Result<std::unique_ptr<EventStream>>> events(std::int64_t since_nano) = 0;
};

}  // namespace berth::engine
