#include "crd/compose/context.h"
#include "crd/compose/dotenv.h"
#include "crd/compose/units.h"
#include "crd/formats.h"
#include "crd/shell_quote.h"

namespace berth::compose {
namespace {

void convert_image(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  std::string image = text_of(node, "image");
  const bool builds = node.find("build") != nullptr;
  if (image.empty() && !builds) {
    return context.report.error(draft.place, "service \"" + draft.compose_name + "\" has neither image nor build");
  }
  const std::string policy = text_of(node, "pull_policy");
  if (image.empty()) {
    image = context.project.name + "-" + draft.compose_name;
    std::transform(image.begin(), image.end(), image.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (policy.empty()) draft.body["imagePullPolicy"] = "Never";
  }
  if (!crd::is_image_reference(image)) {
    context.report.error(place_of(node, builds && !node.find("image") ? "build" : "image"),
                         "\"" + image + "\" is no image, such as postgres:16");
  }
  draft.body["image"] = image;
  tell_build(context, draft, image);
  if (policy == "always") {
    draft.body["imagePullPolicy"] = "Always";
  } else if (policy == "never" || (policy == "build" && builds)) {
    draft.body["imagePullPolicy"] = "Never";
  } else if (policy == "missing" || policy == "if_not_present") {
    draft.body["imagePullPolicy"] = "IfNotPresent";
  } else if (!policy.empty()) {
    context.report.loss(place_of(node, "pull_policy"),
                        "pull_policy \"" + policy + "\": an image is pulled always, when it is missing, or never: dropped");
  }
}

void convert_command(Context& context, ServiceDraft& draft, const char* key, const char* field) {
  const Node* command = draft.node->find(key);
  if (!command) return;
  json words = json::array();
  for (const Node& word : words_of(context, *command)) words.push_back(convert_value(context, word));
  if (!words.empty()) {
    draft.body[field] = std::move(words);
    return;
  }
  // With an entrypoint of its own, no command is what the service gets anyway.
  const bool harmless = std::string_view(key) == "command" && draft.body.contains("command");
  if (!harmless) context.report.loss(command->place, std::string(key) + ": the image's own cannot be taken away: dropped");
}

// The variables of a service in the order of their files; the last of a name counts, at the place of the first.
class EnvironmentReader {
 public:
  EnvironmentReader(Context& context, ServiceDraft& draft) : context_(context), draft_(draft) {}

  void read() {
    if (const Node* files = draft_.node->find("env_file")) {
      for (const Node& item : files->items) file(item);
    }
    if (const Node* environment = draft_.node->find("environment")) {
      for (const Member& member : environment->members) variable(member);
    }
    json out = json::array();
    for (auto& [name, value] : variables_) {
      if (value) out.push_back({{"name", name}, {"value", *value}});
    }
    if (!out.empty()) draft_.body["env"] = std::move(out);
  }

 private:
  void put(const std::string& name, std::optional<std::string> value, Place place) {
    if (!crd::is_env_name(name)) {
      return context_.report.loss(place, "\"" + name + "\" is no name of a variable (letters, digits, '_', '-', '.'): dropped");
    }
    const auto [found, is_new] = index_.emplace(name, variables_.size());
    if (is_new) {
      variables_.emplace_back(name, std::move(value));
    } else {
      variables_[found->second].second = std::move(value);
    }
  }

  void variable(const Member& member) {
    if (!member.value.is_null()) return put(member.name, convert_value(context_, member.value), member.place);
    auto value = context_.variable(member.place)(member.name);
    if (value) value = escape_references(*value);
    put(member.name, std::move(value), member.place);
  }

  void file(const Node& item) {
    const std::string name = item.is_map() ? text_of(item, "path") : item.text;
    const std::string format = text_of(item, "format");
    const Node* required = item.find("required");
    if (name.empty()) return context_.report.error(item.place, "env_file: a path is expected");
    if (!format.empty() && format != "raw")
      return context_.report.error(item.place, "env_file: the format \"" + format + "\" is not known: raw is");
    const std::string path = join_path(context_.directory(item.place), name);
    if (required && !flag_of(item, "required") && context_.request.load.access.kind(path) == FileKind::Missing) return;
    const auto text = context_.request.load.access.read(path);
    if (!text.has_value()) return context_.report.error(item.place, text.error().message);
    // As compose does it: the service's own environment first, never another file.
    const Node* environment = draft_.node->find("environment");
    const Lookup lookup = [&](std::string_view wanted) -> std::optional<std::string> {
      const Node* own = environment ? environment->find(wanted) : nullptr;
      return own ? own->text : context_.variable(item.place)(wanted);
    };
    const auto assignments = parse_dotenv(text.value(), path, lookup, format == "raw");
    if (!assignments.has_value()) return context_.report.error({}, assignments.error().message);
    for (const auto& assignment : assignments.value()) {
      if (!assignment.value) continue;
      put(assignment.name, escape_references(*assignment.value), item.place);
    }
  }

  Context& context_;
  ServiceDraft& draft_;
  std::vector<std::pair<std::string, std::optional<std::string>>> variables_;
  std::map<std::string, std::size_t> index_;
};

json probe_command(Context& context, const Node& test) {
  if (test.is_scalar()) return {"/bin/sh", "-c", test.text};
  json words = json::array();
  if (test.items.empty()) return words;
  const std::string kind = test.items.front().text;
  for (std::size_t i = 1; i < test.items.size(); ++i) words.push_back(test.items[i].text);
  if (kind == "CMD") return words;
  if (kind == "CMD-SHELL" && words.size() == 1) return {"/bin/sh", "-c", words[0]};
  context.report.error(test.place, "healthcheck.test begins with CMD, with CMD-SHELL and one text, or is NONE");
  return json::array();
}

void convert_healthcheck(Context& context, ServiceDraft& draft) {
  const Node* check = draft.node->find("healthcheck");
  if (!check) return;
  const Node* test = check->find("test");
  const bool none = test && ((test->is_list() && test->items.size() == 1 && test->items[0].text == "NONE") || test->text == "NONE");
  if (flag_of(*check, "disable") || none) {
    draft.healthcheck_disabled = true;
    return;
  }
  draft.has_healthcheck = true;
  const auto interval = seconds_at(context, *check, "interval"), timeout = seconds_at(context, *check, "timeout");
  const auto retries = number_at(context, *check, "retries");
  for (const char* key : {"start_period", "start_interval"}) seconds_at(context, *check, key);
  if (!test) {
    draft.body["readinessProbe"] = {{"image", json::object()}};
    for (const char* key : {"interval", "timeout", "retries"}) {
      if (check->find(key))
        context.report.loss(place_of(*check, key),
                            std::string("healthcheck.") + key + ": the image's own check has times of its own: dropped");
    }
    return;
  }
  json command = probe_command(context, *test);
  if (command.empty()) {
    if (!context.report.failed()) context.report.error(test->place, "healthcheck.test: a command is expected");
    return;
  }
  // The defaults of the engine, where those of berth are tighter.
  json probe = {{"exec", {{"command", std::move(command)}}},
                {"periodSeconds", interval && *interval > 0 ? *interval : 30},
                {"timeoutSeconds", timeout && *timeout > 0 ? *timeout : 30}};
  if (retries && *retries > 0) probe["failureThreshold"] = *retries;
  draft.body["readinessProbe"] = std::move(probe);
}

// One hook as words; with a directory or variables of its own it takes a shell.
std::string hook_line(Context& context, const Node& hook) {
  std::string line;
  if (const auto directory = text_of(hook, "working_dir"); !directory.empty()) line += "cd " + crd::shell_quote(directory) + " && ";
  if (const Node* environment = hook.find("environment")) {
    line += "env";
    for (const Member& member : environment->members) line += " " + crd::shell_quote(member.name + "=" + member.value.text);
    for (const Node& item : environment->items) line += " " + crd::shell_quote(item.text);
    line += " ";
  }
  bool first = true;
  if (const Node* command = hook.find("command")) {
    for (const Node& word : words_of(context, *command)) {
      line += (first ? "" : " ") + crd::shell_quote(word.text);
      first = false;
    }
  }
  return line;
}

void convert_hooks(Context& context, ServiceDraft& draft, const char* key, const char* field) {
  const Node* hooks = draft.node->find(key);
  if (!hooks || hooks->items.empty()) return;
  for (const Node& hook : hooks->items) {
    if (!hook.is_map() || !hook.find("command")) return context.report.error(hook.place, std::string(key) + ": a command is expected");
  }
  const Node& first = hooks->items.front();
  json words = json::array();
  if (hooks->items.size() == 1 && !first.find("working_dir") && !first.find("environment")) {
    for (const Node& word : words_of(context, *first.find("command"))) words.push_back(word.text);
  } else {
    std::string lines;
    for (const Node& hook : hooks->items) lines += (lines.empty() ? "" : " && ") + hook_line(context, hook);
    words = {"/bin/sh", "-c", lines};
  }
  draft.body["lifecycle"][field] = {{"exec", {{"command", std::move(words)}}}};
}

void convert_restart(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  const Node* deploy = node.at({"deploy", "restart_policy", "condition"});
  const Node* restart = node.find("restart");
  std::string policy = "Never";
  if (deploy) {
    if (deploy->text == "on-failure") {
      policy = "OnFailure";
    } else if (deploy->text == "any") {
      policy = "Always";
    } else if (deploy->text != "none") {
      context.report.error(deploy->place, "restart_policy.condition \"" + deploy->text + "\" is not none, on-failure or any");
    }
  } else if (restart) {
    const std::string kind = restart->text.substr(0, restart->text.find(':'));
    if (kind == "always" || kind == "unless-stopped") {
      policy = "Always";
    } else if (kind == "on-failure") {
      policy = "OnFailure";
      if (kind != restart->text)
        context.report.loss(place_of(node, "restart"),
                            "restart \"" + restart->text + "\": berth does not give up after a number of tries: dropped");
    } else if (kind != "no") {
      context.report.error(restart->place, "restart \"" + restart->text + "\" is not no, always, on-failure or unless-stopped");
    }
  } else if (node.at({"deploy", "restart_policy"})) {
    policy = "Always";  // compose's default of a policy that is there
  }
  draft.body["restartPolicy"] = policy;
}

}  // namespace

void convert_process(Context& context, ServiceDraft& draft) {
  convert_image(context, draft);
  convert_command(context, draft, "entrypoint", "command");
  convert_command(context, draft, "command", "args");
  EnvironmentReader(context, draft).read();
  convert_healthcheck(context, draft);
  convert_hooks(context, draft, "post_start", "postStart");
  convert_hooks(context, draft, "pre_stop", "preStop");
  convert_restart(context, draft);
  const Node& node = *draft.node;
  if (const auto directory = text_of(node, "working_dir"); !directory.empty()) {
    if (directory[0] == '/') {
      draft.body["workingDir"] = directory;
    } else {
      context.report.error(place_of(node, "working_dir"), "working_dir \"" + directory + "\" is no absolute path");
    }
  }
  if (const auto grace = seconds_at(context, node, "stop_grace_period")) draft.body["terminationGracePeriodSeconds"] = *grace;
  if (const auto signal = text_of(node, "stop_signal"); !signal.empty()) draft.body["stopSignal"] = signal;
}

}  // namespace berth::compose
