#include "api/http/codec.h"
#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"
#include "controller/engine/http_engine_impl.h"

// The streams of processes: exec and attach, on connections that left HTTP.
namespace berth::engine {

namespace {

constexpr int kInitialSize = 42;  // API 1.42 takes the size of a terminal when an exec is made

class HttpProcess final : public ProcessStream {
 public:
  HttpProcess(std::shared_ptr<http::ByteStream> stream, bool tty) : stream_(std::move(stream)), tty_(tty) {}
  ~HttpProcess() override { stream_->close(); }

  Task<Result<std::optional<LogChunk>>> next() override {
    while (frames_.empty()) {
      auto bytes = co_await stream_->read();
      if (!bytes) co_return base::error(Reason::EngineUnavailable, "exec: " + bytes.error().message);
      if (bytes->empty()) co_return std::nullopt;
      if (tty_) co_return LogChunk{1, std::move(*bytes)};
      if (auto split = decoder_.feed(*bytes, frames_); !split) co_return base::error(Reason::EngineError, split.error().message);
    }
    auto frame = std::move(frames_.front());
    frames_.erase(frames_.begin());
    if (frame.stream == 3) co_return base::error(Reason::EngineError, "exec: " + frame.payload);
    co_return LogChunk{frame.stream, std::move(frame.payload)};
  }

  Task<bool> write(std::string bytes) override { return stream_->write(std::move(bytes)); }
  Task<void> end_input() override { return stream_->shutdown_send(); }
  void close() override { stream_->close(); }

 private:
  std::shared_ptr<http::ByteStream> stream_;
  http::LogFrameDecoder decoder_;
  std::vector<http::LogFrame> frames_;
  bool tty_;
};

std::string size_query(TerminalSize size) {
  return "/resize?h=" + std::to_string(size.height) + "&w=" + std::to_string(size.width);
}

json exec_body(const ExecOptions& options, bool with_size) {
  json body = {{"Cmd", options.command},
               {"AttachStdin", options.streams.in},
               {"AttachStdout", options.streams.out},
               {"AttachStderr", options.streams.err && !options.tty},
               {"Tty", options.tty}};
  if (with_size) body["ConsoleSize"] = {options.size->height, options.size->width};
  return body;
}

}  // namespace

Task<Result<ExecSession>> HttpEngine::open_exec(std::string id, ExecOptions options, base::Deadline deadline) {
  auto takes_size = co_await wire_.speaks(Operation::Exec, kInitialSize, deadline);
  if (!takes_size) co_return takes_size.error();
  const bool with_size = *takes_size && options.size.has_value();
  auto body = exec_body(options, with_size);
  auto exec_id = co_await create_exec(std::move(id), std::move(body), deadline);
  if (!exec_id) co_return exec_id.error();
  json start = {{"Detach", false}, {"Tty", options.tty}};
  if (with_size) start["ConsoleSize"] = {options.size->height, options.size->width};
  auto request = post("/exec/" + *exec_id + "/start", start);
  auto stream = co_await wire_.upgrade(Operation::Exec, std::move(request), deadline);
  if (!stream) co_return stream.error();
  auto process = std::make_shared<HttpProcess>(std::move(*stream), options.tty);
  co_return ExecSession{std::move(*exec_id), std::move(process)};
}

Task<Result<void>> HttpEngine::resize_exec(std::string exec_id, TerminalSize size, base::Deadline deadline) {
  auto request = plain("POST", "/exec/" + exec_id + size_query(size));
  auto answer = co_await wire_.send(Operation::Exec, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<std::shared_ptr<ProcessStream>>> HttpEngine::attach_container(std::string id, Streams streams,
                                                                          base::Deadline deadline) {
  auto container = co_await inspect_container(id, deadline);
  if (!container) co_return container.error();
  if (!container->running()) co_return base::error(Reason::ContainerExited, "container " + container->name + " is not running");
  auto target = container_target(id, "/attach?stream=1");
  if (streams.in) target += "&stdin=1";
  if (streams.out) target += "&stdout=1";
  if (streams.err && !container->tty) target += "&stderr=1";
  auto request = plain("POST", std::move(target));
  request.idempotent = false;
  auto stream = co_await wire_.upgrade(Operation::Exec, std::move(request), deadline);
  if (!stream) co_return stream.error();
  std::shared_ptr<ProcessStream> process = std::make_shared<HttpProcess>(std::move(*stream), container->tty);
  co_return process;
}

Task<Result<void>> HttpEngine::resize_container(std::string id, TerminalSize size, base::Deadline deadline) {
  auto request = plain("POST", container_target(id, size_query(size)));
  auto answer = co_await wire_.send(Operation::Exec, std::move(request), deadline);
  co_return without_value(answer);
}

}  // namespace berth::engine
