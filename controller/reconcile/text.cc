#include "controller/reconcile/text.h"

namespace berth::reconcile {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the well-formed sequence at the start of `bytes`; 0 when there is none.
std::size_t sequence_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto tail = [&](std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      if (i >= bytes.size() || (byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!tail(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!tail(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = sequence_length(bytes);
    if (length == 0) {
      text += kReplacement;
      bytes.remove_prefix(1);
      continue;
    }
    const bool control = length == 1 && static_cast<unsigned char>(bytes[0]) < 0x20 && bytes[0] != '\n' && bytes[0] != '\t';
    if (!control) text += bytes.substr(0, length);
    bytes.remove_prefix(length);
  }
  return text;
}

std::string log_tail(std::string_view bytes, std::size_t limit) {
  auto clean = valid_utf8(bytes);
  if (clean.size() > limit) {
    auto from = clean.size() - limit;
    const auto line = clean.find('\n', from);
    if (line != std::string::npos && line + 1 < clean.size()) {
      from = line + 1;
    } else {
      while (from < clean.size() && (static_cast<unsigned char>(clean[from]) & 0xC0) == 0x80) ++from;
    }
    clean.erase(0, from);
  }
  while (!clean.empty() && clean.back() == '\n') clean.pop_back();
  return clean;
}

}  // namespace berth::reconcile
