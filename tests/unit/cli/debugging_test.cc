#include <archive.h>
#include <archive_entry.h>

#include "cli/log_session.h"
#include "cli/port_forwarder.h"
#include "cli/remote_exec.h"
#include "cli/why_text.h"
#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTwoServices = R"(apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: shop}
spec:
  services:
  - name: api
    image: api:1
    env: [{name: API_TOKEN, value: planted-secret-1}, {name: MODE, value: planted-secret-1-not}]
  - name: db
    image: db:1
)";

struct Debugging : CommandTest {
  static constexpr const char* kLog = "/apis/berth.dev/v1alpha1/namespaces/default/testenvironments/shop/log?service=";
  static constexpr const char* kPods = "/api/v1/namespaces/default/pods/shop.";
  void SetUp() override {
    controller.start(ready_status);
    input.str(kTwoServices);
    ASSERT_EQ(run({"apply", "--wait", "-q", "-f", "-"}), 0) << err();
    input.clear();
  }
  // Says what comes, then the status, and remembers what it was sent.
  static Task<void> play(std::shared_ptr<http::WebSocketConnection> socket, std::vector<std::string> says, int inputs, std::vector<std::string>* heard) {
    for (int i = 0; i < inputs; ++i) {
      auto message = co_await socket->next();
      if (!message) co_return;
      heard->push_back(std::move(message->payload));
    }
    for (auto& text : says) co_await socket->send(http::WebSocketOpcode::Binary, std::move(text));
    co_await socket->close(http::kCloseNormal);
  }
  void plays(std::vector<std::string> says, int inputs = 0) {
    remote.serve = [this, says, inputs](auto socket) { return play(std::move(socket), says, inputs, &heard); };
  }
  Task<void> remove_later() {
    co_await clock.sleep_for(300ms);
    const api::DeletePreconditions any;
    ObjectKey key{"default", "shop"};
    co_await client.remove(environments(scheme), std::move(key), any);
  }
  std::vector<std::string> heard;
};

TEST_F(Debugging, LogsOfOneAreChosenByContainer) {
  remote.streams[std::string(kLog) + "db"] = {"only this\n"};
  ASSERT_EQ(run({"logs", "shop", "-c", "db"}), 0) << err();
  EXPECT_EQ(out(), "only this\n");
  EXPECT_EQ(run({"logs", "shop", "-c", "nobody"}), 1);
  EXPECT_EQ(run({"logs", "shop", "-f", "-p"}), 1);
  EXPECT_EQ(run({"logs", "shop", "--since", "5m", "--since-time", "2026-01-31T12:00:00Z"}), 1);
  EXPECT_EQ(run({"logs", "shop", "--since-time", "yesterday"}), 1);
}

TEST_F(Debugging, LogsTakeTimeRunAndColour) {
  remote.streams[std::string(kPods) + "api/log?previous=true&timestamps=true&sinceTime=2026-01-31T12%3A00%3A00Z"] = {"2026-11-27T10:00:00.1Z x\n"};
  ASSERT_EQ(run({"logs", "shop", "--previous", "--timestamps", "--since-time", "2026-01-31T12:00:00Z", "--color", "always"}), 1);
  EXPECT_THAT(out(), HasSubstr("\x1b["));
  EXPECT_THAT(out(), HasSubstr("2026-11-27T10:00:00.1Z x\n"));
  EXPECT_THAT(err(), HasSubstr("db: no log at"));
}

TEST_F(Debugging, ALogThatIsCutOffIsGoneOnWith) {
  remote.streams[std::string(kLog) + "api&timestamps=true"] = {"2026-11-27T10:00:00.000000001Z a\n", TextStream::kCutOff};
  remote.streams[std::string(kLog) + "api&timestamps=true&sinceTime=2026-11-27T10%3A00%3A00.000000001Z"] = {
      "2026-11-27T10:00:00.000000001Z a\n2026-11-27T10:00:00.000000002Z b\n"};
  remote.streams[std::string(kLog) + "db&timestamps=true"] = {""};
  ASSERT_EQ(run({"logs", "shop"}), 0) << err();
  EXPECT_EQ(out(), "api | a\napi | b\n");
}

