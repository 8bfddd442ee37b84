#include "cli/selector.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/environment_fixture.h"

namespace berth::cli {
namespace {

bool matches(const char* selector, json labels) {
  auto body = environment_body();
  body["metadata"]["labels"] = std::move(labels);
  return Selector::parse(selector).value().matches(*make_object(body));
}

TEST(Selector, MatchesAsKubernetesDoes) {
  const json labels = {{"a", "b"}, {"team", "web"}};
  for (const char* yes : {"", "a=b", "a==b", "a!=c", "x!=c", "a", "!x", "a in (b,c)", "a in (b)", "x notin (b)",
                          "a=b, team=web", "a in (x, b),team"}) {
    EXPECT_TRUE(matches(yes, labels)) << yes;
  }
  for (const char* no : {"a=c", "a!=b", "x", "!a", "a in (c)", "a notin (b)", "a=b,team=ops", "x=", "a in ()"}) {
    EXPECT_FALSE(matches(no, labels)) << no;
  }
}

TEST(Selector, RefusesWhatIsNone) {
  for (const char* wrong : {",", "a=b,", "=b", "a in b", "in (a)", "a b", "a=b c", "!", "a in (b", "a>1"}) {
    EXPECT_FALSE(Selector::parse(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace berth::cli
