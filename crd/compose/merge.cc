#include "crd/compose/merge.h"

#include <unordered_map>

#include "crd/compose/ports.h"
#include "crd/compose/volumes.h"

namespace berth::compose {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_replaced_whole(std::string_view path) {
  return is_one_of(path, {"services.*.command", "services.*.entrypoint", "services.*.healthcheck.test"});
}

// Maps in which a name without a value says something.
bool null_counts(std::string_view path) {
  return path.starts_with("services.*.environment.") || path.starts_with("services.*.build.args.");
}

std::string child_path(const std::string& path, const std::string& name) {
  if (path.empty()) return name;
  const bool any = is_one_of(path, {"services", "networks", "volumes", "secrets", "configs", "models", "services.*.networks",
                                    "services.*.ulimits", "services.*.depends_on"});
  return path + "." + (any ? "*" : name);
}

class Merge {
 public:
  explicit Merge(Report& report) : report_(report) {}

  void put(Node& base, Node over, const std::string& path) {
    if (over.tag != Node::Tag::None || base.tag == Node::Tag::Reset) {
      base = std::move(over);
    } else if (over.is_null()) {
      if (null_counts(path)) base = std::move(over);
    } else if (base.is_null() || is_replaced_whole(path)) {
      base = std::move(over);
    } else if (base.is_map() && over.is_map()) {
      maps(base, std::move(over), path);
    } else if (base.is_list() && over.is_list()) {
      for (Node& item : over.items) base.items.push_back(std::move(item));
    } else if ((base.is_scalar() && over.is_scalar()) || is_one_of(path, {"services.*.ulimits.*"}) || path.ends_with(".external")) {
      base = std::move(over);
    } else {
      report_.error(over.place, std::string(kind_name(over.kind)) + " cannot be merged with " + std::string(kind_name(base.kind)) + " at " +
                                    report_.show(base.place));
    }
  }

 private:
  void maps(Node& base, Node over, const std::string& path) {
    if (path == "services.*.logging") {
      const std::string old_driver = text_of(base, "driver"), new_driver = text_of(over, "driver");
      if (!old_driver.empty() && !new_driver.empty() && old_driver != new_driver) {
        base = std::move(over);
        return;
      }
    }
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < base.members.size(); ++i) index.emplace(base.members[i].name, i);
    for (Member& member : over.members) {
      const auto found = index.find(member.name);
      if (found == index.end()) {
        index.emplace(member.name, base.members.size());
        base.members.push_back(std::move(member));
        continue;
      }
      Member& known = base.members[found->second];
      // Where the value that counts stands is where people look for it.
      if (!member.value.is_map() && !member.value.is_null()) known.place = member.place;
      put(known.value, std::move(member.value), child_path(path, member.name));
    }
  }

  Report& report_;
};

std::string key_of(const Node& item, std::string_view list) {
  if (list == "ports") return port_key(item);
  if (list == "volumes") return item.is_map() ? text_of(item, "target") : parse_volume(item.text).target;
  if (list == "devices") {
    if (item.is_map()) return text_of(item, "target");
    const auto colon = item.text.find(':');
    return colon == std::string::npos ? item.text : item.text.substr(colon + 1, item.text.find(':', colon + 1) - colon - 1);
  }
  if (list == "secrets" || list == "configs") {
    if (!item.is_map()) return item.text;
    const std::string target = text_of(item, "target");
    return target.empty() ? text_of(item, "source") : target;
  }
  if (item.is_map()) return text_of(item, "path");  // env_file
  return item.text;
}

void unique(Node& list, std::string_view name) {
  if (!list.is_list()) return;
  std::unordered_map<std::string, std::size_t> index;
  std::vector<Node> kept;
  for (Node& item : list.items) {
    const auto [found, is_new] = index.emplace(key_of(item, name), kept.size());
    if (is_new) {
      kept.push_back(std::move(item));
    } else {
      kept[found->second] = std::move(item);
    }
  }
  list.items = std::move(kept);
}

}  // namespace

void merge(Node& base, Node over, const std::string& path, Report& report) { Merge(report).put(base, std::move(over), path); }

void make_unique(Node& root) {
  for (Member& section : root.members) {
    if (section.name != "services") continue;
    for (Member& service : section.value.members) {
      for (Member& member : service.value.members) {
        if (is_one_of(member.name,
                      {"ports", "volumes", "devices", "secrets", "configs", "env_file", "cap_add", "cap_drop", "dns", "dns_opt",
                       "dns_search", "expose", "tmpfs", "profiles", "links", "group_add", "security_opt", "external_links"})) {
          unique(member.value, member.name);
        }
      }
    }
  }
}

}  // namespace berth::compose
