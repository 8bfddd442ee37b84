#include "cli/complete.h"

#include <algorithm>

#include "cli/fields.h"
#include "cli/targets.h"

namespace berth::cli {

namespace {

const std::vector<std::string> kGoals{"condition=Ready", "delete", "create", "phase=Failed", "phase=Expired"};

// The flag whose value the word at `i` is: "-o" before it.
const Flag* flag_before(const Flags& flags, const std::vector<std::string>& words, std::size_t i) {
  if (i == 0) return nullptr;
  const auto* flag = flags.find(words[i - 1]);
  return flag != nullptr && !flag->value_name.empty() ? flag : nullptr;
}

std::vector<std::string> positionals(const Flags& flags, const std::vector<std::string>& words) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].size() > 1 && words[i].front() == '-') continue;
    if (flag_before(flags, words, i) != nullptr) continue;
    result.push_back(words[i]);
  }
  return result;
}

void offer_value(const Flag& flag, Completion& plan) {
  plan.words = flag.choices;
  if (flag.completes == Completes::Words) plan.words = kGoals;
  plan.also = flag.completes;
}

void offer_flags(const Flags& flags, Completion& plan) {
  for (const auto& flag : flags.flags()) plan.words.push_back("--" + flag.long_name);
  plan.words.push_back("--help");
}

void offer_commands(const std::vector<CommandPtr>& commands, Completion& plan) {
  for (const auto& command : commands) {
    if (!command->help().hidden) plan.words.push_back(command->help().name);
  }
}

void offer_types(const crd::Scheme& scheme, Completion& plan) {
  for (const auto& resource : scheme.resources()) plan.words.push_back(resource.plural);
}

void offer_argument(const Flags& flags, const crd::Scheme& scheme, const std::vector<std::string>& before,
                    Completion& plan) {
  if (flags.arguments().empty()) return;
  const auto index = std::min(before.size(), flags.arguments().size() - 1);
  const auto& argument = flags.arguments()[index];
  if (argument.most != 0 && before.size() > index + argument.most - 1) return;
  plan.also = argument.completes;
  plan.words = argument.choices;
  if (argument.completes == Completes::Services && !before.empty()) {
    plan.type = before.front();
    return;
  }
  if (argument.completes != Completes::TypesThenNames) return;
  const auto slash = plan.prefix.find('/');
  if (slash != std::string::npos) {
    plan.type = plan.prefix.substr(0, slash);
    if (scheme.find_name(plan.type) == nullptr) plan.also = Completes::Nothing;
    return;
  }
  if (before.empty()) offer_types(scheme, plan);
  if (!before.empty() && scheme.find_name(before.front()) != nullptr) plan.type = before.front();
}

// `word` is "" or "TYPE/": what each name begins with.
Task<std::vector<std::string>> names_from_server(Session& session, const crd::ResourceInfo& resource,
                                                 std::string word) {
  std::vector<std::string> names;
  std::string ns;
  if (resource.namespaced) ns = session.ns;
  auto listed = co_await session.client.list(resource, std::move(ns));
  if (!listed.has_value()) co_return names;
  for (const auto& object : listed.value().items) names.push_back(word + object->name());
  co_return names;
}

// `word` is "" or "ENV/": what each name begins with.
Task<std::vector<std::string>> services_of(Session& session, std::string environment, std::string word) {
  std::vector<std::string> names;
  ObjectKey key{session.ns, std::move(environment)};
  auto found = co_await session.client.get(environments(session.scheme), std::move(key));
  if (!found.has_value()) co_return names;
  for (const auto& service : items(at(found.value()->spec(), {"services"})))
    names.push_back(word + text_at(service, {"name"}));
  co_return names;
}

}  // namespace

Completion plan_completion(const std::vector<CommandPtr>& commands, const Flags& global, const crd::Scheme& scheme,
                           const std::vector<std::string>& words) {
  Completion plan;
  plan.prefix = words.empty() ? "" : words.back();
  const std::size_t last = words.empty() ? 0 : words.size() - 1;
  std::size_t verb = 0;
  while (verb < last && (words[verb].starts_with('-') || flag_before(global, words, verb) != nullptr)) ++verb;
  if (verb >= last) {
    if (const auto* flag = flag_before(global, words, last)) {
      offer_value(*flag, plan);
    } else if (plan.prefix.starts_with('-')) {
      offer_flags(global, plan);
    } else {
      offer_commands(commands, plan);
      plan.words.push_back("help");
    }
    return plan;
  }
  if (words[verb] == "help") {
    if (verb + 1 == last) offer_commands(commands, plan);
    return plan;
  }
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const CommandPtr& c) { return c->help().name == words[verb]; });
  if (command == commands.end()) return plan;
  Flags flags("");
  (*command)->declare(flags);
  flags.add(global);
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(verb) + 1, words.end());
  if (std::find(rest.begin(), rest.end() - 1, "--") != rest.end() - 1) {
    plan.also = Completes::Files;
  } else if (const auto* flag = flag_before(flags, rest, rest.size() - 1)) {
    offer_value(*flag, plan);
    const auto before = positionals(flags, rest);
    if (flag->completes == Completes::Services && !before.empty()) plan.type = before.front().substr(0, before.front().find('/'));
  } else if (plan.prefix.starts_with('-')) {
    offer_flags(flags, plan);
  } else {
    offer_argument(flags, scheme, positionals(flags, rest), plan);
  }
  return plan;
}

Task<std::vector<std::string>> complete(Session& session, Completion plan) {
  std::vector<std::string> more;
  const auto& scheme = session.scheme;
  const auto* resource = &environments(scheme);
  if (plan.also == Completes::Namespaces) resource = &resource_of(scheme, "", "v1", "namespaces");
  if (plan.also == Completes::TypesThenNames && !plan.type.empty()) resource = scheme.find_name(plan.type);
  const auto slash = plan.prefix.find('/');
  const bool services = plan.also == Completes::Services && (!plan.type.empty() || slash != std::string::npos);
  if (services) {
    auto environment = plan.type.empty() ? plan.prefix.substr(0, slash) : plan.type;
    auto word = plan.type.empty() ? plan.prefix.substr(0, slash + 1) : std::string();
    more = co_await services_of(session, std::move(environment), std::move(word));
  } else if (plan.also == Completes::Files) {
    more.push_back(kFilesMarker);
  } else if (plan.also != Completes::Nothing && plan.also != Completes::Words) {
    auto word = plan.also == Completes::TypesThenNames && slash != std::string::npos ? plan.prefix.substr(0, slash + 1)
                                                                                     : std::string();
    more = co_await names_from_server(session, *resource, std::move(word));
  }
  auto candidates = std::move(plan.words);
  candidates.insert(candidates.end(), more.begin(), more.end());
  std::erase_if(candidates,
                [&](const std::string& word) { return word != kFilesMarker && !word.starts_with(plan.prefix); });
  co_return candidates;
}

}  // namespace berth::cli
