#include "api/server/media.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

TEST(Negotiation, TakesTheFirstTypeThatBerthCanWrite) {
  for (const auto* accept : {"", "*/*", "application/*", "application/json", "application/json;stream=watch", "Application/JSON",
                             "application/vnd.kubernetes.protobuf,application/json", "text/html,application/xhtml+xml,*/*;q=0.8",
                             "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
                             "application/yaml;q=0.5, application/json"}) {
    EXPECT_EQ(negotiate(accept, false).value(), Media::Json) << accept;
  }
  for (const auto* accept : {"application/yaml", "application/yaml, application/json", "application/json;q=0.1,application/yaml;q=0.2"}) {
    EXPECT_EQ(negotiate(accept, false).value(), Media::Yaml) << accept;
  }
}

TEST(Negotiation, RefusesWhatItCannotWrite) {
  for (const auto* accept : {"text/html", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf",
                             "application/json;q=0", ",", ";"}) {
    ASSERT_TRUE(negotiate(accept, false).has_error()) << accept;
    EXPECT_EQ(negotiate(accept, false).error().reason, Reason::NotAcceptable);
  }
  EXPECT_TRUE(negotiate("application/yaml", true).has_error());
}

}  // namespace
}  // namespace berth::api
