#pragma once

#include <string>
#include <vector>

#include "crd/object.h"

namespace berth::reconcile {

struct Announcement {
  bool warning = false;
  std::string reason;
  std::string message;
};

// What a person would want to hear of the step from one status to the next. Pure.
std::vector<Announcement> announcements(const json& before, const json& after);

}  // namespace berth::reconcile
