#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace berth::http {

// A piece of a streamed body with its chunk's head and end (RFC 9112, 7.1): made once, sent to many.
class Chunk {
 public:
  explicit Chunk(std::string_view bytes);
  const std::string& framed() const { return framed_; }
  std::string_view bytes() const { return std::string_view(framed_).substr(begin_, size_); }
  std::size_t size() const { return size_; }

 private:
  std::string framed_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};
using SharedChunk = std::shared_ptr<const Chunk>;

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace berth::http
