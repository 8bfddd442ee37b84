#include "crd/compose/context.h"
#include "crd/compose/units.h"
#include "crd/shell_quote.h"

namespace berth::compose {
namespace {

// A docker build command line, word by word.
class BuildLine {
 public:
  BuildLine(Context& context, const Node& build, const std::string& image)
      : context_(context), build_(build), line_("docker build -t " + crd::shell_quote(image)) {}

  std::string write() {
    dockerfile();
    const std::pair<const char*, const char*> kTexts[] = {{"target", "--target"},         {"network", "--network"},
                                                          {"isolation", "--isolation"},   {"shm_size", "--shm-size"},
                                                          {"provenance", "--provenance"}, {"sbom", "--sbom"}};
    for (const auto& [key, flag] : kTexts) {
      if (const auto text = text_of(build_, key); !text.empty()) add(flag, text);
    }
    if (flag_of(build_, "no_cache")) line_ += " --no-cache";
    if (flag_of(build_, "pull")) line_ += " --pull";
    if (flag_of(build_, "privileged")) line_ += " --allow security.insecure";
    const std::pair<const char*, const char*> kLists[] = {{"tags", "--tag"},
                                                          {"cache_from", "--cache-from"},
                                                          {"cache_to", "--cache-to"},
                                                          {"entitlements", "--allow"},
                                                          {"no_cache_filter", "--no-cache-filter"}};
    for (const auto& [key, flag] : kLists) {
      for (const auto& text : texts(key)) add(flag, text);
    }
    if (const auto platforms = texts("platforms"); !platforms.empty()) {
      std::string joined;
      for (const auto& each : platforms) joined += (joined.empty() ? "" : ",") + each;
      add("--platform", joined);
    }
    pairs("args", "--build-arg");
    pairs("labels", "--label");
    pairs("additional_contexts", "--build-context");
    ssh();
    hosts();
    ulimits();
    secrets();
    line_ += " " + crd::shell_quote(context());
    return inline_ ? inline_text_ + line_ : line_;
  }

 private:
  void add(std::string_view flag, const std::string& value) { line_ += " " + std::string(flag) + " " + crd::shell_quote(value); }

  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> out;
    const Node* node = build_.find(key);
    if (!node) return out;
    if (node->is_scalar()) return {node->text};
    for (const Node& item : node->items) out.push_back(item.text);
    return out;
  }

  std::string context() const {
    const Node* context = build_.find("context");
    if (!context) return context_.directory(build_.place);
    return path(*context, context_.directory(context->place));
  }

  static std::string path(const Node& node, const std::string& directory) {
    const bool remote = node.text.find("://") != std::string::npos || node.text.starts_with("git@");
    return remote ? node.text : join_path(directory, node.text);
  }

  // As printf %b reads it back.
  static std::string one_line(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\\') {
        out += "\\\\";
      } else {
        out += c;
      }
    }
    return out;
  }

  void dockerfile() {
    if (const Node* text = build_.find("dockerfile_inline")) {
      inline_ = true;
      inline_text_ = "printf %b " + crd::shell_quote(one_line(text->text)) + " | ";
      line_ += " -f -";
    } else if (const Node* file = build_.find("dockerfile")) {
      add("-f", path(*file, context()));
    }
  }

  void pairs(std::string_view key, std::string_view flag) {
    const Node* map = build_.find(key);
    if (!map) return;
    for (const Member& member : map->members) {
      std::string value = member.value.text;
      if (member.value.is_null()) {
        const auto known = context_.variable(member.place)(member.name);
        if (!known) continue;
        value = *known;
      }
      if (key == "additional_contexts") {
        if (value.find(":") == std::string::npos) value = join_path(context_.directory(member.place), value);
        if (value.starts_with("service:")) value = "docker-image://" + context_.project.name + "-" + value.substr(8);
      }
      add(flag, member.name + "=" + value);
    }
  }

  void ssh() {
    const Node* node = build_.find("ssh");
    if (!node) return;
    if (node->is_map()) return pairs("ssh", "--ssh");
    for (const auto& text : texts("ssh")) add("--ssh", text);
  }

  void hosts() {
    const Node* map = build_.find("extra_hosts");
    if (!map) return;
    for (const Member& member : map->members) {
      for (const Node& address : member.value.items) add("--add-host", member.name + "=" + address.text);
    }
  }

  void ulimits() {
    const Node* map = build_.find("ulimits");
    if (!map) return;
    for (const Member& member : map->members) {
      const std::string value =
          member.value.is_map() ? text_of(member.value, "soft") + ":" + text_of(member.value, "hard") : member.value.text;
      add("--ulimit", member.name + "=" + value);
    }
  }

  void secrets() {
    const Node* list = build_.find("secrets");
    if (!list) return;
    for (const Node& item : list->items) {
      const std::string source = item.is_map() ? text_of(item, "source") : item.text;
      const std::string id = item.is_map() && !text_of(item, "target").empty() ? text_of(item, "target") : source;
      const Node* secret = context_.project.root.at({"secrets", source});
      if (!secret) {
        context_.report.error(item.place, "there is no secret \"" + source + "\"");
        continue;
      }
      const Node* file = secret->find("file");
      const std::string variable = text_of(*secret, "environment");
      add("--secret", "id=" + id + (file ? ",src=" + join_path(context_.directory(file->place), file->text) : ",env=" + variable));
    }
  }

  Context& context_;
  const Node& build_;
  std::string line_;
  bool inline_ = false;
  std::string inline_text_;
};

}  // namespace

void tell_build(Context& context, const ServiceDraft& draft, const std::string& image) {
  const Node* build = draft.node->find("build");
  if (!build || !build->is_map()) return;
  context.report.warn(place_of(*draft.node, "build"),
                      "image \"" + image + "\" is not built by berth; build it on the host: " + BuildLine(context, *build, image).write());
}

}  // namespace berth::compose
