#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"

namespace berth::http {

// A connection that left HTTP behind (101 Switching Protocols): bytes both ways, nothing else. One reader and one writer at a
// time, which may be two tasks. Loop thread only. Ends with the handler that asked for it.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next bytes, as many as are there; "" is the end of the stream. Errors: Cancelled (the server stops), InternalError (the
  // connection broke). Cancelled from outside: throws operation_aborted.
  virtual Task<Result<std::string>> read() = 0;
  // False when the peer is gone or does not read for 30 s.
  virtual Task<bool> write(std::string bytes) = 0;
  // Ends both directions; pending calls return.
  virtual void close() = 0;
};

}  // namespace berth::http
