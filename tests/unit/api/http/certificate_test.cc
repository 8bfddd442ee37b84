#include "api/http/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/http/tls.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const base::SystemTime kNow = std::chrono::system_clock::from_time_t(1'795'000'000);

TEST(Certificate, AnAuthorityIssuesWhatWasAskedFor) {
  const auto authority = make_authority(kNow).value();
  EXPECT_TRUE(check_pair(authority).has_value());
  const auto issued = issue_certificate(authority, {"localhost", "127.0.0.1", "::1", "ci-host_1.example"}, kNow).value();
  EXPECT_TRUE(check_pair(issued).has_value());
  EXPECT_TRUE(is_issued_by(issued.certificate, authority.certificate));
  const auto info = read_certificate(issued.certificate).value();
  EXPECT_THAT(info.names, ElementsAre("localhost", "127.0.0.1", "::1", "ci-host_1.example"));
  EXPECT_LT(info.not_before, kNow);
  EXPECT_EQ(info.not_after, kNow + 365 * 24h);
}

TEST(Certificate, EndsWithItsAuthority) {
  const auto authority = make_authority(kNow).value();
  const auto late = kNow + 24h * (3650 - 10);
  const auto issued = issue_certificate(authority, {"localhost"}, late).value();
  EXPECT_EQ(read_certificate(issued.certificate).value().not_after, read_certificate(authority.certificate).value().not_after);
}

TEST(Certificate, ComesFromItsOwnAuthorityOnly) {
  const auto one = make_authority(kNow).value();
  const auto other = make_authority(kNow).value();
  const auto issued = issue_certificate(one, {"localhost"}, kNow).value();
  EXPECT_FALSE(is_issued_by(issued.certificate, other.certificate));
  EXPECT_FALSE(is_issued_by("garbage", one.certificate));
  EXPECT_FALSE(is_issued_by(issued.certificate, "garbage"));
}

TEST(Certificate, RefusesWhatIsNoPair) {
  const auto one = make_authority(kNow).value();
  const auto other = make_authority(kNow).value();
  const auto why = [](const KeyPair& pair) { return check_pair(pair).error().message; };
  EXPECT_THAT(why({one.certificate, other.key}), HasSubstr("not the one of the certificate"));
  EXPECT_THAT(why({"", one.key}), HasSubstr("the certificate cannot be read"));
  EXPECT_THAT(why({one.certificate, ""}), HasSubstr("the private key cannot be read"));
  EXPECT_THAT(why({one.key, one.key}), HasSubstr("the certificate cannot be read"));
  EXPECT_THAT(why({one.certificate, one.certificate}), HasSubstr("the private key cannot be read"));
  EXPECT_TRUE(TlsContext::server({one.certificate, other.key}).has_error());
  EXPECT_TRUE(issue_certificate({one.certificate, other.key}, {"localhost"}, kNow).has_error());
  EXPECT_TRUE(read_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").has_error());
}

// Its passphrase is asked for by nobody: a test that hangs here is one that asks.
TEST(Certificate, RefusesAnEncryptedKey) {
  const auto one = make_authority(kNow).value();
  const std::string encrypted =
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END EC PRIVATE KEY-----\n";
  EXPECT_THAT(check_pair({one.certificate, encrypted}).error().message, HasSubstr("without a passphrase"));
}

TEST(Certificate, RefusesNamesThatNoCertificateCanHave) {
  const auto authority = make_authority(kNow).value();
  for (const auto* name : {"", "two words", "a,IP:1.2.3.4", "höst", "a/b", "1::2::3"}) {
    const auto issued = issue_certificate(authority, {name}, kNow);
    ASSERT_TRUE(issued.has_error()) << name;
    EXPECT_EQ(issued.error().reason, Reason::Invalid);
  }
}

TEST(Certificate, NamesAreComparedAsClientsDo) {
  const std::vector<std::string> names = {"localhost", "*.ci.example", "127.0.0.1", "::1"};
  for (const auto* host : {"localhost", "LocalHost", "a.ci.example", "127.0.0.1", "::1", "[::1]", "0:0:0:0:0:0:0:1"}) {
    EXPECT_TRUE(names_host(names, host)) << host;
  }
  for (const auto* host : {"", "localhost.", "ci.example", ".ci.example", "a.b.ci.example", "127.0.0.2", "::2", "*.ci.examples"}) {
    EXPECT_FALSE(names_host(names, host)) << host;
  }
}

TEST(Certificate, AddressesHaveOneSpelling) {
  EXPECT_EQ(canonical_address("0:0::1"), "::1");
  EXPECT_EQ(canonical_address("[fe80::1]"), "fe80::1");
  EXPECT_EQ(canonical_address("10.0.0.1"), "10.0.0.1");
  for (const auto* text : {"", "localhost", "1.2.3", "[]", "[1.2.3.4", "::1%eth0"}) EXPECT_EQ(canonical_address(text), "") << text;
}

TEST(Certificate, ATrustWithoutCertificatesIsRefused) {
  EXPECT_EQ(TlsContext::client({.authorities = "nothing"}).error().reason, Reason::Invalid);
}

}  // namespace
}  // namespace berth::http
