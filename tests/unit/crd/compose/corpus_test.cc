#include "tests/unit/crd/compose/corpus.h"

#include <gtest/gtest.h>

#include "crd/schema.h"
#include "crd/scheme.h"
#include "crd/yaml.h"

namespace berth::compose {
namespace {

// What was said as comments, then the manifests: a file that can be applied.
std::string shown(const Result<Conversion>& converted) {
  std::string out;
  if (!converted.has_value()) {
    std::istringstream lines(converted.error().message);
    for (std::string line; std::getline(lines, line);) out += "# refused: " + line + "\n";
    return out;
  }
  for (const auto& notice : converted.value().notices) out += "# " + notice + "\n";
  for (const auto& manifest : converted.value().manifests) out += "---\n" + crd::to_yaml(manifest);
  return out;
}

// With BERTH_UPDATE_EXPECTED set the expected files are written instead of compared.
bool updates() { return std::getenv("BERTH_UPDATE_EXPECTED") != nullptr; }

class Corpus : public testing::TestWithParam<std::string> {};

TEST_P(Corpus, BecomesWhatIsExpected) {
  const auto opened = open_case(GetParam());
  const auto converted = convert(opened->request);
  EXPECT_EQ(converted.has_value(), !GetParam().starts_with("refused-"));
  const auto path = opened->files.root / "expected.yaml";
  const std::string got = shown(converted);
  if (updates()) {
    std::ofstream(path) << got;
    return;
  }
  EXPECT_EQ(got, read_text(path));
}

// Every line that is told stands in a file, at a line and column.
TEST_P(Corpus, TellsPlaces) {
  const auto opened = open_case(GetParam());
  const auto converted = convert(opened->request);
  std::istringstream refusal(converted.has_value() ? "" : converted.error().message);
  auto lines = converted.has_value() ? converted.value().notices : std::vector<std::string>{};
  for (std::string line; std::getline(refusal, line);) lines.push_back(line);
  for (const auto& line : lines) {
    const auto first = line.find(':'), second = line.find(':', first + 1), third = line.find(':', second + 1);
    ASSERT_NE(third, std::string::npos) << line;
    EXPECT_TRUE(fs::exists(opened->files.root / line.substr(0, first))) << line;
    EXPECT_GE(std::atoi(line.substr(first + 1, second - first - 1).c_str()), 1) << line;
    EXPECT_GE(std::atoi(line.substr(second + 1, third - second - 1).c_str()), 1) << line;
  }
}

// Fields that a conversion writes and this version of the API does not have, or does not support, yet: the one place that knows.
bool comes_later(const std::string& field) {
  constexpr std::string_view kLater[] = {"volumes", "volumeMounts", "lifecycle"};
  return std::any_of(std::begin(kLater), std::end(kLater), [&](std::string_view name) {
    const auto at = field.find(name);
    return at != std::string::npos && at > 0 && (field[at - 1] == '.' || field[at - 1] == '[');
  });
}

std::vector<Cause> problems_of(const json& manifest) {
  static const crd::Scheme kScheme = crd::Scheme::builtin({.privileged = true, .devices = {"/dev"}, .gpus = true});
  const auto* kind =
      kScheme.find_kind(crd::parse_api_version(manifest["apiVersion"].get<std::string>(), manifest["kind"].get<std::string>()));
  if (kind == nullptr) return {{"NotFound", "no such kind", "kind"}};
  json object = manifest;
  std::vector<Cause> causes;
  for (const auto& path : crd::prune(kind->schema, object)) causes.push_back({"Unknown", "unknown field", path});
  crd::apply_defaults(kind->schema, object);
  for (Cause& cause : crd::validate(kind->schema, object)) causes.push_back(std::move(cause));
  std::erase_if(causes, [](const Cause& cause) { return comes_later(cause.field); });
  if (causes.empty() && kind->rules) causes = kind->rules(object, nullptr);
  std::erase_if(causes, [](const Cause& cause) { return comes_later(cause.field); });
  return causes;
}

TEST_P(Corpus, IsTakenByTheServer) {
  const auto converted = convert(open_case(GetParam())->request);
  if (!converted.has_value()) return;
  for (const auto& manifest : converted.value().manifests) {
    for (const auto& cause : problems_of(manifest)) ADD_FAILURE() << cause.field << ": " << cause.message;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, testing::ValuesIn(corpus_cases()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(ComposeCorpus, HasFortyProjects) { EXPECT_GE(corpus_cases().size(), 40u); }

}  // namespace
}  // namespace berth::compose
