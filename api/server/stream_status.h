#pragma once

#include "base/result.h"
#include "crd/object.h"

// The metav1.Status with which exec and attach end, as clients of every age read them. Pure.
namespace berth::api {

json exec_success();
// A command that ended by itself; 0 is exec_success().
json exec_exit(int code);
// "Internal error occurred: ..."
json exec_failure(const std::string& message);

}  // namespace berth::api
