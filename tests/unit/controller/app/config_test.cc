#include "controller/app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controller/app/config_options.h"
#include "controller/app/data_dir.h"
#include "controller/app/instance_lock.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace fs = std::filesystem;

struct ConfigTest : testing::Test {
  std::map<std::string, std::string> variables;
  fs::path dir = fs::temp_directory_path() / ("berth-config-" + std::to_string(::getpid()));

  void SetUp() override { fs::create_directories(dir); }
  void TearDown() override { fs::remove_all(dir); }

  Result<ConfigResult> read(std::vector<std::string> arguments) {
    return read_config(arguments, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    });
  }
  std::string refusal(std::vector<std::string> arguments) {
    auto result = read(std::move(arguments));
    return result.has_error() ? result.error().message : "accepted";
  }
  std::string file(const std::string& text) {
    std::ofstream(dir / "berth.yaml") << text;
    return (dir / "berth.yaml").string();
  }
};

TEST_F(ConfigTest, HasTheDocumentedDefaults) {
  const auto config = read({}).value().config;
  EXPECT_EQ(config.data_dir, "/var/lib/berth");
  EXPECT_EQ(config.port_range.first, 30000);
  EXPECT_EQ(config.port_range.last, 31999);
  EXPECT_EQ(config.subnet_pool.str(), "10.213.0.0/16");
  EXPECT_EQ(config.publish_address, "127.0.0.1");
  EXPECT_EQ(config.docker_host.str(), "unix:///var/run/docker.sock");
  EXPECT_EQ(config.prune_delay, 2s);
  ASSERT_EQ(config.listen.size(), 2u);
  EXPECT_EQ(config.listen[0].str(), "https://127.0.0.1:6440");
  EXPECT_EQ(config.listen[1].str(), "unix:///var/lib/berth/berthd.sock");
}

TEST_F(ConfigTest, FlagBeforeVariableBeforeFileBeforeDefault) {
  const auto path = file("log-level: warn\nport-range: 20000-20099\nmanifests: [/a, /b]\n");
  EXPECT_EQ(read({"--config", path}).value().config.log_level, base::LogLevel::Warn);
  EXPECT_EQ(read({"--config", path}).value().config.manifests.size(), 2u);
  variables["BERTH_LOG_LEVEL"] = "error";
  variables["BERTH_MANIFESTS"] = "/x,/y,/z";
  EXPECT_EQ(read({"--config", path}).value().config.log_level, base::LogLevel::Error);
  EXPECT_EQ(read({"--config", path}).value().config.manifests.size(), 3u);
  const auto config = read({"--config", path, "--log-level", "debug", "--manifests", "/only"}).value().config;
  EXPECT_EQ(config.log_level, base::LogLevel::Debug);
  EXPECT_EQ(config.manifests, std::vector<fs::path>{"/only"});
  EXPECT_EQ(config.port_range.first, 20000);
}

TEST_F(ConfigTest, DockerHostComesLast) {
  variables["DOCKER_HOST"] = "tcp://10.0.0.1:2375";
  EXPECT_EQ(read({}).value().config.docker_host.host, "10.0.0.1");
  EXPECT_EQ(read({"--docker-host", "unix:///x.sock"}).value().config.docker_host.path, "/x.sock");
}

TEST_F(ConfigTest, AWrongValueIsRefusedByTheNameItWasGivenUnder) {
  EXPECT_THAT(refusal({"--port-range", "abc"}), HasSubstr("--port-range"));
  EXPECT_THAT(refusal({"--subnet-pool", "10.213.0.5/16"}), HasSubstr("--subnet-pool"));
  EXPECT_THAT(refusal({"--publish-address", "everywhere"}), HasSubstr("expected for example 127.0.0.1"));
  EXPECT_THAT(refusal({"--log-level", "loud"}), HasSubstr("expected trace, debug, info, warn or error"));
  EXPECT_THAT(refusal({"--instance", "Not A Name"}), HasSubstr("--instance"));
  EXPECT_THAT(refusal({"--socket-group", "no-such-group-here"}), HasSubstr("no group"));
  EXPECT_THAT(refusal({"--prune-delay", "soon"}), HasSubstr("expected for example 2s"));
  EXPECT_THAT(refusal({"--lisen", "x"}), HasSubstr("--lisen"));
  EXPECT_THAT(refusal({"--port-range"}), HasSubstr("--port-range"));
  EXPECT_THAT(refusal({"--docker-host", ""}), HasSubstr("--docker-host: is empty"));
  EXPECT_THAT(refusal({"--prune-delay", "100000h"}), HasSubstr("longer than 24h"));
  variables["BERTH_PORT_RANGE"] = "9-1";
  EXPECT_THAT(refusal({}), HasSubstr("BERTH_PORT_RANGE"));
}

