#include "api/server/stream_process.h"

#include <boost/asio/this_coro.hpp>

#include "api/server/stream_status.h"
#include "base/task_group.h"

namespace berth::api {

namespace {

// From the client to the process, until the client is gone.
Task<void> feed_process(Channels& channels, std::shared_ptr<RemoteProcess> process) {
  bool reads = true;
  while (auto input = co_await channels.next()) {
    if (input->kind == ChannelInput::Kind::Resize) {
      co_await process->resize(input->size);
    } else if (input->kind == ChannelInput::Kind::EndOfStdin) {
      if (std::exchange(reads, false)) co_await process->end_input();
    } else if (reads) {
      reads = co_await process->write(std::move(input->bytes));
    }
  }
  process->close();
}

// From the process to the client, until one of them has ended.
Task<void> drain_process(Channels& channels, RemoteProcess& process) {
  json status;
  while (true) {
    auto output = co_await process.next();
    if (output.has_error()) {
      status = exec_failure(output.error().message);
      break;
    }
    if (!*output) {
      const auto code = co_await process.exit_code();
      status = code ? exec_exit(*code) : exec_failure(code.error().message);
      break;
    }
    const bool there = co_await channels.write((*output)->stream, std::move((*output)->bytes));
    if (!there) co_return;
  }
  co_await channels.finish(std::move(status));
}

Task<void> connect_process(Channels& channels, std::shared_ptr<RemoteProcess> process) {
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group(executor, "exec");
  group.spawn("input", feed_process(channels, process));
  std::exception_ptr failure;
  try {
    co_await drain_process(channels, *process);
  } catch (...) {
    failure = std::current_exception();
  }
  process->close();
  co_await asio::this_coro::reset_cancellation_state();
  co_await group.stop();
  if (!failure) co_return;
  // The server stops. A client that hears nothing more takes it for a success.
  json status = exec_failure("the server is being stopped; the command may still run");
  co_await channels.finish(std::move(status));
  std::rethrow_exception(failure);
}

}  // namespace

Task<void> run_remote_process(std::unique_ptr<Channels> channels, OpenProcess open) {
  const bool opened = co_await channels->open();
  if (!opened) co_return;
  auto process = co_await open();
  if (process.has_error()) {
    co_await channels->finish(exec_failure(process.error().message));
    co_return;
  }
  co_await connect_process(*channels, std::move(*process));
}

}  // namespace berth::api
