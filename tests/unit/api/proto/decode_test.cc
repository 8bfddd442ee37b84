#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "api/proto/message.h"
#include "api/proto/proto.h"

namespace berth::proto {
namespace {

using namespace std::string_literals;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

json decoded(std::string_view hex) {
  auto object = decode_object(from_hex(hex));
  if (object.has_error()) return object.error().message;
  return std::move(object.value());
}

std::string failure(const std::string& bytes) {
  const auto object = decode_object(bytes);
  if (object.has_value()) return "no failure";
  EXPECT_EQ(object.error().reason, Reason::BadRequest);
  return object.error().message;
}

std::string field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

// An envelope around `raw`; every length below 128.
std::string object(const std::string& api_version, const std::string& kind, const std::string& raw) {
  return "k8s\0"s + field(1, field(1, api_version) + field(2, kind)) + field(2, raw);
}

// What kubectl 1.36 sent (recorded).
TEST(ProtoDecode, ReadsTheNamespaceOfKubectlCreate) {
  EXPECT_EQ(decoded("6b3873000a0f0a02763112094e616d657370616365121b0a130a0370623112001a0022002a0032003800420012001a020a001a002200"),
            json::parse(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"pb1"},"spec":{},"status":{}})"));
}

TEST(ProtoDecode, ReadsTheReviewsOfKubectlAuth) {
  EXPECT_EQ(decoded("6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365737352657669657712"
                    "540a100a0012001a0022002a0032003800420012360a340a0764656661756c7412066372656174651a0962657274682e64657622002a107465"
                    "7374656e7669726f6e6d656e747332003a001a08080012001a0020001a002200"),
            json::parse(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","metadata":{},
              "spec":{"resourceAttributes":{"namespace":"default","verb":"create","group":"berth.dev","resource":"testenvironments"}}})"));
  EXPECT_EQ(decoded("6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365737352657669657712"
                    "2f0a100a0012001a0022002a00320038004200121112"
                    "0f0a082f6d65747269637312036765741a08080012001a0020001a002200"),
            json::parse(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","metadata":{},
              "spec":{"nonResourceAttributes":{"path":"/metrics","verb":"get"}}})"));
  EXPECT_EQ(decoded("6b3873000a310a17617574686f72697a6174696f6e2e6b38732e696f2f7631121653656c665375626a65637452756c65735265766965771223"
                    "0a100a0012001a0022002a0032003800420012090a0764656661756c741a04180022001a002200"),
            json::parse(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","metadata":{},
              "spec":{"namespace":"default"}})"));
  EXPECT_EQ(decoded("6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576696577121a0a100a00"
                    "12001a0022002a0032003800420012060a040a0012001a002200"),
            json::parse(R"({"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview","metadata":{}})"));
}

// What kube-apiserver 1.36 answered (recorded).
TEST(ProtoDecode, ReadsTimesAndMaps) {
  EXPECT_EQ(decoded("6b3873000a0f0a02763112094e616d65737061636512600a520a0370623112001a0022002a2433313962356536322d376530362d346534612d"
                    "623333362d36613530623464656135333932033234313800420808dd9a90d80610005a060a01611201625a060a016312016412001a080a0641"
                    "63746976651a002200"),
            json::parse(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"pb1","uid":"319b5e62-7e06-4e4a-b336-6a50b4dea539",
              "resourceVersion":"241","creationTimestamp":"2026-11-23T09:54:37Z","labels":{"a":"b","c":"d"}},
              "spec":{},"status":{"phase":"Active"}})"));
}

TEST(ProtoDecode, ReadsSecretsConfigMapsAndQuotas) {
  const auto read = [](const char* kind, const std::string& raw) { return decode_object(object("v1", kind, raw)).value(); };
  const auto entry = [](int number, const std::string& key, const std::string& value) {
    return field(number, field(1, key) + field(2, value));
  };
  const std::string metadata = field(1, field(1, "x"));
  EXPECT_EQ(read("Secret", metadata + entry(2, "a", "\xff\0"s) + entry(2, "b", "") + field(3, "Opaque") + entry(4, "c", "d") + "\x28\x01"),
            json::parse(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"data":{"a":"/wA=","b":""},"type":"Opaque",
              "stringData":{"c":"d"},"immutable":true})"));
  EXPECT_EQ(read("ConfigMap", metadata + entry(2, "a", "b") + entry(3, "c", "\xff")),
            json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"b"},"binaryData":{"c":"/w=="}})"));
  EXPECT_EQ(read("ResourceQuota", metadata + field(2, entry(1, "requests.cpu", field(1, "500m"))) + field(3, "")),
            json::parse(R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"x"},"spec":{"hard":{"requests.cpu":"500m"}}})"));
  EXPECT_EQ(failure(object("v1", "Secret", field(2, field(1, "a") + "\x10\x01"))),
            "protobuf: Secret.data: does not have the wire type of its field");
}

