#include "cli/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "api/http/certificate.h"
#include "base/clock.h"

namespace berth::cli {
namespace {

using testing::HasSubstr;

struct Machine {
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;
  std::set<std::string> sockets;

  ConnectionProbe probe() const {
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              if (found == environment.end()) return std::nullopt;
              return found->second;
            },
            [this](const std::string& path) { return sockets.count(path) > 0; },
            [this](const std::string& path) -> Result<std::string> {
              const auto found = files.find(path);
              if (found == files.end()) return base::error(Reason::NotFound, path + ": No such file or directory");
              return found->second;
            }};
  }
};

TEST(FindServer, PrefersWhatItIsTold) {
  Machine machine;
  machine.sockets = {"/var/lib/berth/berthd.sock"};
  const auto found = find_server({.server = "http://127.0.0.1:7000"}, machine.probe());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found.value().endpoint.port, 7000);
}

TEST(FindServer, TakesTheSocketOfTheDataDirectoryWhenItMayBeOpened) {
  Machine machine;
  machine.sockets = {"/var/lib/berth/berthd.sock", "/data/berthd.sock"};
  EXPECT_EQ(find_server({}, machine.probe()).value().endpoint.path, "/var/lib/berth/berthd.sock");
  EXPECT_EQ(find_server({.data_dir = "/data"}, machine.probe()).value().endpoint.path, "/data/berthd.sock");
}

TEST(FindServer, ElseTheLoopbackPortWithTheTokenOfTheDataDirectory) {
  Machine machine;
  machine.files = {{"/data/admin.token", "secret\n"}};
  const auto found = find_server({.data_dir = "/data"}, machine.probe());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found.value().endpoint.str(), "https://127.0.0.1:6440");
  EXPECT_EQ(found.value().token, "secret");
  EXPECT_EQ(found.value().authorities, "");
  EXPECT_THAT(found.value().no_authority, HasSubstr("/data/tls/ca.crt: No such file"));
}

const std::string& some_authority() {
  static const auto kMade = http::make_authority(base::SystemClock().system_now()).value().certificate;
  return kMade;
}

TEST(FindServer, AnHttpsServerOfThisMachineIsCheckedWithTheDataDirectory) {
  Machine machine;
  machine.files = {{"/data/tls/ca.crt", some_authority()}};
  for (const char* here : {"", "https://localhost:7000", "https://[::1]:6440"}) {
    const auto found = find_server({.server = here, .data_dir = "/data"}, machine.probe()).value();
    EXPECT_EQ(found.authorities, some_authority()) << here;
    EXPECT_EQ(found.no_authority, "") << here;
    EXPECT_TRUE(found.verify);
  }
  const auto elsewhere = find_server({.server = "https://ci.example", .data_dir = "/data"}, machine.probe()).value();
  EXPECT_EQ(elsewhere.authorities, "");
  EXPECT_EQ(elsewhere.no_authority, "");
}

TEST(FindServer, ItsAuthorityCanBeGiven) {
  Machine machine;
  machine.files = {{"/ca.pem", some_authority()}, {"/no.pem", "x"}};
  EXPECT_EQ(find_server({.server = "https://ci.example", .certificate_authority = "/ca.pem"}, machine.probe()).value().authorities,
            some_authority());
  for (const char* bad : {"/missing.pem", "/no.pem"}) {
    const auto refused = find_server({.server = "https://ci.example", .certificate_authority = bad}, machine.probe());
    EXPECT_THAT(refused.error().message, HasSubstr("--certificate-authority: " + std::string(bad)));
  }
  const auto insecure = find_server({.server = "https://localhost", .insecure = true}, machine.probe()).value();
  EXPECT_FALSE(insecure.verify);
  EXPECT_EQ(insecure.no_authority, "");
}

