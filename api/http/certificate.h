#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace berth::http {

// A certificate and its private key, both PEM. The key is a secret.
struct KeyPair {
  std::string certificate;
  std::string key;
};

struct CertificateInfo {
  std::vector<std::string> names;  // DNS names and IP addresses; addresses as inet_ntop() writes them
  base::SystemTime not_before;
  base::SystemTime not_after;
};

inline constexpr base::Duration kAuthorityLifetime = std::chrono::hours(24 * 365 * 10);
inline constexpr base::Duration kCertificateLifetime = std::chrono::hours(24 * 365);

// What the first certificate of `pem` says. Errors: Invalid (no certificate in it).
Result<CertificateInfo> read_certificate(const std::string& pem);
// Whether the two belong together and can be used. Errors: Invalid, saying which of them is wrong and how.
Result<void> check_pair(const KeyPair& pair);
// Whether `authority` (PEM) signed `certificate` (PEM), both being readable.
bool is_issued_by(const std::string& certificate, const std::string& authority);

// A certificate authority of its own, P-256. Errors: InternalError.
Result<KeyPair> make_authority(base::SystemTime now);
// A server certificate for `names` (DNS names and IP addresses), P-256, that ends with its authority at the latest.
// Errors: Invalid (the authority is no pair, a name that cannot be in a certificate), InternalError.
Result<KeyPair> issue_certificate(const KeyPair& authority, const std::vector<std::string>& names, base::SystemTime now);

// Whether a certificate can have this name: a DNS name or an IP address.
bool is_certificate_name(const std::string& name);
// An IP address as certificates and CertificateInfo have it ("::1"); "" when `text` is none. Brackets are taken off.
std::string canonical_address(std::string_view text);
// Whether `host`, a name or an address without its port, is one of `names`; "*.example.org" stands for one label.
bool names_host(const std::vector<std::string>& names, std::string_view host);

}  // namespace berth::http