// The bytes of the next four are protoc's.
TEST(ProtoDecode, ReadsAnEvent) {
  EXPECT_EQ(decoded("6b3873000a0b0a02763112054576656e7412b2010a1d0a067765622e313712001a0764656661756c7422002a00320038004200123c0a0f5465"
                    "7374456e7669726f6e6d656e74120764656661756c741a03776562220275312a1262657274682e6465762f7631616c706861313201373a001a"
                    "0753746172746564220769742072756e732a0a0a067465737465721200320808dd9a90d80610053a0808de9a90d806100040034a064e6f726d"
                    "616c520b08df9a90d80610959aef3a5a0408021200620072007a001a002200"),
            json::parse(R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"web.17","namespace":"default"},
              "involvedObject":{"kind":"TestEnvironment","namespace":"default","name":"web","uid":"u1","apiVersion":"berth.dev/v1alpha1",
                "resourceVersion":"7"},
              "reason":"Started","message":"it runs","source":{"component":"tester"},
              "firstTimestamp":"2026-11-23T09:54:37Z","lastTimestamp":"2026-11-23T09:54:38Z","count":3,"type":"Normal",
              "eventTime":"2026-11-23T09:54:39.123456Z","series":{"count":2}})"));
}

TEST(ProtoDecode, ReadsOwnersFinalizersAndManagedFields) {
  EXPECT_EQ(decoded("6b3873000a0f0a02763112094e616d65737061636512c4010a9d010a0161380250005a060a01781201315a050a0179120062060a016b120176"
                    "6a190a094e616d6573706163651a016f2201752a02763130003801720b62657274682e6465762f61720b62657274682e6465762f628a01470a"
                    "016d12065570646174651a027631220808dd9a90d806100032084669656c647356313a200a1e7b22663a6d65746164617461223a7b22663a6c"
                    "6162656c73223a7b7d7d7d42001a220a0641637469766512180a0143120454727565220808dd9a90d80610002a015232001a002200"),
            json::parse(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","generation":2,"deletionGracePeriodSeconds":0,
              "labels":{"x":"1","y":""},"annotations":{"k":"v"},
              "ownerReferences":[{"apiVersion":"v1","kind":"Namespace","name":"o","uid":"u","controller":false,"blockOwnerDeletion":true}],
              "finalizers":["berth.dev/a","berth.dev/b"],
              "managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2026-11-23T09:54:37Z","fieldsType":"FieldsV1",
                "fieldsV1":{"f:metadata":{"f:labels":{}}}}]},
              "status":{"phase":"Active","conditions":[{"type":"C","status":"True","lastTransitionTime":"2026-11-23T09:54:37Z",
                "reason":"R"}]}})"));
}

TEST(ProtoDecode, KeepsTheZeroOfWhatIsAPointerInGo) {
  EXPECT_EQ(decoded("6b3873000a1f0a16636f6f7264696e6174696f6e2e6b38732e696f2f763112054c6561736512220a030a016c121b0a00100f1a0808df9a90d8"
                    "061000220908e09a90d80610e80728001a002200"),
            json::parse(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},
              "spec":{"holderIdentity":"","leaseDurationSeconds":15,"acquireTime":"2026-11-23T09:54:39.000000Z",
                "renewTime":"2026-11-23T09:54:40.000001Z","leaseTransitions":0}})"));
}

TEST(ProtoDecode, ReadsDeleteOptionsOfEveryGroup) {
  const std::string raw = from_hex("080012030a0175220a4261636b67726f756e642a03416c6c");
  for (const auto* group : {"v1", "coordination.k8s.io/v1", "meta.k8s.io/v1"}) {
    EXPECT_EQ(decode_object(object(group, "DeleteOptions", raw)).value(),
              json({{"apiVersion", group},
                    {"kind", "DeleteOptions"},
                    {"gracePeriodSeconds", 0},
                    {"preconditions", {{"uid", "u"}}},
                    {"propagationPolicy", "Background"},
                    {"dryRun", json::array({"All"})}}));
  }
}

TEST(ProtoDecode, SkipsWhatItDoesNotKnow) {
  // Fields 20 to 23 of the wire types varint, 64 bits, bytes and 32 bits.
  const auto unknown = "\xa0\x01\x05\xa9\x01" "12345678" "\xb2\x01\x02zz\xbd\x01" "1234"s;
  const auto bytes = "k8s\0"s + field(1, field(1, "v1") + field(2, "Namespace") + unknown) + unknown +
                     field(2, unknown + field(1, unknown + field(1, "n"))) + unknown;
  EXPECT_EQ(decode_object(bytes).value(), json::parse(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}})"));
}

