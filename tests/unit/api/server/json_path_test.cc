#include "api/server/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> find(const std::string& path, const json& value) {
  const auto parsed = JsonPath::parse(path);
  EXPECT_TRUE(parsed.has_value()) << path << ": " << parsed.error().message;
  std::vector<std::string> texts;
  if (!parsed) return texts;
  for (const auto* found : parsed->find(value)) texts.push_back(crd::dump(*found));
  return texts;
}

const json kValue = json::parse(R"({"spec":{"image":"nginx","ports":[80,443,8080],"a.b":1,"nested":{"x":[{"y":1},{"y":2}]}},
  "status":{"conditions":[{"type":"Synced","status":"False","n":1},{"type":"Ready","status":"True","n":5}],"ready":true,"none":null}})");

TEST(JsonPath, FollowsNames) {
  EXPECT_THAT(find(".spec.image", kValue), ElementsAre("\"nginx\""));
  EXPECT_THAT(find(".spec['a.b']", kValue), ElementsAre("1"));
  EXPECT_THAT(find(".spec.a\\.b", kValue), ElementsAre("1"));
  EXPECT_THAT(find("{.spec[\"image\"]}", kValue), ElementsAre("\"nginx\""));
  EXPECT_THAT(find(".spec['image','a.b']", kValue), ElementsAre("\"nginx\"", "1"));
  EXPECT_THAT(find(".status.none", kValue), ElementsAre("null"));
  EXPECT_THAT(find("", json(1)), ElementsAre("1"));
}

TEST(JsonPath, FindsNothingWhereThereIsNothing) {
  for (const auto* path : {".nope", ".spec.image.deeper", ".spec.ports.x", ".spec[0]", ".spec.ports[9]", ".spec.ports[-4]", ".spec.image[*]",
                           ".status.conditions[?(@.type==\"Gone\")].status", ".nope[?(@.a==1)]"}) {
    EXPECT_THAT(find(path, kValue), IsEmpty()) << path;
  }
}

TEST(JsonPath, CountsFromBothEnds) {
  EXPECT_THAT(find(".spec.ports[0]", kValue), ElementsAre("80"));
  EXPECT_THAT(find(".spec.ports[-1]", kValue), ElementsAre("8080"));
  EXPECT_THAT(find(".spec.ports[0,2]", kValue), ElementsAre("80", "8080"));
  EXPECT_THAT(find(".spec.ports[1:]", kValue), ElementsAre("443", "8080"));
  EXPECT_THAT(find(".spec.ports[:2]", kValue), ElementsAre("80", "443"));
  EXPECT_THAT(find(".spec.ports[-2:-1]", kValue), ElementsAre("443"));
  EXPECT_THAT(find(".spec.ports[*]", kValue), ElementsAre("80", "443", "8080"));
  EXPECT_THAT(find(".spec.nested.x[*].y", kValue), ElementsAre("1", "2"));
  EXPECT_THAT(find(".spec.nested.*", kValue), ElementsAre("[{\"y\":1},{\"y\":2}]"));
}

TEST(JsonPath, FiltersLists) {
  EXPECT_THAT(find(".status.conditions[?(@.type==\"Ready\")].status", kValue), ElementsAre("\"True\""));
  EXPECT_THAT(find(".status.conditions[?(@.type == 'Ready')].status", kValue), ElementsAre("\"True\""));
  EXPECT_THAT(find(".status.conditions[?(@.type!=\"Ready\")].n", kValue), ElementsAre("1"));
  EXPECT_THAT(find(".status.conditions[?(@.n>1)].type", kValue), ElementsAre("\"Ready\""));
  EXPECT_THAT(find(".status.conditions[?(@.n<=1)].type", kValue), ElementsAre("\"Synced\""));
  EXPECT_THAT(find(".status.conditions[?(@.status)].n", kValue), ElementsAre("1", "5"));
  EXPECT_THAT(find(".status.conditions[?(@.gone)].n", kValue), IsEmpty());
  EXPECT_THAT(find(".spec.ports[?(@>100)]", kValue), ElementsAre("443", "8080"));
  EXPECT_THAT(find(".status.conditions[?(@.type>1)].n", kValue), IsEmpty());
}

TEST(JsonPath, SaysWhereItCannotRead) {
  for (const auto* path : {"spec", ".", "..x", ".a[", ".a[]", ".a[x]", ".a['b]", ".a[?(]", ".a[?(@.b==)]", ".a[?(@.b==1]", ".a[?(1)]", ".a[1", ".a b",
                           ".a[99999999999]", ".a['b',]", ".a[?(@[?(@[?(@[?(@[?(@.b)])])])])]"}) {
    const auto parsed = JsonPath::parse(path);
    ASSERT_TRUE(parsed.has_error()) << path;
    EXPECT_EQ(parsed.error().reason, Reason::Invalid);
  }
  EXPECT_EQ(JsonPath::parse(".a[x]").error().message,
            "JSONPath \".a[x]\": expected an index, a slice, '*', a quoted name or a filter, at character 4");
}

TEST(JsonPath, DoesNotMultiplyForEver) {
  json value = 1;
  for (int i = 0; i < 40; ++i) value = json::array({value, value}).size() == 2 && i < 10 ? json::array({value, value}) : value;
  std::string path;
  for (int i = 0; i < 100; ++i) path += "[0,0]";
  EXPECT_LE(find(path, value).size(), 10000u);
}

}  // namespace
}  // namespace berth::api
