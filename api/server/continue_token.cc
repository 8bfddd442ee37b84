#include "api/server/continue_token.h"

#include <array>
#include <optional>

#include "crd/fields.h"

namespace berth::api {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kTokenVersion = "meta.k8s.io/v1";
constexpr std::size_t kLongestToken = 4096;

std::string encode_url64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t place) {
      return place < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[place])) : 0;
    };
    const auto group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const auto count = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < count; ++k) text += kAlphabet[group >> (18 - 6 * k) & 63];
  }
  return text;
}

struct Decoded64 {
  std::string bytes;
  std::optional<std::size_t> wrong_at;
};

Decoded64 decode_url64(std::string_view text) {
  Decoded64 decoded;
  std::uint32_t group = 0;
  int bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto place = kAlphabet.find(text[i]);
    if (place == std::string_view::npos) {
      decoded.wrong_at = i;
      return decoded;
    }
    group = group << 6 | static_cast<std::uint32_t>(place);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    decoded.bytes += static_cast<char>(group >> bits & 0xff);
  }
  if (text.size() % 4 == 1) decoded.wrong_at = text.size();
  return decoded;
}

Error bad_token(const std::string& what) {
  return base::error(Reason::BadRequest, "invalid continue token: continue key is not valid: " + what);
}

// As Go shows a byte that cannot begin a JSON value.
std::string shown_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\'' || c == '\\') return std::string("\\") + c;
  if (byte >= 0x20 && byte < 0x7f) return std::string(1, c);
  constexpr std::string_view kHex = "0123456789abcdef";
  return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
}

Error no_json(const std::string& bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return bad_token("unexpected end of JSON input");
  if (std::string_view("{[\"-0123456789tfn").find(bytes[first]) == std::string_view::npos) {
    return bad_token("invalid character '" + shown_byte(bytes[first]) + "' looking for beginning of value");
  }
  return bad_token("it holds no JSON object");
}

std::optional<ObjectKey> parse_start(std::string_view start) {
  const auto slash = start.find('/');
  if (slash == std::string_view::npos) return ObjectKey{"", std::string(start)};
  if (start.find('/', slash + 1) != std::string_view::npos) return std::nullopt;
  return ObjectKey{std::string(start.substr(0, slash)), std::string(start.substr(slash + 1))};
}

}  // namespace

ObjectKey ContinueToken::after(const Object& object) {
  auto key = object.key();
  key.name += '\0';
  return key;
}

std::string encode_continue(const ContinueToken& token) {
  return encode_url64("{\"v\":\"" + std::string(kTokenVersion) + "\",\"rv\":" + std::to_string(token.revision) +
                      ",\"start\":" + crd::dump(token.start.str()) + "}");
}

Result<ContinueToken> decode_continue(std::string_view text) {
  if (text.size() > kLongestToken) return bad_token("it is too long");
  const auto decoded = decode_url64(text);
  if (decoded.wrong_at) return bad_token("illegal base64 data at input byte " + std::to_string(*decoded.wrong_at));
  const auto value = crd::parse_json(decoded.bytes);
  if (value.has_error() || !value->is_object()) return no_json(decoded.bytes);
  if (crd::text_at(*value, "v") != kTokenVersion) {
    return bad_token("server does not recognize this encoded version " + crd::dump(crd::text_at(*value, "v")));
  }
  ContinueToken token;
  token.revision = crd::number_at(*value, "rv");
  if (token.revision == 0 || token.revision < ContinueToken::kInconsistent) {
    return bad_token("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  const auto start = crd::text_at(*value, "start");
  if (start.empty()) return bad_token("encoded start key empty (version meta.k8s.io/v1)");
  auto key = parse_start(start);
  if (!key) return bad_token(crd::dump(start));
  token.start = std::move(*key);
  return token;
}

}  // namespace berth::api
