#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/http/certificate.h"
#include "base/result.h"

struct ssl_ctx_st;

namespace berth::http {

// Whom a client believes. Names are always checked, unless nothing is.
struct TlsTrust {
  std::string authorities;  // PEM; "" = the system's
  bool verify = true;       // false: any certificate will do, and nobody knows who answers
};

// One side's certificates and rules (TLS 1.2 and 1.3, HTTP/1.1 by ALPN), shared by its connections. Immutable.
class TlsContext {
 public:
  // `pair.certificate` may be a chain, the server's own first.
  // Errors: Invalid (not PEM, an encrypted key, a key of another certificate), as check_pair().
  static Result<std::shared_ptr<const TlsContext>> server(const KeyPair& pair);
  // Errors: Invalid (no certificate in `authorities`), InternalError.
  static Result<std::shared_ptr<const TlsContext>> client(const TlsTrust& trust);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  bool is_server() const { return names_ != nullptr; }
  // What a server's certificate names; null for a client.
  const std::shared_ptr<const std::vector<std::string>>& names() const { return names_; }
  ssl_ctx_st* handle() const { return handle_; }  // for TlsChannel

 private:
  explicit TlsContext(ssl_ctx_st* handle) : handle_(handle) {}
  ssl_ctx_st* handle_;
  std::shared_ptr<const std::vector<std::string>> names_;
};

}  // namespace berth::http
