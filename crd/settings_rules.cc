#include <algorithm>

#include "crd/container_settings.h"
#include "crd/fields.h"
#include "crd/formats.h"
#include "crd/quantity.h"
#include "crd/rule.h"

// What a container is made with: processes, memory, logs.
namespace berth::crd {
namespace {

constexpr std::int64_t kMostGpus = 256;

bool is_among(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

bool is_number(std::string_view text) { return !text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), is_digit); }

void check_platforms(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* platform = field(service, "platform");
    if (!platform) return;
    const std::string text = platform->get<std::string>();
    const std::string_view rest = std::string_view(text).substr(std::min(text.size(), std::size_t{6}));
    const auto slash = rest.find('/');
    const std::string_view variant = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    const bool known = is_among(rest.substr(0, slash), {"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"});
    const bool fine = slash == std::string_view::npos || (variant.size() == 2 && variant[0] == 'v' && is_digit(variant[1]));
    if (text.starts_with("linux/") && known && fine) return;
    context.add(cause::invalid(child(path, "platform"), text,
                               "must be linux/ARCHITECTURE or linux/ARCHITECTURE/VARIANT, e.g. linux/amd64, linux/arm64 or linux/arm/v7"));
  });
}

void check_stop_signals(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* signal = field(service, "stopSignal");
    if (!signal || parse_signal(*signal)) return;
    context.add(cause::invalid(child(path, "stopSignal"), *signal, "must be a signal of Linux like SIGTERM, INT or RTMIN+3, or a number from 1 to 64"));
  });
}

void check_ulimits(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "ulimits", [&](const json& limit, const std::string& limit_path) {
      const json* hard = field(limit, "hard");
      if (!hard || *hard == -1) return;
      if (limit["soft"] != -1 && limit["soft"] <= *hard) return;
      context.add(cause::invalid(child(limit_path, "soft"), limit["soft"], "must be less than or equal to hard (" + dump(*hard) + ")"));
    });
  });
}

bool is_namespaced(std::string_view name) {
  return name.starts_with("net.") || name.starts_with("fs.mqueue.") ||
         is_among(name, {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
                          "kernel.shm_rmid_forced"});
}

void check_sysctls(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "sysctls", [&](const json& sysctl, const std::string& sysctl_path) {
      const std::string name = text_field(sysctl, "name");
      const auto refuse = [&](std::string_view what) { context.add(cause::invalid(child(sysctl_path, "name"), name, what)); };
      const bool plain = std::all_of(name.begin(), name.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-'; });
      if (!plain || name.empty() || name.back() == '.' || name.find("..") != std::string::npos) {
        refuse("must be a kernel parameter with dots, e.g. net.core.somaxconn");
      } else if (!is_namespaced(name)) {
        refuse(
            "is not the container's own: an engine sets only net.*, fs.mqueue.*, kernel.msgmax, kernel.msgmnb, kernel.msgmni, kernel.sem, "
            "kernel.shmall, kernel.shmmax, kernel.shmmni and kernel.shm_rmid_forced");
      } else if (name.find(".eth") != std::string::npos) {
        refuse("names an interface, which engines refuse: use the one of \"all\" or \"default\"");
      }
      const std::string value = text_field(sysctl, "value");
      if (value.empty() || !is_line(value)) context.add(cause::invalid(child(sysctl_path, "value"), value, "must be one line of text that is not empty"));
    });
  });
}

// Quantities that are sizes of something in memory.
void check_size(RuleContext& context, const json& owner, const std::string& path, const char* key) {
  const json* size = field(owner, key);
  if (!size) return;
  const auto bytes = parse_bytes(int_or_string(*size));
  if (bytes && *bytes > 0) return;
  context.add(cause::invalid(child(path, key), *size, "must be bytes like 64Mi or 1G, more than none"));
}

void check_memory_directories(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    check_size(context, service, path, "shmSize");
    for_each(service, path, "tmpfs", [&](const json& tmpfs, const std::string& tmpfs_path) {
      check_size(context, tmpfs, tmpfs_path, "size");
      const std::string directory = text_field(tmpfs, "path");
      if (!is_clean_path(directory)) {
        return context.add(cause::invalid(child(tmpfs_path, "path"), directory,
                                          "must be an absolute path of a directory without '.', '..' or '//', e.g. /run"));
      }
      if (is_within(directory, "/proc") || is_within(directory, "/sys")) {
        context.add(cause::invalid(child(tmpfs_path, "path"), directory, "is the kernel's: nothing can be mounted there"));
      }
      if (const json* mode = field(tmpfs, "mode"); mode && (*mode < 0 || *mode > 01777)) {
        context.add(cause::invalid(child(tmpfs_path, "mode"), *mode,
                                   "must be from 0 to 01777 (1023): in YAML write it in octal with a leading zero, e.g. 0755"));
      }
      for_each(service, path, "files", [&](const json& file, const std::string& file_path) {
        if (!is_within(text_field(file, "path"), directory)) return;
        context.add(cause::invalid(child(file_path, "path"), file["path"], "would be hidden by the tmpfs " + directory));
      });
    });
  });
}

