#include "cli/subresource.h"

#include "api/client/http_client.h"
#include "cli/targets.h"

namespace berth::cli {

namespace {

std::string query_of(const ObjectKey& environment) {
  return "?namespace=" + http::percent_encode(environment.ns) + "&name=" + http::percent_encode(environment.name);
}

}  // namespace

std::string pod_target(const crd::Scheme& scheme, const ObjectKey& environment, const std::string& service, const std::string& part) {
  const auto& pods = resource_of(scheme, "", "v1", "pods");
  return api::resource_path(pods, environment.ns, environment.name + "." + service) + "/" + part;
}

std::string log_target(const crd::Scheme& scheme, const ObjectKey& environment, const std::string& service,
                       const LogQuery& query) {
  // The service's Pod knows its runs; the environment shows all of them as one.
  auto target = query.previous ? pod_target(scheme, environment, service, "log") + "?previous=true"
                               : api::resource_path(environments(scheme), environment.ns, environment.name) +
                                     "/log?service=" + http::percent_encode(service);
  if (query.follow) target += "&follow=true";
  if (query.tail) target += "&tailLines=" + std::to_string(*query.tail);
  if (query.timestamps) target += "&timestamps=true";
  if (query.since_seconds) target += "&sinceSeconds=" + std::to_string(*query.since_seconds);
  if (!query.since_time.empty()) target += "&sinceTime=" + http::percent_encode(query.since_time);
  return target;
}

std::string attach_target(const crd::Scheme& scheme, const ObjectKey& environment) {
  return api::resource_path(environments(scheme), environment.ns, environment.name) + "/attach";
}

std::string attach_body(const std::string& container, bool connect) {
  return crd::dump(json{{"container", container}, {"connect", connect}});
}

std::string why_target(const ObjectKey& environment) { return "/berth/v1/why" + query_of(environment); }

std::string inspect_target(const ObjectKey& environment) { return "/berth/v1/inspect" + query_of(environment); }

std::string reap_target() { return "/berth/v1/reap"; }

std::string reap_body(bool confirm, bool adopt) { return crd::dump(json{{"confirm", confirm}, {"adopt", adopt}}); }

}  // namespace berth::cli
