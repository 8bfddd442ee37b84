#include "cli/targets.h"

#include <algorithm>
#include <stdexcept>

#include "api/errors.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

Error unknown_type(const crd::Scheme& scheme, const std::string& word) {
  return api::bad_request("there is no type \"" + printable(word) + "\"; the types are " + known_types(scheme));
}

Result<std::vector<Targets>> parse_slashed(const crd::Scheme& scheme, const std::vector<std::string>& words) {
  std::vector<Targets> result;
  for (const auto& word : words) {
    const auto slash = word.find('/');
    if (slash == std::string::npos) {
      return api::bad_request("\"" + printable(word) + "\": write TYPE/NAME for each one, or TYPE NAME...");
    }
    const auto type = word.substr(0, slash);
    const auto name = word.substr(slash + 1);
    const auto* resource = scheme.find_name(type);
    if (resource == nullptr) return unknown_type(scheme, type);
    if (name.empty() || name.find('/') != std::string::npos) {
      return api::bad_request("\"" + printable(word) + "\": TYPE/NAME is expected");
    }
    const auto found = std::find_if(result.begin(), result.end(),
                                    [&](const Targets& targets) { return targets.resource == resource; });
    if (found == result.end()) {
      result.push_back({resource, {name}, false});
    } else {
      found->names.push_back(name);
    }
  }
  return result;
}

}  // namespace

const crd::ResourceInfo& resource_of(const crd::Scheme& scheme, std::string_view group, std::string_view version,
                                     std::string_view plural) {
  const auto* resource = scheme.find(group, version, plural);
  if (resource == nullptr) throw std::logic_error("the scheme has no " + std::string(plural));
  return *resource;
}

const crd::ResourceInfo& environments(const crd::Scheme& scheme) {
  return resource_of(scheme, crd::kGroup, crd::kVersion, "testenvironments");
}

std::string known_types(const crd::Scheme& scheme) {
  std::vector<std::string> names;
  for (const auto& resource : scheme.resources()) {
    names.push_back(resource.plural);
    if (!resource.short_names.empty()) names.back() += " (" + join(resource.short_names, ", ") + ")";
  }
  return join(names, ", ");
}

Result<std::vector<Targets>> parse_targets(const crd::Scheme& scheme, const std::vector<std::string>& words) {
  if (words.empty()) return std::vector<Targets>{{&environments(scheme), {}, false}};
  const bool slashed = std::any_of(words.begin(), words.end(),
                                   [](const std::string& word) { return word.find('/') != std::string::npos; });
  if (slashed) return parse_slashed(scheme, words);
  std::vector<Targets> result;
  const auto types = split(words.front(), ',');
  for (const auto& type : types) {
    const auto* resource = scheme.find_name(type);
    if (resource == nullptr) {
      if (types.size() > 1) return unknown_type(scheme, type);
      return std::vector<Targets>{{&environments(scheme), words, true}};
    }
    result.push_back({resource, {words.begin() + 1, words.end()}, false});
  }
  if (result.size() > 1 && words.size() > 1)
    return api::bad_request("names are possible with one type only: write TYPE/NAME for each");
  return result;
}

}  // namespace berth::cli
