#include "crd/compose/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "crd/yaml.h"
#include "tests/unit/crd/compose/corpus.h"

namespace berth::compose {
namespace {

using crd::YamlTree;

bool updates() { return std::getenv("BERTH_UPDATE_EXPECTED") != nullptr; }

std::string at(const std::string& file, crd::Mark mark) {
  return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

// Where a key stands in a file, the keys around it, and all places within its value.
struct Occurrence {
  std::string place;
  std::vector<std::string> outer;
  std::set<std::string> inner;
};

std::vector<std::string> tokens_of(std::string_view path) {
  std::vector<std::string> tokens;
  std::string token;
  bool quoted = false;
  for (std::size_t i = 0; i <= path.size(); ++i) {
    const char c = i < path.size() ? path[i] : '.';
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '.' || c == '[' || c == ']')) {
      if (!token.empty()) tokens.push_back(token);
      token.clear();
      if (c == '[' && i + 1 < path.size() && path[i + 1] == ']') tokens.emplace_back("[]");
    } else {
      token += c;
    }
  }
  return tokens;
}

void inside(const std::string& file, const YamlTree& tree, std::set<std::string>& out) {
  out.insert(at(file, tree.mark));
  for (const auto& key : tree.keys) out.insert(at(file, key.mark));
  for (const auto& item : tree.items) inside(file, item, out);
}

void find(const std::string& file, const YamlTree& tree, std::span<const std::string> tokens, std::vector<std::string>& outer,
          std::vector<Occurrence>& out) {
  if (tokens.front() == "[]") {
    if (tree.kind != YamlTree::Kind::List) return;
    for (const auto& item : tree.items) {
      outer.push_back(at(file, item.mark));
      find(file, item, tokens.subspan(1), outer, out);
      outer.pop_back();
    }
    return;
  }
  for (std::size_t i = 0; i < tree.keys.size(); ++i) {
    if (tokens.front() != "*" && tokens.front() != tree.keys[i].name) continue;
    const std::string place = at(file, tree.keys[i].mark);
    if (tokens.size() == 1) {
      Occurrence& found = out.emplace_back(Occurrence{place, outer, {}});
      inside(file, tree.items[i], found.inner);
    } else {
      outer.push_back(place);
      find(file, tree.items[i], tokens.subspan(1), outer, out);
      outer.pop_back();
    }
  }
}

struct ConvertedCase {
  std::vector<std::pair<std::string, YamlTree>> trees;       // by file
  std::vector<std::pair<std::string, std::string>> notices;  // place, text
  std::vector<json> manifests;
};

const ConvertedCase& converted(const std::string& name) {
  static std::map<std::string, ConvertedCase> cases;
  const auto known = cases.find(name);
  if (known != cases.end()) return known->second;
  ConvertedCase& out = cases[name];
  const auto opened = open_case(name);
  for (const auto& entry : fs::recursive_directory_iterator(opened->files.root)) {
    const auto path = fs::relative(entry.path(), opened->files.root).string();
    if (entry.path().extension() != ".yaml" || path == "expected.yaml") continue;
    const auto trees = crd::parse_yaml_trees(read_text(entry.path()), path);
    if (!trees.has_value()) continue;
    for (const auto& tree : trees.value()) out.trees.emplace_back(path, tree);
  }
  const auto conversion = convert(opened->request);
  if (!conversion.has_value()) return out;
  for (const auto& line : conversion.value().notices) {
    const auto end = line.find(": ");
    out.notices.emplace_back(line.substr(0, end), line.substr(end + 2));
  }
  out.manifests = conversion.value().manifests;
  return out;
}

bool has_path(const json& value, std::span<const std::string> tokens) {
  if (tokens.empty()) return true;
  if (value.is_array()) {
    const auto rest = tokens.front() == "[]" ? tokens.subspan(1) : tokens;
    return std::any_of(value.begin(), value.end(), [&](const json& each) { return has_path(each, rest); });
  }
  return value.is_object() && value.contains(tokens.front()) && has_path(value[tokens.front()], tokens.subspan(1));
}

// Whether the manifests have the field that a key becomes; of several that are named the first.
bool has_field(const ConvertedCase& project, std::string_view field) {
  field = field.substr(0, field.find(','));
  if (field.empty()) return true;
  for (const json& manifest : project.manifests) {
    if (field == "Secret" && manifest["kind"] == "Secret") return true;
    if (manifest["kind"] != "TestEnvironment") continue;
    const bool whole = field.starts_with("spec.") || field.starts_with("metadata.");
    if (has_path(whole ? manifest : manifest["spec"]["services"], tokens_of(field))) return true;
  }
  return false;
}

// Whether the project shows the outcome that the table promises.
bool shows(const std::string& name, const Key& key) {
  const ConvertedCase& project = converted(name);
  if (project.manifests.empty()) return false;
  const auto tokens = tokens_of(key.path);
  std::vector<Occurrence> found;
  for (const auto& [file, tree] : project.trees) {
    std::vector<std::string> outer;
    find(file, tree, tokens, outer, found);
  }
  return std::any_of(found.begin(), found.end(), [&](const Occurrence& each) {
    bool warned_here = false, warned = false, noted = false, built = false;
    for (const auto& [place, text] : project.notices) {
      const bool around = std::find(each.outer.begin(), each.outer.end(), place) != each.outer.end();
      const bool near = place == each.place || each.inner.contains(place) || around;
      const bool warning = text.starts_with("warning: ");
      warned_here = warned_here || (warning && place == each.place && text.find("berthd must be started") == std::string::npos);
      warned = warned || (warning && near);
      noted = noted || (!warning && near);
      built = built || (near && text.find("docker build") != std::string::npos);
    }
    switch (key.outcome) {
      case Outcome::Converted:
        return !warned_here && has_field(project, key.field);
      case Outcome::Build:
        return built;
      case Outcome::Noted:
        return noted;
      case Outcome::Warned:
        return warned;
      case Outcome::Ignored:
        return !warned_here;
    }
    return false;
  });
}

fs::path checklist() { return corpus_root() / "keys.txt"; }

// For each key of the specification, the project of the corpus that shows what becomes of it.
TEST(ComposeKeys, EachIsShownByTheCorpus) {
  if (updates()) {
    std::ofstream out(checklist());
    for (const Key& key : keys()) {
      for (const auto& name : corpus_cases()) {
        if (!shows(name, key)) continue;
        out << key.path << " " << name << "\n";
        break;
      }
    }
  }
  std::map<std::string, std::string> listed;
  for (const auto& line : read_lines(checklist())) listed[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  for (const Key& key : keys()) {
    const auto found = listed.find(std::string(key.path));
    if (found == listed.end()) {
      ADD_FAILURE() << key.path << " is shown by no project";
      continue;
    }
    EXPECT_TRUE(shows(found->second, key)) << key.path << " is not " << outcome_name(key.outcome) << " in " << found->second;
    listed.erase(found);
  }
  for (const auto& [path, name] : listed) ADD_FAILURE() << path << " is in the list, and no key";
}

std::string table() {
  std::string out = "| compose | | berth | remark |\n|---|---|---|---|\n";
  for (const Key& key : keys()) {
    std::string_view remark = key.remark;
    if (remark.starts_with('!')) remark.remove_prefix(1);
    out += "| `" + std::string(key.path) + "` | " + std::string(outcome_name(key.outcome)) + " | " +
           (key.field.empty() ? "" : "`" + std::string(key.field) + "`") + " | " + std::string(remark) + " |\n";
  }
  return out;
}

TEST(ComposeKeys, AreTheTableOfTheDocumentation) {
  const auto path = fs::path(BERTH_SOURCE_DIR) / "docs/compose.md";
  std::string text = read_text(path);
  const auto start = text.find("| compose | | berth | remark |");
  ASSERT_NE(start, std::string::npos);
  if (updates()) std::ofstream(path) << text.substr(0, start) << table();
  EXPECT_EQ(read_text(path).substr(start), table());
}

}  // namespace
}  // namespace berth::compose
