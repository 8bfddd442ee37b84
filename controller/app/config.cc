#include "controller/app/config.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "controller/app/config_options.h"
#include "controller/engine/http_engine.h"
#include "crd/yaml.h"

namespace berth::app {

namespace {

// The texts that one place (flags, variables, file) gives for each name, and how that place is called in messages.
struct Given {
  std::vector<std::string> values;
  std::string where;  // "--port-range", "BERTH_PORT_RANGE", "berth.yaml:3:1: port-range"
};
using Settings = std::map<std::string, Given>;

struct Problems {
  std::vector<std::string> lines;
  void add(std::string line) { lines.push_back(std::move(line)); }
  Error error() const {
    std::string text;
    for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
    return base::error(Reason::Invalid, text);
  }
};

struct CommandLine {
  Settings settings;
  std::optional<std::string> config_file;
  std::optional<std::string> text;  // of --help or --version
};

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  CLI::App app("Keeps every TestEnvironment of its manifests and its API true on one Docker engine.", "berthd");
  app.set_version_flag("--version", std::string("berthd ") + BERTH_VERSION);
  app.set_help_flag("--help,-h", "show this and end");
  app.footer("Every flag is also an environment variable (BERTH_PORT_RANGE; lists separated by commas) and a key of the --config file.");
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> switches;
  std::string config_file;
  auto* config_option = app.add_option("--config", config_file, "YAML file with the same names")->type_name("FILE");
  std::map<std::string, CLI::Option*> given;
  for (const auto& option : options()) {
    auto* added = option.is_switch()
                      ? app.add_flag("--" + option.name + ",!--no-" + option.name, switches[option.name], option.help)
                      : app.add_option("--" + option.name, values[option.name], option.help)->type_name(option.value)->expected(1);
    if (!option.is_switch()) {
      added->allow_extra_args(option.repeatable);
      added->multi_option_policy(option.repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    }
    given[option.name] = added;
  }
  CommandLine out;
  auto reversed = arguments;
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    out.text = app.help();
    return out;
  } catch (const CLI::CallForVersion&) {
    out.text = std::string("berthd ") + BERTH_VERSION + "\n";
    return out;
  } catch (const CLI::ParseError& error) {
    return base::error(Reason::Invalid, std::string(error.what()) + " (berthd --help shows every flag)");
  }
  for (const auto& option : options()) {
    if (given[option.name]->count() == 0) continue;
    auto texts = option.is_switch() ? std::vector<std::string>{switches[option.name] ? "true" : "false"} : values[option.name];
    out.settings[option.name] = {std::move(texts), "--" + option.name};
  }
  if (config_option->count() > 0) out.config_file = config_file;
  return out;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

Settings from_environment(const Environment& environment) {
  Settings settings;
  for (const auto& option : options()) {
    const auto value = environment(option.variable());
    if (!value || value->empty()) continue;
    settings[option.name] = {option.repeatable ? split_list(*value) : std::vector<std::string>{*value}, option.variable()};
  }
  return settings;
}

std::optional<std::string> scalar(const crd::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return std::nullopt;
}

std::optional<std::vector<std::string>> texts_of(const crd::json& value, bool list_allowed) {
  if (const auto one = scalar(value)) return std::vector<std::string>{*one};
  if (!value.is_array() || !list_allowed) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& item : value) {
    const auto text = scalar(item);
    if (!text) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

Settings from_file(const std::string& where_given, const std::string& path, Problems& problems) {
  Settings settings;
  std::error_code ec;
  std::ifstream file(path);
  if (path.empty() || std::filesystem::is_directory(path, ec) || !file) {
    problems.add(where_given + ": cannot read \"" + path + "\"; expected a YAML file");
    return settings;
  }
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto documents = crd::parse_yaml(text, path);
  if (documents.has_error()) {
    problems.add(documents.error().message);
    return settings;
  }
  for (const auto& document : *documents) {
    const auto where = [&](const std::string& key) {
      const auto mark = document.mark_of(key);
      return path + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
    };
    for (const auto& key : document.duplicate_keys) problems.add(where(key) + key + " is given twice");
    if (!document.value.is_object()) {
      problems.add(where("") + "expected a mapping of names to values");
      continue;
    }
    for (const auto& [key, value] : document.value.items()) {
      const auto* option = find_option(key);
      if (!option) {
        problems.add(where(key) + "unknown name \"" + key + "\" (berthd --help shows every name)");
        continue;
      }
      auto texts = texts_of(value, option->repeatable);
      if (!texts) {
        problems.add(where(key) + key + ": expected " + (option->repeatable ? "a text or a list of texts" : "one value"));
        continue;
      }
      settings[key] = {std::move(*texts), where(key) + key};
    }
  }
  return settings;
}

void apply(const Option& option, const Settings& from, Config& config, Problems& problems) {
  const auto& given = from.at(option.name);
  for (const auto& text : given.values) {
    auto set = option.set(config, text);
    if (set.has_error()) problems.add(given.where + ": " + set.error().message);
  }
}

void set_defaults(Config& config, const Environment& environment, Problems& problems) {
  config.subnet_pool = plan::parse_subnet("10.213.0.0/16").value();
  const auto docker_host = environment("DOCKER_HOST").value_or("");
  auto endpoint = engine::parse_docker_host(docker_host);
  if (endpoint.has_value()) {
    config.docker_host = *endpoint;
  } else {
    problems.add("DOCKER_HOST: " + endpoint.error().message);
  }
}

void set_default_listeners(Config& config, Problems& problems) {
  if (!config.listen.empty()) return;
  http::Endpoint tcp;
  tcp.host = "127.0.0.1";
  tcp.port = 6440;
  tcp.tls = true;
  auto unix_socket = http::parse_endpoint("unix://" + (config.data_dir / "berthd.sock").string(), tcp.port);
  if (unix_socket.has_error()) {
    problems.add("--data-dir: " + unix_socket.error().message + "; place the socket elsewhere with --listen unix:///PATH");
    return;
  }
  config.listen = {tcp, *unix_socket};
}

void check_tls(const Config& config, Problems& problems) {
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    problems.add(config.tls_cert.empty() ? "--tls-key: --tls-cert is missing; they go together"
                                         : "--tls-cert: --tls-key is missing; they go together");
  }
  if (!config.tls_cert.empty() && !config.tls_san.empty()) {
    problems.add("--tls-san: the names are those of --tls-cert; it is for berthd's own certificate");
  }
}

// A group that cannot even reach the socket was given in vain.
void check_socket_group(const Config& config, Problems& problems) {
  if (config.socket_group.empty()) return;
  for (const auto& endpoint : config.listen) {
    if (endpoint.kind != http::Endpoint::Kind::Unix) continue;
    if (std::filesystem::path(endpoint.path).parent_path().lexically_normal() != config.data_dir) return;
  }
  problems.add("--socket-group: nobody but the owner enters the data directory (0700), and no other socket is there; place one "
               "outside it, for example --listen unix:///run/berthd.sock");
}

}  // namespace

Result<ConfigResult> read_config(const std::vector<std::string>& arguments, const Environment& environment) {
  auto line = parse_command_line(arguments);
  if (line.has_error()) return line.error();
  if (line->text) return ConfigResult{{}, line->text};
  Problems problems;
  const auto variables = from_environment(environment);
  Settings from_config_file;
  if (line->config_file) {
    from_config_file = from_file("--config", *line->config_file, problems);
  } else if (const auto file = environment("BERTH_CONFIG"); file && !file->empty()) {
    from_config_file = from_file("BERTH_CONFIG", *file, problems);
  }

  ConfigResult result;
  Problems defaults;
  set_defaults(result.config, environment, defaults);
  bool docker_host_given = false;
  for (const auto& option : options()) {
    for (const Settings* settings : std::initializer_list<const Settings*>{&line->settings, &variables, &from_config_file}) {
      if (!settings->contains(option.name)) continue;
      apply(option, *settings, result.config, problems);
      docker_host_given |= option.name == "docker-host";
      break;
    }
  }
  if (!docker_host_given) problems.lines.insert(problems.lines.end(), defaults.lines.begin(), defaults.lines.end());
  if (problems.lines.empty()) set_default_listeners(result.config, problems);
  if (problems.lines.empty()) check_socket_group(result.config, problems);
  check_tls(result.config, problems);
  if (!problems.lines.empty()) return problems.error();
  return result;
}

}  // namespace berth::app
