#include "api/server/watch_encoder.h"

#include "api/server/status_error.h"

namespace berth::api {

namespace {

void append_head(std::string& out, const char* type) {
  out += "{\"type\":\"";
  out += type;
  out += "\",\"object\":";
}
constexpr std::string_view kEventTail = "}\n";

// What a watcher had last, at the revision at which it lost sight of it.
ObjectPtr departed_object(const Object& last, storage::Revision revision) {
  json body = last.body();
  body["metadata"]["resourceVersion"] = std::to_string(revision);
  return Object::make(std::move(body)).value();
}

}  // namespace

WatchEncoder::WatchEncoder(const crd::ResourceInfo& resource, Accepted accepted, IncludeObject include,
                           const TablePrinter& printer, base::Clock& clock, WatchTexts& texts)
    : resource_(resource),
      accepted_(std::move(accepted)),
      include_(include),
      printer_(printer),
      clock_(clock),
      texts_(texts) {}

WatchTexts::Key WatchEncoder::key_of(storage::Revision revision, bool departed) const {
  WatchTexts::Key key{&resource_, revision, departed, accepted_.shape, include_, accepted_.version == "v1beta1"};
  if (accepted_.shape == Shape::Table) {
    const auto now = clock_.system_now().time_since_epoch();
    key.second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  }
  return key;
}

void WatchEncoder::line_of_item(std::string& out, const char* type, const WatchTexts::Key& key,
                                const std::function<ObjectPtr()>& object) {
  const Shaper shaper(resource_, accepted_, include_, printer_, clock_.system_now());
  const auto item = texts_.changes.get(key, [&] {
    std::string text;
    shaper.append_item(text, *object());
    return std::make_shared<const std::string>(std::move(text));
  });
  append_head(out, type);
  shaper.append_object(out, *item, key.revision, std::exchange(first_, false));
  out += kEventTail;
}

void WatchEncoder::line(std::string& out, const char* type, const Object& object) {
  if (accepted_.shape != Shape::Object) {
    // Borrowed: it is used before this call ends.
    return line_of_item(out, type, key_of(object.revision(), false), [&object] { return ObjectPtr(ObjectPtr(), &object); });
  }
  append_head(out, type);
  out += object.bytes();
  out += kEventTail;
}

void WatchEncoder::departed(std::string& out, const Object& last, storage::Revision revision) {
  line_of_item(out, "DELETED", key_of(revision, true), [&] { return departed_object(last, revision); });
}

void WatchEncoder::added(std::string& out, const Object& object) { line(out, "ADDED", object); }

void WatchEncoder::change(std::string& out, const storage::WatchEvent& event, const ListOptions& options) {
  using storage::EventType;
  if (event.type == EventType::Bookmark || !event.object) return;
  if (event.type == EventType::Added || event.type == EventType::Deleted) {
    if (options.matches(*event.object)) line(out, event.type == EventType::Added ? "ADDED" : "DELETED", *event.object);
    return;
  }
  const auto& before = event.previous ? event.previous : event.object;
  const bool was_seen = options.matches(*before);
  if (options.matches(*event.object)) {
    line(out, was_seen ? "MODIFIED" : "ADDED", *event.object);
  } else if (was_seen) {
    departed(out, *before, event.revision);
  }
}

http::SharedChunk WatchEncoder::changes(const std::vector<storage::WatchEvent>& events, const std::string& ns,
                                        const ListOptions& options) {
  const auto make = [&] {
    std::string text;
    for (const auto& event : events) change(text, event, options);
    return std::make_shared<const http::Chunk>(text);
  };
  // What depends on who asks is made for each.
  if (!options.everything() || accepted_.shape == Shape::Table) return make();
  return texts_.spans.get({key_of(events.back().revision, false), ns, events.front().revision}, make);
}

void WatchEncoder::bookmark(std::string& out, storage::Revision revision, bool initial_end) const {
  const bool partial = accepted_.shape == Shape::Metadata;
  json metadata = {{"resourceVersion", std::to_string(revision)}};
  if (initial_end) metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  const json object = {{"kind", partial ? "PartialObjectMetadata" : resource_.gvk.kind},
                       {"apiVersion", partial ? "meta.k8s.io/" + accepted_.version : resource_.gvk.api_version()},
                       {"metadata", std::move(metadata)}};
  append_head(out, "BOOKMARK");
  out += crd::dump(object);
  out += kEventTail;
}

void WatchEncoder::error(std::string& out, const Error& error) {
  append_head(out, "ERROR");
  out += crd::dump(to_status(error));
  out += kEventTail;
}

}  // namespace berth::api
