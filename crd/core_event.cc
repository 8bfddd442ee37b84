#include "crd/cause.h"
#include "crd/core_kinds.h"
#include "crd/core_schema.h"
#include "crd/fields.h"
#include "crd/formats.h"

namespace berth::crd::core {

namespace {

json reference(const char* description) {
  return object(description, {{"kind", text("Kind of the object.")},
                              {"namespace", text("Namespace of the object.")},
                              {"name", text("Name of the object.")},
                              {"uid", text("UID of the object.")},
                              {"apiVersion", text("API version of the object.")},
                              {"resourceVersion", text("The version of the object that it is about, if any.")},
                              {"fieldPath", text("The part of the object that it is about: spec.services{db}.")}});
}

// "2026-01-01T00:00:00Z" -> "2026-01-01T00:00:00.000000Z": metav1.MicroTime always shows six digits.
std::string micro_time(const std::string& time) {
  constexpr std::size_t kSeconds = 19;
  if (time.size() <= kSeconds || time.back() != 'Z') return time;
  if (time[kSeconds] == 'Z') return time.substr(0, kSeconds) + ".000000Z";
  if (time[kSeconds] != '.') return time;
  std::string digits = time.substr(kSeconds + 1, time.size() - kSeconds - 2);
  digits.resize(6, '0');
  return time.substr(0, kSeconds) + "." + digits + "Z";
}

void show_micro_time(json& holder, const char* field) {
  const auto found = holder.find(field);
  if (found != holder.end() && found->is_string()) *found = micro_time(found->get<std::string>());
}

Result<void> prepare_event(json& event) {
  show_micro_time(event, "eventTime");
  if (const auto series = event.find("series"); series != event.end() && series->is_object()) {
    show_micro_time(*series, "lastObservedTime");
  }
  return {};
}

void check_event_namespace(const json& event, std::vector<Cause>& causes) {
  const auto own = text_at(object_at(event, "metadata"), "namespace");
  const auto involved = text_at(object_at(event, "involvedObject"), "namespace");
  const bool fits = involved.empty() ? own == "default" : involved == own;
  if (!fits) causes.push_back(cause::invalid("involvedObject.namespace", involved, "does not match event.namespace"));
}

void check_event_text(const json& event, const char* field, std::vector<Cause>& causes) {
  constexpr std::size_t kLimit = 128;
  const auto value = text_at(event, field);
  if (value.empty()) causes.push_back(cause::required(field));
  if (value.size() > kLimit) causes.push_back(cause::too_long(field, kLimit));
}

// Events that have an eventTime are the new ones, and say more.
std::vector<Cause> event_rules(const json& event, const json* old) {
  constexpr std::size_t kMostMessage = 1024;
  std::vector<Cause> causes;
  check_event_namespace(event, causes);
  if (old || text_at(event, "eventTime").empty()) return causes;
  for (const char* field : {"reportingComponent", "reportingInstance", "action", "reason"}) {
    check_event_text(event, field, causes);
  }
  if (text_at(event, "message").size() > kMostMessage) causes.push_back(cause::too_long("message", kMostMessage));
  const auto type = text_at(event, "type");
  if (type != "Normal" && type != "Warning") causes.push_back(cause::invalid("type", type, "has invalid value"));
  return causes;
}

json absent(json schema) { return with_default(std::move(schema), nullptr); }

json event_schema() {
  return required(
      object("Event tells of one thing that happened to an object, perhaps several times. It is kept for an hour.",
             {{"involvedObject", reference("The object that it is about.")},
              {"reason", text("Why it was told, one word for machines.")},
              {"message", text("What happened, for people.")},
              {"type", text("Normal or Warning.")},
              {"count", number("How often it happened.")},
              {"firstTimestamp", absent(time("When it happened first."))},
              {"lastTimestamp", absent(time("When it happened last."))},
              {"eventTime", absent(time("When it happened first, of events of the newer form."))},
              {"source", with_default(object("Who tells.", {{"component", text("The component that tells.")},
                                                            {"host", text("The node that it runs on.")}}),
                                      json::object())},
              {"series", object("Of an event that goes on: how often, and until when.",
                                {{"count", number("How often it happened in the series.")},
                                 {"lastObservedTime", time("When it happened last.")}})},
              {"action", text("What was done or failed.")},
              {"related", reference("A second object that it is about.")},
              {"reportingComponent", with_default(text("Who tells: kubernetes.io/kubelet."), "")},
              {"reportingInstance", with_default(text("Which instance of it: kubelet-xyzf."), "")}}),
      json::array({"involvedObject"}));
}

}  // namespace

ResourceInfo event_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Event"};
  info.plural = "events";
  info.singular = "event";
  info.short_names = {"ev"};
  info.selectable_fields = {"involvedObject.kind",       "involvedObject.namespace",       "involvedObject.name",
                            "involvedObject.uid",        "involvedObject.apiVersion",      "involvedObject.resourceVersion",
                            "involvedObject.fieldPath",  "reason",                         "type",
                            "source",                    "reportingComponent"};
  info.schema = event_schema();
  info.prepare = prepare_event;
  info.rules = event_rules;
  info.columns = {{"Last Seen", "date", ".lastTimestamp", "The time at which the most recent occurrence of this event was recorded."},
                  {"Type", "string", ".type", "Normal or Warning."},
                  {"Reason", "string", ".reason", "What happened, in one word."},
                  {"Kind", "string", ".involvedObject.kind", "The kind of the object that this event is about."},
                  {"Object", "string", ".involvedObject.name", "The object that this event is about."},
                  {"Message", "string", ".message", "What happened."},
                  {"Count", "integer", ".count", "The number of times this event has occurred.", 1}};
  return info;
}

}  // namespace berth::crd::core