TEST(FindServer, GoesWhereBerthdSaysThatItIs) {
  Machine machine;
  machine.files = {{"/data/server.json", R"({"server":"https://10.0.0.5:7000","certificateAuthority":"/data/tls/ca.crt"})"},
                   {"/data/tls/ca.crt", some_authority()},
                   {"/data/admin.token", "secret"}};
  const auto found = find_server({.data_dir = "/data"}, machine.probe()).value();
  EXPECT_EQ(found.endpoint.str(), "https://10.0.0.5:7000");
  EXPECT_EQ(found.token, "secret") << "it is this machine's";
  EXPECT_EQ(found.authorities, some_authority());
  // A certificate that was given to berthd: the system knows who signed it.
  machine.files["/data/server.json"] = R"({"server":"https://10.0.0.5:7000","certificateAuthority":""})";
  EXPECT_EQ(find_server({.data_dir = "/data"}, machine.probe()).value().authorities, "");
  for (const char* nonsense : {"", "[]", "{", R"({"server":7})", R"({"server":""})"}) {
    machine.files["/data/server.json"] = nonsense;
    const auto endpoint = find_server({.data_dir = "/data"}, machine.probe());
    if (std::string(nonsense).find('7') != std::string::npos) {
      EXPECT_TRUE(endpoint.has_error());
    } else {
      EXPECT_EQ(endpoint.value().endpoint.str(), "https://127.0.0.1:6440") << nonsense;
    }
  }
}

TEST(FindServer, TheSocketIsNothingForHttps) {
  Machine machine;
  machine.sockets = {"/var/lib/berth/berthd.sock"};
  EXPECT_EQ(find_https_server({}, machine.probe()).value().endpoint.str(), "https://127.0.0.1:6440");
}

TEST(FindServer, ATokenFileBeatsTheVariableAndThatBeatsTheDataDirectory) {
  Machine machine;
  machine.environment = {{"BERTH_TOKEN", "variable"}};
  machine.files = {{"/var/lib/berth/admin.token", "directory"}, {"/t", "file"}};
  EXPECT_EQ(find_server({.token_file = "/t"}, machine.probe()).value().token, "file");
  EXPECT_EQ(find_server({}, machine.probe()).value().token, "variable");
  machine.environment.clear();
  EXPECT_EQ(find_server({}, machine.probe()).value().token, "directory");
}

TEST(FindServer, TheTokenOfThisMachineIsShownToThisMachineOnly) {
  Machine machine;
  machine.files = {{"/var/lib/berth/admin.token", "directory"}, {"/t", "file"}};
  for (const char* here : {"http://127.0.0.2:1", "http://localhost:1", "http://[::1]:1", "unix:///s"}) {
    EXPECT_EQ(find_server({.server = here}, machine.probe()).value().token, "directory") << here;
  }
  const auto elsewhere = find_server({.server = "http://ci.example:6440"}, machine.probe());
  EXPECT_EQ(elsewhere.value().token, "");
  EXPECT_THAT(elsewhere.value().no_token, HasSubstr("/var/lib/berth/admin.token is of this machine"));
  EXPECT_EQ(find_server({.server = "http://ci.example:6440", .token_file = "/t"}, machine.probe()).value().token,
            "file");
}

TEST(FindServer, ARelativeDataDirectoryIsTakenFromHere) {
  Machine machine;
  const auto here = std::filesystem::current_path().string();
  machine.sockets = {here + "/x/data/berthd.sock"};
  const auto found = find_server({.data_dir = "./x/../x/data/"}, machine.probe());
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found.value().endpoint.path, here + "/x/data/berthd.sock");
}

TEST(FindServer, WithoutATokenItSaysWhy) {
  const auto found = find_server({}, Machine().probe());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found.value().token, "");
  EXPECT_THAT(found.value().no_token, HasSubstr("/var/lib/berth/admin.token: No such file"));
}

TEST(FindServer, RefusesWhatCannotBeRight) {
  Machine machine;
  machine.files = {{"/empty", "\n"}, {"/two", "a\r\nHost: evil"}};
  EXPECT_THAT(find_server({.server = "ftp://x"}, machine.probe()).error().message, HasSubstr("--server"));
  EXPECT_THAT(find_server({.token_file = "/missing"}, machine.probe()).error().message, HasSubstr("/missing"));
  EXPECT_THAT(find_server({.token_file = "/empty"}, machine.probe()).error().message, HasSubstr("holds no token"));
  EXPECT_THAT(find_server({.token_file = "/two"}, machine.probe()).error().message, HasSubstr("holds no token"));
}

}  // namespace
}  // namespace berth::cli
