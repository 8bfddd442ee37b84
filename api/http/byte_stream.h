#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace berth::http {

class Connection;

// A connection that left HTTP behind (101 Switching Protocols): bytes both ways, nothing else. One reader and one writer at a
// time, which may be two tasks. Loop thread only. A server's ends with the handler that asked for it: what was written is still
// sent, later calls find it closed. A client's ends with its last owner.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next bytes, as many as are there; "" is the end of the stream. Errors: Cancelled (closed on this side: the server
  // stops, or close()), InternalError (the connection broke). Cancelled from outside: throws operation_aborted.
  virtual Task<Result<std::string>> read() = 0;
  // False when the peer is gone or does not read for 30 s; then nothing further can be sent.
  virtual Task<bool> write(std::string bytes) = 0;
  // Tells the peer that no more comes; reading goes on. What was written before arrives first. Not while a write() runs.
  virtual Task<void> shutdown_send() = 0;
  // Ends both directions; pending calls return.
  virtual void close() = 0;
};

// `first` was received before and is read first.
std::shared_ptr<ByteStream> make_byte_stream(std::shared_ptr<Connection> connection, std::string first = {});

}  // namespace berth::http
