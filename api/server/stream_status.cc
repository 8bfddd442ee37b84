#include "api/server/stream_status.h"

namespace berth::api {

namespace {

json exec_status_failure(const std::string& message, const char* reason, json cause) {
  return {{"metadata", json::object()},
          {"status", "Failure"},
          {"message", message},
          {"reason", reason},
          {"details", {{"causes", json::array({std::move(cause)})}}}};
}

}  // namespace

json exec_success() { return {{"metadata", json::object()}, {"status", "Success"}}; }

json exec_exit(int code) {
  if (code == 0) return exec_success();
  const auto number = std::to_string(code);
  return exec_status_failure("command terminated with non-zero exit code: command terminated with exit code " + number,
                             "NonZeroExitCode", {{"reason", "ExitCode"}, {"message", number}});
}

json exec_failure(const std::string& message) {
  json status = exec_status_failure("Internal error occurred: " + message, "InternalError", {{"message", message}});
  status["code"] = 500;
  return status;
}

}  // namespace berth::api
