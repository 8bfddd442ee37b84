#include "controller/reconcile/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct JournalTest : testing::Test {
  fakes::FakeClock clock;
  Journal journal{clock};

  static ObjectPtr environment(const std::string& name, const std::string& uid) {
    return Object::make({{"apiVersion", "berth.dev/v1alpha1"},
                         {"kind", "TestEnvironment"},
                         {"metadata", {{"name", name}, {"namespace", "ci"}, {"uid", uid}, {"generation", 3}}},
                         {"spec", {{"services", json::array({{{"name", "db"}, {"env", json::array({{{"name", "PASSWORD"}, {"value", "planted"}}})}}})}}}})
        .value();
  }
  static JournalEntry action(const std::string& what) {
    JournalEntry entry;
    entry.cause = "Created";
    entry.action = what;
    entry.target = "service/db";
    entry.reason = "there is none";
    return entry;
  }
  json entries(Journal& of, const std::string& name) {
    const auto told = of.tell({"ci", name});
    return told.has_error() ? json() : (*told)["environments"].back()["entries"];
  }
  json entries(const std::string& name) { return entries(journal, name); }
};

TEST_F(JournalTest, TellsWhatWasDoneAndWhatCameOfIt) {
  const auto shop = environment("shop", "u1");
  journal.note(shop, "Created", "the environment was created");
  const auto id = journal.begin(shop, action("CreateContainer"));
  EXPECT_EQ(entries("shop")[1]["answer"], "running");
  clock.advance(250ms);
  journal.end(shop, id, std::nullopt);
  const auto all = entries("shop");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["cause"], "Created");
  EXPECT_EQ(all[0]["generation"], 3);
  EXPECT_FALSE(all[0].contains("answer"));
  EXPECT_EQ(all[1]["answer"], "ok");
  EXPECT_EQ(all[1]["seconds"], 0.25);
  EXPECT_EQ(all[1]["target"], "service/db");
}

TEST_F(JournalTest, AFailureThatRepeatsIsOneEntry) {
  const auto shop = environment("shop", "u1");
  for (int i = 0; i < 50; ++i) {
    const auto id = journal.begin(shop, action("StartContainer"));
    journal.end(shop, id, base::error(Reason::PortConflict, "taken"));
    journal.note(shop, "EngineEvent", "it died");
    clock.advance(1s);
  }
  const auto all = entries("shop");
  ASSERT_EQ(all.size(), 2u) << all.dump(1);
  EXPECT_EQ(all[0]["times"], 50);
  EXPECT_EQ(all[0]["answer"], "PortConflict");
  EXPECT_EQ(all[1]["times"], 50);
}

TEST_F(JournalTest, HasNoSecret) {
  const auto shop = environment("shop", "u1");
  journal.note(shop, "Failed", "the password planted was refused");
  auto start = action("StartContainer");
  start.reason = "the engine cannot start it: planted";
  const auto id = journal.begin(shop, start);
  journal.end(shop, id, base::error(Reason::CommandNotFound, "exec: planted: not found"));
  EXPECT_THAT(entries("shop").dump(), Not(HasSubstr("planted")));
  EXPECT_THAT(entries("shop").dump(), HasSubstr("the password *** was refused"));
}

TEST_F(JournalTest, RemembersWhatIsGoneForAnHour) {
  const auto first = environment("shop", "u1");
  journal.note(first, "Created", "first");
  journal.gone(first);
  clock.advance(59min);
  const auto second = environment("shop", "u2");
  journal.note(second, "Created", "second");
  const auto told = journal.tell({"ci", "shop"}).value();
  ASSERT_EQ(told["environments"].size(), 2u);
  EXPECT_EQ(told["environments"][0]["gone"], true);
  EXPECT_EQ(told["environments"][1]["uid"], "u2");
  clock.advance(2min);
  EXPECT_EQ(journal.tell({"ci", "shop"}).value()["environments"].size(), 1u);
  journal.gone(second);
  clock.advance(61min);
  EXPECT_EQ(journal.tell({"ci", "shop"}).error().reason, Reason::NotFound);
  EXPECT_EQ(journal.bytes(), 0u);
  EXPECT_EQ(journal.tell({"ci", "nobody"}).error().reason, Reason::NotFound);
}

TEST_F(JournalTest, StaysBoundedWithAThousandEnvironments) {
  const JournalOptions options;
  std::vector<ObjectPtr> environments;
  for (int i = 0; i < 1000; ++i) environments.push_back(environment("e" + std::to_string(i), "u" + std::to_string(i)));
  // The first hundred take all they can get, then all others come.
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 100; ++i) journal.note(environments[static_cast<std::size_t>(i)], "Changed", std::string(300, 'x') + std::to_string(round));
  }
  EXPECT_LE(journal.bytes(), 100 * options.bytes);
  EXPECT_GT(journal.bytes(), 100 * options.bytes / 2);
  for (int round = 0; round < 100; ++round) {
    for (const auto& one : environments) journal.note(one, "Changed", std::string(300, 'y') + std::to_string(round));
    ASSERT_LE(journal.bytes(), options.total_bytes) << round;
  }
  EXPECT_GE(entries("e999").size(), 20u);
  EXPECT_EQ(entries("e999").back()["reason"], std::string(300, 'y') + "99");
  EXPECT_LE(entries("e0").size(), options.entries);
  EXPECT_GT(journal.tell({"ci", "e0"}).value()["environments"][0]["dropped"], 100);
}

TEST_F(JournalTest, ForgetsFirstWhatIsGoneLongestWhereThereAreTooMany) {
  JournalOptions options;
  options.total_bytes = 64 * 1024;
  Journal small(clock, options);
  const auto here = environment("here", "u");
  for (int i = 0; i < 2000; ++i) {
    const auto one = environment("e" + std::to_string(i), "u" + std::to_string(i));
    small.note(one, "Created", std::string(100, 'x'));
    small.gone(one);
    if (i % 100 == 0) small.note(here, "Changed", std::to_string(i));
    ASSERT_LE(small.bytes(), options.total_bytes) << i;
  }
  EXPECT_EQ(small.tell({"ci", "e0"}).error().reason, Reason::NotFound);
  EXPECT_FALSE(entries(small, "e1999").empty());
  EXPECT_EQ(entries(small, "here").back()["reason"], "1900");
}

}  // namespace
}  // namespace berth::reconcile
