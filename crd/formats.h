#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::crd {

// The small grammars of names and addresses in manifests. All pure; a false or nullopt says only that the
// text is not one.

// Of ASCII letters.
std::string lower_case(std::string_view text);
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// RFC 1123 label, at most 63 characters: environments, services, namespaces.
bool is_dns_label(std::string_view text);
// RFC 1123 subdomain, at most 253 characters.
bool is_dns_subdomain(std::string_view text);
// Kubernetes' port names (IANA_SVC_NAME): at most 15 of a-z 0-9 '-', one letter at least, no '-' at an end or
// doubled.
bool is_port_name(std::string_view text);
// Names of variables in a container: letters, digits, '_', '-', '.', not a digit first.
bool is_env_name(std::string_view text);
// Names that a shell can export as well: letters, digits, '_', not a digit first.
bool is_c_identifier(std::string_view text);
// "[domain[:port]/]path[:tag][@digest]", as the engine's reference parser takes it.
bool is_image_reference(std::string_view text);

// Dotted IPv4 without leading zeros, in host byte order.
std::optional<std::uint32_t> parse_ipv4(std::string_view text);
struct Ipv4Net {
  std::uint32_t address = 0;  // as written, host bits included
  int prefix = 0;
  std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
  bool has_host_bits() const { return (address & ~mask()) != 0; }
};
// "10.0.0.0/24".
std::optional<Ipv4Net> parse_ipv4_net(std::string_view text);
std::string format_ipv4(std::uint32_t address);
// IPv4 as above, or IPv6 without a zone.
bool is_ip_address(std::string_view text);

// An absolute path below "/", without empty, "." and ".." parts, and without a '/' at the end.
bool is_clean_path(std::string_view path);
// Whether `path` is `directory` or below it. REQUIRES: both are clean.
bool is_within(std::string_view path, std::string_view directory);

// Standard alphabet with padding; white space between is skipped (YAML blocks).
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

// "1000" or "1000:1000"; the group is the user when it is not given.
struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
std::optional<Owner> parse_owner(std::string_view text);

}  // namespace berth::crd