TEST_F(Debugging, ALineThatIsTooLongForMemoryComesInPieces) {
  const std::string piece(64 * 1024, 'x');
  auto& pieces = remote.streams[std::string(kLog) + "api&timestamps=true"];
  pieces.push_back("2026-11-27T10:00:00.000000001Z ");
  for (int i = 0; i < 48; ++i) pieces.push_back(piece);
  pieces.push_back("\n2026-11-27T10:00:00.000000002Z after\n");
  remote.streams[std::string(kLog) + "db&timestamps=true"] = {""};
  ASSERT_EQ(run({"logs", "shop"}), 0) << err();
  std::istringstream lines(out());
  std::size_t all = 0;
  std::vector<std::size_t> lengths;
  for (std::string line; std::getline(lines, line);) {
    lengths.push_back(line.size());
    all += static_cast<std::size_t>(std::count(line.begin(), line.end(), 'x'));
    EXPECT_LT(line.size(), 1100u * 1024);
  }
  EXPECT_EQ(lengths.size(), 4u) << "three pieces, and the line after";
  EXPECT_EQ(all, 48 * piece.size());
  EXPECT_THAT(out(), testing::EndsWith("\napi | after\n"));
}

// The engine keeps a long line in pieces of 16 KiB: the time in front of each is no part of the line.
TEST_F(Debugging, ALongLineIsCutBetweenThePiecesOfTheEngine) {
  auto& pieces = remote.streams[std::string(kLog) + "api&timestamps=true"];
  for (int i = 0; i < 100; ++i) pieces.push_back("2026-11-27T10:00:00.000000001Z " + std::string(16 * 1024, 'x'));
  pieces.push_back("\n");
  remote.streams[std::string(kLog) + "db&timestamps=true"] = {""};
  ASSERT_EQ(run({"logs", "shop"}), 0) << err();
  EXPECT_EQ(out(), "api | " + std::string(64 * 16 * 1024, 'x') + "\napi | " + std::string(36 * 16 * 1024, 'x') + "\n");
}

// Somebody who may do nothing.
struct BlindClient final : api::Client {
  static Error refusal() { return base::error(Reason::Forbidden, "may not"); }
  Task<Result<ObjectPtr>> get(const crd::ResourceInfo&, ObjectKey) override { co_return refusal(); }
  Task<Result<api::ListResult>> list_part(const crd::ResourceInfo&, ObjectKey) override { co_return refusal(); }
  Task<Result<std::unique_ptr<api::Watcher>>> watch_part(const crd::ResourceInfo&, ObjectKey, storage::Revision) override { co_return refusal(); }
  Task<Result<ObjectPtr>> create(const crd::ResourceInfo&, std::string, json, api::WriteOptions) override { co_return refusal(); }
  Task<Result<ObjectPtr>> replace(const crd::ResourceInfo&, ObjectKey, json, api::WriteOptions) override { co_return refusal(); }
  Task<Result<ObjectPtr>> update_status(const crd::ResourceInfo&, ObjectKey, json, api::WriteOptions) override { co_return refusal(); }
  Task<Result<ObjectPtr>> remove(const crd::ResourceInfo&, ObjectKey, api::DeletePreconditions) override { co_return refusal(); }
};

TEST_F(Debugging, FollowedLogsEndWhenTheEnvironmentCannotBeWatched) {
  remote.streams[std::string(kLog) + "db&follow=true&timestamps=true"] = {"2026-11-27T10:00:00.000000002Z b\n"};
  BlindClient blind;
  Io streams{input, output, errors, [](const std::string&) { return std::optional<std::string>(); }};
  Session session{io.get_executor(), clock, scheme, blind, remote, streams};
  LogWish wish;
  wish.environment = {"default", "shop"};
  wish.uid = stored("shop")->uid();
  wish.services = {"db"};
  wish.prefixes = {""};
  wish.query.follow = true;
  output.str("");
  LogSession log(session, std::move(wish));
  const auto problems = fakes::run_task(io, log.run());
  ASSERT_TRUE(problems.has_value()) << problems.error().message;
  EXPECT_THAT(*problems, testing::ElementsAre("environment: may not"));
  EXPECT_EQ(out(), "b\n");
}

