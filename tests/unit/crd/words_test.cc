#include <gtest/gtest.h>

#include "crd/condition.h"
#include "crd/expand.h"
#include "crd/field_path.h"
#include "crd/formats.h"
#include "crd/pattern.h"
#include "crd/quantity.h"

namespace berth::crd {
namespace {

TEST(FieldPath, QuotesKeysThatWouldBeAmbiguous) {
  EXPECT_EQ(child("", "spec"), "spec");
  EXPECT_EQ(child("spec", "services"), "spec.services");
  EXPECT_EQ(item("spec.services", 2), "spec.services[2]");
  EXPECT_EQ(child("metadata.labels", "a.b/c"), "metadata.labels[a.b/c]");
  EXPECT_EQ(child("m", ""), "m[]");
}

TEST(Quantity, CpuIsCountedInBillionths) {
  EXPECT_EQ(parse_cpu("1"), 1'000'000'000);
  EXPECT_EQ(parse_cpu("500m"), 500'000'000);
  EXPECT_EQ(parse_cpu("0.25"), 250'000'000);
  EXPECT_EQ(parse_cpu(".5"), 500'000'000);
  EXPECT_EQ(parse_cpu("2."), 2'000'000'000);
  EXPECT_EQ(parse_cpu("100n"), 100);
  EXPECT_EQ(parse_cpu("1u"), 1000);
  EXPECT_EQ(parse_cpu("0.0000000001"), 1);
  EXPECT_EQ(parse_cpu("1e3m"), std::nullopt);
  EXPECT_EQ(parse_cpu("0"), 0);
}

TEST(Quantity, BytesKnowBinaryDecimalAndExponentSuffixes) {
  EXPECT_EQ(parse_bytes("256Mi"), 256ll << 20);
  EXPECT_EQ(parse_bytes("1Ki"), 1024);
  EXPECT_EQ(parse_bytes("1k"), 1000);
  EXPECT_EQ(parse_bytes("1G"), 1'000'000'000);
  EXPECT_EQ(parse_bytes("1e6"), 1'000'000);
  EXPECT_EQ(parse_bytes("1E6"), 1'000'000);
  EXPECT_EQ(parse_bytes("1E"), 1'000'000'000'000'000'000);
  EXPECT_EQ(parse_bytes("1.5Gi"), 3ll << 29);
  EXPECT_EQ(parse_bytes("+5"), 5);
  EXPECT_EQ(parse_bytes("0.1"), 1);
  EXPECT_EQ(parse_bytes("1m"), 1);
  EXPECT_EQ(parse_bytes("1e-3"), 1);
  EXPECT_EQ(parse_bytes("123456789012345678"), 123456789012345678);
  EXPECT_EQ(parse_bytes("7Ei"), 7ll << 60);
}

TEST(Quantity, WhatIsNoneOrDoesNotFitIsRefused) {
  for (const char* bad : {"",
                          " ",
                          "1 ",
                          " 1",
                          "x",
                          "Mi",
                          "1mi",
                          "1KI",
                          "1K",
                          "1MB",
                          "-1",
                          "1..2",
                          "1.2.3",
                          "e3",
                          "1e",
                          "1e+",
                          "1e1000",
                          "0x10",
                          "1,5",
                          "8Ei",
                          "9223372036854775808",
                          "1e19",
                          "99999999999999999999E",
                          ".",
                          "+",
                          "1Kii",
                          "inf",
                          "nan",
                          "1e-+3"}) {
    EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_bytes("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_bytes(std::string(5000, '0')), std::nullopt);
  EXPECT_EQ(parse_cpu("10000000000"), std::nullopt);
}

std::string expanded(std::string_view text) {
  return expand(text, [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "1";
    if (name == "B") return "$(A)";
    if (name == "") return "empty";
    return std::nullopt;
  });
}

TEST(Expand, FollowsKubernetes) {
  EXPECT_EQ(expanded("x $(A) y"), "x 1 y");
  EXPECT_EQ(expanded("$(A)$(A)"), "11");
  EXPECT_EQ(expanded("$$(A)"), "$(A)");
  EXPECT_EQ(expanded("$$$(A)"), "$1");
  EXPECT_EQ(expanded("$$$$(A)"), "$$(A)");
  EXPECT_EQ(expanded("$(C)"), "$(C)");
  EXPECT_EQ(expanded("$(B)"), "$(A)");  // what is put in is not looked at again
  EXPECT_EQ(expanded("$A ${A} $"), "$A ${A} $");
  EXPECT_EQ(expanded("$$"), "$");
  EXPECT_EQ(expanded("$(A"), "$(A");
  EXPECT_EQ(expanded("$($(A)"), "$($(A)");
  EXPECT_EQ(expanded("$()"), "empty");
  EXPECT_EQ(expanded("echo $(date) $(A)"), "echo $(date) 1");
}

TEST(Expand, SeesWhatATextRefersTo) {
  EXPECT_TRUE(refers_to("x$(A)y", "A"));
  EXPECT_FALSE(refers_to("$$(A)", "A"));
  EXPECT_FALSE(refers_to("$(AB)", "A"));
}

TEST(Condition, ChangesItsTimeOnlyWithItsStatus) {
  const auto t1 = *base::parse_time("2026-01-01T00:00:00Z"), t2 = *base::parse_time("2026-01-01T00:00:09Z");
  json conditions;
  EXPECT_TRUE(set_condition(conditions, "Ready", false, "Starting", "1 of 2", 1, t1));
  EXPECT_TRUE(set_condition(conditions, "Scheduled", true, "Scheduled", "", 1, t1));
  EXPECT_FALSE(set_condition(conditions, "Ready", false, "Starting", "1 of 2", 1, t2));
  EXPECT_TRUE(set_condition(conditions, "Ready", false, "Starting", "2 of 2", 2, t2));
  EXPECT_EQ(conditions[0]["lastTransitionTime"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(conditions[0]["observedGeneration"], 2);
  EXPECT_TRUE(set_condition(conditions, "Ready", true, "Ready", "", 2, t2));
  EXPECT_EQ(conditions[0]["lastTransitionTime"], "2026-01-01T00:00:09Z");
  EXPECT_EQ(conditions[1]["type"], "Scheduled");
  ASSERT_EQ(conditions.size(), 2u);

  const json status = {{"conditions", conditions}};
  EXPECT_EQ(condition_status(status, "Ready"), "True");
  EXPECT_EQ(condition_status(status, "NetworkReady"), "");
  EXPECT_EQ(condition_status(json(), "Ready"), "");
  EXPECT_EQ(condition_status({{"conditions", {1, "x", {{"type", "Ready"}, {"status", 5}}}}}, "Ready"), "");
}

TEST(Formats, DnsLabels) {
  for (const char* good : {"a", "a-b", "0", "my-name", "123-abc"}) EXPECT_TRUE(is_dns_label(good)) << good;
  EXPECT_TRUE(is_dns_label(std::string(63, 'a')));
  for (const char* bad : {"", "-a", "a-", "A", "a_b", "a.b", "a b", "ä"})
    EXPECT_FALSE(is_dns_label(bad)) << bad;
  EXPECT_FALSE(is_dns_label(std::string(64, 'a')));
  EXPECT_TRUE(is_dns_subdomain("berth.dev"));
  for (const char* bad : {"", ".a", "a.", "a..b", "a.-b"}) EXPECT_FALSE(is_dns_subdomain(bad)) << bad;
}

TEST(Formats, PortNames) {
  for (const char* good : {"sql", "http-2", "8080a", "a"}) EXPECT_TRUE(is_port_name(good)) << good;
  for (const char* bad : {"", "80", "a--b", "-a", "a-", "A", "abcdefghijklmnop", "a_b"})
    EXPECT_FALSE(is_port_name(bad)) << bad;
}

TEST(Formats, VariableNames) {
  for (const char* good : {"A", "_a", "a.b-c", "A1"}) EXPECT_TRUE(is_env_name(good)) << good;
  for (const char* bad : {"", "1A", "A B", "A=B", "$A", "ä"}) EXPECT_FALSE(is_env_name(bad)) << bad;
  EXPECT_TRUE(is_c_identifier("DEV_PORT"));
  EXPECT_FALSE(is_c_identifier("DEV-PORT"));
  EXPECT_FALSE(is_c_identifier(""));
}

TEST(Formats, ImageReferences) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  for (const std::string& good :
       {std::string("redis"), std::string("redis:7"), std::string("library/redis"),
        std::string("registry.example/api:1421"), std::string("localhost:5000/a/b:v1.2_3"),
        std::string("localhost/a"), "redis" + digest, "redis:7" + digest, std::string("a__b/c--d"),
        std::string("[::1]:5000/a"), std::string("sha256:") + std::string(64, 'a'), std::string("HOST/a"),
        std::string("a:UPPER")}) {
    EXPECT_TRUE(is_image_reference(good)) << good;
  }
  for (const std::string& bad :
       {std::string(""),           std::string("Redis"),         std::string("redis:"),
        std::string(":7"),         std::string("a b"),           std::string("redis:7 "),
        std::string("http://x/y"), std::string("a//b"),          std::string("/a"),
        std::string("a/"),         std::string("a@sha256:xyz"),  std::string("a@"),
        std::string("-a"),         std::string("a..b"),          std::string("a___b"),
        std::string("a:b:c"),      "a:" + std::string(129, 'x'), std::string("host:99999/a"),
        std::string("host:/a"),    std::string(256, 'a')}) {
    EXPECT_FALSE(is_image_reference(bad)) << bad;
  }
}

TEST(Formats, Ipv4) {
  EXPECT_EQ(parse_ipv4("127.0.0.1"), 0x7f000001u);
  EXPECT_EQ(parse_ipv4("255.255.255.255"), 0xffffffffu);
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "a.b.c.d", "::1",
                          "1..2.3", "localhost"}) {
    EXPECT_EQ(parse_ipv4(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(format_ipv4(0x0a141e00), "10.20.30.0");
  const auto net = parse_ipv4_net("10.20.30.5/24");
  ASSERT_TRUE(net);
  EXPECT_TRUE(net->has_host_bits());
  EXPECT_EQ(net->mask(), 0xffffff00u);
  EXPECT_FALSE(parse_ipv4_net("0.0.0.0/0")->has_host_bits());
  for (const char* bad :
       {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "/24", "10.0.0.0/24/8", "10.0.0.0/256"}) {
    EXPECT_FALSE(parse_ipv4_net(bad)) << bad;
  }
}

TEST(Formats, Base64) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("aGVsbG8="), "hello");
  EXPECT_EQ(decode_base64("aGVs\nbG8=\n"), "hello");
  EXPECT_EQ(decode_base64("AAD/"), std::string("\0\0\xff", 3));
  EXPECT_EQ(decode_base64("YQ=="), "a");
  for (const char* bad : {"a", "aGVsbG8", "aGVsbG8==", "YQ=", "YR==", "aGVs!", "=", "YQ==YQ==", "-_-_"}) {
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
  }
}

TEST(Formats, Owners) {
  EXPECT_EQ(parse_owner("1000")->gid, 1000u);
  EXPECT_EQ(parse_owner("0:5")->gid, 5u);
  for (const char* bad : {"", "root", "1:", ":1", "1:2:3", "-1", "4294967296", "2147483648", "1 "}) {
    EXPECT_FALSE(parse_owner(bad)) << bad;
  }
}

TEST(Pattern, FindsWhatItDescribes) {
  const auto pattern = Pattern::compile("ready to accept (connections|clients)\\.?$");
  ASSERT_TRUE(pattern.has_value());
  EXPECT_TRUE(pattern->found_in("LOG: database is ready to accept connections"));
  EXPECT_FALSE(pattern->found_in("not yet"));
}

TEST(Pattern, EverydayRepetitionsAreTaken) {
  for (const char* good :
       {"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "\\d{1,3}(\\.\\d{1,3}){3}",
        "listening on port \\d+", "[a-f0-9]{64}", "a\\{99999\\}"}) {
    EXPECT_TRUE(Pattern::compile(good).has_value()) << good;
  }
  EXPECT_FALSE(Pattern::compile("(a{200}){200}").has_value());
}

TEST(Pattern, AnOpenGroupAtTheEndIsReadNoFurther) {
  const std::string text = "(abc(";
  EXPECT_FALSE(Pattern::compile(std::string_view(text).substr(0, 1)).has_value());
}

TEST(Pattern, WhatIsNoneIsRefusedInWords) {
  for (const std::string& bad :
       {std::string("("), std::string("["), std::string("*a"), std::string("a{2,1}"), std::string("\\"),
        std::string("(a)\\1"), std::string(1025, 'a'), std::string(33, '(') + std::string(33, ')'),
        std::string("((a{200}){200}){200}"), std::string("[z-a]")}) {
    const auto pattern = Pattern::compile(bad);
    ASSERT_FALSE(pattern.has_value()) << bad;
    EXPECT_TRUE(pattern.error().message.starts_with("must ")) << pattern.error().message;
  }
}

TEST(Pattern, HostileTextNeitherHangsNorOverflows) {
  const auto backtracking = Pattern::compile("^(a+)+$");
  ASSERT_TRUE(backtracking.has_value());
  EXPECT_FALSE(backtracking->found_in(std::string(500, 'a') + "b"));
  const auto anything = Pattern::compile("x.*y");
  ASSERT_TRUE(anything.has_value());
  EXPECT_FALSE(anything->found_in("x" + std::string(50'000, 'z')));
}

TEST(Pattern, ASearchWalksTheTextOnce) {
  for (const char* expression : {".*y", ".{1,100}y", "(\\w+\\s*)+y$", "a|.*y"}) {
    const auto pattern = Pattern::compile(expression);
    ASSERT_TRUE(pattern.has_value()) << expression;
    EXPECT_FALSE(pattern->found_in(std::string(5'000, 'z'))) << expression;
    EXPECT_TRUE(pattern->found_in("\n\n" + std::string(200, 'z') + "y")) << expression;
  }
}

TEST(Pattern, AnchorsKeepTheirMeaning) {
  const auto start = Pattern::compile("^b|c$");
  ASSERT_TRUE(start.has_value());
  EXPECT_TRUE(start->found_in("bx"));
  EXPECT_TRUE(start->found_in("xc"));
  EXPECT_FALSE(start->found_in("xbcx"));
  EXPECT_FALSE(Pattern::compile("a)(b").has_value());
}

}  // namespace
}  // namespace berth::crd
