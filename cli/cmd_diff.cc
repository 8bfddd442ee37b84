#include "cli/cmd_diff.h"

#include <ostream>

#include "cli/common.h"
#include "cli/fields.h"
#include "cli/printer.h"
#include "cli/text.h"
#include "cli/text_diff.h"
#include "crd/secrets.h"
#include "crd/yaml.h"

namespace berth::cli {

namespace {

constexpr int kDiffers = 1;
constexpr int kTrouble = 2;

// What an apply would not change by itself, or every apply changes.
json comparable(const Object* object) {
  if (!object) return json::object();
  json body = object->body();
  body.erase("status");
  for (const char* field : {"managedFields", "resourceVersion"}) body["metadata"].erase(field);
  return body;
}

// The values of a Secret are not shown, but that they differ is.
void hide_secret(json& before, json& after) {
  for (const char* field : {"data", "stringData"}) {
    for (auto* side : {&before, &after}) {
      if (!side->contains(field) || !(*side)[field].is_object()) (*side)[field] = json::object();
    }
    for (auto& [name, value] : before[field].items()) {
      const bool both = after[field].contains(name);
      const bool same = both && after[field][name] == value;
      if (both) after[field][name] = same ? crd::kMasked : std::string(crd::kMasked) + " (after)";
      value = both && !same ? std::string(crd::kMasked) + " (before)" : crd::kMasked;
    }
    for (auto& [name, value] : after[field].items()) {
      if (!before[field].contains(name)) value = crd::kMasked;
    }
    for (auto* side : {&before, &after}) {
      if ((*side)[field].empty()) side->erase(field);
    }
  }
}

std::string effect_text(const json& change) {
  const auto effect = text_at(change, {"effect"});
  std::string text;
  if (effect == "InPlace") text = "changes in place";
  if (effect == "Replaced") text = "replaces the container";
  if (effect == "Added") text = "new";
  if (effect == "Removed") text = "goes";
  if (text.empty()) return "";
  std::vector<std::string> fields;
  for (const auto& field : items(at(change, {"fields"}))) fields.push_back(text_at(field, {}));
  const auto why = text_at(change, {"why"});
  if (!fields.empty()) text += " (" + join(fields, ", ") + ")";
  return why.empty() ? text : text + ": " + why;
}

class Diff final : public Command {
 public:
  CommandHelp help() const override {
    return {"diff", "Show what an apply would change", "-f FILE|DIR|- [flags]",
            "The server is asked what it would store, defaults and all; nothing is changed. Above the lines that differ stands what "
            "becomes of each service: what changes in place, what gets a new container, what is new and what goes. The exit status is 0 "
            "when nothing would change, 1 when something would, 2 when that cannot be said.",
            "berthctl diff -f checkout.yaml"};
  }

  void declare(Flags& flags) override {
    flags.list("--file,-f", "FILE|DIR|-", "what would be applied; may be given several times", &files_).completes = Completes::Files;
  }

  int error_status() const override { return kTrouble; }

  Task<Result<int>> run(Session& session) override {
    if (files_.empty()) co_return base::error(Reason::BadRequest, "-f FILE is missing: a file, a directory or - is expected");
    auto manifests = read_manifests(files_, session.io.in, session.scheme);
    if (manifests.has_error()) co_return manifests.error();
    bool differs = false;
    for (const auto& manifest : *manifests) {
      auto compared = co_await compare(session, manifest);
      if (compared.has_error()) co_return base::error(compared.error().reason, join(explain(compared.error(), manifest), "\n"));
      differs = differs || *compared;
    }
    co_return differs ? kDiffers : 0;
  }

 private:
  Task<Result<bool>> compare(Session& session, const Manifest& manifest) {
    if (text_at(manifest.body, {"metadata", "name"}).empty()) {
      co_return base::error(Reason::BadRequest, "metadata.name: Required value (generateName is of no use here)");
    }
    auto ns = namespace_of(session, manifest);
    if (ns.has_error()) co_return ns.error();
    ObjectKey key{*ns, manifest.name()};
    auto stored = co_await session.client.get(*manifest.resource, key);
    if (stored.has_error() && stored.error().reason != Reason::NotFound) co_return stored.error();
    const auto before = stored.has_value() ? *stored : nullptr;
    auto options = write_options(true);
    Result<ObjectPtr> tried;
    if (before) {
      auto body = merged_body(manifest, *before);
      tried = co_await session.client.replace(*manifest.resource, key, std::move(body), std::move(options));
    } else {
      auto body = manifest.body;
      tried = co_await session.client.create(*manifest.resource, *ns, std::move(body), std::move(options));
    }
    if (tried.has_error()) co_return tried.error();
    co_return co_await print(session, manifest, before, *tried);
  }

  Task<Result<bool>> print(Session& session, const Manifest& manifest, ObjectPtr before, ObjectPtr after) {
    auto old_body = comparable(before.get());
    auto new_body = comparable(after.get());
    // A new object gets a uid and a time of its own when it is created.
    if (!before) {
      for (const char* field : {"uid", "creationTimestamp"}) new_body["metadata"].erase(field);
    }
    if (manifest.resource->gvk.kind == "Secret") hide_secret(old_body, new_body);
    const auto name = display_name(*manifest.resource, manifest.name());
    const auto difference = unified_diff(before ? crd::to_yaml(old_body) : "", crd::to_yaml(new_body), "live/" + name, "merged/" + name);
    if (difference.empty()) co_return false;
    if (manifest.resource == &environments(session.scheme)) {
      auto told = co_await tell_effects(session, name, *after);
      if (told.has_error()) co_return told.error();
    }
    auto text = printable(difference);
    if (session.io.color_out) text = colored(text);
    session.io.out << text;
    if (!session.io.out.flush()) co_return base::error(Reason::InternalError, "standard output was closed");
    co_return true;
  }

  Task<Result<void>> tell_effects(Session& session, std::string name, const Object& after) {
    std::string method = "POST";
    std::string target = "/berth/v1/preview";
    json request = json::object();
    request["object"] = after.body();
    auto body = crd::dump(request);
    auto preview = co_await session.remote.call(std::move(method), std::move(target), std::move(body));
    if (preview.has_error()) co_return preview.error();
    std::size_t width = 0;
    for (const auto& change : items(at(*preview, {"services"}))) width = std::max(width, text_at(change, {"name"}).size());
    for (const auto& change : items(at(*preview, {"services"}))) {
      const auto effect = effect_text(change);
      const auto service = text_at(change, {"name"});
      if (!effect.empty()) session.io.out << "# " << printable(name) << " " << service << std::string(width - service.size(), ' ') << "  " << printable(effect) << "\n";
    }
    co_return Result<void>();
  }

  static std::string colored(const std::string& text) {
    std::string out;
    for (auto& line : split(text, '\n')) {
      const bool head = line.starts_with("---") || line.starts_with("+++");
      const auto color = head ? Color::Bold : line.starts_with('-') ? Color::Red : line.starts_with('+') ? Color::Green : line.starts_with("@@") ? Color::Cyan : Color::None;
      out += (color == Color::None ? line : painted(line, color, true)) + "\n";
    }
    out.pop_back();  // the text ended with a newline
    return out;
  }

  std::vector<std::string> files_;
};

}  // namespace

CommandPtr make_diff() { return std::make_unique<Diff>(); }

}  // namespace berth::cli
