#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "api/http/spdy.h"
#include "api/http/stream_writer.h"

namespace berth::http {

// The server's end of a SPDY/3.1 connection: checks stream ids, answers pings. One reader; any number of writers. Loop thread only.
class SpdyConnection {
 public:
  SpdyConnection(Executor executor, std::shared_ptr<ByteStream> stream);

  // The next frame that matters: SynStream, Data or RstStream. nullopt: the client is gone or broke the protocol (it was told so).
  Task<std::optional<SpdyFrame>> next();
  // Each answer is false when the client is gone, or go_away() was said.
  Task<bool> reply(std::uint32_t stream);
  Task<bool> data(std::uint32_t stream, std::string payload, bool fin = false);
  Task<bool> reset(std::uint32_t stream, std::uint32_t status);
  Task<void> go_away(std::uint32_t status = 0);
  // Without a word. Pending calls return.
  void abort() { stream_->close(); }

 private:
  bool is_next_stream(std::uint32_t id);

  std::shared_ptr<ByteStream> stream_;
  StreamWriter writer_;
  SpdyDecoder decoder_;
  SpdyEncoder encoder_;
  std::deque<SpdyFrame> frames_;
  bool broken_ = false;
  std::uint32_t last_stream_ = 0;
};

}  // namespace berth::http
