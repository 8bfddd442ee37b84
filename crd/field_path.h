#pragma once

#include <string>
#include <string_view>

namespace berth::crd {

// Kubernetes field paths, made in one place so that the YAML source map, the schema and the rules agree:
// child("spec", "services") == "spec.services", item("spec.services", 2) == "spec.services[2]";
// a key with a dot, slash or bracket is quoted: child("metadata.labels", "a.b/c") ==
// "metadata.labels[a.b/c]".
std::string child(std::string_view path, std::string_view key);
std::string item(std::string_view path, std::size_t index);

// The same in place, for walks over values of any size.
void append_child(std::string& path, std::string_view key);
void append_item(std::string& path, std::size_t index);

// How many duplicate keys of one document are told, in JSON and in YAML.
inline constexpr std::size_t kMaxDuplicateKeys = 100;

}  // namespace berth::crd
