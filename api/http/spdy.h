#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace berth::http {

// SPDY/3.1 without I/O, as far as Kubernetes clients use it: the frames of one connection. No flow control: those clients neither
// send WINDOW_UPDATE nor wait for it. Same for both ends.

using SpdyHeaders = std::vector<std::pair<std::string, std::string>>;  // names in lower case

// "" when it is absent.
std::string_view spdy_header(const SpdyHeaders& headers, std::string_view name);

struct SpdyFrame {
  enum class Type : std::uint8_t {
    Data = 0,
    SynStream = 1,
    SynReply = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    Headers = 8,
    WindowUpdate = 9,
  };
  Type type = Type::Data;
  std::uint32_t stream = 0;  // Ping: its id; GoAway: the last stream that was accepted
  bool fin = false;          // nothing more comes on this stream from that side
  std::uint32_t status = 0;  // RstStream, GoAway; WindowUpdate: the delta
  SpdyHeaders headers;       // SynStream, SynReply, Headers
  std::string payload;       // Data
};

// Status of RstStream.
inline constexpr std::uint32_t kSpdyProtocolError = 1;
inline constexpr std::uint32_t kSpdyRefusedStream = 3;
inline constexpr std::uint32_t kSpdyCancel = 5;

class SpdyDecoder {
 public:
  static constexpr std::size_t kControlLimit = 64 * 1024;  // of a control frame, and of a header block when it is unpacked
  static constexpr std::size_t kMostHeaders = 64;
  SpdyDecoder();
  ~SpdyDecoder();
  SpdyDecoder(const SpdyDecoder&) = delete;
  SpdyDecoder& operator=(const SpdyDecoder&) = delete;

  // Appends what is complete to `frames`, also when an error follows it. The payload of a data frame comes in pieces, as it arrives;
  // `fin` is with the last one. Control frames of an unknown type are passed over. After an error nothing more is read: header
  // blocks depend on all those before.
  // Errors: BadRequest (against the protocol), RequestEntityTooLarge (a control frame or a header block).
  Result<void> feed(std::string_view bytes, std::vector<SpdyFrame>& frames);

 private:
  class Inflater;
  std::size_t take_data(std::string_view bytes, std::vector<SpdyFrame>& frames);
  Result<std::size_t> take_head(std::string_view bytes, std::vector<SpdyFrame>& frames);
  Result<void> control(std::uint16_t type, bool fin, std::string_view body, std::vector<SpdyFrame>& frames);
  Result<SpdyHeaders> header_block(std::string_view block);

  std::unique_ptr<Inflater> inflater_;
  std::string buffer_;      // the beginning of a frame
  SpdyFrame data_;          // the data frame that is being read
  std::size_t data_left_ = 0;
  bool failed_ = false;
};

// Frames on the wire, in the order in which they are made: header blocks depend on those before.
class SpdyEncoder {
 public:
  SpdyEncoder();
  ~SpdyEncoder();
  SpdyEncoder(const SpdyEncoder&) = delete;
  SpdyEncoder& operator=(const SpdyEncoder&) = delete;

  std::string syn_stream(std::uint32_t stream, const SpdyHeaders& headers, bool fin = false);
  std::string syn_reply(std::uint32_t stream, const SpdyHeaders& headers = {}, bool fin = false);

  // REQUIRES: less than 16 MiB.
  static std::string data(std::uint32_t stream, std::string_view payload, bool fin = false);
  static std::string rst_stream(std::uint32_t stream, std::uint32_t status);
  static std::string ping(std::uint32_t id);
  static std::string go_away(std::uint32_t last_stream, std::uint32_t status = 0);

 private:
  class Deflater;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace berth::http
