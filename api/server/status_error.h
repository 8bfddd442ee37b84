#pragma once

#include <string>

#include "base/result.h"
#include "crd/object.h"

namespace berth::api {

// The only mapping between Error and the wire: HTTP status code, StatusReason and metav1.Status, both directions.
int http_status(Reason reason);
json to_status(const Error& error, const std::string& resource_name = "", const std::string& group = "",
               const std::string& kind = "");
// An answer that is not 2xx, read back by HttpClient. `body` may be anything.
Error from_status(int http_status, std::string_view body);

}  // namespace berth::api
