#include "tests/unit/api/server/server_fixture.h"
#include "tests/unit/api/server/stream_fixture.h"

namespace berth::api {
namespace {

// An environment "p" with its pod "p.web", whose container a test plays.
struct PodHandlerTest : ServerFixture {
  static constexpr const char* kPod = "/api/v1/namespaces/ci/pods/p.web";
  std::vector<std::string> asked;
  PodLogOptions log_options;
  std::shared_ptr<FakeStream> client = std::make_shared<FakeStream>(io.get_executor());
  std::shared_ptr<FakeProcess> process = std::make_shared<FakeProcess>(io.get_executor());

  void SetUp() override {
    operations.pods.logs = [this](ObjectPtr environment, std::string service, PodLogOptions options, http::ResponseWriter& writer) {
      asked.push_back("log " + environment->name() + "/" + service);
      log_options = options;
      return write_log(writer);
    };
    operations.pods.exec = [this](ObjectPtr environment, std::string service, std::vector<std::string> command, RemoteStreams) {
      asked.push_back("exec " + environment->name() + "/" + service + " " + command.front());
      return open();
    };
    operations.pods.attach = [this](ObjectPtr environment, std::string service, RemoteStreams) {
      asked.push_back("attach " + environment->name() + "/" + service);
      return open();
    };
    operations.pods.forward = [this](ObjectPtr environment, std::string service, std::uint16_t port) {
      asked.push_back("forward " + environment->name() + "/" + service + ":" + std::to_string(port));
      return refuse();
    };
    make_server();
    const auto uid = create("p")["metadata"]["uid"];
    const json owner = {{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}, {"name", "p"}, {"uid", uid}};
    json pod = {{"apiVersion", "v1"},
                {"kind", "Pod"},
                {"metadata", {{"name", "p.web"}, {"namespace", "ci"}, {"ownerReferences", json::array({owner})}}},
                {"spec", {{"containers", json::array({json{{"name", "web"}, {"image", "nginx"}}})}}},
                {"status", {{"phase", "Running"}}}};
    WriteOptions system;
    system.actor = Actor::System;
    fakes::run_task(io, clock, registry.create(*scheme.find("", "v1", "pods"), "ci", pod, system)).value();
  }

  static Task<Result<void>> write_log(http::ResponseWriter& writer) {
    std::string type = "text/plain";
    http::Headers none;
    co_await writer.start_stream(200, std::move(type), std::move(none));
    std::string line = "line 1\n";
    co_await writer.write(std::move(line));
    co_return Result<void>();
  }
  Task<Result<std::shared_ptr<RemoteProcess>>> open() { co_return std::shared_ptr<RemoteProcess>(process); }
  static Task<Result<std::shared_ptr<http::ByteStream>>> refuse() { co_return base::error(Reason::ServiceUnavailable, "connection refused"); }

