#include "crd/secrets.h"

#include <algorithm>
#include <array>

#include "crd/fields.h"
#include "crd/formats.h"

namespace berth::crd {

namespace {

constexpr std::size_t kShortestSecret = 4;
constexpr std::size_t kShortestNumber = 6;

bool is_plain_word(const std::string& value) {
  static constexpr std::array<std::string_view, 8> kWords = {"true", "false", "none", "null", "disable", "enable", "disabled", "enabled"};
  if (value.size() < kShortestSecret) return true;
  const bool number = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (number && value.size() < kShortestNumber) return true;
  return std::find(kWords.begin(), kWords.end(), lower_case(value)) != kWords.end();
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// --password, whose value is the next word.
bool is_secret_flag(std::string_view word) {
  return word.starts_with('-') && word.find('=') == std::string_view::npos && looks_secret(word);
}

// Where the value of "--password=x" or "PASSWORD=x" begins; npos when the word is no such assignment.
std::size_t secret_value_in(std::string_view word) {
  for (auto equal = word.find('='); equal != std::string_view::npos; equal = word.find('=', equal + 1)) {
    if (looks_secret(word.substr(0, equal))) return equal + 1;
  }
  return std::string_view::npos;
}

// Where the value that begins at `at` ends in a line of a shell. A quote that is not closed goes to the end.
std::size_t line_value_end(std::string_view line, std::size_t at) {
  char quote = '\0';
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '\\' && quote != '\'') {
      ++at;
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (is_blank(c)) {
      break;
    }
  }
  return std::min(at, line.size());
}

// "A=1 PASSWORD=b run --token t", as it is handed to sh -c.
std::string mask_line(std::string_view line) {
  std::string out;
  bool after_flag = false;
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      out += line[at++];
      continue;
    }
    auto end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    const auto word = line.substr(at, end - at);
    const auto value = after_flag ? 0 : secret_value_in(word);
    after_flag = is_secret_flag(word);
    if (value >= word.size()) {
      out += word;
      at = end;
    } else {
      out.append(word.substr(0, value)).append(kMasked);
      at = line_value_end(line, at + value);
    }
  }
  return out;
}

// A word that is an assignment as a whole loses all that follows: blanks belong to its value.
std::string mask_word(const std::string& word) {
  const auto value = secret_value_in(std::string_view(word).substr(0, std::min(word.find_first_of(" \t\n\v\f\r"), word.size())));
  return value >= word.size() ? mask_line(word) : word.substr(0, value) + kMasked;
}

void mask_words(json& list) {
  bool after_flag = false;
  for (auto& word : list) {
    if (!word.is_string()) continue;
    const auto text = word.get<std::string>();
    word = after_flag ? kMasked : mask_word(text);
    after_flag = is_secret_flag(text);
  }
}

// Everything of an entry but what says which one it is: a field that comes later is masked too.
void mask_entry(json& entry) {
  static constexpr std::array<std::string_view, 5> kTellsWhich = {"name", "path", "mode", "owner", "valueFrom"};
  if (!entry.is_object()) return;
  for (auto& [field, value] : entry.items()) {
    if (std::find(kTellsWhich.begin(), kTellsWhich.end(), field) == kTellsWhich.end()) value = kMasked;
  }
}

// The headers of every probe, wherever it stands in the container.
void mask_headers(json& value) {
  if (!value.is_structured()) return;
  if (const auto headers = value.is_object() ? value.find("httpHeaders") : value.end(); headers != value.end() && headers->is_array()) {
    for (auto& header : *headers) mask_entry(header);
  }
  for (auto& part : value) mask_headers(part);
}

void mask_containers(json& list) {
  if (!list.is_array()) return;
  for (auto& container : list) {
    if (!container.is_object()) continue;
    for (const char* key : {"env", "files"}) {
      const auto entries = container.find(key);
      if (entries == container.end() || !entries->is_array()) continue;
      for (auto& entry : *entries) mask_entry(entry);
    }
    mask_headers(container);
  }
}

}  // namespace

bool looks_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kParts = {"passw", "passphrase", "secret", "token", "credential",
                                                             "apikey", "api_key", "api-key", "private"};
  const auto small = lower_case(name);
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
  for (const char* key : {"services", "containers", "initContainers"}) {
    if (object["spec"].contains(key)) mask_containers(object["spec"][key]);
  }
}

}  // namespace berth::crd
