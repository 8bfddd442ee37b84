#include "cli/remote_exec.h"

#include <charconv>
#include <ostream>

#include "api/http/channels.h"
#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

Result<int> exit_status(const std::string& status) {
  const auto parsed = crd::parse_json(status);
  if (parsed.has_error()) return base::error(Reason::InternalError, printable(status));
  if (text_at(*parsed, {"status"}) == "Success") return 0;
  for (const auto& cause : items(at(*parsed, {"details", "causes"}))) {
    if (text_at(cause, {"reason"}) != "ExitCode") continue;
    const auto number = text_at(cause, {"message"});
    int code = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), code);
    if (error == std::errc() && end == number.data() + number.size() && code != 0) return code;
  }
  return base::error(Reason::InternalError, text_at(*parsed, {"message"}));
}

Task<bool> RemoteExec::send(char channel, std::string bytes) {
  bytes.insert(bytes.begin(), channel);
  return opened_.socket->send(http::WebSocketOpcode::Binary, std::move(bytes));
}

Task<void> RemoteExec::resize(WindowSize size) {
  auto text = crd::dump(json{{"Width", size.columns}, {"Height", size.rows}});
  co_await send(http::kResizeChannel, std::move(text));
}

Task<void> RemoteExec::feed(Input& input) {
  for (;;) {
    auto bytes = co_await input.read();
    if (bytes.empty()) break;
    const bool there = co_await send(http::kStdinChannel, std::move(bytes));
    if (!there) co_return;
  }
  std::string ended(1, http::kStdinChannel);
  if (opened_.protocol == kExecProtocol) co_await send(http::kCloseChannel, std::move(ended));
}

Task<Result<int>> RemoteExec::listen() {
  while (auto message = co_await opened_.socket->next()) {
    auto& bytes = message->payload;
    if (bytes.empty()) continue;
    const char channel = bytes.front();
    bytes.erase(0, 1);
    if (channel == http::kErrorChannel && !bytes.empty()) co_return exit_status(bytes);
    if (bytes.empty() || (channel != http::kStdoutChannel && channel != http::kStderrChannel)) continue;
    auto& out = channel == http::kStdoutChannel ? session_.io.out : session_.io.err;
    if (!(out << bytes << std::flush)) co_return base::error(Reason::InternalError, "the output was closed");
  }
  co_return base::error(Reason::ServiceUnavailable, "the connection ended before the command did; it may still run");
}

Task<Result<int>> RemoteExec::run(Input* input, std::optional<WindowSize> size) {
  if (size) co_await resize(*size);
  if (input) tasks_.spawn("input", feed(*input));
  auto result = co_await listen();
  opened_.socket->abort();
  co_await tasks_.stop();
  co_return result;
}

}  // namespace berth::cli