TEST_F(Debugging, FollowedLogsEndWithTheEnvironment) {
  remote.streams[std::string(kLog) + "api&follow=true&timestamps=true"] = {"2026-11-27T10:00:00.000000001Z a\n"};
  remote.streams[std::string(kLog) + "db&follow=true&timestamps=true"] = {"2026-11-27T10:00:00.000000002Z b\n"};
  TaskGroup group(io.get_executor(), "deletes");
  group.spawn("delete", remove_later());
  EXPECT_EQ(run({"logs", "-f", "shop"}), 0) << err();
  EXPECT_EQ(out(), "api | a\ndb  | b\n");
  fakes::run_task(io, group.stop());
}

TEST_F(Debugging, ExecPassesOutputAndStatusOn) {
  plays({"\x01out\n", "\x02" "err\n", "\x03" R"({"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"7"}]}})"});
  EXPECT_EQ(run({"exec", "shop", "-c", "api", "--", "sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(out(), "out\n");
  EXPECT_EQ(err(), "err\n");
  EXPECT_EQ(remote.calls.back(), "WS " + std::string(kPods) + "api/exec?container=api&stdout=true&stderr=true&command=sh&command=-c&command=exit%207 v5.channel.k8s.io");
}

TEST_F(Debugging, ExecHandsInputOnAndSaysItsEnd) {
  plays({"\x03" R"({"status":"Success"})"}, 2);
  input.str("all of it");
  EXPECT_EQ(run({"exec", "-i", "shop/db", "--", "cat"}), 0) << err();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0], std::string(1, '\0') + "all of it");
  EXPECT_EQ(heard[1], std::string("\xff\0", 2));
}

TEST_F(Debugging, ExecWithoutATerminalLeavesItOut) {
  plays({"\x03" R"({"status":"Success"})"});
  EXPECT_EQ(run({"exec", "-it", "shop/db", "--", "sh"}), 0);
  EXPECT_THAT(err(), HasSubstr("standard input is no terminal"));
  EXPECT_THAT(remote.calls.back(), Not(HasSubstr("tty")));
}

TEST_F(Debugging, ExecThatCannotBeIs125) {
  plays({"\x03" R"({"status":"Failure","message":"no such file"})"});
  EXPECT_EQ(run({"exec", "shop/db", "--", "nothing"}), 125);
  EXPECT_THAT(err(), HasSubstr("no such file"));
  plays({"\x01half"});
  EXPECT_EQ(run({"exec", "shop/db", "--", "true"}), 125);
  EXPECT_THAT(err(), HasSubstr("the connection ended before the command did"));
  EXPECT_EQ(run({"exec", "shop", "--", "true"}), 125);
  EXPECT_THAT(err(), HasSubstr("one of api, db"));
  EXPECT_EQ(run({"exec", "shop/db"}), 125);
}

TEST(ForwardedPorts, AreNumbersOrNames) {
  const auto service = json::parse(R"({"name": "db", "ports": [{"name": "sql", "containerPort": 5432}]})");
  const auto port = [&](const std::string& text) {
    const auto parsed = parse_forwarded_port(text, service);
    return parsed.has_error() ? "error" : std::to_string(parsed->local) + ">" + std::to_string(parsed->remote);
  };
  EXPECT_EQ(port("5432"), "5432>5432");
  EXPECT_EQ(port("15432:5432"), "15432>5432");
  EXPECT_EQ(port(":5432"), "0>5432");
  EXPECT_EQ(port("sql"), "5432>5432");
  EXPECT_EQ(port(":sql"), "0>5432");
  for (const auto* wrong : {"", ":", "x", "70000", "1:70000", "70000:1", "0", "1:0", "a:1"}) EXPECT_EQ(port(wrong), "error") << wrong;
}

