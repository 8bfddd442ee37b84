#include "crd/compose/context.h"
#include "crd/compose/units.h"
#include "crd/compose/volumes.h"
#include "crd/formats.h"

namespace berth::compose {
namespace {

constexpr std::size_t kLargestFile = 64 << 10;   // that goes into the manifest
constexpr std::size_t kLargestSecret = 1 << 20;  // Kubernetes' own limit

bool is_text(const std::string& content) {
  return content.find('\0') == std::string::npos && crd::dump(json(content)).find("\xef\xbf\xbd") == std::string::npos;
}

std::optional<std::int64_t> octal(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
    if (value > 07777) return std::nullopt;
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

// YAML has read 0440 as a number already; a text is octal.
std::optional<std::int64_t> mode_at(Context& context, const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  if (!node) return std::nullopt;
  const auto mode = node->kind == Node::Kind::Number ? integer(node->text) : octal(node->text);
  if (!mode || *mode < 0 || *mode > 07777)
    context.report.error(node->place, std::string(name) + ": \"" + node->text + "\" are no permission bits, such as 0440");
  return mode;
}

class Mounts {
 public:
  Mounts(Context& context, ServiceDraft& draft) : context_(context), draft_(draft) {}

  void convert() {
    if (const Node* volumes = draft_.node->find("volumes")) {
      for (const Node& item : volumes->items) volume(item);
    }
    if (const Node* tmpfs = draft_.node->find("tmpfs")) {
      for (const Node& item : tmpfs->items) short_tmpfs(item);
    }
    if (const Node* configs = draft_.node->find("configs")) {
      for (const Node& item : configs->items) config(item);
    }
    if (const Node* secrets = draft_.node->find("secrets")) {
      for (const Node& item : secrets->items) secret(item);
    }
  }

 private:
  struct Mount {
    std::string kind = {}, source = {}, target = {}, sub_path = {};
    bool read_only = false;
  };

  // The name in spec.volumes of what is known as `key`; `body` is what it is when it is new.
  std::string volume_name(const std::string& key, const std::string& wanted, const json& body) {
    const auto known = context_.volume_names.find(key);
    if (known != context_.volume_names.end()) return known->second;
    const std::string base = dns_label(wanted).empty() ? "volume" : dns_label(wanted).substr(0, 55);
    std::string name = base;
    for (int n = 2; !context_.taken_volume_names.insert(name).second; ++n) name = base + "-" + std::to_string(n);
    context_.volume_names[key] = name;
    json volume = body;
    volume["name"] = name;
    context_.volumes.push_back(std::move(volume));
    return name;
  }

  void mount(const std::string& name, const Mount& mount) {
    json body = {{"name", name}, {"mountPath", mount.target}};
    if (!mount.sub_path.empty()) body["subPath"] = mount.sub_path;
    if (mount.read_only) body["readOnly"] = true;
    draft_.body["volumeMounts"].push_back(std::move(body));
  }

  void volume(const Node& item) {
    Mount parsed;
    if (item.is_map()) {
      parsed.kind = text_of(item, "type");
      parsed.source = text_of(item, "source");
      parsed.target = text_of(item, "target");
      parsed.read_only = flag_of(item, "read_only");
      if (const Node* sub_path = item.at({"volume", "subpath"})) parsed.sub_path = sub_path->text;
    } else {
      parsed = short_form(item);
    }
    if (!parsed.target.starts_with('/'))
      return context_.report.error(item.place, "a volume needs an absolute path in the container, not \"" + parsed.target + "\"");
    if (parsed.kind == "bind") return bind(item, parsed);
    if (parsed.kind == "tmpfs") return long_tmpfs(item, parsed);
    if (parsed.kind == "volume") return named(item, parsed);
    if (parsed.kind == "image" || parsed.kind == "npipe" || parsed.kind == "cluster") {
      return context_.report.loss(item.place, "volumes of type " + parsed.kind + " are not mounted: dropped");
    }
    context_.report.error(item.place, "the volume type \"" + parsed.kind + "\" is not volume, bind, tmpfs, image, npipe or cluster");
  }

  Mount short_form(const Node& item) {
    const ShortVolume parts = parse_volume(item.text);
    Mount out{.kind = parts.is_bind() ? "bind" : "volume", .source = parts.source, .target = parts.target};
    for (const std::string& option : parts.options) {
      constexpr std::string_view kSilent[] = {"rw", "cached", "delegated", "consistent", "default"};
      if (option == "ro") {
        out.read_only = true;
      } else if (std::find(std::begin(kSilent), std::end(kSilent), option) == std::end(kSilent)) {
        context_.report.loss(item.place, "option \"" + option + "\" of this volume has no equivalent: dropped");
      }
    }
    return out;
  }

  void named(const Node& item, const Mount& parsed) {
    if (parsed.source.empty()) {
      return mount(volume_name(draft_.compose_name + ":" + parsed.target, draft_.name + "-" + parsed.target.substr(1),
                               {{"emptyDir", json::object()}}),
                   parsed);
    }
    const Node* volumes = context_.project.root.find("volumes");
    if (!volumes || !volumes->find_member(parsed.source)) {
      return context_.report.error(item.place, "there is no volume \"" + parsed.source + "\": declare it below volumes");
    }
    mount(volume_name("volume:" + parsed.source, parsed.source, {{"emptyDir", json::object()}}), parsed);
  }

  void bind(const Node& item, const Mount& parsed) {
    if (parsed.source.empty()) return context_.report.error(item.place, "a bind mount needs a source");
    if (parsed.source.starts_with('~')) {
      const auto home = context_.request.load.variable("HOME");
      if (!home) return context_.report.error(item.place, "HOME is not set: " + parsed.source + " cannot be found");
      return host_path(item, parsed, *home + parsed.source.substr(1));
    }
    const std::string path = join_path(context_.directory(item.place), parsed.source);
    const bool inside = is_below(context_.absolute(path), context_.absolute(context_.project.directory));
    if (!inside || context_.request.load.access.kind(path) != FileKind::File) return host_path(item, parsed, context_.absolute(path));
    const auto content = context_.request.load.access.read(path);
    if (!content.has_value()) return context_.report.error(item.place, content.error().message);
    if (content.value().size() > kLargestFile) return host_path(item, parsed, context_.absolute(path));
    context_.report.note(item.place, path + " is copied into the manifest; convert again when it changes");
    file(parsed.target, content.value(), {});
  }

  void host_path(const Node& item, const Mount& parsed, const std::string& path) {
    const bool missing = context_.request.load.access.kind(path) == FileKind::Missing;
    context_.report.warn(item.place, "all runs share " + path + " of the host" + (missing ? ", which is not there" : "") +
                                         "; berthd must be started with --allow-host-paths");
    mount(volume_name("host:" + path, "host-" + path.substr(path.rfind('/') + 1), {{"hostPath", {{"path", path}}}}), parsed);
  }

  void short_tmpfs(const Node& item) {
    const auto colon = item.text.find(':');
    json body = {{"path", item.text.substr(0, colon)}};
    for (std::size_t start = colon; start != std::string::npos;) {
      const auto comma = item.text.find(',', start + 1);
      const std::string option = item.text.substr(start + 1, comma == std::string::npos ? comma : comma - start - 1);
      start = comma;
      const auto size = option.starts_with("size=") ? parse_size(option.substr(5)) : std::nullopt;
      const auto mode = option.starts_with("mode=") ? octal(option.substr(5)) : std::nullopt;
      if (size) {
        body["size"] = quantity(*size);
      } else if (mode) {
        body["mode"] = *mode;
      } else if (option != "rw") {
        context_.report.loss(item.place, "option \"" + option + "\" of this tmpfs has no equivalent: dropped");
      }
    }
    draft_.body["tmpfs"].push_back(std::move(body));
  }

  void long_tmpfs(const Node& item, const Mount& parsed) {
    json body = {{"path", parsed.target}};
    if (const Node* options = item.find("tmpfs")) {
      if (const auto size = size_at(context_, *options, "size")) body["size"] = quantity(*size);
      if (const auto mode = mode_at(context_, *options, "mode")) body["mode"] = *mode;
    }
    draft_.body["tmpfs"].push_back(std::move(body));
  }

  void file(const std::string& target, const std::string& content, const json& more) {
    json body = more.is_object() ? more : json::object();
    body["path"] = target;
    if (is_text(content)) {
      body["content"] = content;
    } else {
      body["base64"] = crd::encode_base64(content);
    }
    draft_.body["files"].push_back(std::move(body));
  }

  // The definition of a config or secret; null after an error.
  const Node* definition(const Node& item, const char* section, const std::string& source) {
    const Node* known = context_.project.root.at({section, source});
    if (!known) context_.report.error(item.place, std::string("there is no \"") + source + "\" below " + section);
    return known;
  }

  static std::string source_of(const Node& item) { return item.is_map() ? text_of(item, "source") : item.text; }

  static std::string target_of(const Node& item, const std::string& source, const std::string& directory) {
    const std::string target = text_of(item, "target").empty() ? source : text_of(item, "target");
    return target.starts_with('/') ? target : directory + target;
  }

  static bool is_external(const Node& definition) {
    const Node* external = definition.find("external");
    return external && (external->is_map() || flag_of(definition, "external"));
  }

  static std::string external_name(const Node& definition, const std::string& source) {
    if (const Node* name = definition.at({"external", "name"})) return name->text;
    const std::string name = text_of(definition, "name");
    return name.empty() ? source : name;
  }

  std::optional<std::string> content_of(const Node& definition, const std::string& source) {
    if (const Node* content = definition.find("content")) return content->text;
    if (const Node* variable = definition.find("environment")) {
      auto value = context_.variable(variable->place)(variable->text);
      if (!value) context_.report.error(variable->place, "the variable " + variable->text + " is not set");
      return value;
    }
    const Node* path = definition.find("file");
    if (!path) {
      context_.report.error(definition.place, "\"" + source + "\" needs a file, a variable, content, or to be external");
      return std::nullopt;
    }
    const auto content = context_.request.load.access.read(join_path(context_.directory(path->place), path->text));
    if (!content.has_value()) {
      context_.report.error(path->place, content.error().message);
      return std::nullopt;
    }
    if (content.value().size() > kLargestSecret) {
      context_.report.error(path->place, path->text + " is larger than 1 MiB");
      return std::nullopt;
    }
    return content.value();
  }

  void config(const Node& item) {
    const std::string source = source_of(item), target = target_of(item, source, "/");
    const Node* known = definition(item, "configs", source);
    if (!known) return;
    const auto mode = mode_at(context_, item, "mode");
    if (is_external(*known)) {
      const std::string name = external_name(*known, source);
      json body = {{"configMap", {{"name", name}}}};
      if (mode) body["configMap"]["defaultMode"] = *mode;
      context_.report.warn(item.place, "the ConfigMap \"" + name + "\" with the key \"" + source + "\" must be there");
      return mount(volume_name("config:" + source + ":" + std::to_string(mode.value_or(-1)), "config-" + source, body),
                   {.target = target, .sub_path = source, .read_only = true});
    }
    const auto content = content_of(*known, source);
    if (!content) return;
    json more = {{"mode", mode.value_or(0444) & 0777}};
    const std::string uid = text_of(item, "uid"), gid = text_of(item, "gid");
    if (!uid.empty() || !gid.empty()) more["owner"] = (uid.empty() ? "0" : uid) + ":" + (gid.empty() ? "0" : gid);
    file(target, *content, more);
  }

  void secret(const Node& item) {
    const std::string source = source_of(item), target = target_of(item, source, "/run/secrets/");
    const Node* known = definition(item, "secrets", source);
    if (!known) return;
    const auto mode = mode_at(context_, item, "mode");
    std::string name = dns_label(context_.project.name + "-" + source);
    if (is_external(*known)) {
      name = external_name(*known, source);
      context_.report.warn(item.place, "the Secret \"" + name + "\" with the key \"" + source + "\" must be there");
    } else if (!made_already(name)) {
      const auto content = content_of(*known, source);
      if (!content) return;
      json metadata = {{"name", name}};
      if (!context_.request.ns.empty()) metadata["namespace"] = context_.request.ns;
      context_.secrets.push_back(
          {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", metadata}, {"data", {{source, crd::encode_base64(*content)}}}});
    }
    json body = {{"secret", {{"secretName", name}}}};
    if (mode) body["secret"]["defaultMode"] = *mode & 0777;
    mount(volume_name("secret:" + source + ":" + std::to_string(mode.value_or(-1)), "secret-" + source, body),
          {.target = target, .sub_path = source, .read_only = true});
  }

  bool made_already(const std::string& name) const {
    return std::any_of(context_.secrets.begin(), context_.secrets.end(),
                       [&](const json& each) { return each["metadata"]["name"] == name; });
  }

  Context& context_;
  ServiceDraft& draft_;
};

}  // namespace

void convert_mounts(Context& context, ServiceDraft& draft) { Mounts(context, draft).convert(); }

void convert_volumes_from(Context& context) {
  for (ServiceDraft& draft : context.services) {
    const Node* list = draft.node->find("volumes_from");
    if (!list) continue;
    for (const Node& item : list->items) {
      if (item.text.starts_with("container:")) {
        context.report.loss(item.place,
                            "volumes_from \"" + item.text + "\": containers from outside the environment lend no volumes: dropped");
        continue;
      }
      const std::string name = item.text.substr(0, item.text.find(':'));
      const bool read_only = item.text.ends_with(":ro");
      const ServiceDraft* other = context.find(name);
      if (!other) {
        context.report.error(item.place, "there is no service \"" + name + "\"");
        continue;
      }
      draft.dependencies.push_back({name, "Started", item.place});
      if (!other->body.contains("volumeMounts")) continue;
      const json mounts = other->body["volumeMounts"];
      for (json mount : mounts) {
        if (read_only) mount["readOnly"] = true;
        draft.body["volumeMounts"].push_back(std::move(mount));
      }
    }
  }
}

}  // namespace berth::compose
