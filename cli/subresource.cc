#include "cli/subresource.h"

#include "api/client/http_client.h"
#include "cli/targets.h"

namespace berth::cli {

std::string log_target(const crd::Scheme& scheme, const ObjectKey& environment, const std::string& service,
                       const LogQuery& query) {
  auto target = api::resource_path(environments(scheme), environment.ns, environment.name) +
                "/log?service=" + http::percent_encode(service);
  if (query.follow) target += "&follow=true";
  if (query.tail) target += "&tailLines=" + std::to_string(*query.tail);
  if (query.timestamps) target += "&timestamps=true";
  if (query.since_seconds) target += "&sinceSeconds=" + std::to_string(*query.since_seconds);
  return target;
}

std::string attach_target(const crd::Scheme& scheme, const ObjectKey& environment) {
  return api::resource_path(environments(scheme), environment.ns, environment.name) + "/attach";
}

std::string attach_body(const std::string& container, bool connect) {
  return crd::dump(json{{"container", container}, {"connect", connect}});
}

std::string reap_target() { return "/berth/v1/reap"; }

std::string reap_body(bool confirm, bool adopt) { return crd::dump(json{{"confirm", confirm}, {"adopt", adopt}}); }

}  // namespace berth::cli
