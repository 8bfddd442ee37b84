#include "api/http/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/fakes/run_task.h"

namespace berth::http {
namespace {

std::string unzipped(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string all(4'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(all.data());
  stream.avail_out = static_cast<uInt>(all.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  all.resize(stream.total_out);
  ::inflateEnd(&stream);
  return all;
}

TEST(Gzip, ComesBackTheSame) {
  asio::io_context io;
  for (const std::size_t size : {0u, 1u, 131'072u, 131'073u, 3'000'000u}) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919) + ",";
    text.resize(size);
    const auto packed = fakes::run_task(io, gzip(io.get_executor(), text));
    EXPECT_EQ(unzipped(packed), text) << size;
    EXPECT_LT(packed.size(), size / 2 + 100);
  }
}

TEST(Gzip, IsTakenWhereTheClientNamesIt) {
  for (const auto* yes : {"gzip", "GZIP", "gzip, deflate, br", "deflate , gzip;q=0.5", "br;q=1, gzip;q=1.0"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const auto* no : {"", "identity", "*", "xgzip", "gzipped", "gzip;q=0", "gzip; q=0.000", ",", "br;gzip"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace berth::http
