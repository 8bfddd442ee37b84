#include "controller/engine/http_engine.h"

#include <gtest/gtest.h>

#include "controller/engine/engine_wire.h"

namespace berth::engine {
namespace {

TEST(DockerHost, UnixAndTcpAreRead) {
  EXPECT_EQ(parse_docker_host("").value().str(), "unix:///var/run/docker.sock");
  EXPECT_EQ(parse_docker_host("unix:///run/user/1000/docker.sock").value().path,
            "/run/user/1000/docker.sock");
  const auto tcp = parse_docker_host("tcp://10.0.0.5").value();
  EXPECT_EQ(tcp.host, "10.0.0.5");
  EXPECT_EQ(tcp.port, 2375);
}

TEST(DockerHost, WhatIsNotSupportedIsRefusedWithAnExample) {
  for (const char* text : {"ssh://user@host", "npipe:////./pipe/docker_engine", "https://host:2376", "foo",
                           "ftp://x", "/var/run/docker.sock", "tcp://", "tcp:/x", "tcp://a:0",
                           "tcp://a:99999", "tcp://[::1]:0", "tcp://; write", "unix://relative"}) {
    const auto endpoint = parse_docker_host(text);
    ASSERT_TRUE(endpoint.has_error()) << text;
    EXPECT_EQ(endpoint.error().reason, Reason::BadRequest) << text;
    const auto& message = endpoint.error().message;
    EXPECT_TRUE(message.starts_with("Docker host \"" + std::string(text) + "\": ")) << message;
    EXPECT_TRUE(message.ends_with("; write unix:///var/run/docker.sock or tcp://host:2375")) << message;
    EXPECT_EQ(message.find("6440"), std::string::npos) << message;
  }
}

TEST(ApiVersion, IsTheLesserOfOursAndTheEngines) {
  EXPECT_EQ(choose_api_version("1.41").value(), "1.41");
  EXPECT_EQ(choose_api_version("1.45").value(), "1.45");
  EXPECT_EQ(choose_api_version("1.51").value(), "1.51");
  EXPECT_EQ(choose_api_version("1.52").value(), "1.51");
  EXPECT_EQ(choose_api_version("1.100").value(), "1.51");
  EXPECT_EQ(choose_api_version("2.0").value(), "1.51");
}

TEST(ApiVersion, AnOldEngineOrNoneIsRefused) {
  for (const char* offered : {"1.40", "1.24", "0.9", "", "1", "1.", "x.y", "1.41beta"}) {
    EXPECT_TRUE(choose_api_version(offered).has_error()) << offered;
  }
  EXPECT_NE(choose_api_version("1.40").error().message.find("20.10"), std::string::npos);
}

}  // namespace
}  // namespace berth::engine
