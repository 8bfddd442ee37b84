#include "controller/app/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <sstream>

#include "controller/app/certificate_keeper.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class TlsFiles : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(dir);
    fs::create_directories(dir.parent_path());
  }
  void TearDown() override { fs::remove_all(dir); }
  Result<ServerCertificate> own(base::SystemTime when, std::vector<std::string> names = {"localhost", "127.0.0.1"}) const {
    return own_certificate(dir, names, when);
  }
  unsigned mode(const std::string& name) const {
    struct stat info {};
    return ::stat((dir / name).c_str(), &info) == 0 ? info.st_mode & 0777u : 0u;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(dir / name).rdbuf();
    return text.str();
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(dir / name) << text; }

  const base::SystemTime now = std::chrono::system_clock::from_time_t(1'795'000'000);
  fs::path dir = fs::temp_directory_path() / ("berth-tls-" + std::to_string(::getpid()));
};

TEST_F(TlsFiles, AreMadeAtTheFirstStartAndKept) {
  ASSERT_TRUE(own(now).has_value()) << own(now).error().message;
  EXPECT_EQ(mode(""), 0700u);
  for (const auto* key : {"ca.key", "server.key"}) EXPECT_EQ(mode(key), 0600u) << key;
  for (const auto* certificate : {"ca.crt", "server.crt"}) EXPECT_EQ(mode(certificate), 0644u) << certificate;
  const auto authority = read("ca.crt");
  const auto server = read("server.crt");
  const auto again = own(now + 24h * 200).value();
  EXPECT_EQ(again.pair.certificate, server);
  EXPECT_EQ(read("ca.crt"), authority);
  EXPECT_EQ(again.authority, (dir / "ca.crt").string());
  EXPECT_EQ(again.renew_at, now + 24h * (365 - 90));
}

TEST_F(TlsFiles, TheServersIsRenewedBeforeItsEnd) {
  const auto first = own(now).value();
  const auto authority = read("ca.crt");
  const auto later = own(first.renew_at).value();
  EXPECT_NE(later.pair.certificate, first.pair.certificate);
  EXPECT_GT(later.renew_at, first.renew_at);
  EXPECT_EQ(read("ca.crt"), authority);
}

TEST_F(TlsFiles, OtherNamesNeedAnotherCertificate) {
  const auto first = own(now, {"localhost", "a"}).value();
  EXPECT_EQ(own(now, {"a", "localhost"}).value().pair.certificate, first.pair.certificate);
  const auto other = own(now, {"localhost", "b"}).value();
  EXPECT_NE(other.pair.certificate, first.pair.certificate);
  EXPECT_THAT(http::read_certificate(other.pair.certificate).value().names, Contains("b"));
}

TEST_F(TlsFiles, ABrokenServerPairIsMadeAgain) {
  for (const auto* broken : {"server.key", "server.crt"}) {
    const auto before = own(now).value();
    write(broken, "x");
    const auto after = own(now);
    ASSERT_TRUE(after.has_value()) << after.error().message;
    EXPECT_NE(after->pair.certificate, before.pair.certificate);
  }
}

TEST_F(TlsFiles, KeysAreClosedToOthersAgain) {
  own(now).value();
  ASSERT_EQ(::chmod((dir / "server.key").c_str(), 0644), 0);
  own(now).value();
  EXPECT_EQ(mode("server.key"), 0600u);
}

TEST_F(TlsFiles, WithoutTheAuthoritysKeyNothingNewIsMade) {
  const auto first = own(now).value();
  fs::remove(dir / "ca.key");
  EXPECT_TRUE(own(now).has_value()) << "what is there is good enough";
  const auto soon_over = own(first.renew_at + 1h);
  ASSERT_TRUE(soon_over.has_value());
  EXPECT_EQ(soon_over->pair.certificate, first.pair.certificate);
  EXPECT_THAT(own(now + 24h * 366).error().message, HasSubstr("ca.key: is needed for a new server certificate"));
  EXPECT_THAT(own(now, {"other"}).error().message, HasSubstr("remove ca.crt"));
}

