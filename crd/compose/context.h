#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "crd/compose/convert.h"
#include "crd/compose/ports.h"

namespace berth::compose {

// A service on its way.
struct ServiceDraft {
  std::string compose_name;
  std::string name;  // a DNS label
  Place place;
  const Node* node = nullptr;
  json body = json::object();
  std::vector<PublishedPort> ports;
  std::vector<std::string> port_variables;  // one for each of `ports`
  std::set<std::string> aliases;
  struct Dependency {
    std::string service;  // its name in the compose file
    std::string condition;
    Place place;
  };
  std::vector<Dependency> dependencies;
  bool has_healthcheck = false;
  bool healthcheck_disabled = false;
};

// What the parts of a conversion share.
struct Context {
  const ConvertRequest& request;
  const Project& project;
  Report& report;
  std::vector<ServiceDraft> services = {};
  std::set<std::string> left_out = {};                   // services that are there in the files only
  json secrets = json::array();                          // Secret objects
  json volumes = json::array();                          // spec.volumes
  std::map<std::string, std::string> volume_names = {};  // what it is -> its name in spec.volumes
  std::set<std::string> taken_volume_names = {};
  std::map<std::string, std::string> leased = {};  // variable of the compose file -> ports[].env, where it was a host port
  std::map<int, std::string> leased_numbers = {};  // fixed host port -> ports[].env

  ServiceDraft* find(std::string_view compose_name);
  const Lookup& variable(Place place) const { return project.variables[static_cast<std::size_t>(place.file)]; }
  const std::string& directory(Place place) const { return report.file(place.file).directory; }
  // A path of the files as one that an engine on this machine knows.
  std::string absolute(const std::string& path) const;
};

// Each fills in its part of a service's body. What is wrong or lost goes into the report.
void convert_ports(Context& context);                          // of all services: names of variables are shared
void convert_process(Context& context, ServiceDraft& draft);   // image, command, environment, probe, hooks, restart
void convert_settings(Context& context, ServiceDraft& draft);  // resources, rights, names, kernel
void convert_mounts(Context& context, ServiceDraft& draft);    // volumes, tmpfs, configs, secrets
void convert_volumes_from(Context& context);                   // when all have their mounts
void convert_dependencies(Context& context);                   // depends_on, links
json convert_networks(Context& context);                       // spec.network, or null
void tell_build(Context& context, const ServiceDraft& draft, const std::string& image);

// A value for env, command or args: what berth would expand is escaped, and a host port that is leased now is followed.
std::string convert_value(Context& context, const Node& value);
// A text that berth would expand, as itself.
std::string escape_references(std::string_view text);

// nullopt after an error in the report, or when the member is absent.
std::optional<std::int64_t> seconds_at(Context& context, const Node& map, std::string_view name);
std::optional<std::int64_t> size_at(Context& context, const Node& map, std::string_view name);
std::optional<std::int64_t> number_at(Context& context, const Node& map, std::string_view name);
std::optional<std::int64_t> cpus_at(Context& context, const Node& map, std::string_view name);
// The words of a command: a list, or a text that is split as a shell would.
std::vector<Node> words_of(Context& context, const Node& command);
// Where the key of a member stands.
Place place_of(const Node& map, std::string_view name);

}  // namespace berth::compose
