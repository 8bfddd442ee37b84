#include "cli/json_path.h"

#include <gtest/gtest.h>

namespace berth::cli {
namespace {

TEST(JsonPath, FollowsTheFormsOfPrinterColumns) {
  const json value = {
      {"status",
       {{"phase", "Ready"},
        {"a.b", 1},
        {"conditions", {{{"type", "Ready"}, {"status", "True"}}, {{"type", "Other"}, {"status", "False"}}}},
        {"ports", {30000, 30001}}}}};
  EXPECT_EQ(json_path_text(value, ".status.phase"), "Ready");
  EXPECT_EQ(json_path_text(value, "{.status.phase}"), "Ready");
  EXPECT_EQ(json_path_text(value, "$.status['a.b']"), "1");
  EXPECT_EQ(json_path_text(value, ".status.a\\.b"), "1");
  EXPECT_EQ(json_path_text(value, ".status.conditions[?(@.type==\"Ready\")].status"), "True");
  EXPECT_EQ(json_path_text(value, ".status.conditions[*].type"), "Ready,Other");
  EXPECT_EQ(json_path_text(value, ".status.ports[1]"), "30001");
  EXPECT_EQ(json_path_text(value, ".status.ports[-1]"), "30001");
}

TEST(JsonPath, WhatIsNotThereOrMakesNoSenseIsEmpty) {
  const json value = {{"a", 1}};
  for (const char* path : {".b", ".a.b", ".a[0]", ".a[", "[?(x)]", ".a[x]", "[999999999999]"}) {
    EXPECT_EQ(json_path_text(value, path), "") << path;
  }
}

}  // namespace
}  // namespace berth::cli