  static http::Headers websocket(const std::string& protocols) {
    http::Headers headers = {{"Connection", "Upgrade"},
                             {"Upgrade", "websocket"},
                             {"Sec-WebSocket-Version", "13"},
                             {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    if (!protocols.empty()) headers.emplace_back("Sec-WebSocket-Protocol", protocols);
    return headers;
  }
  static http::Headers spdy(const std::vector<std::string>& protocols) {
    http::Headers headers = {{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}};
    for (const auto& protocol : protocols) headers.emplace_back("X-Stream-Protocol-Version", protocol);
    return headers;
  }
  enum class Client { Leaves, Stays };
  Received upgrade(const std::string& part, http::Headers headers, const std::string& method = "GET", Client then = Client::Leaves) {
    Received received;
    received.upgraded = client;
    if (then == Client::Leaves) client->hang_up();
    fakes::run_task(io, clock, handler(request(method, kPod + part, "", std::move(headers)), received));
    return received;
  }
  std::string message(const std::string& method, const std::string& target, http::Headers headers = {}) {
    const auto received = send(method, target, "", std::move(headers));
    return std::to_string(received.status) + " " + received.value().value("message", "");
  }
};

TEST_F(PodHandlerTest, LogsArePlainText) {
  const auto received = send("GET", std::string(kPod) + "/log?container=web&follow=true&tailLines=2&previous=true");
  EXPECT_EQ(received.status, 200);
  EXPECT_EQ(received.content_type, "text/plain");
  EXPECT_EQ(received.body, "line 1\n");
  EXPECT_EQ(asked, (std::vector<std::string>{"log p/web"}));
  EXPECT_TRUE(log_options.follow && log_options.previous);
  EXPECT_EQ(log_options.tail, 2);
}

// The transcripts log-raw-badc, log-raw-badtail, k-exec-badc, x-noupgrade and exec-notfound.
TEST_F(PodHandlerTest, RefusalsAreThoseOfKubernetes) {
  const std::string pod = kPod;
  EXPECT_EQ(message("GET", pod + "/log?container=zz"), "400 container zz is not valid for pod p.web");
  EXPECT_EQ(message("GET", pod + "/log?tailLines=-1"),
            "422 PodLogOptions \"p.web\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0");
  EXPECT_EQ(message("GET", "/api/v1/namespaces/ci/pods/nope/log"), "404 pods \"nope\" not found");
  EXPECT_EQ(message("POST", pod + "/exec?container=zz&command=true&stdout=1", spdy({"v4.channel.k8s.io"})),
            "400 container zz is not valid for pod p.web");
  EXPECT_EQ(message("GET", pod + "/exec?command=echo&stdout=true"), "400 Upgrade request required");
  EXPECT_EQ(message("POST", pod + "/portforward"), "400 Upgrade request required");
  EXPECT_EQ(send("POST", pod + "/log").status, 405);
  EXPECT_EQ(send("DELETE", pod + "/exec").status, 405);
  EXPECT_TRUE(asked.empty());
}

TEST_F(PodHandlerTest, LogOptionsThatAreWrongAreNamed) {
  const auto status = send("GET", std::string(kPod) + "/log?tailLines=-1").value();
  EXPECT_EQ(status["reason"], "Invalid");
  EXPECT_EQ(status["details"]["kind"], "PodLogOptions");
  EXPECT_EQ(status["details"]["name"], "p.web");
  EXPECT_EQ(status["details"]["causes"][0]["field"], "tailLines");
}

TEST_F(PodHandlerTest, AWebSocketIsAnsweredWithOneProtocol) {
  const std::string offered = "base64url.bearer.authorization.k8s.io.eA, v5.channel.k8s.io, v4.channel.k8s.io";
  const auto received = upgrade("/exec?command=true&stdout=true", websocket(offered), "GET", Client::Stays);
  EXPECT_EQ(received.status, 101);
  EXPECT_EQ(received.header("Upgrade"), "websocket");
  EXPECT_EQ(received.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(received.header("Sec-WebSocket-Protocol"), "v5.channel.k8s.io");
  EXPECT_EQ(asked, (std::vector<std::string>{"exec p/web true"}));
}

TEST_F(PodHandlerTest, AWebSocketWithoutKeyOrWithAnUnknownProtocolIsRefused) {
  auto headers = websocket("v5.channel.k8s.io");
  headers.pop_back();
  headers.back().second = "short";
  EXPECT_EQ(upgrade("/exec?command=true&stdout=true", headers).status, 400);
  EXPECT_EQ(upgrade("/exec?command=true&stdout=true", websocket("v9.channel.k8s.io")).status, 403);
  headers = websocket("");
  headers[2].second = "8";
  EXPECT_EQ(upgrade("/exec?command=true&stdout=true", headers).status, 400);
  EXPECT_TRUE(asked.empty());
}

// The transcripts x-spdy-noproto and x-spdy-badproto.
TEST_F(PodHandlerTest, SpdyWithoutACommonVersionIsRefused) {
  auto received = upgrade("/exec?command=true&stdout=true", spdy({}), "POST");
  EXPECT_EQ(received.status, 400);
  EXPECT_EQ(received.body, "unable to upgrade: X-Stream-Protocol-Version is required\n");
  EXPECT_EQ(received.content_type, "text/plain; charset=utf-8");
  received = upgrade("/exec?command=true&stdout=true", spdy({"v9.channel.k8s.io"}), "POST");
  EXPECT_EQ(received.status, 403);
  EXPECT_EQ(received.body.size(), 344U);
  EXPECT_EQ(received.header("X-Accepted-Stream-Protocol-Versions"), "v4.channel.k8s.io");
}

TEST_F(PodHandlerTest, SpdyIsAnsweredWithTheNewestVersionOfBoth) {
  const auto received = upgrade("/attach?stdout=true", spdy({"v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io"}), "POST");
  EXPECT_EQ(received.status, 101);
  EXPECT_EQ(received.header("Upgrade"), "SPDY/3.1");
  EXPECT_EQ(received.header("X-Stream-Protocol-Version"), "v4.channel.k8s.io");
}

// The transcript x-nostreams.
TEST_F(PodHandlerTest, AnExecWithoutStreamsIsAFailure) {
  upgrade("/exec?command=echo", websocket("v5.channel.k8s.io"), "GET", Client::Stays);
  EXPECT_NE(client->heard.find("you must specify at least 1 of stdin, stdout, stderr"), std::string::npos) << client->heard;
  EXPECT_TRUE(asked.empty());
}

TEST_F(PodHandlerTest, PortsAreForwardedOverEveryTransport) {
  auto received = upgrade("/portforward", websocket("SPDY/3.1+portforward.k8s.io"));
  EXPECT_EQ(received.header("Sec-WebSocket-Protocol"), "SPDY/3.1+portforward.k8s.io");
  received = upgrade("/portforward", spdy({"portforward.k8s.io"}), "POST");
  EXPECT_EQ(received.header("X-Stream-Protocol-Version"), "portforward.k8s.io");
  EXPECT_EQ(upgrade("/portforward", websocket("v4.channel.k8s.io")).body, "query parameter \"ports\" is required\n");
  received = upgrade("/portforward?ports=80", websocket("v5.channel.k8s.io,v4.channel.k8s.io"));
  EXPECT_EQ(received.header("Sec-WebSocket-Protocol"), "v4.channel.k8s.io");
  EXPECT_EQ(asked, (std::vector<std::string>{"forward p/web:80"}));
}

TEST_F(PodHandlerTest, APodWhoseEnvironmentIsGoneLeadsNowhere) {
  json pod = registry.get(*scheme.find("", "v1", "pods"), {"ci", "p.web"}).value()->body();
  pod["metadata"]["ownerReferences"][0]["uid"] = "another";
  WriteOptions system;
  system.actor = Actor::System;
  fakes::run_task(io, clock, registry.replace(*scheme.find("", "v1", "pods"), {"ci", "p.web"}, pod, system)).value();
  EXPECT_EQ(send("GET", std::string(kPod) + "/log").status, 404);
}

TEST_F(PodHandlerTest, WithoutControllersThereIsNoContainer) {
  operations.pods = {};
  make_server();
  EXPECT_EQ(send("GET", std::string(kPod) + "/log").status, 503);
  EXPECT_EQ(upgrade("/exec?command=true&stdout=true", websocket("v5.channel.k8s.io")).status, 503);
}

}  // namespace
}  // namespace berth::api
