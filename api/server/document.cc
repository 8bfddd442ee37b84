#include "api/server/document.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace berth::api {

Document make_document(std::string bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  Document document{std::move(bytes), {}};
  for (unsigned int i = 0; i < size; ++i) {
    document.hash += kDigits[digest[i] >> 4];
    document.hash += kDigits[digest[i] & 15];
  }
  return document;
}

bool none_match_names(std::string_view if_none_match, std::string_view etag) {
  for (const auto piece : base::split(if_none_match, ',')) {
    auto one = base::trimmed(piece);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

}  // namespace berth::api