TEST_F(Debugging, TopShowsServicesAndTheirSum) {
  const auto item = [](const char* service, std::int64_t nanos, std::int64_t bytes) {
    return json{{"namespace", "default"}, {"environment", "shop"}, {"service", service}, {"running", true},
                {"cpu", {{"nanoCores", nanos}}}, {"memory", {{"bytes", bytes}, {"limitBytes", 1 << 30}}},
                {"network", {{"receivedBytes", 2048}, {"sentBytes", 1}}}, {"blockIO", {{"readBytes", 0}, {"writtenBytes", 0}}}, {"pids", 2}};
  };
  json gone = {{"namespace", "default"}, {"environment", "shop"}, {"service", "job"}, {"running", false}};
  remote.answers["/berth/v1/top?namespace=default&name=shop"] = {
      {"items", json::array({item("api", 250000000, 12 << 20), item("db", 500000000, 4 << 20), gone})}};
  ASSERT_EQ(run({"top", "shop"}), 0) << err();
  EXPECT_THAT(out(), testing::ContainsRegex("shop +750m +16Mi +4\\.0Ki / 2B"));
  EXPECT_THAT(out(), testing::ContainsRegex("shop +api +250m +12Mi / 1.0Gi"));
  EXPECT_THAT(out(), testing::ContainsRegex("shop +job +- +-"));
  ASSERT_EQ(run({"top", "shop", "--sort-by", "cpu", "--no-headers"}), 0);
  EXPECT_LT(out().find(" db "), out().find(" api "));
  EXPECT_THAT(out(), Not(HasSubstr("MEMORY")));
  ASSERT_EQ(run({"top", "shop", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["items"].size(), 3u);
  EXPECT_EQ(run({"top", "-A", "shop"}), 1);
}

TEST_F(Debugging, EventsAreOfOneAndOfAType) {
  const auto event = [&](const char* name, const char* about, const char* type, const char* time) {
    json body = {{"apiVersion", "v1"}, {"kind", "Event"}, {"metadata", {{"name", name}, {"namespace", "default"}}},
                 {"involvedObject", {{"kind", "TestEnvironment"}, {"name", about}, {"namespace", "default"}}},
                 {"reason", name}, {"message", "m"}, {"type", type}, {"lastTimestamp", time}};
    const api::WriteOptions options;
    auto made = fakes::run_task(io, client.create(resource_of(scheme, "", "v1", "events"), "default", body, options));
    ASSERT_TRUE(made.has_value()) << made.error().message;
  };
  event("later", "shop", "Normal", "2026-11-27T10:00:02Z");
  event("earlier", "shop", "Warning", "2026-11-27T10:00:01Z");
  event("other", "else", "Normal", "2026-11-27T10:00:00Z");
  ASSERT_EQ(run({"events", "--for", "shop"}), 0) << err();
  EXPECT_LT(out().find("earlier"), out().find("later"));
  EXPECT_THAT(out(), Not(HasSubstr("other")));
  ASSERT_EQ(run({"events", "--types", "Warning", "--for", "te/shop"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("later")));
  EXPECT_EQ(run({"events", "--types", "Odd"}), 1);
  EXPECT_EQ(run({"events", "--for", "te/"}), 1);
}

TEST_F(Debugging, DiffSaysWhatBecomesOfEachService) {
  auto changed = std::string(kTwoServices);
  input.str(changed);
  EXPECT_EQ(run({"diff", "-f", "-"}), 0) << out() << err();
  EXPECT_EQ(out(), "");
  changed.replace(changed.find("db:1"), 4, "db:2");
  remote.answers["/berth/v1/preview"] = {{"services", json::array({{{"name", "api"}, {"effect", "Unchanged"}},
                                                                  {{"name", "db"}, {"effect", "Replaced"}, {"fields", {"image"}}}})}};
  input.clear();
  input.str(changed);
  EXPECT_EQ(run({"diff", "-f", "-"}), 1) << err();
  EXPECT_THAT(out(), HasSubstr("# testenvironment.berth.dev/shop db   replaces the container (image)\n"));
  EXPECT_THAT(out(), HasSubstr("\n-  - image: db:1\n+  - image: db:2\n"));
  EXPECT_THAT(out(), Not(HasSubstr("\x1b[")));
  EXPECT_EQ(stored("shop")->spec()["services"][1]["image"], "db:1") << "nothing is changed";
  input.clear();
  input.str("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: shop}\nspec: {servicess: []}\n");
  EXPECT_EQ(run({"diff", "-f", "-"}), 2);
  EXPECT_THAT(err(), HasSubstr("servicess"));
}

TEST_F(Debugging, DiffShowsNoSecret) {
  input.str("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: planted-secret-2}\n");
  EXPECT_EQ(run({"diff", "-f", "-"}), 1) << err();
  EXPECT_THAT(out(), HasSubstr("+  a: \"***\"\n"));
  EXPECT_THAT(out(), Not(HasSubstr("planted")));
}

TEST(WhyText, IsATimeLine) {
  const auto told = json::parse(R"({"namespace": "ci", "name": "shop", "environments": [
    {"uid": "u0", "gone": true, "dropped": 0, "entries": [{"time": "2026-11-27T10:00:00.000000Z", "cause": "Created", "reason": "first"}]},
    {"uid": "u1", "gone": false, "dropped": 3, "entries": [
      {"time": "2026-11-27T11:00:00.123456Z", "generation": 2, "cause": "Changed", "reason": "its spec was changed"},
      {"time": "2026-11-27T11:00:01.5Z", "generation": 2, "cause": "Changed", "action": "CreateContainer", "target": "service/db",
       "reason": "image changed", "answer": "ImageNotFound", "message": "no such image", "seconds": 0.25, "times": 4}]}]})");
  const auto text = why_text(told, false);
  EXPECT_THAT(text, HasSubstr("ci/shop  uid u1, since 2026-11-27"));
  EXPECT_THAT(text, HasSubstr("3 earlier entries are not kept"));
  EXPECT_THAT(text, HasSubstr("11:00:00.123"));
  EXPECT_THAT(text, HasSubstr("image changed  -> ImageNotFound in 0.25s: no such image (4 times)"));
  EXPECT_THAT(text, HasSubstr("1 earlier of that name"));
  EXPECT_THAT(text, Not(HasSubstr("first")));
  EXPECT_THAT(why_text(told, true), HasSubstr("first"));
}

// Every file of a tar.gz, one after the other.
std::string unpacked(const std::string& file, std::vector<std::string>& names) {
  std::string all;
  auto* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  archive_read_support_filter_gzip(reader);
  EXPECT_EQ(archive_read_open_filename(reader, file.c_str(), 10240), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    names.emplace_back(archive_entry_pathname(entry));
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader, content.data(), content.size());
    all += content;
  }
  archive_read_free(reader);
  return all;
}