TEST_F(ConfigTest, WhatTheHostIsNotProtectedFromIsAllowedOnlyOnRequest) {
  EXPECT_FALSE(read({}).value().config.policy.privileged);
  EXPECT_FALSE(read({}).value().config.policy.gpus);
  EXPECT_TRUE(read({}).value().config.policy.devices.empty());
  variables["BERTH_ALLOW_DEVICES"] = "/dev/dri/,/dev/kvm";
  const auto policy = read({"--allow-privileged", "--allow-gpus"}).value().config.policy;
  EXPECT_TRUE(policy.privileged);
  EXPECT_TRUE(policy.gpus);
  EXPECT_THAT(policy.devices, testing::ElementsAre("/dev/dri", "/dev/kvm"));
  for (const auto* wrong : {"/", "dev", "/dev/../x", ""}) {
    EXPECT_THAT(refusal({"--allow-devices", wrong}), HasSubstr("expected for example /dev/dri")) << wrong;
  }
}

TEST_F(ConfigTest, AStrayWordIsRefused) {
  EXPECT_THAT(refusal({"--data-dir", "/x", "stray"}), HasSubstr("stray"));
  EXPECT_EQ(read({"--data-dir", "/x", "--data-dir", "/y"}).value().config.data_dir, "/y");
  EXPECT_EQ(read({"--manifests", "/a", "/b", "--manifests", "/c"}).value().config.manifests.size(), 3u);
}

TEST_F(ConfigTest, OtherAddressesNeedTls) {
  EXPECT_TRUE(read({"--listen", "https://0.0.0.0:6440"}).value().config.listen[0].tls);
  EXPECT_EQ(refusal({"--listen", "https://[fd00::1]:6440", "--listen", "https://localhost"}), "accepted");
  EXPECT_THAT(refusal({"--listen", "https://ci.example:6440"}), HasSubstr("--tls-san"));
}

TEST_F(ConfigTest, CertificateAndKeyGoTogether) {
  const auto config = read({"--tls-cert", "/c", "--tls-key", "/k"}).value().config;
  EXPECT_EQ(config.tls_cert, "/c");
  EXPECT_EQ(config.tls_key, "/k");
  EXPECT_THAT(refusal({"--tls-cert", "/c"}), HasSubstr("--tls-cert: --tls-key is missing"));
  EXPECT_THAT(refusal({"--tls-key", "/k"}), HasSubstr("--tls-key: --tls-cert is missing"));
  EXPECT_THAT(refusal({"--tls-cert", "/c", "--tls-key", "/k", "--tls-san", "x"}), HasSubstr("--tls-san"));
  EXPECT_THAT(refusal({"--tls-san", "two words"}), HasSubstr("neither a DNS name nor an IP address"));
  variables["BERTH_TLS_SAN"] = "ci.example,10.0.0.5";
  EXPECT_EQ(read({}).value().config.tls_san.size(), 2u);
}

TEST_F(ConfigTest, WithoutTlsOnlyLoopbackIsListenedOn) {
  for (const auto* wrong : {"http://0.0.0.0:6440", "http://[::]:1", "http://example.org:80"}) {
    EXPECT_THAT(refusal({"--listen", wrong}), HasSubstr("--listen: \"" + std::string(wrong) + "\": without TLS only loopback")) << wrong;
  }
  variables["BERTH_LISTEN"] = "http://10.0.0.1:6440";
  EXPECT_THAT(refusal({}), HasSubstr("BERTH_LISTEN"));
  EXPECT_EQ(read({"--listen", "http://[::1]:6440", "--listen", "http://localhost:1"}).value().config.listen.size(), 2u);
}

TEST_F(ConfigTest, ADataDirectoryTooDeepForItsSocketIsRefusedByName) {
  const auto deep = "/" + std::string(120, 'd');
  EXPECT_THAT(refusal({"--data-dir", deep}), HasSubstr("--data-dir: "));
  EXPECT_EQ(read({"--data-dir", deep, "--listen", "unix:///run/b.sock"}).value().config.data_dir, deep);
}

TEST_F(ConfigTest, ARelativeDataDirectoryIsMadeAbsolute) {
  EXPECT_EQ(read({"--data-dir", "./a/../b/"}).value().config.data_dir, fs::current_path() / "b");
}

TEST_F(ConfigTest, ASocketGroupNeedsASocketThatItsMembersCanReach) {
  EXPECT_THAT(refusal({"--socket-group", "root"}), HasSubstr("--socket-group: "));
  EXPECT_THAT(refusal({"--socket-group", "root", "--listen", "unix:///var/lib/berth/x.sock"}), HasSubstr("--socket-group: "));
  EXPECT_EQ(refusal({"--socket-group", "root", "--listen", "unix:///run/x.sock"}), "accepted");
}

TEST_F(ConfigTest, AnEmptyConfigFileIsFineAndAMissingOneIsNot) {
  EXPECT_EQ(refusal({"--config", file("")}), "accepted");
  EXPECT_THAT(refusal({"--config", ""}), HasSubstr("--config: cannot read"));
  EXPECT_THAT(refusal({"--config", dir.string()}), HasSubstr("--config: cannot read"));
  variables["BERTH_CONFIG"] = "/nowhere.yaml";
  EXPECT_THAT(refusal({}), HasSubstr("BERTH_CONFIG: cannot read"));
}

