#include "crd/fields.h"

#include <gtest/gtest.h>

namespace berth::crd {
namespace {

TEST(Fields, FindMemberKnowsNullFromAbsent) {
  const json value = {{"a", nullptr}};
  ASSERT_NE(find_member(value, "a"), nullptr);
  EXPECT_TRUE(find_member(value, "a")->is_null());
  EXPECT_EQ(find_member(value, "b"), nullptr);
}

TEST(Fields, MemberTakesNullForAbsent) {
  const json value = {{"a", nullptr}, {"b", false}};
  EXPECT_EQ(member(value, "a"), nullptr);
  ASSERT_NE(member(value, "b"), nullptr);
  EXPECT_EQ(*member(value, "b"), json(false));
}

TEST(Fields, NothingHasMembersButAnObject) {
  for (const json& value : {json(), json("a"), json(1), json::array({"a"})}) {
    EXPECT_EQ(find_member(value, "a"), nullptr) << value;
    EXPECT_EQ(text_at(value, "a"), "") << value;
    EXPECT_TRUE(array_at(value, "a").empty()) << value;
  }
}

TEST(Fields, ReadsWhatHasTheType) {
  const json value = {{"text", "a"}, {"number", 7}, {"flag", true}, {"object", {{"b", 1}}}, {"array", json::array({2})}};
  EXPECT_EQ(text_at(value, "text"), "a");
  EXPECT_EQ(number_at(value, "number"), 7);
  EXPECT_TRUE(flag_at(value, "flag"));
  EXPECT_EQ(object_at(value, "object"), (json{{"b", 1}}));
  EXPECT_EQ(array_at(value, "array"), json::array({2}));
}

TEST(Fields, AnotherTypeIsAsNothing) {
  const json value = {{"a", 1.5}, {"b", "true"}};
  EXPECT_EQ(text_at(value, "a"), "");
  EXPECT_EQ(number_at(value, "a"), 0);
  EXPECT_FALSE(flag_at(value, "b"));
  EXPECT_EQ(object_at(value, "b"), json::object());
  EXPECT_EQ(array_at(value, "b"), json::array());
}

}  // namespace
}  // namespace berth::crd
