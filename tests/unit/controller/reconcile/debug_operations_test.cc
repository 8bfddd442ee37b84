#include "controller/reconcile/debug_operations.h"

#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

using testing::HasSubstr;
using testing::Not;

struct TextWriter final : http::ResponseWriter {
  std::string type;
  std::string text;
  bool broken = false;
  Task<void> respond(int, std::string, std::string, http::Headers) override { co_return; }
  Task<void> start_stream(int, std::string content_type, http::Headers) override {
    type = std::move(content_type);
    co_return;
  }
  using ResponseWriter::write;
  Task<bool> write(http::SharedChunk chunk) override {
    text += chunk->bytes();
    co_return true;
  }
  Task<std::shared_ptr<http::ByteStream>> upgrade(http::Headers) override { co_return nullptr; }
  void cut_off() override { broken = true; }
  bool started() const override { return !type.empty(); }
};

struct DebugOperationsTest : ReconcileWorld {
  api::EnvironmentOperations operations() { return berthd->operations(); }
  void run_shop() {
    json db = service("db");
    db["env"] = json::array({{{"name", "DB_PASSWORD"}, {"value", "planted-secret"}}, {{"name", "MODE"}, {"value", "planted-mode"}}});
    db["files"] = json::array({{{"path", "/etc/app/a.conf"}, {"content", "one"}}, {{"path", "/etc/app/b.conf"}, {"content", "two"}}});
    create(environment("shop", {db}));
    run(5s);
  }
  static Task<Result<std::string>> piece(std::string bytes) { co_return bytes; }
  json why(const std::string& name) {
    auto told = operations().why({"ci", name});
    return told.has_error() ? json() : (*told)["environments"].back()["entries"];
  }
  // "CreateContainer service/db ok"
  std::vector<std::string> actions(const std::string& name) {
    std::vector<std::string> all;
    for (const auto& entry : why(name)) {
      if (entry.contains("action")) all.push_back(entry["action"].get<std::string>() + " " + entry["target"].get<std::string>() + " " + entry["answer"].get<std::string>());
    }
    return all;
  }
  std::vector<std::string> causes(const std::string& name) {
    std::vector<std::string> all;
    for (const auto& entry : why(name)) all.push_back(entry["cause"]);
    return all;
  }
};

TEST_F(DebugOperationsTest, UsageIsARateOfTwoLooks) {
  engine.behave("db", {.millicores = 250, .uses = {.memory_bytes = 5 << 20, .pids = 3}});
  run_shop();
  const auto used = fakes::run_task(io, clock, operations().usage({get("shop")})).value()["items"];
  ASSERT_EQ(used.size(), 1u);
  EXPECT_EQ(used[0]["environment"], "shop");
  EXPECT_EQ(used[0]["service"], "db");
  EXPECT_NEAR(used[0]["cpu"]["nanoCores"].get<double>(), 250e6, 1e6);
  EXPECT_EQ(used[0]["memory"]["bytes"], 5 << 20);
  EXPECT_EQ(used[0]["pids"], 3);
  EXPECT_EQ(engine.count("container_stats"), 2);
}

TEST_F(DebugOperationsTest, UsageOfWhatDoesNotRunIsNone) {
  run_shop();
  engine.behave("db", {.fails_to_start = base::error(Reason::EngineError, "no")});
  engine.kill(container_of("shop", "db"), 1);
  fakes::settle(io);
  const auto used = fakes::run_task(io, clock, operations().usage({get("shop")})).value()["items"];
  EXPECT_EQ(used[0]["running"], false);
  engine.inject({.operation = "container_stats", .error = base::error(Reason::EngineUnavailable, "gone")});
}

TEST_F(DebugOperationsTest, UsageSaysThatTheEngineDoesNotAnswer) {
  run_shop();
  engine.inject({.operation = "container_stats", .error = base::error(Reason::EngineUnavailable, "gone")});
  EXPECT_EQ(fakes::run_task(io, clock, operations().usage({get("shop")})).error().reason, Reason::EngineUnavailable);
}

