#include "api/http/codec.h"

#include <algorithm>

namespace berth::http {

Result<void> LineDecoder::feed(std::string_view bytes, std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (buffer_.size() + piece.size() > limit_) {
      return base::error(Reason::RequestEntityTooLarge,
                         "a line is longer than " + std::to_string(limit_) + " bytes");
    }
    buffer_.append(piece);
    if (end == std::string_view::npos) return {};
    if (buffer_.ends_with('\r')) buffer_.pop_back();
    if (!buffer_.empty()) lines.push_back(std::move(buffer_));
    buffer_.clear();
    bytes.remove_prefix(end + 1);
  }
  return {};
}

std::string LineDecoder::rest() {
  std::string rest = std::move(buffer_);
  buffer_.clear();
  return rest;
}

namespace {

constexpr std::size_t kFrameHeader = 8;
constexpr std::size_t kFrameLimit = 16 * 1024 * 1024;

std::size_t frame_length(std::string_view header) {
  std::size_t length = 0;
  for (std::size_t i = 4; i < kFrameHeader; ++i) length = length << 8 | static_cast<unsigned char>(header[i]);
  return length;
}

}  // namespace

Result<void> LogFrameDecoder::feed(std::string_view bytes, std::vector<LogFrame>& frames) {
  buffer_.append(bytes);
  std::string_view left = buffer_;
  while (left.size() >= kFrameHeader) {
    const auto type = static_cast<unsigned char>(left[0]);
    const auto length = frame_length(left);
    if (type > 3 || left.substr(1, 3) != std::string_view("\0\0\0", 3) || length > kFrameLimit) {
      return base::error(Reason::EngineError, "the log stream is not framed as expected");
    }
    if (left.size() < kFrameHeader + length) break;
    frames.push_back({std::max<int>(type, 1), std::string(left.substr(kFrameHeader, length))});
    left.remove_prefix(kFrameHeader + length);
  }
  buffer_.erase(0, buffer_.size() - left.size());
  return {};
}

}  // namespace berth::http
