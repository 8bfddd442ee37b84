#include "api/server/openapi_parameters.h"

#include <array>
#include <string>

namespace berth::api {

namespace {

constexpr std::array<Parameter, 10> kList = {{
    {"allowWatchBookmarks", "boolean",
     "Whether a watch may send BOOKMARK events, which carry nothing but the resourceVersion to go on from. Ignored without watch."},
    {"continue", "string",
     "Where a list that was cut at its limit goes on: metadata.continue of the part before. The other parameters must be the same."},
    {"fieldSelector", "string", "Only objects whose fields are so, e.g. metadata.name=web. All when absent."},
    {"labelSelector", "string", "Only objects whose labels are so, e.g. app=web,tier in (a,b). All when absent."},
    {"limit", "integer", "How many objects one answer holds at most; metadata.continue says where the rest begins. 0 means all."},
    {"resourceVersion", "string", "The state that a list shows at least, or that a watch begins after. The present one when absent."},
    {"resourceVersionMatch", "string", "What resourceVersion means for a list: NotOlderThan or Exact."},
    {"sendInitialEvents", "boolean",
     "Whether a watch begins with an ADDED event for each object there is, and then a BOOKMARK that says that this was all."},
    {"timeoutSeconds", "integer", "Seconds after which a list is given up or a watch ends, whatever is going on."},
    {"watch", "boolean", "Whether changes are sent as they happen, one event in a line, instead of a list."},
}};

constexpr std::array<Parameter, 1> kGet = {{
    {"resourceVersion", "string", "The state that is shown at least. The present one when absent."},
}};

constexpr std::array<Parameter, 4> kWrite = {{
    {"dryRun", "string", "All: check everything, answer as if it had been done, and change nothing."},
    {"fieldManager", "string",
     "Who makes the change, at most 128 characters that can be printed. Needed for apply patches; otherwise the beginning of the "
     "User-Agent when absent."},
    {"fieldValidation", "string",
     "What becomes of fields that are unknown or come twice: Strict refuses the request, Warn sends a Warning header, Ignore drops "
     "them in silence. Warn when absent."},
    {"force", "boolean", "Takes over fields that others manage. For apply patches only."},
}};

constexpr std::array<Parameter, 4> kDelete = {{
    {"dryRun", "string", "All: check everything, answer as if it had been done, and change nothing."},
    {"gracePeriodSeconds", "integer", "Seconds that the object has to end by itself; 0 means at once. The kind's own time when absent."},
    {"orphanDependents", "boolean", "Deprecated: use propagationPolicy. Whether objects that belong to this one stay."},
    {"propagationPolicy", "string",
     "What becomes of objects that belong to this one: Orphan (they stay), Background (they are deleted after it) or Foreground (it "
     "goes after them)."},
}};

constexpr Parameter kContainer = {"container", "string", "The container; there is no need to name the only one."};
constexpr Parameter kFollow = {"follow", "boolean", "Whether the answer goes on with what the container writes from now on."};
constexpr Parameter kSinceSeconds = {"sinceSeconds", "integer", "Only what was written in the last so many seconds."};
constexpr Parameter kTailLines = {"tailLines", "integer", "Only so many lines from the end. All when absent."};
constexpr Parameter kTimestamps = {"timestamps", "boolean", "Whether each line begins with the time it was written."};

constexpr std::array<Parameter, 8> kPodLog = {{
    kContainer, kFollow,
    {"limitBytes", "integer", "How many bytes the answer holds at most."},
    {"previous", "boolean", "Whether it is about the run of the container before this one."},
    kSinceSeconds,
    {"sinceTime", "string", "Only what was written after this time (RFC 3339)."},
    kTailLines, kTimestamps,
}};

constexpr std::array<Parameter, 5> kLog = {{
    {"service", "string", "The service; there is no need to name the only one."}, kFollow, kSinceSeconds, kTailLines, kTimestamps,
}};

constexpr Parameter kStdin = {"stdin", "boolean", "Whether the standard input of the process is connected."};
constexpr Parameter kStdout = {"stdout", "boolean", "Whether the standard output of the process is connected."};
constexpr Parameter kStderr = {"stderr", "boolean", "Whether the standard error of the process is connected."};
constexpr Parameter kTty = {"tty", "boolean", "Whether the process has a terminal."};

constexpr std::array<Parameter, 6> kExec = {{
    {"command", "string", "The command and its arguments, each in a parameter of its own, without a shell."},
    kContainer, kStderr, kStdin, kStdout, kTty,
}};
constexpr std::array<Parameter, 5> kAttach = {{kContainer, kStderr, kStdin, kStdout, kTty}};
constexpr std::array<Parameter, 1> kPortForward = {{
    {"ports", "integer", "The ports to forward to. Needed over WebSocket."},
}};

}  // namespace

std::span<const Parameter> list_parameters() { return kList; }
std::span<const Parameter> get_parameters() { return kGet; }
std::span<const Parameter> write_parameters() { return std::span(kWrite).first(kWrite.size() - 1); }
std::span<const Parameter> patch_parameters() { return kWrite; }
std::span<const Parameter> delete_parameters() { return kDelete; }

std::span<const Parameter> stream_parameters(std::string_view kind, std::string_view subresource) {
  if (kind == "Pod" && subresource == "log") return kPodLog;
  if (subresource == "log") return kLog;
  if (kind != "Pod") return {};
  if (subresource == "exec") return kExec;
  if (subresource == "attach") return kAttach;
  if (subresource == "portforward") return kPortForward;
  return {};
}

json query_parameter(const Parameter& parameter) {
  return {{"name", parameter.name},
          {"in", "query"},
          {"description", parameter.description},
          {"schema", {{"type", parameter.type}, {"uniqueItems", true}}}};
}

json path_parameter(std::string_view name, std::string_view description) {
  return {{"name", name},
          {"in", "path"},
          {"description", description},
          {"required", true},
          {"schema", {{"type", "string"}, {"uniqueItems", true}}}};
}

}  // namespace berth::api
