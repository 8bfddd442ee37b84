#include "controller/app/tls_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "base/file_error.h"
#include "base/log.h"
#include "base/state_file.h"

namespace berth::app {

namespace {

namespace fs = std::filesystem;

Result<http::KeyPair> read_pair(const fs::path& directory, const std::string& name) {
  auto certificate = base::read_state(directory / (name + ".crt"));
  if (certificate.has_error()) return certificate.error();
  auto key = base::read_state(directory / (name + ".key"));
  if (key.has_error()) return key.error();
  return http::KeyPair{std::move(*certificate), std::move(*key)};
}

// The certificate comes last: it is there only when its key is.
Result<void> write_pair(const fs::path& directory, const std::string& name, const http::KeyPair& pair) {
  auto written = base::write_state(directory / (name + ".key"), pair.key);
  if (written.has_error()) return written;
  const auto certificate = directory / (name + ".crt");
  written = base::write_state(certificate, pair.certificate);
  if (written.has_error()) return written;
  if (::chmod(certificate.c_str(), 0644) != 0) return base::file_error(certificate, "cannot be opened to readers", errno);
  return {};
}

Result<http::KeyPair> new_authority(const fs::path& directory, base::SystemTime now) {
  auto made = http::make_authority(now);
  if (made.has_error()) return made;
  auto written = write_pair(directory, "ca", *made);
  if (written.has_error()) return written.error();
  base::log_info("tls", "made a certificate authority", {{"file", (directory / "ca.crt").string()}});
  return made;
}

Result<http::KeyPair> authority_in(const fs::path& directory, base::SystemTime now) {
  auto kept = read_pair(directory, "ca");
  if (kept.has_error()) return kept;
  if (kept->certificate.empty()) return new_authority(directory, now);
  const auto info = http::read_certificate(kept->certificate);
  if (info.has_error()) {
    return base::error(Reason::Invalid, (directory / "ca.crt").string() + ": " + info.error().message +
                                            "; remove the file for a new authority (clients need a new kubeconfig then)");
  }
  if (now < info->not_after) return kept;
  base::log_warn("tls", "the certificate authority is over; clients need a new kubeconfig",
                 {{"file", (directory / "ca.crt").string()}});
  return new_authority(directory, now);
}

bool same_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::set<std::string>(a.begin(), a.end()) == std::set<std::string>(b.begin(), b.end());
}

// Whether what is there can be served with at all; when it should be replaced is in `renew_at`.
bool is_usable(const http::KeyPair& pair, const std::string& authority, const std::vector<std::string>& names,
               base::SystemTime now, base::SystemTime& renew_at) {
  if (http::check_pair(pair).has_error() || !http::is_issued_by(pair.certificate, authority)) return false;
  const auto info = http::read_certificate(pair.certificate);
  if (info.has_error() || now >= info->not_after || !same_names(info->names, names)) return false;
  renew_at = info->not_after - std::chrono::duration_cast<base::SystemTime::duration>(kRenewBefore);
  return true;
}

Result<http::KeyPair> issue(const fs::path& directory, const http::KeyPair& authority, const std::vector<std::string>& names,
                            base::SystemTime now) {
  if (const auto fits = http::check_pair(authority); fits.has_error()) {
    return base::error(Reason::Invalid, (directory / "ca.key").string() + ": is needed for a new server certificate: " +
                                            fits.error().message + "; put the key back, or remove ca.crt for a new authority "
                                            "(clients need a new kubeconfig then)");
  }
  auto made = http::issue_certificate(authority, names, now);
  if (made.has_error()) return made;
  auto written = write_pair(directory, "server", *made);
  if (written.has_error()) return written.error();
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : " ") + name;
  base::log_info("tls", "made a server certificate", {{"file", (directory / "server.crt").string()}, {"names", all}});
  return made;
}

Result<void> make_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return base::file_error(directory, "cannot be made", errno);
  if (::chmod(directory.c_str(), 0700) != 0) return base::file_error(directory, "cannot be closed to others", errno);
  for (const auto* key : {"ca.key", "server.key"}) {
    const auto file = directory / key;
    if (::chmod(file.c_str(), 0600) != 0 && errno != ENOENT) return base::file_error(file, "cannot be closed to others", errno);
  }
  return {};
}

// Whether the last certificate of `pem` is its own issuer: then clients can check the chain with the file itself.
bool ends_with_authority(const std::string& pem) {
  const auto last = pem.rfind("-----BEGIN CERTIFICATE-----");
  return last != std::string::npos && http::is_issued_by(pem.substr(last), pem.substr(last));
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return http::is_certificate_name(name.data()) ? name.data() : "";
}

}  // namespace

std::vector<std::string> certificate_names(const std::vector<http::Endpoint>& listen, const std::vector<std::string>& further) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    const auto address = http::canonical_address(name);
    const auto& text = address.empty() ? name : address;
    const bool anywhere = text == "0.0.0.0" || text == "::";
    if (!text.empty() && !anywhere && std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
  };
  for (const auto* always : {"localhost", "127.0.0.1", "::1", "kubernetes"}) add(always);
  add(host_name());
  for (const auto& endpoint : listen) {
    if (endpoint.tls) add(endpoint.host);
  }
  for (const auto& name : further) add(name);
  return names;
}

Result<ServerCertificate> own_certificate(const fs::path& directory, const std::vector<std::string>& names, base::SystemTime now) {
  if (auto made = make_directory(directory); made.has_error()) return made.error();
  const auto authority = authority_in(directory, now);
  if (authority.has_error()) return authority.error();
  auto kept = read_pair(directory, "server");
  if (kept.has_error()) return kept.error();
  ServerCertificate certificate{std::move(*kept), (directory / "ca.crt").string()};
  const bool usable = is_usable(certificate.pair, authority->certificate, names, now, certificate.renew_at);
  if (usable && now < certificate.renew_at) return certificate;
  auto fresh = issue(directory, *authority, names, now);
  if (fresh.has_error() && !usable) return fresh.error();
  if (fresh.has_error()) {
    base::log_warn("tls", "the server certificate ends soon and cannot be replaced", {{"error", fresh.error().message}});
    return certificate;
  }
  certificate.pair = std::move(*fresh);
  is_usable(certificate.pair, authority->certificate, names, now, certificate.renew_at);
  return certificate;
}

Result<ServerCertificate> given_certificate(const std::string& certificate_file, const std::string& key_file) {
  const auto read = [](const std::string& flag, const std::string& file) -> Result<std::string> {
    auto text = base::read_state(file);
    if (text.has_error()) return base::error(Reason::Invalid, flag + ": " + text.error().message);
    if (text->empty()) return base::error(Reason::Invalid, flag + ": " + file + " is missing or empty");
    return text;
  };
  auto certificate = read("--tls-cert", certificate_file);
  if (certificate.has_error()) return certificate.error();
  auto key = read("--tls-key", key_file);
  if (key.has_error()) return key.error();
  ServerCertificate given{{std::move(*certificate), std::move(*key)}, ""};
  if (const auto fits = http::check_pair(given.pair); fits.has_error()) {
    return base::error(Reason::Invalid, "--tls-cert " + certificate_file + ", --tls-key " + key_file + ": " + fits.error().message);
  }
  if (ends_with_authority(given.pair.certificate)) given.authority = fs::absolute(certificate_file).string();
  return given;
}

}  // namespace berth::app
