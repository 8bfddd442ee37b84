#include "crd/secrets.h"

#include <algorithm>
#include <array>

#include "crd/fields.h"

namespace berth::crd {

namespace {

constexpr std::size_t kShortestSecret = 4;
constexpr std::size_t kShortestNumber = 6;

std::string small_letters(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_plain_word(const std::string& value) {
  static constexpr std::array<std::string_view, 8> kWords = {"true", "false", "none", "null", "disable", "enable", "disabled", "enabled"};
  if (value.size() < kShortestSecret) return true;
  const bool number = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (number && value.size() < kShortestNumber) return true;
  return std::find(kWords.begin(), kWords.end(), small_letters(value)) != kWords.end();
}

// "--password=x" and "PASSWORD=x" lose their value.
void mask_assignment(std::string& word) {
  const auto equal = word.find('=');
  if (equal == std::string::npos || equal + 1 == word.size()) return;
  if (looks_secret(std::string_view(word).substr(0, equal))) word = word.substr(0, equal + 1) + kMasked;
}

void mask_words(json& list) {
  bool after_flag = false;
  for (auto& word : list) {
    if (!word.is_string()) continue;
    auto text = word.get<std::string>();
    if (after_flag && !text.starts_with('-')) text = kMasked;
    after_flag = text.starts_with('-') && text.find('=') == std::string::npos && looks_secret(text);
    mask_assignment(text);
    word = std::move(text);
  }
}

void mask_containers(json& list) {
  if (!list.is_array()) return;
  for (auto& container : list) {
    if (!container.is_object()) continue;
    for (const char* key : {"env", "files"}) {
      const auto entries = container.find(key);
      if (entries == container.end() || !entries->is_array()) continue;
      for (auto& entry : *entries) {
        if (!entry.is_object()) continue;
        for (const char* secret : {"value", "content", "contentBase64"}) {
          if (entry.contains(secret)) entry[secret] = kMasked;
        }
      }
    }
  }
}

}  // namespace

bool looks_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kParts = {"passw", "passphrase", "secret", "token", "credential",
                                                             "apikey", "api_key", "api-key", "private"};
  const auto small = small_letters(name);
  if (std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) { return small.find(part) != std::string::npos; })) return true;
  return small.ends_with("key") || small.ends_with("pwd") || small.ends_with("_pass") || small.ends_with("auth") || small.ends_with("dsn");
}

std::vector<std::string> secret_values(const json& spec) {
  std::vector<std::string> values;
  for (const auto& service : array_at(spec, "services")) {
    for (const auto& variable : array_at(service, "env")) {
      auto value = text_at(variable, "value");
      if (looks_secret(text_at(variable, "name")) && !is_plain_word(value)) values.push_back(std::move(value));
    }
  }
  return values;
}

std::string masked(std::string text, const std::vector<std::string>& values) {
  auto longest_first = values;
  std::sort(longest_first.begin(), longest_first.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& value : longest_first) {
    if (value.empty()) continue;
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) text.replace(at, value.size(), kMasked);
  }
  return text;
}

void mask_strings(json& value, const std::vector<std::string>& values) {
  if (value.is_string()) {
    value = masked(value.get<std::string>(), values);
  } else if (value.is_array()) {
    mask_words(value);
    for (auto& item : value) mask_strings(item, values);
  } else if (value.is_object()) {
    for (auto& [name, item] : value.items()) mask_strings(item, values);
  }
}

void mask_spec(json& object) {
  if (!object.is_object()) return;
  if (object.contains("metadata") && object["metadata"].is_object() && object["metadata"].contains("annotations")) {
    object["metadata"]["annotations"].erase("kubectl.kubernetes.io/last-applied-configuration");
  }
  if (!object.contains("spec") || !object["spec"].is_object()) return;
  for (const char* key : {"services", "containers"}) {
    if (object["spec"].contains(key)) mask_containers(object["spec"][key]);
  }
}

}  // namespace berth::crd
