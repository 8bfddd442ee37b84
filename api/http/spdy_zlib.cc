#include "api/http/spdy_zlib.h"

#include <zlib.h>

#include <array>
#include <stdexcept>

#include "api/http/spdy_dictionary.h"

namespace berth::http {

namespace {

constexpr int kSmallWindow = 11;  // 2 KiB: header blocks are short, and there is one stream per connection
constexpr int kSmallMemory = 1;

Bytef* zlib_bytes(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }  // zlib reads it only

}  // namespace

struct SpdyInflater::Stream {
  z_stream z{};
  Stream() {
    if (::inflateInit(&z) != Z_OK) throw std::runtime_error("zlib: no memory");
  }
  ~Stream() { ::inflateEnd(&z); }

  int step(std::array<char, 2048>& out) {
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    const int code = ::inflate(&z, Z_SYNC_FLUSH);
    if (code != Z_NEED_DICT) return code;
    const auto dictionary = spdy_dictionary();
    const int set = ::inflateSetDictionary(&z, zlib_bytes(dictionary), static_cast<uInt>(dictionary.size()));
    return set == Z_OK ? ::inflate(&z, Z_SYNC_FLUSH) : set;
  }
};

SpdyInflater::SpdyInflater() : stream_(std::make_unique<Stream>()) {}
SpdyInflater::~SpdyInflater() = default;

Result<std::string> SpdyInflater::unpack(std::string_view block, std::size_t limit) {
  auto& z = stream_->z;
  z.next_in = zlib_bytes(block);
  z.avail_in = static_cast<uInt>(block.size());
  std::string all;
  std::array<char, 2048> out;
  do {
    const int code = stream_->step(out);
    if (code != Z_OK && code != Z_BUF_ERROR) return base::error(Reason::BadRequest, "spdy: a header block is not packed as it should be");
    all.append(out.data(), out.size() - z.avail_out);
    if (all.size() > limit) return base::error(Reason::RequestEntityTooLarge, "spdy: a header block is too large");
    if (code == Z_BUF_ERROR) break;
  } while (z.avail_in > 0 || z.avail_out == 0);
  return all;
}

struct SpdyDeflater::Stream {
  z_stream z{};
  Stream() {
    if (::deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kSmallWindow, kSmallMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::runtime_error("zlib: no memory");
    }
    const auto dictionary = spdy_dictionary();
    ::deflateSetDictionary(&z, zlib_bytes(dictionary), static_cast<uInt>(dictionary.size()));
  }
  ~Stream() { ::deflateEnd(&z); }
};

SpdyDeflater::SpdyDeflater() : stream_(std::make_unique<Stream>()) {}
SpdyDeflater::~SpdyDeflater() = default;

std::string SpdyDeflater::pack(std::string_view block) {
  auto& z = stream_->z;
  z.next_in = zlib_bytes(block);
  z.avail_in = static_cast<uInt>(block.size());
  std::string all;
  std::array<char, 2048> out;
  do {
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    ::deflate(&z, Z_SYNC_FLUSH);
    all.append(out.data(), out.size() - z.avail_out);
  } while (z.avail_out == 0);
  return all;
}

}  // namespace berth::http
