#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/http/byte_stream.h"
#include "base/signal.h"
#include "base/task_group.h"

namespace berth::api {

using DialPort = std::function<Task<Result<std::shared_ptr<http::ByteStream>>>()>;

// One forwarded TCP connection: what the client sends is queued, within a bound, and written to the port; what comes from the port
// is handed on at once. Loop thread only.
class PortRelay {
 public:
  using Send = std::function<Task<bool>(std::string bytes)>;
  static constexpr std::size_t kMostQueued = 256 * 1024;

  explicit PortRelay(Executor executor);

  // Until the port has closed, or the client is gone. Errors: of `dial`.
  Task<Result<void>> run(DialPort dial, Send send);

  // Waits while more than kMostQueued bytes wait. What comes after the end is dropped.
  Task<void> push(std::string bytes);
  void end_input();
  void close();

 private:
  Task<void> feed();
  Task<void> pass_on(const Send& send);

  Executor executor_;
  std::shared_ptr<http::ByteStream> port_;
  std::string queue_;
  bool input_ended_ = false;
  bool closed_ = false;
  base::Signal changed_;
};

}  // namespace berth::api
