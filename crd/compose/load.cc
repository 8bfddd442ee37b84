#include "crd/compose/load.h"

#include "crd/compose/dotenv.h"
#include "crd/compose/forms.h"
#include "crd/compose/keys.h"
#include "crd/compose/merge.h"
#include "crd/compose/units.h"

namespace berth::compose {
namespace {

constexpr std::size_t kMostFiles = 200;
constexpr std::size_t kMostText = 32 << 20;     // of all values after interpolation
constexpr std::size_t kMostValues = 1'000'000;  // that merging copies
constexpr std::size_t kLongestChain = 50;       // of includes, of extends

using Variables = std::map<std::string, std::string, std::less<>>;

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

// Where relative paths start, and what ${NAME} is.
struct Scope {
  std::string directory;
  std::shared_ptr<const Lookup> variable;
};

struct ParsedFile {
  std::string path;
  std::vector<crd::YamlTree> documents;
};

class Loader {
 public:
  Loader(const LoadRequest& request, Report& report, Project& project) : request_(request), report_(report), project_(project) {}

  bool load() {
    if (request_.files.empty()) return fail({}, "no compose file is given");
    const std::string& first = request_.files.front();
    project_.directory = first == "-" ? "." : directory_of(first);
    Scope scope{project_.directory, nullptr};
    const auto own = std::make_shared<Variables>();
    auto env_files = request_.env_files;
    const std::string beside = join_path(project_.directory, ".env");
    if (env_files.empty() && request_.access.kind(beside) == FileKind::File) env_files.push_back(beside);
    for (const auto& path : env_files) {
      if (!read_variables(path, {}, request_.variable, *own)) return false;
    }
    const Lookup base = layered(request_.variable, own);
    std::vector<ParsedFile> parsed;
    for (const auto& path : request_.files) {
      auto file = parse(path, {});
      if (!file) return false;
      parsed.push_back(std::move(*file));
    }
    if (!find_name(parsed, base)) return false;
    const Lookup named = [base, name = project_.name](std::string_view variable) -> std::optional<std::string> {
      if (variable == "COMPOSE_PROJECT_NAME") return name;
      return base(variable);
    };
    scope.variable = std::make_shared<const Lookup>(named);
    for (auto& file : parsed) {
      if (!add(project_.root, std::move(file), scope, {})) return false;
    }
    drop_resets(project_.root);
    make_unique(project_.root);
    select_profiles(named);
    return !report_.failed();
  }

 private:
  bool fail(Place place, std::string what) {
    report_.error(place, std::move(what));
    return false;
  }

  // `outer` first.
  static Lookup layered(Lookup outer, std::shared_ptr<const Variables> inner) {
    return [outer = std::move(outer), inner = std::move(inner)](std::string_view name) -> std::optional<std::string> {
      if (auto value = outer(name)) return value;
      const auto found = inner->find(name);
      if (found == inner->end()) return std::nullopt;
      return found->second;
    };
  }

  bool read_variables(const std::string& path, Place place, const Lookup& outer, Variables& out) {
    const auto text = request_.access.read(path);
    if (!text.has_value()) return fail(place, text.error().message);
    const auto assignments = parse_dotenv(text.value(), path, outer);
    if (!assignments.has_value()) return fail({}, assignments.error().message);
    for (const auto& assignment : assignments.value()) {
      if (assignment.value) out[assignment.name] = *assignment.value;
    }
    return true;
  }

  std::optional<ParsedFile> parse(const std::string& path, Place place) {
    if (++files_ > kMostFiles) {
      fail(place, "more than " + std::to_string(kMostFiles) + " files");
      return std::nullopt;
    }
    const auto text = request_.access.read(path);
    if (!text.has_value()) {
      fail(place, text.error().message);
      return std::nullopt;
    }
    const std::string shown = path == "-" ? "<stdin>" : path;
    auto trees = crd::parse_yaml_trees(text.value(), shown);
    if (!trees.has_value()) {
      fail({}, trees.error().message);
      return std::nullopt;
    }
    for (const auto& tree : trees.value()) {
      if (tree.kind == crd::YamlTree::Kind::Map) continue;
      fail({}, shown + ":" + std::to_string(tree.mark.line) + ":" + std::to_string(tree.mark.column) +
                   ": a map of services, networks and so on is expected");
      return std::nullopt;
    }
    return ParsedFile{path, std::move(trees).value()};
  }

