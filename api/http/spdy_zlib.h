#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::http {

// The two ends of a zlib stream of SPDY header blocks: one per direction of a connection, shared by all its frames.

class SpdyInflater {
 public:
  SpdyInflater();
  ~SpdyInflater();
  SpdyInflater(const SpdyInflater&) = delete;
  SpdyInflater& operator=(const SpdyInflater&) = delete;
  // Errors: BadRequest (no such stream), RequestEntityTooLarge (more than `limit` bytes). The stream cannot go on after one.
  Result<std::string> unpack(std::string_view block, std::size_t limit);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

class SpdyDeflater {
 public:
  SpdyDeflater();
  ~SpdyDeflater();
  SpdyDeflater(const SpdyDeflater&) = delete;
  SpdyDeflater& operator=(const SpdyDeflater&) = delete;
  std::string pack(std::string_view block);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace berth::http
