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

TEST(Negotiation, SaysWhatItCanWrite) {
  EXPECT_EQ(negotiate_shape("text/html", false).error().message,
            "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");
  EXPECT_EQ(negotiate_shape("application/yaml", true).error().message,
            "only the following media types are accepted: application/json;stream=watch, "
            "application/vnd.kubernetes.protobuf;stream=watch");
}

TEST(Negotiation, ShapesAreTakenInTheOrderOfTheClient) {
  const std::string table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const auto kubectl = negotiate_shape(table + ",application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", false).value();
  EXPECT_EQ(kubectl.shape, Shape::Table);
  EXPECT_EQ(kubectl.version, "v1");
  const auto beta = negotiate_shape("application/json; as=Table; v=v1beta1; g=meta.k8s.io", false).value();
  EXPECT_EQ(beta.shape, Shape::Table);
  EXPECT_EQ(beta.version, "v1beta1");
  EXPECT_EQ(negotiate_shape("application/json," + table, false).value().shape, Shape::Object);
  EXPECT_EQ(negotiate_shape("application/json;q=0.5," + table, false).value().shape, Shape::Table);
  EXPECT_EQ(negotiate_shape("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", false).value().shape, Shape::Object);
  EXPECT_EQ(negotiate_shape("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," +
                                std::string("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"),
                            false)
                .value()
                .shape,
            Shape::MetadataList);
  EXPECT_EQ(negotiate_shape("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", true).value().shape, Shape::Metadata);
  const auto yaml = negotiate_shape("application/yaml;as=Table;v=v1;g=meta.k8s.io", false).value();
  EXPECT_EQ(yaml.media, Media::Yaml);
  EXPECT_EQ(yaml.shape, Shape::Table);
  for (const auto* accept : {"application/json;as=Table;v=v2;g=meta.k8s.io", "application/json;as=Table", "application/json;as=Chair;v=v1;g=meta.k8s.io",
                             "application/json;stream=log"}) {
    EXPECT_TRUE(negotiate_shape(accept, false).has_error()) << accept;
  }
}

TEST(Negotiation, ExactTypesComeBeforeWildcardsOfTheSameWeight) {
  EXPECT_EQ(negotiate("*/*, application/yaml", false).value(), Media::Yaml);
  EXPECT_EQ(negotiate("application/*, application/yaml", false).value(), Media::Yaml);
  EXPECT_EQ(negotiate("*/*, application/yaml;q=0.9", false).value(), Media::Json);
}

TEST(Negotiation, ReadsPretty) {
  EXPECT_TRUE(negotiate_shape("application/json;pretty=1", false).value().pretty);
  EXPECT_FALSE(negotiate_shape("application/json;pretty=0", false).value().pretty);
}

TEST(Negotiation, EndsWithWordsThatOnlyLookLikeShapes) {
  EXPECT_TRUE(negotiate("text/html;alias=1", false).has_error());
  EXPECT_EQ(negotiate("application/json;alias=1", false).value(), Media::Json);
}

}  // namespace
}  // namespace berth::api
