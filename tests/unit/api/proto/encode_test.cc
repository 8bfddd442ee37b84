#include <gtest/gtest.h>

#include <stdexcept>

#include "api/proto/proto.h"

namespace berth::proto {
namespace {

using namespace std::string_literals;

TEST(ProtoEncode, WritesFieldsInTheOrderOfTheirNumbers) {
  const json document = {{"info", {{"version", "v0"}, {"title", "berth"}}}, {"swagger", "2.0"}};
  EXPECT_EQ(encode("openapi.v2.Document", document), "\x0a\x03" "2.0" "\x12\x0b" "\x0a\x05" "berth" "\x12\x02" "v0"s);
}

TEST(ProtoEncode, WritesNumbersFlagsListsAndMessagesInMessages) {
  EXPECT_EQ(encode("openapi.v2.Schema", {{"maximum", 1}}), "\x39\x00\x00\x00\x00\x00\x00\xf0\x3f"s);
  EXPECT_EQ(encode("openapi.v2.Schema", {{"max_length", 300}, {"read_only", true}}), "\x58\xac\x02\xd8\x01\x01"s);
  EXPECT_EQ(encode("openapi.v2.Schema", {{"required", {"a", "bc"}}}), "\x9a\x01\x01" "a" "\x9a\x01\x02" "bc"s);
  json item;
  item["type"]["value"] = json::array({"string"});
  json list;
  list["items"]["schema"] = json::array({item});
  EXPECT_EQ(encode("openapi.v2.Schema", list), "\xba\x01\x0d\x0a\x0b\xb2\x01\x08\x0a\x06string"s);
}

TEST(ProtoEncode, LeavesOutNullButNotZero) {
  EXPECT_EQ(encode("openapi.v2.Schema", {{"title", nullptr}, {"min_length", 0}}), "\x60\x00"s);
  EXPECT_EQ(encode("openapi.v2.Schema", {{"additional_properties", {{"boolean", false}}}}), "\xaa\x01\x02\x10\x00"s);
  EXPECT_EQ(encode("openapi.v2.Schema", {{"additional_properties", {{"schema", json::object()}}}}), "\xaa\x01\x02\x0a\x00"s);
}

TEST(ProtoEncode, RefusesWhatTheMessageDoesNotHave) {
  EXPECT_THROW(encode("openapi.v2.Nothing", json::object()), std::invalid_argument);
  EXPECT_THROW(encode("openapi.v2.Document", {{"swager", "2.0"}}), std::invalid_argument);
  EXPECT_THROW(encode("openapi.v2.Document", {{"swagger", 2}}), std::invalid_argument);
  EXPECT_THROW(encode("openapi.v2.Document", {{"schemes", "http"}}), std::invalid_argument);
  EXPECT_THROW(encode("openapi.v2.Document", {{"info", "berth"}}), std::invalid_argument);
}

}  // namespace
}  // namespace berth::proto
