#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "api/http/certificate.h"
#include "api/http/endpoint.h"
#include "base/result.h"
#include "base/time.h"

namespace berth::app {

// What https listeners serve with.
struct ServerCertificate {
  http::KeyPair pair;
  std::string authority;  // the file with which clients check it; "" = not known: of a certificate that was given without its root
  base::SystemTime renew_at = base::SystemTime::max();
};

// How long before its end a certificate is replaced.
inline constexpr base::Duration kRenewBefore = std::chrono::hours(24 * 90);

// What a certificate of berthd's own names: this machine's loopback, its host name, `kubernetes`, every address of `listen` that
// says where the server is, and `further`.
std::vector<std::string> certificate_names(const std::vector<http::Endpoint>& listen, const std::vector<std::string>& further);

// berthd's own, kept in `directory` (0700): ca.crt, ca.key, server.crt, server.key (keys 0600). What is missing is made, a server
// certificate that ends soon or does not have these names is replaced; the authority is kept until it ends. Blocks.
// Errors: Invalid (a file holds something else; the message says what to do), InternalError (files).
Result<ServerCertificate> own_certificate(const std::filesystem::path& directory, const std::vector<std::string>& names,
                                          base::SystemTime now);

// The files of --tls-cert and --tls-key. Blocks. Errors: Invalid, with flag, file and cause.
Result<ServerCertificate> given_certificate(const std::string& certificate_file, const std::string& key_file);

}  // namespace berth::app
