#include "controller/app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controller/app/config_options.h"
#include "controller/app/data_dir.h"

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
  EXPECT_EQ(config.listen[0].str(), "http://127.0.0.1:6440");
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
  variables["BERTH_PORT_RANGE"] = "9-1";
  EXPECT_THAT(refusal({}), HasSubstr("BERTH_PORT_RANGE"));
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
}

}  // namespace
}  // namespace berth::app
