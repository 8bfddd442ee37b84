#pragma once

#include <string>
#include <string_view>

namespace berth::api {

// A document as it goes over the wire, made once and kept.
struct Document {
  std::string bytes;
  std::string hash;  // SHA-256 of `bytes`, in upper-case hexadecimal digits
  std::string etag() const { return '"' + hash + '"'; }
};

Document make_document(std::string bytes);

// Whether an If-None-Match header names the entity tag, which makes the answer 304.
bool none_match_names(std::string_view if_none_match, std::string_view etag);

}  // namespace berth::api