  bool find_name(const std::vector<ParsedFile>& files, const Lookup& variable) {
    std::string name = request_.project_name;
    if (name.empty()) name = variable("COMPOSE_PROJECT_NAME").value_or("");
    if (name.empty()) {
      for (const auto& file : files) {
        for (const auto& document : file.documents) {
          for (std::size_t i = 0; i < document.keys.size(); ++i) {
            const auto& value = document.items[i].scalar;
            if (document.keys[i].name != "name" || !value.is_string()) continue;
            const auto expanded = interpolate(value.get<std::string>(), variable);
            if (expanded.has_value()) name = expanded.value().text;
          }
        }
      }
    }
    if (name.empty()) {
      const auto directory = join_path(request_.working_directory, project_.directory);
      name = directory.substr(directory.rfind('/') + 1);
    }
    std::string clean;
    for (const char c : name) {
      const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const bool fits =
          (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || ((small == '_' || small == '-') && !clean.empty());
      if (fits) clean += small;
    }
    if (clean.empty()) return fail({}, "the project needs a name: --project-name, or `name` in the file");
    project_.name = clean;
    return true;
  }

  // Puts a file, with what it extends and includes, upon `model`.
  bool add(Node& model, ParsedFile file, const Scope& scope, std::vector<std::string> chain) {
    const std::string path = file.path;
    chain.push_back(path);
    auto nodes = build(std::move(file), scope);
    if (!nodes) return false;
    for (Node& node : *nodes) {
      if (!extend_all(node, path, scope) || !include_all(node, scope, chain)) return false;
      copied_ += size_of(node);
      if (copied_ > kMostValues) return fail(node.place, "the files together have too many values");
      merge(model, std::move(node), "", report_);
    }
    if (model.is_null()) model.kind = Node::Kind::Map;
    return !report_.failed();
  }

  std::optional<std::vector<Node>> build(ParsedFile file, const Scope& scope) {
    const int index = report_.add_file(file.path == "-" ? "<stdin>" : file.path, scope.directory);
    project_.variables.push_back(*scope.variable);
    std::vector<Node> nodes;
    for (const auto& tree : file.documents) {
      Node node = convert(tree, index, *scope.variable);
      if (report_.failed()) return std::nullopt;
      normalise(node, report_);
      nodes.push_back(std::move(node));
    }
    if (report_.failed()) return std::nullopt;
    return nodes;
  }

  Node convert(const crd::YamlTree& tree, int file, const Lookup& variable) {
    Node node{.place = {file, tree.mark.line, tree.mark.column}};
    if (tree.tag == "!reset") {
      node.tag = Node::Tag::Reset;
      return node;
    }
    if (tree.tag == "!override") {
      node.tag = Node::Tag::Override;
    } else if (!tree.tag.empty()) {
      report_.error(node.place, "the tag " + tree.tag + " is not known here: only !reset and !override are");
      return node;
    }
    if (tree.kind == crd::YamlTree::Kind::List) {
      node.kind = Node::Kind::List;
      node.items.reserve(tree.items.size());
      for (const auto& item : tree.items) node.items.push_back(convert(item, file, variable));
    } else if (tree.kind == crd::YamlTree::Kind::Map) {
      node.kind = Node::Kind::Map;
      node.members.reserve(tree.items.size());
      for (std::size_t i = 0; i < tree.items.size(); ++i) {
        const auto& mark = tree.keys[i].mark;
        node.members.push_back({tree.keys[i].name, {file, mark.line, mark.column}, convert(tree.items[i], file, variable)});
      }
    } else {
      scalar(node, tree.scalar, variable);
    }
    return node;
  }

  void scalar(Node& node, const json& value, const Lookup& variable) {
    if (value.is_null()) return;
    if (!value.is_string()) {
      node.kind = value.is_boolean() ? Node::Kind::Bool : Node::Kind::Number;
      node.text = crd::dump(value);
      return;
    }
    node.kind = Node::Kind::Text;
    const auto& text = value.get_ref<const std::string&>();
    if (text.find('$') == std::string::npos) {
      node.text = text;
    } else {
      auto expanded = interpolate(text, variable);
      if (!expanded.has_value()) return report_.error(node.place, expanded.error().message);
      node.text = std::move(expanded.value().text);
      node.spans = std::move(expanded.value().spans);
      for (const auto& name : expanded.value().unset) {
        report_.loss(node.place, "the variable " + name + " is not set: it is replaced by nothing");
      }
    }
    text_ += node.text.size();
    if (text_ > kMostText) report_.error(node.place, "the values are larger than 32 MiB once their variables are replaced");
  }

  bool extend_all(Node& root, const std::string& path, const Scope& scope) {
    Node* services = mutable_map(root, "services");
    if (!services) return true;
    for (Member& service : services->members) {
      if (!extend(*services, service, path, scope, {})) return false;
    }
    return true;
  }

  static Node* mutable_map(Node& root, std::string_view name) {
    for (Member& member : root.members) {
      if (member.name == name && member.value.is_map()) return &member.value;
    }
    return nullptr;
  }

  // Replaces a service by what it extends with itself upon it.
  bool extend(Node& services, Member& service, const std::string& path, const Scope& scope, std::vector<std::string> chain) {
    const Node* extends = service.value.find("extends");
    if (!extends) return true;
    const Node* target = extends->find("service");
    const Node* file = extends->find("file");
    if (!extends->is_map() || !target || !target->is_scalar() || (file && !file->is_scalar())) {
      return fail(extends->place, "extends needs the name of a service, and may have a file");
    }
    const std::string here = path + " " + service.name;
    const bool loops = std::find(chain.begin(), chain.end(), here) != chain.end();
    chain.push_back(here);
    if (loops) return fail(extends->place, "services extend each other in a circle: " + joined(chain, " -> "));
    if (chain.size() > kLongestChain)
      return fail(extends->place, "more than " + std::to_string(kLongestChain) + " services extend each other");
    Node base;
    if (file) {
      if (!extended_file(*file, *target, scope, chain, base)) return false;
    } else {
      Member* other = member_of(services, target->text);
      if (!other) return fail(target->place, "there is no service \"" + target->text + "\" in " + path);
      if (!extend(services, *other, path, scope, chain)) return false;
      base = other->value;
    }
    copied_ += size_of(base);
    if (copied_ > kMostValues) return fail(extends->place, "the services that are extended have too many values");
    Node own = std::move(service.value);
    own.erase("extends");
    merge(base, std::move(own), "services.*", report_);
    service.value = std::move(base);
    return !report_.failed();
  }

  static Member* member_of(Node& map, const std::string& name) {
    for (Member& member : map.members) {
      if (member.name == name) return &member;
    }
    return nullptr;
  }

  bool extended_file(const Node& file, const Node& target, const Scope& scope, const std::vector<std::string>& chain, Node& base) {
    const std::string path = join_path(scope.directory, file.text);
    const Scope inner{directory_of(path), scope.variable};
    auto& kept = extended_[{path, scope.variable}];
    if (kept.empty()) {
      auto parsed = parse(path, file.place);
      if (!parsed) return false;
      auto nodes = build(std::move(*parsed), inner);
      if (!nodes) return false;
      if (nodes->empty()) return fail(file.place, path + " is empty");
      kept = std::move(*nodes);
    }
    for (Node& node : kept) {
      Node* services = mutable_map(node, "services");
      Member* other = services ? member_of(*services, target.text) : nullptr;
      if (!other) continue;
      if (!extend(*services, *other, path, inner, chain)) return false;
      base = other->value;
      return true;
    }
    return fail(target.place, "there is no service \"" + target.text + "\" in " + path);
  }

  bool include_all(Node& root, const Scope& scope, const std::vector<std::string>& chain) {
    const Node* include = root.find("include");
    if (!include) return true;
    if (!include->is_list()) return fail(include->place, "include: a list is expected here");
    const Node entries = *include;
    root.erase("include");
    for (const Node& entry : entries.items) {
      if (!include_one(root, entry, scope, chain)) return false;
    }
    return true;
  }

  std::optional<std::vector<std::string>> texts(const Node* node) {
    std::vector<std::string> out;
    if (!node) return out;
    if (node->is_scalar()) return std::vector<std::string>{node->text};
    for (const Node& item : node->items) {
      if (!item.is_scalar()) return std::nullopt;
      out.push_back(item.text);
    }
    return out;
  }

  bool include_one(Node& root, const Node& entry, const Scope& scope, const std::vector<std::string>& chain) {
    if (entry.is_map()) {
      for (const Member& member : entry.members) {
        const bool known =
            member.name == "path" || member.name == "env_file" || member.name == "project_directory" || member.name.starts_with("x-");
        if (!known) return fail(member.place, "include: " + member.name + ": unknown key");
      }
    }
    const auto paths = texts(entry.is_map() ? entry.find("path") : &entry);
    auto env_files = texts(entry.is_map() ? entry.find("env_file") : nullptr);
    if (!paths || paths->empty() || !env_files)
      return fail(entry.place, "include: a path is expected, or path, env_file and project_directory");
    std::vector<std::string> resolved;
    for (const auto& path : *paths) {
      if (path.find("://") != std::string::npos || path.starts_with("oci:"))
        return fail(entry.place, path + ": only files can be included");
      resolved.push_back(join_path(scope.directory, path));
    }
    const std::string directory_text = text_of(entry, "project_directory");
    Scope inner{directory_text.empty() ? directory_of(resolved.front()) : join_path(scope.directory, directory_text), nullptr};
    const auto own = std::make_shared<Variables>();
    for (auto& path : *env_files) path = join_path(scope.directory, path);
    const std::string beside = join_path(inner.directory, ".env");
    if (env_files->empty() && request_.access.kind(beside) == FileKind::File) env_files->push_back(beside);
    for (const auto& path : *env_files) {
      if (path != "/dev/null" && !read_variables(path, entry.place, *scope.variable, *own)) return false;
    }
    inner.variable = std::make_shared<const Lookup>(layered(*scope.variable, own));
    Node model;
    for (const auto& path : resolved) {
      if (std::find(chain.begin(), chain.end(), path) != chain.end()) {
        return fail(entry.place, "files include each other in a circle: " + joined(chain, " -> ") + " -> " + path);
      }
      if (chain.size() > kLongestChain)
        return fail(entry.place, "more than " + std::to_string(kLongestChain) + " files include each other");
      auto parsed = parse(path, entry.place);
      if (!parsed || !add(model, std::move(*parsed), inner, chain)) return false;
    }
    return import(root, std::move(model));
  }

  // What an included project has, and this one has not.
  bool import(Node& root, Node model) {
    for (Member& section : model.members) {
      if (section.name == "name" || section.name == "version" || section.name.starts_with("x-") || !section.value.is_map()) continue;
      Node& own = root.member(section.name, section.place);
      if (own.is_null()) own.kind = Node::Kind::Map;
      if (!own.is_map()) return fail(own.place, section.name + ": a map is expected here");
      std::set<std::string, std::less<>> known;
      for (const Member& member : own.members) known.insert(member.name);
      for (Member& member : section.value.members) {
        if (!known.contains(member.name)) {
          own.members.push_back(std::move(member));
          continue;
        }
        const Member* other = own.find_member(member.name);
        if (same(other->value, member.value)) continue;
        return fail(other->place, section.name + "." + member.name + " is in an included file as well: " + report_.show(member.place));
      }
    }
    return true;
  }

  void select_profiles(const Lookup& variable) {
    std::set<std::string> active(request_.profiles.begin(), request_.profiles.end());
    if (active.empty()) {
      const std::string given = variable("COMPOSE_PROFILES").value_or("");
      for (std::size_t start = 0; start < given.size();) {
        const auto comma = std::min(given.find(',', start), given.size());
        if (comma > start) active.insert(given.substr(start, comma - start));
        start = comma + 1;
      }
    }
    Node* services = mutable_map(project_.root, "services");
    if (!services || active.contains("*")) return;
    Node left_out{.kind = Node::Kind::Map};
    std::erase_if(services->members, [&](Member& service) {
      const Node* profiles = service.value.find("profiles");
      if (!profiles || !profiles->is_list() || profiles->items.empty()) return false;
      for (const Node& profile : profiles->items) {
        if (active.contains(profile.text)) return false;
      }
      report_.note(service.place, "service \"" + service.name + "\" is of a profile that is not chosen (--profile " +
                                      profiles->items.front().text + "): left out");
      left_out.members.push_back(std::move(service));
      return true;
    });
    // They are checked all the same, as compose does.
    Node root{.kind = Node::Kind::Map};
    root.members.push_back({"services", services->place, std::move(left_out)});
    check_keys(root, report_, true);
  }

  const LoadRequest& request_;
  Report& report_;
  Project& project_;
  std::size_t files_ = 0;
  std::size_t text_ = 0;
  std::size_t copied_ = 0;
  std::map<std::pair<std::string, std::shared_ptr<const Lookup>>, std::vector<Node>> extended_;  // files that are extended, once each
};

}  // namespace

bool load_project(const LoadRequest& request, Report& report, Project& project) { return Loader(request, report, project).load(); }

}  // namespace berth::compose
