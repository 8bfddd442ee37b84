#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/task_group.h"
#include "cli/input.h"
#include "cli/raw_terminal.h"
#include "cli/remote.h"
#include "cli/session.h"

namespace berth::cli {

inline constexpr const char* kExecProtocol = "v5.channel.k8s.io";
inline constexpr const char* kOlderExecProtocol = "v4.channel.k8s.io";  // cannot tell the end of the input

// A command that runs in a container, seen over an open WebSocket. Loop thread only; one use.
class RemoteExec {
 public:
  RemoteExec(Session& session, OpenedWebSocket opened) : session_(session), opened_(std::move(opened)), tasks_(session.executor, "exec") {}

  // `input` null: the command has none. The exit status of the command. Errors: what the server says when it could not be started,
  // ServiceUnavailable (the connection ended before the command did).
  Task<Result<int>> run(Input* input, std::optional<WindowSize> size);
  // The terminal has another size now.
  Task<void> resize(WindowSize size);
  // Lets go of the command, which does not end it; run() ends.
  void abort() { opened_.socket->abort(); }

 private:
  Task<void> feed(Input& input);
  Task<Result<int>> listen();
  Task<bool> send(char channel, std::string bytes);

  Session& session_;
  OpenedWebSocket opened_;
  TaskGroup tasks_;
};

// What the server says at the end of a command: its exit status. Errors: why it did not run.
Result<int> exit_status(const std::string& status);

}  // namespace berth::cli
