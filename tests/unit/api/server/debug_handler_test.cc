#include "api/server/debug_handler.h"

#include "api/http/websocket.h"
#include "tests/unit/api/server/server_fixture.h"
#include "tests/unit/api/server/stream_fixture.h"

namespace berth::api {
namespace {

struct DebugHandlerTest : ServerFixture {
  std::vector<std::string> asked;
  std::string unpacked;
  std::shared_ptr<FakeStream> client = std::make_shared<FakeStream>(io.get_executor());

  void SetUp() override {
    operations.usage = [this](std::vector<ObjectPtr> environments) {
      for (const auto& one : environments) asked.push_back("usage " + one->key().str());
      return answer({{"items", json::array()}});
    };
    operations.why = [](ObjectKey environment) -> Result<json> {
      if (environment.name == "nobody") return base::error(Reason::NotFound, "nothing is known");
      return Result<json>(boost::system::in_place_value, json{{"name", environment.str()}});
    };
    operations.preview = [](const ObjectPtr& before, const ObjectPtr& after) -> Result<json> {
      return Result<json>(boost::system::in_place_value, json{{"before", before != nullptr}, {"after", after->name()}});
    };
    operations.inspect = [](const ObjectPtr& environment) { return answer({{"of", environment->name()}}); };
    operations.stat_path = [](const ObjectPtr&, const std::string& service, const std::string& path) { return answer({{"at", service + ":" + path}}); };
    operations.read_archive = [](const ObjectPtr&, const std::string&, std::string path, http::ResponseWriter& writer) { return read(std::move(path), writer); };
    operations.write_archive = [this](const ObjectPtr&, const std::string&, std::string path, http::BodySource source) {
      return write(std::move(path), std::move(source));
    };
    make_server();
    create("web");
  }
  static Task<Result<json>> answer(json value) { co_return Result<json>(boost::system::in_place_value, std::move(value)); }
  static Task<Result<void>> read(std::string path, http::ResponseWriter& writer) {
    std::string type = "application/x-tar";
    http::Headers none;
    co_await writer.start_stream(200, std::move(type), std::move(none));
    co_await writer.write(std::move(path));
    co_return Result<void>();
  }
  Task<Result<void>> write(std::string path, http::BodySource source) {
    if (path == "/ro") co_return base::error(Reason::InvalidSpec, "marked read-only");
    while (true) {
      auto piece = co_await source();
      if (piece.has_error()) co_return piece.error();
      if (piece->empty()) co_return Result<void>();
      unpacked += *piece;
    }
  }
  void say(std::string_view bytes) { client->say(http::websocket_frame(http::WebSocketOpcode::Binary, bytes, 7)); }
  std::string upload(const std::string& path) {
    http::Headers headers = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"},
                             {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, {"Sec-WebSocket-Protocol", kArchiveProtocol}};
    Received received;
    received.upgraded = client;
    fakes::run_task(io, clock, handler(request("GET", "/berth/v1/archive?namespace=ci&name=web&path=" + path, "", std::move(headers)), received));
    EXPECT_EQ(received.status, 101);
    http::WebSocketDecoder decoder(http::WebSocketRole::Client);
    std::vector<http::WebSocketMessage> messages;
    EXPECT_TRUE(decoder.feed(client->heard, messages).has_value());
    return messages.empty() ? "" : messages.front().payload;
  }
};

TEST_F(DebugHandlerTest, TopIsOfSomeOrOfAll) {
  create("api");
  EXPECT_EQ(send("GET", "/berth/v1/top?namespace=ci&name=web").status, 200);
  EXPECT_EQ(asked, (std::vector<std::string>{"usage ci/web"}));
  asked.clear();
  EXPECT_EQ(send("GET", "/berth/v1/top").status, 200);
  EXPECT_EQ(asked.size(), 2u);
  EXPECT_EQ(send("GET", "/berth/v1/top?namespace=ci&name=nobody").status, 404);
  EXPECT_EQ(send("GET", "/berth/v1/top?name=web").status, 400);
}

TEST_F(DebugHandlerTest, WhyInspectAndPreview) {
  EXPECT_EQ(send("GET", "/berth/v1/why?namespace=ci&name=web").value()["name"], "ci/web");
  EXPECT_EQ(send("GET", "/berth/v1/why?namespace=ci&name=nobody").status, 404);
  EXPECT_EQ(send("GET", "/berth/v1/why").status, 400);
  EXPECT_EQ(send("GET", "/berth/v1/inspect?namespace=ci&name=web").value()["of"], "web");
  EXPECT_EQ(send("GET", "/berth/v1/inspect?namespace=ci&name=nobody").status, 404);
  const auto object = send("GET", std::string(kEnvironments) + "/web").value();
  EXPECT_EQ(send("POST", "/berth/v1/preview", json{{"object", object}}.dump()).value(), json({{"before", true}, {"after", "web"}}));
  EXPECT_EQ(send("POST", "/berth/v1/preview", "{}").status, 400);
  EXPECT_EQ(send("POST", "/berth/v1/preview", R"({"object": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}})").status, 400);
}

TEST_F(DebugHandlerTest, APreviewIsOfWhatPassesTheChecks) {
  auto object = send("GET", std::string(kEnvironments) + "/web").value();
  object["spec"]["services"][0]["ports"] = json::array({{{"containerPort", "none"}}});
  const auto answer = send("POST", "/berth/v1/preview", json{{"object", object}}.dump());
  EXPECT_EQ(answer.status, 422) << answer.body;
  object["spec"]["services"] = json::array();
  for (int i = 0; i < 500; ++i) object["spec"]["services"].push_back({{"name", "a" + std::to_string(i)}, {"image", "x"}});
  EXPECT_EQ(send("POST", "/berth/v1/preview", json{{"object", object}}.dump()).status, 422);
}

TEST_F(DebugHandlerTest, HasAMethodForEach) {
  EXPECT_EQ(send("POST", "/berth/v1/top", "{}").status, 405);
  EXPECT_EQ(send("GET", "/berth/v1/preview").status, 405);
  EXPECT_EQ(send("GET", "/berth/v1/nothing").status, 404);
}

TEST_F(DebugHandlerTest, WithoutControllersNothingIsServed) {
  operations = {};
  make_server();
  for (const auto* path : {"top", "why?name=web", "inspect?name=web", "archive?name=web"}) {
    EXPECT_EQ(send("GET", std::string("/berth/v1/") + path).status, 503) << path;
  }
}

TEST_F(DebugHandlerTest, ArchivesComeOut) {
  const std::string base = "/berth/v1/archive?namespace=ci&name=web&path=";
  EXPECT_EQ(send("GET", base + "/a/b").body, "/a/b");
  EXPECT_THAT(send("GET", base + "/a&stat=true").value()["at"].get<std::string>(), testing::EndsWith(":/a"));
  EXPECT_EQ(send("GET", base + "relative").status, 400);
  EXPECT_EQ(send("GET", base + "/a&service=nobody").status, 404);
}

TEST_F(DebugHandlerTest, ArchivesGoInOverAWebSocket) {
  say("one");
  say("two");
  say("");
  client->hang_up();
  EXPECT_EQ(json::parse(upload("/tmp"))["status"], "Success");
  EXPECT_EQ(unpacked, "onetwo");
}

TEST_F(DebugHandlerTest, AnUploadThatIsRefusedSaysWhy) {
  say("one");
  say("");
  client->hang_up();
  const auto status = json::parse(upload("/ro"));
  EXPECT_EQ(status["status"], "Failure");
  EXPECT_EQ(status["message"], "marked read-only");
}

TEST_F(DebugHandlerTest, AnUploadThatBreaksOffIsNone) {
  say("one");
  client->hang_up();
  EXPECT_EQ(json::parse(upload("/tmp"))["status"], "Failure");
}

// The engine holds the container until the archive ends: nobody could remove it.
TEST_F(DebugHandlerTest, AnUploadThatStallsIsCutOff) {
  say("one");
  const auto before = clock.steady_now();
  EXPECT_EQ(upload("/tmp"), "");
  EXPECT_TRUE(client->closed);
  EXPECT_LT(clock.steady_now() - before, std::chrono::minutes(2));
  EXPECT_EQ(unpacked, "one");
}

TEST_F(DebugHandlerTest, AnUploadEndsWithItsEnvironment) {
  say("one");
  EXPECT_EQ(send("DELETE", std::string(kEnvironments) + "/web").status, 200);
  const auto before = clock.steady_now();
  EXPECT_EQ(upload("/tmp"), "");
  EXPECT_TRUE(client->closed);
  EXPECT_LT(clock.steady_now() - before, std::chrono::seconds(30));
}

TEST_F(DebugHandlerTest, AnUploadWantsAVersionOfWebSocketsThatIsKnown) {
  http::Headers headers = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "8"},
                           {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, {"Sec-WebSocket-Protocol", kArchiveProtocol}};
  Received received;
  received.upgraded = client;
  fakes::run_task(io, clock, handler(request("GET", "/berth/v1/archive?namespace=ci&name=web&path=/", "", std::move(headers)), received));
  EXPECT_EQ(received.status, 400);
  EXPECT_THAT(received.body, testing::HasSubstr("must be 13"));
}

}  // namespace
}  // namespace berth::api
