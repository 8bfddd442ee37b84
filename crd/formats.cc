#include "crd/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace berth::crd {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }
bool is_alnum(char c) { return is_lower_alnum(c) || is_upper(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

template <class Number>
std::optional<Number> parse_decimal(std::string_view text) {
  Number value{};
  if (text.empty() || !all(text, is_digit)) return std::nullopt;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Calls piece() for each part of `text` between separators; false as soon as one is false.
template <class Piece>
bool each(std::string_view text, char separator, Piece piece) {
  while (true) {
    const auto at = text.find(separator);
    if (!piece(text.substr(0, at))) return false;
    if (at == std::string_view::npos) return true;
    text.remove_prefix(at + 1);
  }
}

// Runs of a-z0-9 joined by ".", "_", "__" or any number of "-".
bool is_repository_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_lower_alnum(text[i])) {
      ++i;
      continue;
    }
    const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_lower_alnum);
    const std::string_view joint = text.substr(i, static_cast<std::size_t>(end - text.begin()) - i);
    if (joint != "." && joint != "_" && joint != "__" && !all(joint, [](char c) { return c == '-'; }))
      return false;
    i += joint.size();
  }
  return true;
}

bool is_registry(std::string_view text) {
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos && text.back() != ']') {
    if (!parse_decimal<std::uint16_t>(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return all(text.substr(1, text.size() - 2), [](char c) { return is_alnum(c) || c == ':'; });
  }
  return each(text, '.', [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           all(label, [](char c) { return is_alnum(c) || c == '-'; });
  });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && (is_alnum(text[0]) || text[0] == '_') &&
         all(text, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view hex = text.substr(colon + 1);
  if (text.starts_with("sha256:") && hex.size() != 64) return false;
  return all(text.substr(0, colon),
             [](char c) { return is_alnum(c) || c == '+' || c == '.' || c == '_' || c == '-'; }) &&
         hex.size() >= 32 && all(hex, is_hex);
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_dns_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         all(text, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  return !text.empty() && text.size() <= 253 && each(text, '.', [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           all(label, [](char c) { return is_lower_alnum(c) || c == '-'; });
  });
}

bool is_port_name(std::string_view text) {
  return is_dns_label(text) && text.size() <= 15 && text.find("--") == std::string_view::npos &&
         std::any_of(text.begin(), text.end(), is_lower);
}

bool is_env_name(std::string_view text) {
  return !text.empty() && !is_digit(text[0]) &&
         all(text, [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_c_identifier(std::string_view text) {
  return !text.empty() && !is_digit(text[0]) && all(text, [](char c) { return is_alnum(c) || c == '_'; });
}

bool is_image_reference(std::string_view text) {
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (!is_digest(text.substr(at + 1))) return false;
    text = text.substr(0, at);
  }
  auto slash = text.rfind('/');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    if (!is_tag(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = text.substr(0, slash);
    const bool registry = first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
                          std::any_of(first.begin(), first.end(), is_upper);
    if (registry) {
      if (!is_registry(first)) return false;
      text.remove_prefix(slash + 1);
    }
  }
  return text.size() <= 255 && each(text, '/', is_repository_component);
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  int parts = 0;
  const bool valid = each(text, '.', [&](std::string_view part) {
    const auto number = parse_decimal<std::uint8_t>(part);
    if (!number || (part.size() > 1 && part[0] == '0') || ++parts > 4) return false;
    address = address << 8 | *number;
    return true;
  });
  if (!valid || parts != 4) return std::nullopt;
  return address;
}

std::optional<Ipv4Net> parse_ipv4_net(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  const auto prefix = parse_decimal<std::uint8_t>(text.substr(slash + 1));
  if (!address || !prefix || *prefix > 32) return std::nullopt;
  return Ipv4Net{*address, *prefix};
}

std::string format_ipv4(std::uint32_t address) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string(address >> shift & 0xff);
    if (shift > 0) out += '.';
  }
  return out;
}

bool is_ip_address(std::string_view text) {
  if (parse_ipv4(text)) return true;
  in6_addr address{};
  return text.find('\0') == std::string_view::npos && ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_clean_path(std::string_view path) {
  if (path.size() < 2 || path[0] != '/' || path.find('\0') != std::string_view::npos) return false;
  return each(path.substr(1), '/', [](std::string_view part) { return !part.empty() && part != "." && part != ".."; });
}

bool is_within(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0, padding = 0;
  for (char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    if (padding > 0) return std::nullopt;
    std::uint32_t value = 0;
    if (is_upper(c))
      value = static_cast<std::uint32_t>(c - 'A');
    else if (is_lower(c))
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (is_digit(c))
      value = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '+')
      value = 62;
    else if (c == '/')
      value = 63;
    else
      return std::nullopt;
    bits = bits << 6 | value;
    if (++count % 4 == 0) {
      for (int shift : {16, 8, 0}) out += static_cast<char>(bits >> shift & 0xff);
      bits = 0;
    }
  }
  const int rest = count % 4;
  if (rest == 1 || padding != (rest == 0 ? 0 : 4 - rest)) return std::nullopt;
  if (rest == 2) {
    if ((bits & 0xf) != 0) return std::nullopt;
    out += static_cast<char>(bits >> 4 & 0xff);
  } else if (rest == 3) {
    if ((bits & 0x3) != 0) return std::nullopt;
    out += static_cast<char>(bits >> 10 & 0xff);
    out += static_cast<char>(bits >> 2 & 0xff);
  }
  return out;
}

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    const std::size_t taken = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < taken ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) out += i <= taken ? kAlphabet[bits >> (18 - 6 * i) & 0x3f] : '=';
  }
  return out;
}

std::optional<Owner> parse_owner(std::string_view text) {
  constexpr std::uint32_t kMaxId = 0x7fffffff;
  const auto colon = text.find(':');
  const auto uid = parse_decimal<std::uint32_t>(text.substr(0, colon));
  const auto gid =
      colon == std::string_view::npos ? uid : parse_decimal<std::uint32_t>(text.substr(colon + 1));
  if (!uid || !gid || *uid > kMaxId || *gid > kMaxId) return std::nullopt;
  return Owner{*uid, *gid};
}

}  // namespace berth::crd
