#include "controller/reconcile/status_events.h"

#include <gtest/gtest.h>

namespace berth::reconcile {
namespace {

json with_service(const char* state, const std::string& message) {
  return {{"services", json::array({json::object({{"name", "db"}, {"state", state}, {"message", message}})})}};
}

TEST(Announcements, EveryBackOffOfACauseSaysTheSameSoThatTheyAreCounted) {
  const auto running = with_service("Running", "");
  for (const char* more : {"", ", restarted 1 times", ", restarted 12 times"}) {
    const auto waiting = with_service("Restarting", std::string("exited with code 7") + more + ", again at 2026-01-31T12:00:00Z");
    const auto told = announcements(running, waiting);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].reason, "BackOff");
    EXPECT_EQ(told[0].message, "Service db keeps ending: exited with code 7");
    EXPECT_TRUE(announcements(waiting, waiting).empty());
  }
}

TEST(Announcements, AServiceThatIsGoingIsToldAsThat) {
  auto before = with_service("Running", "");
  before["phase"] = "Ready";
  auto after = with_service("Removing", "");
  after["phase"] = "Degraded";
  const auto told = announcements(before, after);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].message, "Not ready any more: db: is being removed");
}

}  // namespace
}  // namespace berth::reconcile
