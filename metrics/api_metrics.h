#pragma once

#include <memory>
#include <string>

#include "metrics/registry.h"

namespace berth::metrics {

// apiserver_request_total{verb,resource,code}, apiserver_request_duration_seconds{verb,resource},
// apiserver_registered_watchers{resource}: upstream names and label values (verb GET LIST WATCH POST PUT DELETE).
class ApiMetrics {
 public:
  explicit ApiMetrics(Registry& registry);
  ~ApiMetrics();
  void request(const std::string& verb, const std::string& resource, int code, double seconds);
  void watchers(const std::string& resource, int delta);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::metrics
