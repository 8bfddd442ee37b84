#pragma once

#include <memory>
#include <string>

#include "api/http/byte_stream.h"
#include "base/signal.h"

namespace berth::http {

// Lets several tasks write to one ByteStream: each piece goes out whole, in some order. Whoever writes
// waits while the peer does not read. Loop thread only.
class StreamWriter {
 public:
  StreamWriter(Executor executor, std::shared_ptr<ByteStream> stream) : stream_(std::move(stream)), freed_(std::move(executor)) {}

  // False: the peer is gone, or end() was said. Cancelled in the middle: nothing can be sent any more.
  Task<bool> write(std::string bytes);
  // The last thing that is sent.
  Task<bool> end(std::string bytes);

 private:
  struct Turn;

  std::shared_ptr<ByteStream> stream_;
  base::Signal freed_;
  bool busy_ = false;
  bool sending_ = false;  // stays so when a write was cut short by its cancellation
  bool ended_ = false;
};

}  // namespace berth::http
