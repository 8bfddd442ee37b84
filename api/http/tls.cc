#include "api/http/tls.h"

#include <array>
#include <cstring>

#include "api/http/openssl.h"

namespace berth::http {

namespace {

constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::array<unsigned char, 5> kTicketContext = {'b', 'e', 'r', 't', 'h'};

// A client that speaks something else only is told so; one that does not care is served.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in, unsigned in_length,
                    void*) {
  unsigned char* chosen = nullptr;
  const auto found = SSL_select_next_proto(&chosen, out_length, kHttp11.data(), kHttp11.size(), in, in_length);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Error openssl_failed(const char* what) {
  return base::error(Reason::InternalError, std::string("TLS: ") + what + ": " + take_openssl_error());
}

Result<SslContextPtr> new_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return openssl_failed("no context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection keeps no record buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1) return openssl_failed("no ciphers");
  return context;
}

bool use_chain(SSL_CTX* context, const std::string& pem) {
  const auto bio = read_bio(pem);
  const CertificatePtr own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return false;
  while (CertificatePtr next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return false;
    next.release();
  }
  ERR_clear_error();
  return true;
}

std::size_t trust(SSL_CTX* context, const std::string& pem) {
  const auto bio = read_bio(pem);
  std::size_t trusted = 0;
  while (const CertificatePtr next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get()) == 1) ++trusted;
  }
  ERR_clear_error();
  return trusted;
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(handle_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const KeyPair& pair) {
  if (auto fits = check_pair(pair); fits.has_error()) return fits.error();
  auto info = read_certificate(pair.certificate);
  if (info.has_error()) return info.error();
  auto context = new_context(TLS_server_method());
  if (context.has_error()) return context.error();
  auto* handle = context->get();
  const auto key = read_private_key(pair.key);
  if (!use_chain(handle, pair.certificate) || SSL_CTX_use_PrivateKey(handle, key.get()) != 1) {
    return base::error(Reason::Invalid, "the certificate cannot be used: " + take_openssl_error());
  }
  SSL_CTX_set_alpn_select_cb(handle, choose_protocol, nullptr);
  SSL_CTX_set_session_id_context(handle, kTicketContext.data(), kTicketContext.size());
  SSL_CTX_set_num_tickets(handle, 1);
  std::shared_ptr<TlsContext> made(new TlsContext(context->release()));
  made->names_ = std::make_shared<const std::vector<std::string>>(std::move(info->names));
  return std::shared_ptr<const TlsContext>(std::move(made));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsTrust& trusted) {
  auto context = new_context(TLS_client_method());
  if (context.has_error()) return context.error();
  auto* handle = context->get();
  SSL_CTX_set_alpn_protos(handle, kHttp11.data(), kHttp11.size());
  SSL_CTX_set_verify(handle, trusted.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (trusted.verify && trusted.authorities.empty()) {
    SSL_CTX_set_default_verify_paths(handle);
  } else if (trusted.verify && trust(handle, trusted.authorities) == 0) {
    return base::error(Reason::Invalid, "no certificate is in it; PEM is expected (-----BEGIN CERTIFICATE-----)");
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(context->release()));
}

}  // namespace berth::http
