#include "api/http/spdy.h"

#include <algorithm>
#include <optional>

#include "api/http/spdy_zlib.h"

namespace berth::http {

namespace {

constexpr std::size_t kFrameHead = 8;
constexpr std::uint16_t kSpdyVersion = 3;
constexpr std::uint8_t kFinFlag = 1;
constexpr std::uint32_t kStreamMask = 0x7fffffff;

std::uint32_t number_at(std::string_view bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

void put_number(std::string& out, std::uint32_t value, int size) {
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

Error spdy_error(std::string message, Reason reason = Reason::BadRequest) { return base::error(reason, "spdy: " + std::move(message)); }

std::string control_frame(SpdyFrame::Type type, std::uint8_t flags, std::string_view body) {
  std::string out;
  out.reserve(kFrameHead + body.size());
  put_number(out, 0x80000000U | std::uint32_t{kSpdyVersion} << 16 | static_cast<std::uint32_t>(type), 4);
  put_number(out, std::uint32_t{flags} << 24 | static_cast<std::uint32_t>(body.size()), 4);
  return out.append(body);
}

std::string pack_headers(const SpdyHeaders& headers) {
  std::string out;
  put_number(out, static_cast<std::uint32_t>(headers.size()), 4);
  for (const auto& [name, value] : headers) {
    for (const auto& text : {name, value}) {
      put_number(out, static_cast<std::uint32_t>(text.size()), 4);
      out += text;
    }
  }
  return out;
}

// Takes one length and that many bytes from the front.
Result<std::string> take_text(std::string_view& block) {
  if (block.size() < 4) return spdy_error("a header block is cut off");
  const std::size_t size = number_at(block, 0, 4);
  if (block.size() - 4 < size) return spdy_error("a header block is cut off");
  std::string text(block.substr(4, size));
  block.remove_prefix(4 + size);
  return text;
}

Result<SpdyHeaders> unpack_headers(std::string_view block) {
  if (block.size() < 4) return spdy_error("a header block is cut off");
  const std::size_t count = number_at(block, 0, 4);
  block.remove_prefix(4);
  if (count > SpdyDecoder::kMostHeaders) return spdy_error("more than " + std::to_string(SpdyDecoder::kMostHeaders) + " headers");
  SpdyHeaders headers;
  for (std::size_t i = 0; i < count; ++i) {
    auto name = take_text(block);
    if (!name) return name.error();
    auto value = take_text(block);
    if (!value) return value.error();
    if (name->empty()) return spdy_error("a header without a name");
    headers.emplace_back(std::move(*name), std::move(*value));
  }
  if (!block.empty()) return spdy_error("a header block is longer than its headers");
  return headers;
}

// The body that a frame of this type has at least; nullopt: a type that nobody needs.
std::optional<std::size_t> least_body(SpdyFrame::Type type) {
  switch (type) {
    case SpdyFrame::Type::SynStream: return 10;
    case SpdyFrame::Type::SynReply:
    case SpdyFrame::Type::Headers:
    case SpdyFrame::Type::Ping:
    case SpdyFrame::Type::Settings: return 4;
    case SpdyFrame::Type::RstStream:
    case SpdyFrame::Type::GoAway:
    case SpdyFrame::Type::WindowUpdate: return 8;
    default: return std::nullopt;
  }
}

}  // namespace

class SpdyDecoder::Inflater : public SpdyInflater {};
class SpdyEncoder::Deflater : public SpdyDeflater {};

std::string_view spdy_header(const SpdyHeaders& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

SpdyDecoder::SpdyDecoder() : inflater_(std::make_unique<Inflater>()) {}
SpdyDecoder::~SpdyDecoder() = default;

Result<SpdyHeaders> SpdyDecoder::header_block(std::string_view block) {
  auto unpacked = inflater_->unpack(block, kControlLimit);
  if (!unpacked) return unpacked.error();
  return unpack_headers(*unpacked);
}

Result<void> SpdyDecoder::control(std::uint16_t number, bool fin, std::string_view body, std::vector<SpdyFrame>& frames) {
  SpdyFrame frame;
  frame.type = static_cast<SpdyFrame::Type>(number);
  frame.fin = fin;
  const auto least = number > 0xff ? std::nullopt : least_body(frame.type);
  if (!least) return {};
  if (body.size() < *least) return spdy_error("a frame of type " + std::to_string(number) + " is too short");
  frame.stream = number_at(body, 0, 4);
  if (frame.type != SpdyFrame::Type::Ping) frame.stream &= kStreamMask;
  if (*least == 8) frame.status = number_at(body, 4, 4);
  const bool has_headers = frame.type == SpdyFrame::Type::SynStream || frame.type == SpdyFrame::Type::SynReply ||
                           frame.type == SpdyFrame::Type::Headers;
  if (has_headers) {
    if (frame.stream == 0) return spdy_error("stream 0 cannot be opened");
    auto headers = header_block(body.substr(*least));
    if (!headers) return headers.error();
    frame.headers = std::move(*headers);
  }
  frames.push_back(std::move(frame));
  return {};
}

// What is there of the data frame that is being read.
std::size_t SpdyDecoder::take_data(std::string_view bytes, std::vector<SpdyFrame>& frames) {
  const auto size = std::min(bytes.size(), data_left_);
  SpdyFrame piece = data_;
  piece.payload = bytes.substr(0, size);
  data_left_ -= size;
  piece.fin = data_.fin && data_left_ == 0;
  frames.push_back(std::move(piece));
  return size;
}

// A whole control frame, or the head of a data frame; 0 when it is not complete.
Result<std::size_t> SpdyDecoder::take_head(std::string_view bytes, std::vector<SpdyFrame>& frames) {
  if (bytes.size() < kFrameHead) return 0;
  const auto first = number_at(bytes, 0, 4);
  const bool fin = number_at(bytes, 4, 1) & kFinFlag;
  const std::size_t length = number_at(bytes, 5, 3);
  if (first & ~kStreamMask) {
    if ((first & kStreamMask) >> 16 != kSpdyVersion) return spdy_error("a frame is not of version 3");
    if (length > kControlLimit) return spdy_error("a control frame has more than 64 KiB", Reason::RequestEntityTooLarge);
    if (bytes.size() < kFrameHead + length) return 0;
    auto good = control(static_cast<std::uint16_t>(first & 0xffff), fin, bytes.substr(kFrameHead, length), frames);
    if (!good) return good.error();
    return kFrameHead + length;
  }
  if (first == 0) return spdy_error("data on stream 0");
  data_ = SpdyFrame{.stream = first, .fin = fin};
  data_left_ = length;
  if (length == 0) take_data({}, frames);
  return kFrameHead;
}

Result<void> SpdyDecoder::feed(std::string_view bytes, std::vector<SpdyFrame>& frames) {
  if (failed_) return spdy_error("it is over");
  std::string joined;
  if (!buffer_.empty()) {
    joined = std::move(buffer_);
    joined += bytes;
    bytes = joined;
  }
  while (!bytes.empty()) {
    if (data_left_ > 0) {
      bytes.remove_prefix(take_data(bytes, frames));
      continue;
    }
    const auto taken = take_head(bytes, frames);
    if (!taken) {
      failed_ = true;
      buffer_.clear();
      return taken.error();
    }
    if (*taken == 0) break;
    bytes.remove_prefix(*taken);
  }
  buffer_ = std::string(bytes);
  return {};
}

SpdyEncoder::SpdyEncoder() : deflater_(std::make_unique<Deflater>()) {}
SpdyEncoder::~SpdyEncoder() = default;

std::string SpdyEncoder::syn_stream(std::uint32_t stream, const SpdyHeaders& headers, bool fin) {
  std::string body;
  put_number(body, stream, 4);
  put_number(body, 0, 4);  // associated with none
  put_number(body, 0, 2);  // priority, slot
  body += deflater_->pack(pack_headers(headers));
  return control_frame(SpdyFrame::Type::SynStream, fin ? kFinFlag : 0, body);
}

std::string SpdyEncoder::syn_reply(std::uint32_t stream, const SpdyHeaders& headers, bool fin) {
  std::string body;
  put_number(body, stream, 4);
  body += deflater_->pack(pack_headers(headers));
  return control_frame(SpdyFrame::Type::SynReply, fin ? kFinFlag : 0, body);
}

std::string SpdyEncoder::data(std::uint32_t stream, std::string_view payload, bool fin) {
  std::string out;
  out.reserve(kFrameHead + payload.size());
  put_number(out, stream & kStreamMask, 4);
  put_number(out, (fin ? std::uint32_t{kFinFlag} << 24 : 0) | static_cast<std::uint32_t>(payload.size()), 4);
  return out.append(payload);
}

std::string SpdyEncoder::rst_stream(std::uint32_t stream, std::uint32_t status) {
  std::string body;
  put_number(body, stream, 4);
  put_number(body, status, 4);
  return control_frame(SpdyFrame::Type::RstStream, 0, body);
}

std::string SpdyEncoder::ping(std::uint32_t id) {
  std::string body;
  put_number(body, id, 4);
  return control_frame(SpdyFrame::Type::Ping, 0, body);
}

std::string SpdyEncoder::go_away(std::uint32_t last_stream, std::uint32_t status) {
  std::string body;
  put_number(body, last_stream, 4);
  put_number(body, status, 4);
  return control_frame(SpdyFrame::Type::GoAway, 0, body);
}

}  // namespace berth::http
