#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::http {

// Sans-I/O decoders: bytes in at any split, items out.

// Splits a stream of lines (newline-JSON: watch, events, pulls). A line longer than `limit` is an error (TooLarge).
class LineDecoder {
 public:
  explicit LineDecoder(std::size_t limit = 16 * 1024 * 1024) : limit_(limit) {}
  // Appends every complete line, without its end, to `lines`. Empty lines are skipped.
  Result<void> feed(std::string_view bytes, std::vector<std::string>& lines);
  // What came after the last newline; taken out.
  std::string rest();

 private:
  std::size_t limit_;
  std::string buffer_;
};

struct LogFrame {
  int stream = 1;  // 1 stdout, 2 stderr, 3 engine error
  std::string payload;
};

// Docker's multiplexed log/attach/exec frames: [type][0 0 0][length u32 BE][payload].
class LogFrameDecoder {
 public:
  Result<void> feed(std::string_view bytes, std::vector<LogFrame>& frames);

 private:
  std::string buffer_;
};

}  // namespace berth::http
