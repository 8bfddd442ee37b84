#include "api/http/certificate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "api/http/message.h"
#include "api/http/openssl.h"

namespace berth::http {

namespace {

constexpr base::Duration kClockDifference = std::chrono::hours(1);  // of machines that trust each other's certificates
constexpr int kSerialBits = 127;
constexpr std::size_t kLongestName = 253;

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslRelease<GENERAL_NAMES_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslRelease<BN_free>>;

CertificatePtr parse_certificate(const std::string& pem) {
  const auto bio = read_bio(pem);
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

Error making_failed(const char* what) {
  return base::error(Reason::InternalError, std::string("a certificate cannot be made: ") + what + ": " + take_openssl_error());
}

std::string bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return "";
  return ::inet_ntop(family, bytes.data(), text.data(), text.size()) ? text.data() : "";
}

// The 4 or 16 bytes of an IP address; "" when `text` is none.
std::string address_bytes(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const std::string copy(text);
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return "";
}

base::SystemTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const NamesPtr all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) names.push_back(bytes_of(name->d.dNSName));
    if (name->type == GEN_IPADD) names.push_back(address_of(bytes_of(name->d.iPAddress)));
  }
  return names;
}

std::string key_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string certificate_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool set_serial(X509* certificate) {
  const BignumPtr number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_common_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  const bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool is_dns_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '*';
  });
}

GENERAL_NAME* alternative_name(const std::string& name) {
  const auto address = address_bytes(name);
  const auto& bytes = address.empty() ? name : address;
  auto* text = address.empty() ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
  ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  auto* made = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(made, address.empty() ? GEN_DNS : GEN_IPADD, text);
  return made;
}

Result<void> add_names(X509* certificate, const std::vector<std::string>& names) {
  const NamesPtr all(GENERAL_NAMES_new());
  for (const auto& name : names) {
    if (!is_certificate_name(name)) return base::error(Reason::Invalid, "\"" + name + "\" is neither a DNS name nor an IP address");
    sk_GENERAL_NAME_push(all.get(), alternative_name(name));
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, 0) != 1) return making_failed("its names");
  return {};
}

// A certificate without extensions or signature. The subject is set last, its issuer by the caller.
Result<CertificatePtr> blank_certificate(EVP_PKEY* key, base::SystemTime from, base::SystemTime to) {
  CertificatePtr certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !set_serial(certificate.get()) ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return making_failed("its head");
  }
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), std::chrono::system_clock::to_time_t(from));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), std::chrono::system_clock::to_time_t(to));
  return certificate;
}

base::SystemTime plus(base::SystemTime time, base::Duration duration) {
  return time + std::chrono::duration_cast<base::SystemTime::duration>(duration);
}

bool matches(std::string_view pattern, std::string_view host) {
  if (same_text(pattern, host)) return true;
  if (!pattern.starts_with("*.")) return false;
  const auto dot = host.find('.');
  return dot != 0 && dot != std::string_view::npos && same_text(pattern.substr(1), host.substr(dot));
}

}  // namespace

Result<CertificateInfo> read_certificate(const std::string& pem) {
  const auto certificate = parse_certificate(pem);
  if (!certificate) {
    return base::error(Reason::Invalid, "no certificate is in it; PEM is expected (-----BEGIN CERTIFICATE-----)");
  }
  CertificateInfo info;
  info.names = names_of(certificate.get());
  info.not_before = time_of(X509_get0_notBefore(certificate.get()));
  info.not_after = time_of(X509_get0_notAfter(certificate.get()));
  return info;
}

Result<void> check_pair(const KeyPair& pair) {
  const auto certificate = parse_certificate(pair.certificate);
  if (!certificate) {
    return base::error(Reason::Invalid, "the certificate cannot be read; PEM is expected (-----BEGIN CERTIFICATE-----)");
  }
  const auto key = read_private_key(pair.key);
  if (!key) {
    return base::error(Reason::Invalid, "the private key cannot be read; PEM without a passphrase is expected (-----BEGIN PRIVATE KEY-----)");
  }
  const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) return base::error(Reason::Invalid, "the private key is not the one of the certificate");
  return {};
}

bool is_issued_by(const std::string& certificate, const std::string& authority) {
  const auto child = parse_certificate(certificate);
  const auto parent = parse_certificate(authority);
  if (!child || !parent) return false;
  const bool signed_by = X509_check_issued(parent.get(), child.get()) == X509_V_OK &&
                         X509_verify(child.get(), X509_get0_pubkey(parent.get())) == 1;
  ERR_clear_error();
  return signed_by;
}

Result<KeyPair> make_authority(base::SystemTime now) {
  const PrivateKeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return making_failed("its key");
  auto made = blank_certificate(key.get(), plus(now, -kClockDifference), plus(now, kAuthorityLifetime));
  if (made.has_error()) return made.error();
  auto* certificate = made->get();
  auto* subject = X509_get_subject_name(certificate);
  // Two authorities never have one name: a client that knows both finds the right one.
  const bool complete = set_common_name(subject, "berth-ca@" + std::to_string(std::chrono::system_clock::to_time_t(now))) &&
                        X509_set_issuer_name(certificate, subject) == 1 &&
                        add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") &&
                        add_extension(certificate, certificate, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign") &&
                        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
                        X509_sign(certificate, key.get(), EVP_sha256()) != 0;
  if (!complete) return making_failed("the authority");
  return KeyPair{certificate_pem(certificate), key_pem(key.get())};
}

Result<KeyPair> issue_certificate(const KeyPair& authority, const std::vector<std::string>& names, base::SystemTime now) {
  if (auto fits = check_pair(authority); fits.has_error()) return fits.error();
  const auto issuer = parse_certificate(authority.certificate);
  const auto issuer_key = read_private_key(authority.key);
  const PrivateKeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return making_failed("its key");
  const auto end = std::min(plus(now, kCertificateLifetime), time_of(X509_get0_notAfter(issuer.get())));
  auto made = blank_certificate(key.get(), plus(now, -kClockDifference), end);
  if (made.has_error()) return made.error();
  auto* certificate = made->get();
  if (auto added = add_names(certificate, names); added.has_error()) return added.error();
  const bool complete = set_common_name(X509_get_subject_name(certificate), "berthd") &&
                        X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) == 1 &&
                        add_extension(certificate, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                        add_extension(certificate, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                        add_extension(certificate, issuer.get(), NID_ext_key_usage, "serverAuth") &&
                        add_extension(certificate, issuer.get(), NID_subject_key_identifier, "hash") &&
                        add_extension(certificate, issuer.get(), NID_authority_key_identifier, "keyid") &&
                        X509_sign(certificate, issuer_key.get(), EVP_sha256()) != 0;
  if (!complete) return making_failed("the server's");
  return KeyPair{certificate_pem(certificate), key_pem(key.get())};
}

bool is_certificate_name(const std::string& name) { return is_dns_name(name) || !address_bytes(name).empty(); }

std::string canonical_address(std::string_view text) { return address_of(address_bytes(text)); }

bool names_host(const std::vector<std::string>& names, std::string_view host) {
  const auto address = canonical_address(host);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return address.empty() ? matches(name, host) : name == address;
  });
}

}  // namespace berth::http
