#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/text.h"
#include "tests/unit/cli/environment_fixture.h"

namespace berth::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

EnvironmentView view(json body) { return view_environment(*make_object(std::move(body))); }

TEST(Progress, HasOneLineForEachServiceOnATerminal) {
  Progress progress({.utf8 = false, .color = false});
  progress.update(view(provisioning_body()));
  EXPECT_THAT(progress.picture(1500ms, 100, 24, 0),
              ElementsAre("| pr  Provisioning  0/2 ready  1.5s",
                          "  | postgres  Running     has not answered its readiness probe yet",
                          "  . api       Waiting     waits until postgres is ready"));
  progress.update(view(ready_body()));
  EXPECT_THAT(progress.picture(2s, 100, 24, 1),
              ElementsAre("+ pr  Ready  2/2 ready  2.0s", "  + postgres  Ready       127.0.0.1:30000",
                          "  + api       Ready       127.0.0.1:30001"));
}

TEST(Progress, NeverWritesALineThatTheTerminalWouldWrap) {
  Progress progress({.utf8 = true, .color = false});
  progress.update(view(provisioning_body()));
  for (const int columns : {0, 1, 5, 20, 40}) {
    for (const auto& line : progress.picture(0s, columns, 24, 3)) {
      EXPECT_LT(display_width(line), static_cast<std::size_t>(std::max(columns, 2))) << line;
    }
  }
}

TEST(Progress, LeavesTheServicesOutWhenTheTerminalIsTooSmall) {
  Progress progress({});
  for (int i = 0; i < 20; ++i) {
    auto body = provisioning_body();
    body["metadata"]["name"] = "env" + std::to_string(i);
    progress.update(view(body));
  }
  const auto lines = progress.picture(0s, 80, 12, 0);
  EXPECT_EQ(lines.size(), 11u);
  EXPECT_EQ(lines.back(), "and 10 more");
}

TEST(Progress, PlainNewsTellsEachChangeOnce) {
  Progress progress({});
  progress.update(view(environment_body()));
  EXPECT_THAT(progress.news(0s), ElementsAre("pr: Pending"));
  progress.update(view(provisioning_body()));
  EXPECT_THAT(progress.news(1s), ElementsAre("pr/postgres: Running  has not answered its readiness probe yet",
                                             "pr/api: Waiting  waits until postgres is ready", "pr: Provisioning"));
  EXPECT_THAT(progress.news(1s), IsEmpty());
  progress.update(view(ready_body()));
  EXPECT_THAT(progress.news(2s), ElementsAre("pr/postgres: Ready  127.0.0.1:30000", "pr/api: Ready  127.0.0.1:30001",
                                             "pr: Ready after 2.0s"));
  progress.remove("ci", "pr");
  EXPECT_THAT(progress.news(3s), ElementsAre("pr: Deleted after 3.0s"));
}

TEST(Redraw, ReplacesWhatWasThere) {
  EXPECT_EQ(redraw({"a"}, 0), "\r\x1b[Ja\n");
  EXPECT_EQ(redraw({"a", "b"}, 3), "\x1b[3A\r\x1b[Ja\nb\n");
}

}  // namespace
}  // namespace berth::cli
