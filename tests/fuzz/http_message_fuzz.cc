// The HTTP parser: whatever the split, it ends the same, and never takes more than it was given.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "api/http/message.h"

namespace {

using berth::http::MessageParser;

struct Outcome {
  bool ok = true;
  bool done = false;
  std::string start;
  std::string body;
};

Outcome parse(MessageParser::Kind kind, std::string_view bytes, std::size_t step) {
  MessageParser parser(kind, 4096);
  std::string buffered;
  Outcome out;
  for (std::size_t at = 0; at <= bytes.size() && !parser.done(); at += step) {
    buffered += bytes.substr(at, step);
    while (!buffered.empty() && !parser.done()) {
      const auto taken = parser.feed(buffered);
      if (!taken || *taken > buffered.size()) {
        if (taken) std::abort();
        out.ok = false;
        return out;
      }
      if (*taken == 0) break;
      buffered.erase(0, *taken);
    }
  }
  if (!parser.done()) (void)parser.feed_eof();
  out.done = parser.done();
  out.start = parser.head().method + " " + parser.head().target + " " + std::to_string(parser.head().status);
  out.body = parser.body();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr MessageParser::Kind kKinds[] = {MessageParser::Kind::Request, MessageParser::Kind::Answer,
                                            MessageParser::Kind::AnswerToHead};
  const auto kind = kKinds[data[0] % 3];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto split = parse(kind, bytes, 1 + data[1] % 32);
  const auto whole = parse(kind, bytes, std::max<std::size_t>(bytes.size(), 1));
  // Limits may be met earlier or later, depending on the split; what was parsed may not differ.
  if (split.ok && whole.ok && split.done && whole.done && (split.start != whole.start || split.body != whole.body)) std::abort();
  return 0;
}
