#include "api/http/websocket.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace berth::http {

namespace {

constexpr std::size_t kControlPayload = 125;
constexpr std::string_view kHandshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int size) {
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void apply_mask(std::string& payload, std::uint32_t mask) {
  const std::array<std::uint8_t, 4> key{static_cast<std::uint8_t>(mask >> 24), static_cast<std::uint8_t>(mask >> 16),
                                        static_cast<std::uint8_t>(mask >> 8), static_cast<std::uint8_t>(mask)};
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(static_cast<std::uint8_t>(payload[i]) ^ key[i % 4]);
}

bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

struct WebSocketDecoder::Header {
  bool last = false;
  std::uint8_t reserved = 0;
  std::uint8_t opcode = 0;
  bool masked = false;
  bool shortest = true;  // its length is written as short as it can be
  std::uint64_t length = 0;
  std::uint32_t mask = 0;
  std::size_t size = 0;  // of the header

  bool is_control() const { return opcode >= 8; }
  // False: more bytes are needed.
  bool read(std::string_view bytes) {
    if (bytes.size() < 2) return false;
    last = byte_at(bytes, 0) & 0x80;
    reserved = byte_at(bytes, 0) & 0x70;
    opcode = byte_at(bytes, 0) & 0x0f;
    masked = byte_at(bytes, 1) & 0x80;
    length = byte_at(bytes, 1) & 0x7f;
    const std::size_t more = length == 127 ? 8 : length == 126 ? 2 : 0;
    size = 2 + more + (masked ? 4 : 0);
    if (bytes.size() < size) return false;
    if (more > 0) {
      length = big_endian(bytes.substr(2, more));
      shortest = length >= (more == 8 ? 0x10000U : 126U) && length <= std::uint64_t{1} << 62;
    }
    if (masked) mask = static_cast<std::uint32_t>(big_endian(bytes.substr(2 + more, 4)));
    return true;
  }
};

Error WebSocketDecoder::fail(std::uint16_t code, std::string message) {
  close_code_ = code;
  buffer_.clear();
  fragments_.reset();
  return base::error(code == kCloseTooBig ? Reason::RequestEntityTooLarge : Reason::BadRequest, "websocket: " + std::move(message));
}

Result<void> WebSocketDecoder::check(const Header& header) {
  if (header.reserved != 0) return fail(kCloseProtocolError, "a reserved bit is set: no extension was agreed on");
  const bool known = header.opcode <= 2 || (header.opcode >= 8 && header.opcode <= 10);
  if (!known) return fail(kCloseProtocolError, "opcode " + std::to_string(header.opcode) + " is unknown");
  if (header.masked != (role_ == WebSocketRole::Server)) {
    return fail(kCloseProtocolError, role_ == WebSocketRole::Server ? "a client's frame is not masked" : "a server's frame is masked");
  }
  if (!header.shortest) return fail(kCloseProtocolError, "the length of a frame is not written as short as it can be");
  if (header.is_control()) {
    if (!header.last || header.length > kControlPayload) return fail(kCloseProtocolError, "a control frame is too long or in fragments");
    return {};
  }
  if ((header.opcode == 0) != fragments_.has_value()) {
    return fail(kCloseProtocolError, header.opcode == 0 ? "a fragment without a beginning" : "a message begins inside another");
  }
  const std::size_t before = fragments_ ? fragments_->payload.size() : 0;
  if (header.length > limit_ || before + header.length > limit_) {
    return fail(kCloseTooBig, "a message has more than " + std::to_string(limit_) + " bytes");
  }
  return {};
}

Result<void> WebSocketDecoder::accept(const Header& header, std::string payload, std::vector<WebSocketMessage>& messages) {
  const auto opcode = static_cast<WebSocketOpcode>(header.opcode);
  if (opcode == WebSocketOpcode::Close) {
    if (payload.size() == 1) return fail(kCloseProtocolError, "a close frame has half a code");
    if (payload.size() >= 2 && !is_close_code(websocket_close_code(payload))) {
      return fail(kCloseProtocolError, "a close frame has no valid code");
    }
    if (payload.size() > 2 && !base::is_utf8(std::string_view(payload).substr(2))) {
      return fail(kCloseNotUtf8, "a close reason is not UTF-8");
    }
  }
  if (header.is_control()) {
    messages.push_back({opcode, std::move(payload)});
    return {};
  }
  if (!fragments_) fragments_ = WebSocketMessage{opcode, {}};
  if (fragments_->payload.empty()) {
    fragments_->payload = std::move(payload);
  } else {
    fragments_->payload += payload;
  }
  if (!header.last) return {};
  const bool is_text = fragments_->opcode == WebSocketOpcode::Text;
  if (is_text && !base::is_utf8(fragments_->payload)) return fail(kCloseNotUtf8, "a text is not UTF-8");
  messages.push_back(std::move(*fragments_));
  fragments_.reset();
  return {};
}

// The bytes of one frame; 0 when it is not complete.
Result<std::size_t> WebSocketDecoder::take_frame(std::string_view bytes, std::vector<WebSocketMessage>& messages) {
  Header header;
  if (!header.read(bytes)) return 0;
  if (auto good = check(header); !good) return good.error();
  const auto length = static_cast<std::size_t>(header.length);
  if (bytes.size() < header.size + length) return 0;
  std::string payload(bytes.substr(header.size, length));
  if (header.masked) apply_mask(payload, header.mask);
  if (auto good = accept(header, std::move(payload), messages); !good) return good.error();
  return header.size + length;
}

Result<void> WebSocketDecoder::feed(std::string_view bytes, std::vector<WebSocketMessage>& messages) {
  if (close_code_ != 0) return base::error(Reason::BadRequest, "websocket: it is over");
  buffer_ += bytes;
  std::size_t used = 0;
  for (;;) {
    const auto taken = take_frame(std::string_view(buffer_).substr(used), messages);
    if (!taken) return taken.error();
    if (*taken == 0) break;
    used += *taken;
  }
  buffer_.erase(0, used);
  return {};
}

std::string websocket_frame(WebSocketOpcode opcode, std::string_view payload, std::optional<std::uint32_t> mask, bool last) {
  std::string out;
  out.reserve(payload.size() + 14);
  out += static_cast<char>((last ? 0x80 : 0) | static_cast<std::uint8_t>(opcode));
  const std::uint8_t masked = mask ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(masked | payload.size());
  } else if (payload.size() < 0x10000) {
    out += static_cast<char>(masked | 126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(masked | 127);
    append_big_endian(out, payload.size(), 8);
  }
  if (!mask) return out.append(payload);
  append_big_endian(out, *mask, 4);
  std::string hidden(payload);
  apply_mask(hidden, *mask);
  return out + hidden;
}

std::string websocket_close(std::uint16_t code, std::string_view reason) {
  std::string out;
  append_big_endian(out, code, 2);
  auto length = std::min(reason.size(), kControlPayload - 2);
  while (length > 0 && !base::is_utf8(reason.substr(0, length))) --length;
  return out.append(reason.substr(0, length));
}

std::uint16_t websocket_close_code(std::string_view payload) {
  constexpr std::uint16_t kNone = 1005;
  return payload.size() < 2 ? kNone : static_cast<std::uint16_t>(big_endian(payload.substr(0, 2)));
}

Result<std::string> websocket_accept(std::string_view key) {
  const auto nonce = decode_base64_text(key);
  if (!nonce || nonce->size() != 16) return base::error(Reason::BadRequest, "Sec-WebSocket-Key must be 16 bytes in base64");
  const std::string text = std::string(key) + std::string(kHandshakeGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return encode_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string websocket_key() {
  std::array<unsigned char, 16> nonce{};
  RAND_bytes(nonce.data(), static_cast<int>(nonce.size()));
  return encode_base64({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
}

std::string encode_base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.substr(at, 3);
    const auto bits = static_cast<std::uint32_t>(big_endian(group) << (3 - group.size()) * 8);
    for (std::size_t i = 0; i < 4; ++i) out += i > group.size() ? '=' : kAlphabet[bits >> (18 - 6 * i) & 0x3f];
  }
  return out;
}

std::optional<std::string> decode_base64_text(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
  };
  if (text.ends_with("==") && text.size() % 4 == 0) text.remove_suffix(2);
  if (text.ends_with('=') && text.size() % 4 == 0) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = digit(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

}  // namespace berth::http
