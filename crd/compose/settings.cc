#include "crd/compose/context.h"
#include "crd/compose/units.h"
#include "crd/formats.h"

namespace berth::compose {
namespace {

// The first of two amounts that is there; of a service, `deploy` comes first.
template <class T>
std::optional<T> either(std::optional<T> first, std::optional<T> second) {
  return first ? first : second;
}

std::optional<std::int64_t> quota_cpus(Context& context, const Node& node) {
  const auto quota = number_at(context, node, "cpu_quota");
  const auto period = number_at(context, node, "cpu_period");
  if (!quota || *quota <= 0) {
    if (period && !quota) context.report.loss(place_of(node, "cpu_period"), "cpu_period without cpu_quota limits nothing: dropped");
    return std::nullopt;
  }
  return *quota * 1000 / (period && *period > 0 ? *period : 100'000);
}

void convert_gpus(Context& context, ServiceDraft& draft, const Node& list, Place place, bool gpus_only) {
  if (list.is_scalar()) {
    return context.report.loss(place, "gpus \"" + list.text + "\": a number of GPUs is needed: dropped");
  }
  std::int64_t sum = 0;
  for (const Node& item : list.items) {
    const auto count = integer(text_of(item, "count"));
    const std::string driver = text_of(item, "driver");
    bool gpu = false;
    if (const Node* capabilities = item.find("capabilities")) {
      for (const Node& each : capabilities->items) gpu = gpu || each.text == "gpu" || each.text == "nvidia";
    } else {
      gpu = gpus_only;
    }
    if (!count || *count < 1 || !gpu || (!driver.empty() && driver != "nvidia")) {
      context.report.loss(item.place, "this device cannot be asked for: only a count of GPUs of nvidia can: dropped");
      continue;
    }
    sum += *count;
  }
  if (sum > 0) draft.body["resources"]["limits"]["nvidia.com/gpu"] = std::to_string(sum);
}

void put_amount(Context& context, ServiceDraft& draft, const char* key, std::optional<std::int64_t> request,
                std::optional<std::int64_t> limit) {
  const bool cpu = std::string_view(key) == "cpu";
  const auto shown = [&](std::int64_t amount) { return cpu ? cpu_quantity(amount) : quantity(amount); };
  constexpr std::int64_t kLeastCpu = 10, kLeastMemory = 6 << 20;  // the engine's
  if (limit && *limit > 0 && *limit < (cpu ? kLeastCpu : kLeastMemory)) {
    return context.report.error(
        draft.place, std::string("a limit of ") + shown(*limit) + " " + key + " is less than an engine takes: " + (cpu ? "0.01" : "6m"));
  }
  if (request && limit && *limit > 0 && *request > *limit) request = limit;
  if (limit && *limit > 0) draft.body["resources"]["limits"][key] = shown(*limit);
  if (request && *request > 0) draft.body["resources"]["requests"][key] = shown(*request);
}

void convert_resources(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  const Node nothing;
  const Node* found_limits = node.at({"deploy", "resources", "limits"});
  const Node* found_requests = node.at({"deploy", "resources", "reservations"});
  const Node& limits = found_limits ? *found_limits : nothing;
  const Node& requests = found_requests ? *found_requests : nothing;
  const auto cpus = either(either(cpus_at(context, limits, "cpus"), cpus_at(context, node, "cpus")), quota_cpus(context, node));
  auto shares = number_at(context, node, "cpu_shares");
  if (shares) shares = std::max<std::int64_t>(1, *shares * 1000 / 1024);
  put_amount(context, draft, "cpu", either(cpus_at(context, requests, "cpus"), shares), cpus);
  put_amount(context, draft, "memory", either(size_at(context, requests, "memory"), size_at(context, node, "mem_reservation")),
             either(size_at(context, limits, "memory"), size_at(context, node, "mem_limit")));
  const auto pids = either(number_at(context, limits, "pids"), number_at(context, node, "pids_limit"));
  if (pids && *pids > 0) draft.body["pidsLimit"] = *pids;
  if (const Node* gpus = node.find("gpus")) convert_gpus(context, draft, *gpus, place_of(node, "gpus"), true);
  if (const Node* devices = requests.find("devices")) convert_gpus(context, draft, *devices, devices->place, false);
}

void convert_user(Context& context, ServiceDraft& draft) {
  const std::string user = text_of(*draft.node, "user");
  if (user.empty()) return;
  const auto colon = user.find(':');
  const std::string name = user.substr(0, colon), group = colon == std::string::npos ? "" : user.substr(colon + 1);
  json& security = draft.body["securityContext"];
  if (const auto number = integer(name)) {
    security["runAsUser"] = *number;
  } else {
    security["runAsUserName"] = name;
  }
  if (group.empty()) return;
  if (const auto number = integer(group)) {
    security["runAsGroup"] = *number;
  } else {
    context.report.loss(place_of(*draft.node, "user"), "user \"" + user + "\": a group is given by its number: " + group + " is dropped");
  }
}

void convert_security(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  json& body = draft.body;
  convert_user(context, draft);
  if (flag_of(node, "privileged")) {
    body["securityContext"]["privileged"] = true;
    context.report.warn(place_of(node, "privileged"), "privileged: berthd must be started with --allow-privileged");
  }
  if (flag_of(node, "read_only")) body["securityContext"]["readOnlyRootFilesystem"] = true;
  for (const auto& [key, field] : {std::pair{"cap_add", "add"}, std::pair{"cap_drop", "drop"}}) {
    const Node* list = node.find(key);
    if (!list) continue;
    for (const Node& item : list->items) {
      std::string name = item.text;
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      if (name.starts_with("CAP_")) name.erase(0, 4);
      body["securityContext"]["capabilities"][field].push_back(name);
    }
  }
  if (const Node* groups = node.find("group_add")) {
    for (const Node& item : groups->items) {
      if (const auto number = integer(item.text)) {
        body["securityContext"]["supplementalGroups"].push_back(*number);
      } else {
        context.report.loss(item.place, "group \"" + item.text + "\": a group is given by its number: dropped");
      }
    }
  }
  if (const Node* options = node.find("security_opt")) {
    for (const Node& item : options->items) {
      if (item.text == "no-new-privileges" || item.text == "no-new-privileges:true" || item.text == "no-new-privileges=true") {
        if (flag_of(node, "privileged")) {
          context.report.loss(item.place, "security_opt \"" + item.text + "\": a privileged service has all privileges: dropped");
          continue;
        }
        body["securityContext"]["allowPrivilegeEscalation"] = false;
      } else if (item.text != "no-new-privileges:false" && item.text != "no-new-privileges=false") {
        context.report.loss(item.place, "security_opt \"" + item.text + "\": only no-new-privileges is known: dropped");
      }
    }
  }
}

void convert_kernel(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  json& body = draft.body;
  if (const Node* ulimits = node.find("ulimits")) {
    for (const Member& member : ulimits->members) {
      const bool single = !member.value.is_map();
      const auto soft = integer(single ? member.value.text : text_of(member.value, "soft"));
      const auto hard = integer(single ? member.value.text : text_of(member.value, "hard"));
      if (!soft || !hard) {
        context.report.error(member.place, "ulimits." + member.name + ": a number is expected, or soft and hard");
        continue;
      }
      body["ulimits"].push_back({{"name", member.name}, {"soft", *soft}, {"hard", *hard}});
    }
  }
  if (const Node* sysctls = node.find("sysctls")) {
    for (const Member& member : sysctls->members) body["sysctls"].push_back({{"name", member.name}, {"value", member.value.text}});
  }
  if (const auto size = size_at(context, node, "shm_size")) body["shmSize"] = quantity(*size);
  if (const Node* devices = node.find("devices")) {
    for (const Node& item : devices->items) {
      std::string source = text_of(item, "source"), target = text_of(item, "target"), permissions = text_of(item, "permissions");
      if (item.is_scalar()) {
        const auto first = item.text.find(':');
        source = item.text.substr(0, first);
        const auto second = first == std::string::npos ? first : item.text.find(':', first + 1);
        if (first != std::string::npos) target = item.text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
        if (second != std::string::npos) permissions = item.text.substr(second + 1);
      }
      if (!source.starts_with('/')) {
        context.report.loss(item.place, "device \"" + source + "\": a device is a path below /dev: dropped");
        continue;
      }
      json device = {{"path", source}};
      if (!target.empty() && target != source) device["containerPath"] = target;
      if (!permissions.empty()) device["permissions"] = permissions;
      body["devices"].push_back(std::move(device));
      context.report.warn(item.place, "device " + source + ": berthd must be started with --allow-devices");
    }
  }
}

void convert_names(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  json& body = draft.body;
  if (const auto hostname = text_of(node, "hostname"); !hostname.empty()) {
    if (crd::is_dns_subdomain(hostname)) {
      body["hostname"] = hostname;
    } else {
      context.report.loss(place_of(node, "hostname"), "hostname \"" + hostname + "\" is no DNS name in lower case: dropped");
    }
  }
  if (const Node* hosts = node.find("extra_hosts")) {
    std::map<std::string, std::size_t> index;
    for (const Member& member : hosts->members) {
      for (const Node& item : member.value.items) {
        std::string address = item.text;
        if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
        const auto [found, is_new] = index.emplace(address, index.size());
        if (is_new) body["extraHosts"].push_back({{"ip", address}, {"hostnames", json::array()}});
        body["extraHosts"][found->second]["hostnames"].push_back(member.name);
      }
    }
  }
  for (const auto& [key, field] : {std::pair{"dns", "nameservers"}, std::pair{"dns_search", "searches"}}) {
    const Node* list = node.find(key);
    if (!list) continue;
    for (const Node& item : list->items) body["dns"][field].push_back(item.text);
  }
  if (const Node* options = node.find("dns_opt")) {
    for (const Node& item : options->items) {
      const auto colon = item.text.find(':');
      json option = {{"name", item.text.substr(0, colon)}};
      if (colon != std::string::npos) option["value"] = item.text.substr(colon + 1);
      body["dns"]["options"].push_back(std::move(option));
    }
  }
}

void convert_logging(Context& context, ServiceDraft& draft) {
  const Node* logging = draft.node->find("logging");
  if (!logging) return;
  const std::string given = text_of(*logging, "driver");
  const std::string driver = given.empty() ? "json-file" : given;
  if (driver != "json-file" && driver != "local" && driver != "journald") {
    return context.report.loss(place_of(*logging, "driver"),
                               "logging driver \"" + driver + "\": berth reads logs of json-file, local and journald: dropped");
  }
  json body = {{"driver", driver}};
  if (const Node* options = logging->find("options")) {
    for (const Member& member : options->members) {
      if (!member.value.is_null()) body["options"][member.name] = member.value.text;
    }
  }
  draft.body["logging"] = std::move(body);
}

void tell_replicas(Context& context, const ServiceDraft& draft) {
  const Node& node = *draft.node;
  const Node* deploy = node.find("deploy");
  const auto more = [&](const Node& map, const char* key) {
    const auto count = number_at(context, map, key);
    if (count && *count > 1) {
      context.report.loss(place_of(map, key),
                          std::string(key) + " " + std::to_string(*count) + ": a service is one container: one is started");
    }
  };
  more(node, "scale");
  if (!deploy) return;
  more(*deploy, "replicas");
  const std::string mode = text_of(*deploy, "mode");
  if (!mode.empty() && mode != "replicated")
    context.report.loss(place_of(*deploy, "mode"), "deploy.mode \"" + mode + "\": a service is one container: dropped");
}

}  // namespace

void convert_settings(Context& context, ServiceDraft& draft) {
  const Node& node = *draft.node;
  convert_resources(context, draft);
  convert_security(context, draft);
  convert_kernel(context, draft);
  convert_names(context, draft);
  convert_logging(context, draft);
  tell_replicas(context, draft);
  for (const auto& [key, field] : {std::pair{"init", "init"}, std::pair{"tty", "tty"}, std::pair{"stdin_open", "stdin"}}) {
    if (flag_of(node, key)) draft.body[field] = true;
  }
  if (const auto platform = text_of(node, "platform"); !platform.empty()) draft.body["platform"] = platform;
  if (const auto name = text_of(node, "container_name"); !name.empty()) {
    const bool stays = crd::is_dns_label(name) && name != draft.name && !context.find(name);
    if (stays) draft.aliases.insert(name);
    context.report.note(place_of(node, "container_name"), "container_name \"" + name + "\" would collide between runs: dropped" +
                                                              (stays ? ", inside the environment it is an alias" : ""));
  }
  if (const auto address = text_of(node, "mac_address"); !address.empty()) {
    context.report.note(place_of(node, "mac_address"), "mac_address " + address + " would collide between runs: dropped");
  }
}

}  // namespace berth::compose