TEST_F(TlsFiles, AnAuthorityThatIsNoneIsRefused) {
  own(now).value();
  write("ca.crt", "garbage");
  EXPECT_THAT(own(now).error().message, HasSubstr("ca.crt: no certificate is in it"));
}

TEST_F(TlsFiles, AnAuthorityThatIsOverIsReplaced) {
  own(now).value();
  const auto authority = read("ca.crt");
  ASSERT_TRUE(own(now + 24h * 3651).has_value());
  EXPECT_NE(read("ca.crt"), authority);
}

TEST_F(TlsFiles, GivenOnesAreRefusedByName) {
  own(now).value();
  const auto file = [this](const char* name) { return (dir / name).string(); };
  EXPECT_TRUE(given_certificate(file("server.crt"), file("server.key")).has_value());
  const auto why = [&](const char* certificate, const char* key) {
    return given_certificate(file(certificate), file(key)).error().message;
  };
  EXPECT_THAT(why("server.crt", "ca.key"), HasSubstr("--tls-key " + file("ca.key") + ": the private key is not the one of the certificate"));
  EXPECT_THAT(why("none.crt", "server.key"), HasSubstr("--tls-cert: " + file("none.crt") + " is missing"));
  EXPECT_THAT(why("server.crt", "none.key"), HasSubstr("--tls-key: " + file("none.key") + " is missing"));
  EXPECT_THAT(why("server.key", "server.key"), HasSubstr("the certificate cannot be read"));
}

TEST_F(TlsFiles, AGivenOneWithItsRootIsCheckedWithItself) {
  own(now).value();
  const auto authority_of = [this](const char* certificate, const char* key) {
    return given_certificate((dir / certificate).string(), (dir / key).string()).value().authority;
  };
  EXPECT_EQ(authority_of("server.crt", "server.key"), "");
  EXPECT_EQ(authority_of("ca.crt", "ca.key"), (dir / "ca.crt").string());  // signed by itself
  write("chain.crt", read("server.crt") + read("ca.crt"));
  EXPECT_EQ(authority_of("chain.crt", "server.key"), (dir / "chain.crt").string());
}

TEST_F(TlsFiles, NamesAreWhereTheServerCanBeFound) {
  const auto listen = [](const char* text) { return http::parse_endpoint(text, 6440).value(); };
  const auto names = certificate_names({listen("https://0.0.0.0:1"), listen("https://10.0.0.5:1"), listen("http://127.0.0.9:1"),
                                        listen("https://[0:0::7]:1"), listen("unix:///x")},
                                       {"ci.example", "localhost"});
  for (const auto* name : {"localhost", "127.0.0.1", "::1", "kubernetes", "10.0.0.5", "::7", "ci.example"}) {
    EXPECT_THAT(names, Contains(name).Times(1));
  }
  EXPECT_THAT(names, Not(Contains("0.0.0.0")));
  EXPECT_THAT(names, Not(Contains("127.0.0.9")));
}

TEST_F(TlsFiles, TheKeeperRenewsInTime) {
  asio::io_context io;
  fakes::FakeClock clock;
  CertificateKeeper keeper(io.get_executor(), clock, {.directory = dir, .names = {"localhost"}});
  ASSERT_TRUE(keeper.load().has_value());
  int used = 0;
  keeper.start([&used](std::shared_ptr<const http::TlsContext> tls) { used += tls ? 1 : 0; });
  fakes::run_for(io, clock, 24h * 274);
  EXPECT_EQ(used, 0);
  fakes::run_for(io, clock, 24h * 3);
  EXPECT_EQ(used, 1);
  keeper.reload();
  EXPECT_EQ(used, 2);
  write("ca.crt", "garbage");
  keeper.reload();
  EXPECT_EQ(used, 2);
  fakes::run_task(io, keeper.stop());
}

}  // namespace
}  // namespace berth::app