TEST_F(ConfigTest, EveryWrongValueIsNamedAtOnce) {
  const auto text = refusal({"--port-range", "abc", "--log-format", "xml"});
  EXPECT_THAT(text, HasSubstr("--port-range"));
  EXPECT_THAT(text, HasSubstr("--log-format"));
}

TEST_F(ConfigTest, AFileIsRefusedWithLineAndColumn) {
  EXPECT_THAT(refusal({"--config", file("log-level: info\nport-rnge: 1-2\n")}), HasSubstr("berth.yaml:2:1: unknown name \"port-rnge\""));
  EXPECT_THAT(refusal({"--config", file("log-level: [a]\n")}), HasSubstr("expected one value"));
  EXPECT_THAT(refusal({"--config", file("- a\n")}), HasSubstr("expected a mapping"));
  EXPECT_THAT(refusal({"--config", file("a: b: c\n")}), HasSubstr("berth.yaml:1"));
  EXPECT_THAT(refusal({"--config", "/nowhere.yaml"}), HasSubstr("/nowhere.yaml"));
}

TEST_F(ConfigTest, HelpAndVersionEndWithTheirText) {
  const auto help = read({"--help"}).value().text.value_or("");
  for (const auto& option : options()) EXPECT_THAT(help, HasSubstr("--" + option.name));
  EXPECT_EQ(read({"--version"}).value().text, std::string("berthd ") + BERTH_VERSION + "\n");
}

TEST_F(ConfigTest, Durations) {
  EXPECT_EQ(parse_duration("1m30s").value(), 90s);
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("3").value(), 3s);
  for (const auto* wrong : {"", "-1s", "1d", "s", "99999999999s"}) EXPECT_TRUE(parse_duration(wrong).has_error()) << wrong;
}

TEST_F(ConfigTest, TheDataDirectoryIsClosedToOthersAndHeldByOne) {
  const auto path = dir / "data";
  auto first = DataDir::open(path);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  auto second = DataDir::open(path);
  ASSERT_TRUE(second.has_error());
  EXPECT_THAT(second.error().message, HasSubstr("pid " + std::to_string(::getpid())));

  const auto token = first->admin_token().value();
  EXPECT_EQ(token.size(), 64u);
  EXPECT_EQ(first->admin_token().value(), token);
  ASSERT_EQ(::stat((path / "admin.token").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  const auto instance = first->instance("").value();
  EXPECT_EQ(first->instance("").value(), instance);
  EXPECT_TRUE(first->instance("another").has_error());

  fs::permissions(path / "admin.token", fs::perms(0644));
  EXPECT_EQ(first->admin_token().value(), token);
  ASSERT_EQ(::stat((path / "admin.token").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ConfigTest, SomebodyElsesDirectoryIsNotMadeADataDirectory) {
  const auto shared = dir / "shared";
  fs::create_directories(shared);
  std::ofstream(shared / "theirs") << "x";
  fs::permissions(shared, fs::perms(0777));
  const auto refused = DataDir::open(shared);
  ASSERT_TRUE(refused.has_error());
  EXPECT_THAT(refused.error().message, HasSubstr("--data-dir: "));
  EXPECT_EQ(fs::status(shared).permissions(), fs::perms(0777));
  fs::remove(shared / "theirs");
  EXPECT_TRUE(DataDir::open(shared).has_value());
}

TEST_F(ConfigTest, AnUnreadableNameIsNotReplaced) {
  const auto path = dir / "data";
  auto data = DataDir::open(path);
  ASSERT_TRUE(data.has_value());
  fs::create_directories(path / "instance");
  EXPECT_TRUE(data->instance("").has_error());
  std::ofstream(path / "admin.token") << std::string(1000, 'x');
  EXPECT_TRUE(data->admin_token().has_error());
}

TEST_F(ConfigTest, ANameThatWasRefusedDoesNotKeepTheDataDirectory) {
  auto data = DataDir::open(dir / "data");
  ASSERT_TRUE(data.has_value());
  EXPECT_FALSE(data->has_instance());
  EXPECT_EQ(data->instance("one").value(), "one");
  EXPECT_TRUE(data->has_instance());
  EXPECT_TRUE(data->instance("two").has_error());
  data->forget_instance();
  EXPECT_EQ(data->instance("two").value(), "two");
}

TEST_F(ConfigTest, AnInstanceNameOfOneEngineHasOneUser) {
  InstanceLock first;
  ASSERT_TRUE(first.take(dir / "locks", "AB:CD", "ci").has_value());
  EXPECT_TRUE(first.take(dir / "locks", "AB:CD", "ci").has_value());
  {
    InstanceLock second;
    const auto refused = second.take(dir / "locks", "AB:CD", "ci");
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().reason, Reason::Conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("pid " + std::to_string(::getpid())));
    InstanceLock other_name;
    EXPECT_TRUE(other_name.take(dir / "locks", "AB:CD", "nightly").has_value());
    InstanceLock other_engine;
    EXPECT_TRUE(other_engine.take(dir / "locks", "EF:01", "ci").has_value());
  }
  auto again = std::make_unique<InstanceLock>();
  EXPECT_TRUE(again->take(dir / "locks", "EF:01", "ci").has_value());
}

}  // namespace
}  // namespace berth::app