TEST_F(Debugging, ADumpHasEverythingButSecrets) {
  remote.streams[std::string(kLog) + "api&tailLines=50000&timestamps=true"] = {"using token planted-sec", "ret-1 now\n"};
  remote.answers["/berth/v1/why?namespace=default&name=shop"] = {
      {"environments", json::array({{{"uid", "u"}, {"entries", json::array({{{"reason", "planted-secret-1"}}})}}})}};
  remote.answers["/berth/v1/inspect?namespace=default&name=shop"] = {
      {"containers", json::array({{{"Name", "/shop-api"}, {"Config", {{"Cmd", {"run", "--password", "planted-secret-3", "--key=planted-secret-4"}}}}}})}};
  const auto file = (scratch / "dump.tar.gz").string();
  ASSERT_EQ(run({"dump", "shop", "-o", file}), 0) << err();
  std::vector<std::string> names;
  const auto all = unpacked(file, names);
  EXPECT_THAT(names, testing::IsSupersetOf({"shop-dump/environment.yaml", "shop-dump/events.yaml", "shop-dump/why.txt", "shop-dump/why.json",
                                            "shop-dump/logs/api.log", "shop-dump/engine/containers/shop-api.json", "shop-dump/version.json"}));
  EXPECT_THAT(all, Not(HasSubstr("planted")));
  EXPECT_THAT(all, HasSubstr("using token *** now"));
  EXPECT_THAT(all, HasSubstr("API_TOKEN"));
  EXPECT_EQ(run({"dump", "shop", "-o", file}), 1) << "it is there already";
  EXPECT_EQ(run({"dump", "shop", "-o", file, "--force"}), 0) << err();
}

}  // namespace
}  // namespace berth::cli