TEST_F(DebugOperationsTest, FilesComeOutAndGoIn) {
  run_shop();
  const auto stat = [&](const std::string& path) { return fakes::run_task(io, clock, operations().stat_path(get("shop"), "db", path)).value(); };
  EXPECT_EQ(stat("/etc/app")["directory"], true);
  EXPECT_EQ(stat("/etc/app/a.conf")["size"], 3);
  EXPECT_EQ(stat("/nowhere")["missing"], true);
  TextWriter out;
  const auto read = fakes::run_task(io, clock, operations().read_archive(get("shop"), "db", "/etc/app", out));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(out.type, "application/x-tar");
  EXPECT_FALSE(out.broken);
  EXPECT_THAT(out.text, HasSubstr("app/b.conf"));
  auto bytes = out.text;
  auto source = [&bytes] { return piece(std::exchange(bytes, std::string())); };
  ASSERT_TRUE(fakes::run_task(io, clock, operations().write_archive(get("shop"), "db", "/tmp", source)).has_value());
  EXPECT_TRUE(engine.files(container_of("shop", "db")).contains("/tmp/app/b.conf"));
  EXPECT_EQ(fakes::run_task(io, clock, operations().stat_path(get("shop"), "nobody", "/")).error().reason, Reason::NotFound);
}

TEST_F(DebugOperationsTest, InspectsHaveNoSecret) {
  run_shop();
  const auto seen = fakes::run_task(io, clock, operations().inspect(get("shop"))).value();
  EXPECT_EQ(seen["containers"].size(), 1u);
  EXPECT_EQ(seen["networks"].size(), 1u);
  EXPECT_THAT(seen.dump(), Not(HasSubstr("planted")));
  EXPECT_THAT(seen.dump(), HasSubstr("DB_PASSWORD=***"));
}

TEST_F(DebugOperationsTest, APreviewSaysWhatBecomesOfEachService) {
  run_shop();
  auto body = get("shop")->body();
  body["spec"]["services"][0]["image"] = "another";
  body["spec"]["services"].push_back(service("more"));
  const auto after = Object::make(body).value();
  const auto services = operations().preview(get("shop"), after).value()["services"];
  EXPECT_EQ(services[0], json({{"name", "db"}, {"effect", "Replaced"}, {"fields", {"image"}}}));
  EXPECT_EQ(services[1]["effect"], "Added");
  EXPECT_EQ(operations().preview(nullptr, after).value()["services"][0]["effect"], "Added");
}

TEST_F(DebugOperationsTest, WhyTellsTheLifeOfAnEnvironment) {
  run_shop();
  EXPECT_THAT(actions("shop"), testing::IsSupersetOf({"Allocate environment ok", "CreateNetwork network ok", "CreateContainer service/db ok",
                                                      "StartContainer service/db ok"}));
  EXPECT_EQ(causes("shop").front(), "Created");
  engine.kill(container_of("shop", "db"), 3);
  run(5s);
  EXPECT_THAT(causes("shop"), testing::IsSupersetOf({"EngineEvent", "Healing"}));
  EXPECT_THAT(why("shop").dump(), HasSubstr("exited with 3"));
  change_spec("shop", [](json& spec) { spec["services"][0]["image"] = "another"; });
  run(5s);
  EXPECT_THAT(causes("shop"), testing::Contains("Changed"));
  EXPECT_EQ(why("shop").back()["generation"], 2);
  remove("shop");
  run(10s);
  ASSERT_EQ(phase("shop"), "gone");
  EXPECT_EQ(causes("shop").back(), "Gone");
  EXPECT_THAT(actions("shop"), testing::Contains("Finalize environment ok"));
  EXPECT_THAT(why("shop").dump(), Not(HasSubstr("planted")));
  run(61min);
  EXPECT_EQ(operations().why({"ci", "shop"}).error().reason, Reason::NotFound);
}

TEST_F(DebugOperationsTest, WhyTellsWhatTheEngineRefused) {
  engine.inject({.operation = "container_create", .times = 2, .error = base::error(Reason::EngineError, "the engine has no mind for it")});
  run_shop();
  const auto text = why("shop").dump();
  EXPECT_THAT(text, HasSubstr("the engine has no mind for it"));
  EXPECT_THAT(text, HasSubstr("\"times\":2"));
}

}  // namespace
}  // namespace berth::reconcile
