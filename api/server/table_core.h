#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crd/scheme.h"

namespace berth::api {

// One of "columnDefinitions".
struct TableColumn {
  std::string name;
  std::string type;  // string | integer | number | boolean | date
  std::string description;
  int priority = 0;  // > 0: only with -o wide
};

// How a kube-apiserver prints one of its own kinds.
struct CoreTable {
  std::vector<TableColumn> columns;
  json (*cells)(const Object& object, base::SystemTime now);
};

// Null for a kind that is printed by its columns alone. Pure; the answer lives for ever.
const CoreTable* core_table(const crd::ResourceInfo& resource);

// The first column of every table.
TableColumn name_column();
inline constexpr std::string_view kAgeDescription =
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in "
    "happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in "
    "UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

// Of table_pod.cc.
const CoreTable& pod_table();

// What these printers say of times and of what is not there.
std::string time_since(const json& object, std::string_view key, base::SystemTime now);  // "<unknown>" when it is not set
json text_or_none(std::string text);                                                    // "<none>" for ""

}  // namespace berth::api
