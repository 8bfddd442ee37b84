#include "crd/compose/forms.h"

#include <unordered_map>

namespace berth::compose {
namespace {

// Members by name while a map is made, so that long ones take no longer per member.
class MapBuilder {
 public:
  explicit MapBuilder(Node& list) : map_{.kind = Node::Kind::Map, .tag = list.tag, .place = list.place} {}

  // A name that comes again takes the place of the first.
  Node& put(std::string name, Place place, Node value) {
    const auto [found, is_new] = index_.emplace(name, map_.members.size());
    if (is_new) {
      map_.members.push_back({std::move(name), place, std::move(value)});
    } else {
      map_.members[found->second] = {std::move(name), place, std::move(value)};
    }
    return map_.members[found->second].value;
  }
  Node* find(const std::string& name) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &map_.members[found->second].value;
  }
  Node take() { return std::move(map_); }

 private:
  Node map_;
  std::unordered_map<std::string, std::size_t> index_;
};

Node* child(Node& node, std::string_view name) {
  for (Member& member : node.members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

// What is no text stays a list, and is told as one.
bool all_scalars(const Node& list) {
  return std::all_of(list.items.begin(), list.items.end(), [](const Node& item) { return item.is_scalar(); });
}

void pairs_to_map(Node* node) {
  if (!node || !node->is_list() || !all_scalars(*node)) return;
  MapBuilder map(*node);
  for (const Node& item : node->items) {
    const auto equals = item.text.find('=');
    Node value{.place = item.place};
    if (equals != std::string::npos) value = slice(item, equals + 1);
    map.put(item.text.substr(0, equals), item.place, std::move(value));
  }
  *node = map.take();
}

void names_to_map(Node* node, const Node& value) {
  if (!node || !node->is_list() || !all_scalars(*node)) return;
  MapBuilder map(*node);
  for (const Node& item : node->items) {
    Node each = value;
    each.place = item.place;
    for (Member& member : each.members) member.place = member.value.place = item.place;
    map.put(item.text, item.place, std::move(each));
  }
  *node = map.take();
}

void text_to_list(Node* node) {
  if (!node || !node->is_scalar()) return;
  Node list{.kind = Node::Kind::List, .tag = node->tag, .place = node->place};
  node->tag = Node::Tag::None;
  list.items.push_back(std::move(*node));
  *node = std::move(list);
}

void text_to_member(Node* node, std::string_view name) {
  if (!node || !node->is_scalar()) return;
  Node map{.kind = Node::Kind::Map, .tag = node->tag, .place = node->place};
  node->tag = Node::Tag::None;
  map.members.push_back({std::string(name), node->place, std::move(*node)});
  *node = std::move(map);
}

// "name=address" or "name:address", or a map -> name: [addresses].
void hosts_to_map(Node* node, Report& report) {
  if (!node) return;
  if (node->is_map()) {
    for (Member& member : node->members) text_to_list(&member.value);
    return;
  }
  if (!node->is_list() || !all_scalars(*node)) return;
  MapBuilder map(*node);
  for (const Node& item : node->items) {
    const auto separator = item.text.find_first_of("=:");
    if (separator == std::string::npos || separator == 0 || separator + 1 == item.text.size()) {
      report.error(item.place, "\"" + item.text + "\" is no host: NAME=ADDRESS is expected");
      continue;
    }
    const std::string name = item.text.substr(0, separator);
    Node* known = map.find(name);
    if (!known) known = &map.put(name, item.place, Node{.kind = Node::Kind::List, .place = item.place});
    known->items.push_back(slice(item, separator + 1));
  }
  *node = map.take();
}

Node dependency() {
  Node map{.kind = Node::Kind::Map};
  map.members.push_back({"condition", {}, make_text("service_started", {})});
  return map;
}

void normalise_build(Node* build, Report& report) {
  text_to_member(build, "context");
  if (!build || !build->is_map()) return;
  for (const char* name : {"args", "labels", "additional_contexts"}) pairs_to_map(child(*build, name));
  hosts_to_map(child(*build, "extra_hosts"), report);
}

void normalise_service(Node& service, Report& report) {
  if (!service.is_map()) return;
  for (const char* name : {"environment", "labels", "annotations", "sysctls"}) pairs_to_map(child(service, name));
  for (const char* name : {"dns", "dns_search", "env_file", "label_file", "tmpfs"}) text_to_list(child(service, name));
  names_to_map(child(service, "networks"), Node{});
  names_to_map(child(service, "models"), Node{});
  names_to_map(child(service, "depends_on"), dependency());
  hosts_to_map(child(service, "extra_hosts"), report);
  text_to_member(child(service, "extends"), "service");
  normalise_build(child(service, "build"), report);
  if (Node* deploy = child(service, "deploy")) pairs_to_map(child(*deploy, "labels"));
}

}  // namespace

Node slice(const Node& text, std::size_t begin, std::size_t end) {
  end = std::min(end, text.text.size());
  Node out = make_text(text.text.substr(begin, end - begin), text.place);
  for (const Span& span : text.spans) {
    if (span.begin >= begin && span.end <= end) out.spans.push_back({span.begin - begin, span.end - begin, span.variable});
  }
  return out;
}

void normalise(Node& root, Report& report) {
  for (const char* section : {"networks", "volumes", "secrets", "configs"}) {
    Node* node = child(root, section);
    if (!node) continue;
    for (Member& member : node->members) pairs_to_map(child(member.value, "labels"));
  }
  if (Node* services = child(root, "services")) {
    for (Member& service : services->members) normalise_service(service.value, report);
  }
}

}  // namespace berth::compose
