#include <gtest/gtest.h>

#include <fstream>

#include "crd/yaml.h"
#include "tests/unit/api/server/server_fixture.h"

// Writes that were recorded from a Kubernetes API server, sent again: tests/data/writes has a request and what it was answered in each
// line. Where berth differs on purpose, the answer there is berth's: what the recorded server calls an internal error is a bad
// request; a cause is told once; nothing is said about rules in CEL.
namespace berth::api {
namespace {

const std::string kData = BERTH_SOURCE_DIR "/tests/data/writes/";

crd::Scheme recorded_scheme() {
  std::ifstream file(kData + "testenvironments.crd.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  crd::Scheme scheme;
  const auto builtin = crd::Scheme::builtin();
  for (const auto& resource : builtin.resources()) {
    if (resource.gvk.kind != "TestEnvironment") scheme.add(resource);
  }
  auto documents = crd::parse_yaml(text).value();
  scheme.add(crd::parse_custom_resource_definition(documents.front().value).value());
  return scheme;
}

// Keeps which of the recorded versions is which of ours.
class Pairs {
 public:
  bool pair(const std::string& recorded, const std::string& ours) {
    const auto [there, fresh] = ours_.try_emplace(recorded, ours);
    const auto [back, fresh_back] = recorded_.try_emplace(ours, recorded);
    return there->second == ours && back->second == recorded;
  }
  std::string ours(const std::string& recorded) const {
    const auto found = ours_.find(recorded);
    return found == ours_.end() ? recorded : found->second;
  }

 private:
  std::map<std::string, std::string> ours_;
  std::map<std::string, std::string> recorded_;
};

class RecordedWritesTest : public ServerFixture, public testing::WithParamInterface<const char*> {
 public:
  RecordedWritesTest() : recorded(recorded_scheme()), recorded_registry(recorded, *store, clock) {
    ApiServerOptions options;
    recorded_server = std::make_unique<ApiServer>(recorded_registry, clock, api_metrics, operations, options);
    handler = recorded_server->handler();
  }

  // The request with our uids and versions in it.
  std::string translated(const std::string& body) {
    const json before = json::parse(body, nullptr, false);
    json value = before;
    if (value.is_discarded()) return body;
    translate(value);
    return value == before ? body : crd::dump(value);
  }
  void translate(json& value) {
    if (value.is_object()) {
      if (value.value("path", json()) == "/metadata/resourceVersion") value["value"] = versions.ours(value["value"].get<std::string>());
      for (const auto& [key, part] : value.items()) {
        if (key == "resourceVersion" && part.is_string()) {
          part = versions.ours(part.get<std::string>());
        } else {
          translate(part);
        }
      }
    } else if (value.is_array()) {
      for (json& part : value) translate(part);
    } else if (value.is_string() && uids.contains(value.get<std::string>())) {
      value = uids[value.get<std::string>()];
    }
  }

  // An answer as it was recorded, with our uids and versions in their places.
  json expected(json answer, const json& given) {
    if (answer.value("kind", "") == "TestEnvironment" && given.contains("metadata")) {
      uids.try_emplace(answer["metadata"].value("uid", ""), given["metadata"].value("uid", ""));
    }
    translate_text(answer);
    if (answer.value("kind", "") != "TestEnvironment") return answer;
    json& metadata = answer["metadata"];
    if (metadata.contains("resourceVersion") && given.contains("metadata")) {
      const auto ours = given["metadata"].value("resourceVersion", "");
      if (versions.pair(metadata["resourceVersion"].get<std::string>(), ours)) metadata["resourceVersion"] = ours;
    }
    return answer;
  }
  void translate_text(json& answer) {
    auto text = crd::dump(answer);
    for (const auto& [theirs, ours] : uids) {
      if (theirs.empty()) continue;
      for (auto at = text.find(theirs); at != std::string::npos; at = text.find(theirs, at)) text.replace(at, theirs.size(), ours);
    }
    answer = json::parse(text);
  }

  static json by_field(json answer) {
    if (answer.contains("details") && answer["details"].contains("causes") &&
        answer["message"].get<std::string>().find("[") != std::string::npos) {
      auto& causes = answer["details"]["causes"];
      std::sort(causes.begin(), causes.end());
    }
    return answer;
  }

  const crd::Scheme recorded;
  Registry recorded_registry;
  std::unique_ptr<ApiServer> recorded_server;
  Pairs versions;
  std::map<std::string, std::string> uids;
};

TEST_P(RecordedWritesTest, AreAnsweredAsTheyWere) {
  std::ifstream file(kData + GetParam());
  ASSERT_TRUE(file) << GetParam();
  for (std::string line; std::getline(file, line);) {
    const json step = json::parse(line);
    SCOPED_TRACE(step["scenario"].get<std::string>());
    const json answer = step.value("answer", json());
    if (const auto at = base::parse_time(step.value("at", "")); at && *at > clock.system_now()) {
      clock.step_system(*at - clock.system_now());
    }
    http::Headers headers = {{"Content-Type", step["type"].get<std::string>()}};
    if (step.contains("agent")) headers.emplace_back("User-Agent", step["agent"].get<std::string>());
    const auto received = send(step["method"].get<std::string>(), step["target"].get<std::string>(),
                               translated(step["body"].get<std::string>()), headers);
    EXPECT_EQ(received.status, step["code"].get<int>()) << received.body;
    std::vector<std::string> warnings;
    for (const auto& [name, value] : received.headers) {
      if (name == "Warning") warnings.push_back(value);
    }
    EXPECT_EQ(json(warnings), step.value("warnings", json::array()));
    if (answer.is_null()) continue;
    const json given = received.value();
    const json wanted = expected(answer, given);
    EXPECT_EQ(by_field(given), by_field(wanted)) << json::diff(wanted, given).dump();
  }
}

INSTANTIATE_TEST_SUITE_P(Files, RecordedWritesTest,
                         testing::Values("server_side_apply.jsonl", "create_replace_patch.jsonl", "metadata_and_status.jsonl"));

}  // namespace
}  // namespace berth::api