TEST(ProtoDecode, TakesTheLastOfAFieldAndMergesMessages) {
  const auto first = field(1, field(1, "a") + field(3, "x"));
  const auto second = field(1, field(1, "b") + field(3, ""));
  EXPECT_EQ(decode_object(object("v1", "Namespace", first + second)).value()["metadata"], json({{"name", "b"}}));
}

TEST(ProtoDecode, SaysWhatIsWrongWithTheEnvelope) {
  EXPECT_EQ(failure(""), "protobuf: the body does not begin with 6b 38 73 00 (\"k8s\" and a zero byte)");
  EXPECT_EQ(failure("xx"), failure(""));
  EXPECT_EQ(failure(R"({"kind":"Namespace"})"), failure(""));
  EXPECT_EQ(failure("k8s\0"s),
            "protobuf: no kind \"\" of version \"\" is read in this format: send it as application/json");
  EXPECT_EQ(failure(object("v1", "Pod", "")),
            "protobuf: no kind \"Pod\" of version \"v1\" is read in this format: send it as application/json");
  EXPECT_EQ(failure(object("v2", "Namespace", "")),
            "protobuf: no kind \"Namespace\" of version \"v2\" is read in this format: send it as application/json");
  EXPECT_EQ(failure(object("v1", "Namespace", "") + field(3, "gzip")), "protobuf: content encoding \"gzip\" is not read");
  EXPECT_EQ(failure("k8s\0\x0a\x05v1"s), "protobuf: the envelope is broken: end of buffer exception");
  EXPECT_EQ(failure("k8s\0\x08\x05"s), "protobuf: the envelope does not have the wire type of its field");
}

TEST(ProtoDecode, SaysWhichFieldIsBroken) {
  const auto in_metadata = [](const std::string& bytes) { return failure(object("v1", "Namespace", field(1, bytes))); };
  EXPECT_EQ(in_metadata("\x08\x01"), "protobuf: Namespace.metadata.name: does not have the wire type of its field");
  EXPECT_EQ(in_metadata(field(1, "\xff")), "protobuf: Namespace.metadata.name: is not UTF-8");
  EXPECT_EQ(in_metadata(field(11, field(1, "\xff"))), "protobuf: Namespace.metadata.labels: is not UTF-8");
  EXPECT_EQ(in_metadata("\x0a\x7f" "a"), "protobuf: Namespace.metadata.name: end of buffer exception");
  EXPECT_EQ(in_metadata("\x0b"), "protobuf: Namespace.metadata: unknown pbf field type exception");
  EXPECT_EQ(in_metadata(field(8, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
            "protobuf: Namespace.metadata.creationTimestamp: is no time that berth knows");
  EXPECT_EQ(in_metadata(field(8, "\x10\xff\xff\xff\xff\x0f")),
            "protobuf: Namespace.metadata.creationTimestamp: is no time that berth knows");
  const auto fields = in_metadata("\x8a\x01\x05" + field(7, field(1, "{")));
  EXPECT_TRUE(fields.starts_with("protobuf: Namespace.metadata.managedFields.fieldsV1: is not JSON: ")) << fields;
}

TEST(ProtoDecode, HasALimitOnValues) {
  std::string finalizers;
  for (int i = 0; i < 100'001; ++i) finalizers += "\x0a\x00"s;
  const auto spec = decode(*find_kind("v1", "Namespace"), "\x12\xc2\x9a\x0c"s + finalizers);
  ASSERT_TRUE(spec.has_error());
  EXPECT_EQ(spec.error().message, "protobuf: Namespace.spec.finalizers: more than 100000 values in one object");
}

TEST(ProtoDecode, HasALimitOnDepth) {
  const auto* schema = find_openapi("openapi.v2.Schema");
  const auto nested = [schema](int levels) {
    json value = json::object();
    for (int i = 0; i < levels; ++i) {
      json outer;
      outer["all_of"].push_back(std::move(value));
      value = std::move(outer);
    }
    return decode(*schema, encode(*schema, value)).has_value();
  };
  EXPECT_TRUE(nested(100));
  EXPECT_FALSE(nested(101));
}

// A document made by gnostic, which kubectl 1.20 and Argo CD read: nothing is lost on the way to JSON and back.
TEST(ProtoDecode, GivesBackTheBytesOfAnOpenApiDocument) {
  std::ifstream file(BERTH_SOURCE_DIR "/tests/data/proto/openapi_v2.pb", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_EQ(bytes.size(), 1127U);
  const auto document = decode(*find_openapi("openapi.v2.Document"), bytes);
  ASSERT_TRUE(document.has_value()) << document.error().message;
  EXPECT_EQ((*document)["swagger"], "2.0");
  EXPECT_EQ((*document)["definitions"]["additional_properties"][0]["name"], "dev.berth.v1alpha1.TestEnvironment");
  EXPECT_EQ(encode("openapi.v2.Document", *document), bytes);
}

}  // namespace
}  // namespace berth::proto