// An option of a log driver with what its value must be; "" = any text.
std::string_view log_option_form(std::string_view driver, std::string_view option) {
  if (option == "mode") return "blocking or non-blocking";
  if (option == "max-buffer-size") return "a size like 4m";
  if (driver != "journald") {
    if (option == "max-size") return "a size like 10m";
    if (option == "max-file") return "a number of files from 1";
    if (option == "compress") return "true or false";
  }
  if (driver != "local" && is_among(option, {"tag", "labels", "labels-regex", "env", "env-regex"})) return "";
  return "unknown";
}

bool has_form(std::string_view form, std::string_view value) {
  if (form == "") return true;
  if (form == "true or false") return value == "true" || value == "false";
  if (form == "blocking or non-blocking") return value == "blocking" || value == "non-blocking";
  if (form == "a number of files from 1") return is_number(value) && value != "0";
  if (!value.empty() && std::string_view("bB").find(value.back()) != std::string_view::npos) value.remove_suffix(1);
  if (!value.empty() && std::string_view("kKmMgG").find(value.back()) != std::string_view::npos) value.remove_suffix(1);
  return is_number(value) && value.front() != '0';
}

void check_log_options(RuleContext& context, const std::string& driver, const json& options, const std::string& path) {
  bool good = true;
  for (const auto& [name, value] : options.items()) {
    const std::string_view form = log_option_form(driver, name);
    if (form != "unknown" && has_form(form, value.get_ref<const std::string&>())) continue;
    good = false;
    if (form == "unknown") {
      std::string known = "mode, max-buffer-size";
      if (driver != "local") known = "tag, labels, labels-regex, env, env-regex, " + known;
      if (driver != "journald") known = "max-size, max-file, compress, " + known;
      context.add(cause::invalid(child(path, name), value, "is no option of " + driver + ", which has " + known));
    } else {
      context.add(cause::invalid(child(path, name), value, "must be " + std::string(form)));
    }
  }
  if (!good || driver == "journald") return;
  const std::string files = text_at(options, "max-file");
  const std::string compress = text_at(options, "compress");
  const bool several = driver == "local" ? is_number(files) ? std::stoi(files) > 1 : true
                                         : !files.empty() && std::stoi(files) > 1 && !text_at(options, "max-size").empty();
  if (several || (driver == "local" ? compress == "false" : compress != "true")) return;
  context.add(cause::invalid(child(path, "compress"), compress.empty() ? "true" : compress,
                             driver == "local" ? "needs max-file above 1: set compress to \"false\", or more files"
                                               : "needs max-size, and max-file above 1"));
}

void check_logging(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* logging = field(service, "logging");
    const json* options = logging ? field(*logging, "options") : nullptr;
    if (options) check_log_options(context, text_field(*logging, "driver"), *options, child(child(path, "logging"), "options"));
  });
}

void check_devices(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    std::set<std::string> places;
    for_each(service, path, "devices", [&](const json& device, const std::string& device_path) {
      for (const char* key : {"path", "containerPath"}) {
        const json* value = field(device, key);
        if (!value || is_clean_path(value->get_ref<const std::string&>())) continue;
        context.add(cause::invalid(child(device_path, key), *value, "must be an absolute path without '.', '..' or '//', e.g. /dev/kvm"));
      }
      const std::string permissions = text_field(device, "permissions");
      const bool once = std::set<char>(permissions.begin(), permissions.end()).size() == permissions.size();
      if (field(device, "permissions") && (permissions.empty() || !once || permissions.find_first_not_of("rwm") != std::string::npos)) {
        context.add(cause::invalid(child(device_path, "permissions"), permissions, "must be of r, w and m, each once, e.g. rw"));
      }
      const std::string place = field(device, "containerPath") ? text_field(device, "containerPath") : text_field(device, "path");
      if (!places.insert(place).second) context.add(cause::duplicate(device_path, {{"containerPath", place}}));
    });
  });
}

void check_gpus(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* gpus = field(object_at(object_at(service, "resources"), "limits"), "nvidia.com/gpu");
    if (!gpus) return;
    const std::string text = int_or_string(*gpus);
    if (is_number(text) && text.front() != '0' && std::stoll(text) <= kMostGpus) return;
    context.add(cause::invalid(child(child(child(path, "resources"), "limits"), "nvidia.com/gpu"), *gpus,
                               "must be a whole number of GPUs, at least 1"));
  });
}

}  // namespace

std::vector<Rule> settings_rules() {
  return {{"platforms are ones of Linux", check_platforms},
          {"stop signals are signals", check_stop_signals},
          {"a soft limit is not above its hard one", check_ulimits},
          {"sysctls are the container's own", check_sysctls},
          {"directories in memory have a place and a size", check_memory_directories},
          {"a log driver knows its options", check_logging},
          {"devices have a place each, and permissions", check_devices},
          {"GPUs are counted", check_gpus}};
}

}  // namespace berth::crd
