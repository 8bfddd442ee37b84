#include "crd/formats.h"
#include "crd/pattern.h"
#include "crd/quantity.h"
#include "crd/rule.h"

namespace berth::crd {
namespace {

constexpr std::int64_t kLeastMemory = 6 << 20;       // the engine's
constexpr std::int64_t kLeastCpuNanos = 10'000'000;  // the engine's; below it a start fails

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

void check_images(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const std::string image = text_field(service, "image");
    if (is_image_reference(image)) return;
    context.add(
        cause::invalid(child(path, "image"), image,
                       "must be an image like postgres:16 or registry.example:5000/team/api@sha256:...; the "
                       "part before the tag is in lower case"));
  });
}

void check_texts(RuleContext& context) {
  constexpr std::string_view kWhat = "must not contain a NUL byte";
  for_each_service(context, [&](const json& service, const std::string& path) {
    for (const char* key : {"command", "args"}) {
      for_each(service, path, key, [&](const json& word, const std::string& word_path) {
        if (has_nul(word.get<std::string>())) context.add(cause::invalid(word_path, word, kWhat));
      });
    }
    for_each(service, path, "env", [&](const json& env, const std::string& env_path) {
      if (has_nul(text_field(env, "value")))
        context.add(cause::invalid(child(env_path, "value"), env["value"], kWhat));
    });
    const auto check_program = [&](const json& owner, const std::string& owner_path) {
      const json* command = field(owner, "command");
      if (command && !command->empty() && command->front() == "") {
        context.add(cause::invalid(item(child(owner_path, "command"), 0), "", "must name a program"));
      }
    };
    check_program(service, path);
    const json* probe = field(service, "readinessProbe");
    const json* exec = probe ? field(*probe, "exec") : nullptr;
    if (!exec) return;
    const std::string exec_path = child(child(path, "readinessProbe"), "exec");
    check_program(*exec, exec_path);
    for_each(*exec, exec_path, "command", [&](const json& word, const std::string& word_path) {
      if (has_nul(word.get<std::string>())) context.add(cause::invalid(word_path, word, kWhat));
    });
  });
}

void check_working_directories(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const std::string directory = text_field(service, "workingDir");
    if (directory.empty() || (directory[0] == '/' && !has_nul(directory))) return;
    context.add(cause::invalid(child(path, "workingDir"), directory, "must be an absolute path"));
  });
}

void check_file_paths(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    std::set<std::string> files;
    for_each(service, path, "files",
             [&](const json& file, const std::string&) { files.insert(text_field(file, "path")); });
    for_each(service, path, "files", [&](const json& file, const std::string& file_path) {
      const std::string name = text_field(file, "path");
      if (!is_clean_path(name)) {
        return context.add(
            cause::invalid(child(file_path, "path"), name,
                           "must be an absolute path of a file without '.', '..' or '//', e.g. "
                           "/etc/api/config.yaml"));
      }
      const auto below = files.lower_bound(name + "/");
      if (below != files.end() && below->starts_with(name + "/")) {
        context.add(cause::invalid(child(file_path, "path"), name,
                                   "cannot be a file and the directory of " + *below));
      }
    });
  });
}

void check_file_contents(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "files", [&](const json& file, const std::string& file_path) {
      const json* content = field(file, "content");
      const json* base64 = field(file, "base64");
      if (content && base64) {
        context.add(cause::forbidden(child(file_path, "base64"), "may not be set together with content"));
      } else if (!content && !base64) {
        context.add(cause::required(child(file_path, "content"),
                                    "content or base64 (content: \"\" for an empty file)"));
      } else if (base64 && !decode_base64(base64->get_ref<const std::string&>())) {
        context.add(cause::invalid(child(file_path, "base64"), *base64,
                                   "must be base64 of the standard alphabet, padded with '='"));
      }
    });
  });
}

void check_file_modes(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "files", [&](const json& file, const std::string& file_path) {
      if (const json* mode = field(file, "mode"); mode && (*mode < 0 || *mode > 0777)) {
        context.add(cause::invalid(
            child(file_path, "mode"), *mode,
            "must be from 0 to 0777 (511): in YAML write it in octal with a leading zero, e.g. 0644"));
      }
      const json* owner = field(file, "owner");
      if (owner && !parse_owner(owner->is_string() ? owner->get<std::string>() : dump(*owner))) {
        context.add(cause::invalid(child(file_path, "owner"), *owner,
                                   "must be a user by number, \"1000\", or with a group, \"1000:1000\""));
      }
    });
  });
}

// The quantity of `key`, with a cause for text that is none.
std::optional<std::int64_t> quantity(RuleContext& context, const json& resources, const std::string& path,
                                     const char* list, const char* key) {
  const json* values = field(resources, list);
  const json* value = values ? field(*values, key) : nullptr;
  if (!value) return std::nullopt;
  const std::string text = value->is_string() ? value->get<std::string>() : dump(*value);
  const bool cpu = std::string_view(key) == "cpu";
  const auto parsed = cpu ? parse_cpu(text) : parse_bytes(text);
  if (parsed) return parsed;
  context.add(
      cause::invalid(child(child(path, list), key), *value,
                     cpu ? "must be CPUs like 1, 500m or \"0.5\"" : "must be bytes like 256Mi or 1G"));
  return std::nullopt;
}

void check_resources(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& service_path) {
    const json* resources = field(service, "resources");
    if (!resources) return;
    const std::string path = child(service_path, "resources");
    for (const char* key : {"cpu", "memory"}) {
      const auto request = quantity(context, *resources, path, "requests", key);
      const auto limit = quantity(context, *resources, path, "limits", key);
      const std::string limit_path = child(child(path, "limits"), key);
      const bool cpu = std::string_view(key) == "cpu";
      if (limit && *limit < (cpu ? kLeastCpuNanos : kLeastMemory)) {
        context.add(cause::invalid(limit_path, (*field(*resources, "limits"))[key],
                                   cpu ? "must be at least 10m, the least that an engine takes"
                                       : "must be at least 6Mi, the least that an engine takes"));
      } else if (limit && request && *request > *limit) {
        context.add(cause::invalid(child(child(path, "requests"), key), (*field(*resources, "requests"))[key],
                                   "must be less than or equal to the " + std::string(key) + " limit"));
      }
    }
  });
}

}  // namespace

std::vector<Rule> container_rules() {
  return {{"images are references", check_images},
          {"commands and variables can be handed to a process", check_texts},
          {"working directories are absolute", check_working_directories},
          {"file paths are absolute, clean and do not contain each other", check_file_paths},
          {"a file has content or base64", check_file_contents},
          {"file modes and owners are numbers that a file can have", check_file_modes},
          {"quantities, the engine's least limits, requests within limits", check_resources}};
}

}  // namespace berth::crd
