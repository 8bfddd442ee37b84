#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/result.h"

// OpenSSL's objects with owners. For the .cc files that speak TLS; no header includes it.
namespace berth::http {

template <auto release>
struct OpensslRelease {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslRelease<BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, OpensslRelease<X509_free>>;
using PrivateKeyPtr = std::unique_ptr<EVP_PKEY, OpensslRelease<EVP_PKEY_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslRelease<SSL_CTX_free>>;

// What went wrong last, in OpenSSL's words; takes its queue of errors away.
std::string take_openssl_error();
// Reads PEM from memory; asks nobody for a passphrase.
BioPtr read_bio(const std::string& text);
// Null when the key is not there, not readable, or encrypted.
PrivateKeyPtr read_private_key(const std::string& pem);

}  // namespace berth::http
