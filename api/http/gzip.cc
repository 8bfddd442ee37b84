#include "api/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>

#include "api/http/message.h"
#include "base/text.h"

namespace berth::http {

namespace {

constexpr std::size_t kSlice = 128 * 1024;  // takes about 2 ms
constexpr int kGzipFormat = 15 + 16;
constexpr int kMemoryLevel = 8;

class Deflater {
 public:
  Deflater() {
    if (::deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzipFormat, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  ~Deflater() { ::deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void add(std::string_view bytes, bool last, std::string& out) {
    std::array<char, 16 * 1024> block;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(block.data());
      stream_.avail_out = block.size();
      ::deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      out.append(block.data(), block.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
};

// "q=0", "q=0.000"
bool is_refused(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  const auto weight = base::trimmed(parameters.substr(q + 2), " \t;");
  return weight.starts_with('0') && weight.find_first_of("123456789") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  for (const auto item : base::split(accept_encoding, ',')) {
    const auto semicolon = std::min(item.find(';'), item.size());
    if (same_text(base::trimmed(item.substr(0, semicolon), " \t"), "gzip")) return !is_refused(item.substr(semicolon));
  }
  return false;
}

Task<std::string> gzip(Executor executor, std::string bytes) {
  Deflater deflater;
  std::string out;
  std::string_view rest = bytes;
  while (true) {
    const auto slice = rest.substr(0, kSlice);
    rest.remove_prefix(slice.size());
    deflater.add(slice, rest.empty(), out);
    if (rest.empty()) break;
    co_await asio::post(executor, asio::use_awaitable);
  }
  co_return out;
}

}  // namespace berth::http
