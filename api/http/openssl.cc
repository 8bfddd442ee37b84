#include "api/http/openssl.h"

namespace berth::http {

namespace {

// Nobody is asked: a daemon has no terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

}  // namespace

std::string take_openssl_error() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text ? text : "unknown cause";
}

BioPtr read_bio(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

PrivateKeyPtr read_private_key(const std::string& pem) {
  const auto bio = read_bio(pem);
  PrivateKeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

}  // namespace berth::http
