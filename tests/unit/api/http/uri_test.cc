#include "api/http/uri.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

TEST(PercentEncoding, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("a-b_c.d~1"), "a-b_c.d~1");
  EXPECT_EQ(percent_encode("a b/c?d=e&f+g%"), "a%20b%2Fc%3Fd%3De%26f%2Bg%25");
  EXPECT_EQ(percent_encode("{\"label\":[\"x\"]}"), "%7B%22label%22%3A%5B%22x%22%5D%7D");
}

TEST(PercentEncoding, ComesBackAsItWas) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decode(percent_encode(all), false).value(), all);
}

TEST(PercentEncoding, RefusesBrokenEscapes) {
  for (const auto* text : {"%", "%1", "%zz", "a%2", "%%20"}) EXPECT_TRUE(percent_decode(text, false).has_error()) << text;
}

TEST(PercentEncoding, ReadsPlusAsABlankOnlyInQueries) {
  EXPECT_EQ(percent_decode("a+b%2Bc", true).value(), "a b+c");
  EXPECT_EQ(percent_decode("a+b%2Bc", false).value(), "a+b+c");
}

TEST(Target, IsSplitBeforeItIsDecoded) {
  const auto target = parse_target("/a%3Fb/c%26d?x=1%262&y&x=3&&labelSelector=a%20in%20(b%2Cc)").value();
  EXPECT_EQ(target.path, "/a?b/c&d");
  EXPECT_EQ(target.query.count("x"), 2u);
  EXPECT_EQ(target.query.find("x")->second, "1&2");
  EXPECT_EQ(target.query.find("y")->second, "");
  EXPECT_EQ(target.query.find("labelSelector")->second, "a in (b,c)");
}

TEST(Target, MustBeAPath) {
  for (const auto* text : {"", "*", "http://x/", "a", "/%00", "/%4", "/?a=%"}) EXPECT_TRUE(parse_target(text).has_error()) << text;
}

}  // namespace
}  // namespace berth::http
