#include "crd/formats.h"
#include "crd/pattern.h"
#include "crd/rule.h"

namespace berth::crd {
namespace {

std::string protocol_of(const json& port) {
  const std::string protocol = text_field(port, "protocol");
  return protocol.empty() ? "TCP" : protocol;
}

void check_port_names(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    std::set<std::string> names;
    for_each(service, path, "ports", [&](const json& port, const std::string& port_path) {
      const json* name = field(port, "name");
      if (!name) return;
      if (!is_port_name(name->get<std::string>())) {
        context.add(
            cause::invalid(child(port_path, "name"), *name,
                           "must be at most 15 of a-z, 0-9 and '-', with a letter, without '-' at an end or "
                           "doubled (e.g. 'http')"));
      } else if (!names.insert(name->get<std::string>()).second) {
        context.add(cause::duplicate(child(port_path, "name"), *name));
      }
    });
  });
}

void check_container_ports(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    std::set<std::pair<int, std::string>> seen;
    for_each(service, path, "ports", [&](const json& port, const std::string& port_path) {
      const int number = port["containerPort"].get<int>();
      if (!seen.emplace(number, protocol_of(port)).second) {
        context.add(
            cause::duplicate(port_path, {{"containerPort", number}, {"protocol", protocol_of(port)}}));
      }
    });
  });
}

void check_host_addresses(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "ports", [&](const json& port, const std::string& port_path) {
      const json* address = field(port, "hostIP");
      if (!address || parse_ipv4(address->get<std::string>())) return;
      context.add(
          cause::invalid(child(port_path, "hostIP"), *address,
                         "must be an IPv4 address of the host, e.g. 127.0.0.1, or 0.0.0.0 for all of them"));
    });
  });
}

// An absent hostIP is one address that is not known here; 0.0.0.0 takes the port on all.
bool same_address(const std::string& a, const std::string& b) {
  return a == b || a == "0.0.0.0" || b == "0.0.0.0";
}

void check_host_ports(RuleContext& context) {
  std::multimap<std::pair<int, std::string>, std::string> taken;
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "ports", [&](const json& port, const std::string& port_path) {
      const json* host_port = field(port, "hostPort");
      if (!host_port) return;
      const std::string address = text_field(port, "hostIP");
      const std::pair key{host_port->get<int>(), protocol_of(port)};
      const auto [first, last] = taken.equal_range(key);
      const bool twice =
          std::any_of(first, last, [&](const auto& other) { return same_address(other.second, address); });
      if (twice) context.add(cause::duplicate(child(port_path, "hostPort"), *host_port));
      taken.emplace(key, address);
    });
  });
}

void check_probe_port(RuleContext& context, const json& service, const json& action,
                      const std::string& path) {
  const json& port = action["port"];
  const std::string port_path = child(path, "port");
  if (!port.is_string()) {
    if (port < 1 || port > 65535)
      context.add(cause::invalid(port_path, port, "must be between 1 and 65535, inclusive"));
    return;
  }
  const json* found = nullptr;
  std::string names;
  for_each(service, "", "ports", [&](const json& candidate, const std::string&) {
    const std::string name = text_field(candidate, "name");
    if (!name.empty()) names += (names.empty() ? "" : ", ") + name;
    if (!name.empty() && name == port.get_ref<const std::string&>()) found = &candidate;
  });
  if (!found) {
    context.add(cause::not_found(port_path, port,
                                 names.empty()
                                     ? "none of this service's ports has a name (a number needs no quotes)"
                                     : "the service's ports are " + names));
  } else if (protocol_of(*found) != "TCP") {
    context.add(cause::invalid(port_path, port, "is a " + protocol_of(*found) + " port, which cannot be probed by a connection"));
  }
}

void check_probe_actions(RuleContext& context) {
  constexpr std::array kActions = {"exec", "tcpSocket", "httpGet", "log", "image"};
  for_each_service(context, [&](const json& service, const std::string& service_path) {
    const json* probe = field(service, "readinessProbe");
    if (!probe) return;
    const std::string path = child(service_path, "readinessProbe");
    const auto count =
        std::count_if(kActions.begin(), kActions.end(), [&](const char* a) { return field(*probe, a); });
    if (count == 0) return context.add(cause::required(path, "one of exec, tcpSocket, httpGet, log, image"));
    if (count > 1)
      return context.add(cause::forbidden(path, "may have only one of exec, tcpSocket, httpGet, log, image"));
    for (const char* key : {"tcpSocket", "httpGet"}) {
      const json* action = field(*probe, key);
      if (!action) continue;
      check_probe_port(context, service, *action, child(path, key));
      const json* host = field(*action, "host");
      if (!host || parse_ipv4(host->get<std::string>())) continue;
      const bool by_name = std::string_view(key) == "httpGet";
      if (by_name && is_dns_subdomain(host->get<std::string>())) continue;
      context.add(cause::invalid(child(child(path, key), "host"), *host,
                                 by_name ? "must be an IPv4 address or a host name" : "must be an IPv4 address"));
    }
    for (const char* action : {"log", "image"}) {
      if (!field(*probe, action)) continue;
      for (const char* key : {"initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"}) {
        if (!field(*probe, key)) continue;
        context.add(cause::forbidden(child(path, key), std::string("has no effect with ") + action));
      }
    }
    if (const json* http = field(*probe, "httpGet")) {
      const std::string target = text_field(*http, "path");
      const bool printable =
          std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
      if (text_field(*http, "scheme") == "HTTPS") {
        context.add(cause::not_supported_yet(child(child(path, "httpGet"), "scheme")));
      }
      if (!printable || (!target.empty() && target[0] != '/')) {
        context.add(cause::invalid(child(child(path, "httpGet"), "path"), target,
                                   "must start with '/' and have no spaces (write them as %20)"));
      }
    }
    if (const json* log = field(*probe, "log")) {
      const auto pattern = Pattern::compile(text_field(*log, "pattern"));
      if (!pattern.has_value()) {
        context.add(
            cause::invalid(child(child(path, "log"), "pattern"), (*log)["pattern"], pattern.error().message));
      }
    }
  });
}

void check_probe_headers(RuleContext& context) {
  const auto is_name = [](const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return c > ' ' && c < 0x7f && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
    });
  };
  const auto is_value = [](const std::string& text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; });
  };
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* probe = field(service, "readinessProbe");
    const json* http = probe ? field(*probe, "httpGet") : nullptr;
    if (!http) return;
    for_each(*http, child(child(path, "readinessProbe"), "httpGet"), "httpHeaders",
             [&](const json& header, const std::string& header_path) {
               if (!is_name(text_field(header, "name"))) {
                 context.add(cause::invalid(child(header_path, "name"), header["name"],
                                            "must be the name of an HTTP header"));
               }
               if (!is_value(text_field(header, "value"))) {
                 context.add(cause::invalid(child(header_path, "value"), header["value"],
                                            "must be one line of text"));
               }
             });
  });
}

}  // namespace

std::vector<Rule> port_rules() {
  return {{"port names are valid and unique in their service", check_port_names},
          {"a container port is published once", check_container_ports},
          {"host addresses are IPv4 addresses", check_host_addresses},
          {"an explicit host port is used once", check_host_ports},
          {"a probe has one action, and that can be done", check_probe_actions},
          {"headers of a probe are headers", check_probe_headers}};
}

}  // namespace berth::crd
