#include "api/server/continue_token.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

TEST(ContinueToken, IsWhatKubernetesWrites) {
  EXPECT_EQ(encode_continue({188, {"", std::string("/n1\0", 4)}}), "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTg4LCJzdGFydCI6Ii9uMVx1MDAwMCJ9");
  EXPECT_EQ(encode_continue({-1, {"", std::string("n2\0", 3)}}), "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoibjJcdTAwMDAifQ");
}

TEST(ContinueToken, ComesBackAsItWas) {
  for (const ObjectKey& key : {ObjectKey{"ci", std::string("web\0", 4)}, ObjectKey{"", "default"}, ObjectKey{"a-b", "c.d"}}) {
    for (const std::int64_t revision : {std::int64_t{-1}, std::int64_t{1}, std::int64_t{1} << 53}) {
      const auto back = decode_continue(encode_continue({revision, key}));
      ASSERT_TRUE(back.has_value()) << back.error().message;
      EXPECT_EQ(back->revision, revision);
      EXPECT_EQ(back->start, key);
    }
  }
}

TEST(ContinueToken, GoesOnBehindAnObject) {
  const auto object =
      Object::make({{"apiVersion", "v1"}, {"kind", "X"}, {"metadata", {{"name", "web"}, {"namespace", "ci"}}}}).value();
  const auto next = ContinueToken::after(*object);
  EXPECT_LT(object->key(), next);
  EXPECT_LT(next, (ObjectKey{"ci", "web-1"}));
}

TEST(ContinueToken, GarbageIsRefusedWithWhatIsWrongAboutIt) {
  const auto refused = [](std::string_view text) {
    const auto token = decode_continue(text);
    EXPECT_TRUE(token.has_error()) << text;
    EXPECT_EQ(token.error().reason, Reason::BadRequest);
    const std::string prefix = "invalid continue token: continue key is not valid: ";
    EXPECT_TRUE(token.error().message.starts_with(prefix)) << token.error().message;
    return token.error().message.substr(prefix.size());
  };
  EXPECT_EQ(refused("garbage"), "invalid character '\\x81' looking for beginning of value");
  EXPECT_EQ(refused("ab!d"), "illegal base64 data at input byte 2");
  EXPECT_EQ(refused("abcde"), "illegal base64 data at input byte 5");
  EXPECT_EQ(refused("W10"), "it holds no JSON object");                                      // []
  EXPECT_EQ(refused("e30"), "server does not recognize this encoded version \"\"");         // {}
  EXPECT_EQ(refused("eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ"), "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  EXPECT_EQ(refused(encode_continue({5, {"", ""}})), "encoded start key empty (version meta.k8s.io/v1)");
  EXPECT_EQ(refused(encode_continue({-7, {"a", "b"}})), "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  refused(encode_continue({5, {"a/b", "c"}}));
  refused(std::string(5000, 'a'));
}

}  // namespace
}  // namespace berth::api
