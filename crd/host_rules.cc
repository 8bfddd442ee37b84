#include <algorithm>

#include "crd/fields.h"
#include "crd/formats.h"
#include "crd/rule.h"

// How a container is called, and how it finds others.
namespace berth::crd {
namespace {

constexpr std::string_view kDnsName = "must be a DNS name of lower case letters, digits, '-' and '.', e.g. db or db.local";

constexpr std::string_view kHostName = "must be letters, digits, '-', '_' and '.', beginning with a letter or digit, e.g. my_db or db.local";

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// What engines answer and /etc/hosts holds is more than DNS allows: people call a host my_db.
bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && is_alphanumeric(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

void check_hostnames(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* hostname = field(service, "hostname");
    if (hostname && !is_dns_subdomain(hostname->get_ref<const std::string&>())) {
      context.add(cause::invalid(child(path, "hostname"), *hostname, kDnsName));
    }
  });
}

// Names are looked up without regard to case. Engines answer a name that several containers have with any of them, and from 25 on a hostname is such a name too.
void check_aliases(RuleContext& context) {
  std::map<std::string, std::string> owners;
  for_each_service(context, [&](const json& service, const std::string& path) { owners.emplace(text_field(service, "name"), path); });
  const auto is_free = [&](const std::string& name, const std::string& path) {
    const auto owner = owners.find(name);
    return owner == owners.end() || owner->second == path;
  };
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "aliases", [&](const json& alias, const std::string& alias_path) {
      const auto& name = alias.get_ref<const std::string&>();
      if (!is_host_name(name)) return context.add(cause::invalid(alias_path, name, kHostName));
      if (!is_free(lower_case(name), path)) return context.add(cause::duplicate(alias_path, name));
      owners.emplace(lower_case(name), path);
    });
  });
  for_each_service(context, [&](const json& service, const std::string& path) {
    const std::string hostname = text_field(service, "hostname");
    if (!is_free(hostname, path)) context.add(cause::duplicate(child(path, "hostname"), hostname));
  });
}

void check_extra_hosts(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& path) {
    for_each(service, path, "extraHosts", [&](const json& entry, const std::string& entry_path) {
      const std::string ip = text_field(entry, "ip");
      if (ip != "host-gateway" && !is_ip_address(ip)) {
        context.add(cause::invalid(child(entry_path, "ip"), ip, "must be an IPv4 or IPv6 address, or host-gateway for the host"));
      }
      for_each(entry, entry_path, "hostnames", [&](const json& name, const std::string& name_path) {
        if (!is_host_name(name.get_ref<const std::string&>())) context.add(cause::invalid(name_path, name, kHostName));
      });
    });
  });
}

bool is_resolver_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':' && c != '#' && c != ';'; });
}

void check_dns(RuleContext& context) {
  for_each_service(context, [&](const json& service, const std::string& service_path) {
    const json& dns = object_at(service, "dns");
    const std::string path = child(service_path, "dns");
    for_each(dns, path, "nameservers", [&](const json& server, const std::string& server_path) {
      if (!is_ip_address(server.get_ref<const std::string&>())) {
        context.add(cause::invalid(server_path, server, "must be an IPv4 or IPv6 address, e.g. 10.0.0.53"));
      }
    });
    for_each(dns, path, "searches", [&](const json& domain, const std::string& domain_path) {
      if (domain != "." && !is_dns_subdomain(domain.get_ref<const std::string&>())) {
        context.add(cause::invalid(domain_path, domain, "must be a domain, e.g. ci.example.com, or \".\" for none"));
      }
    });
    for_each(dns, path, "options", [&](const json& option, const std::string& option_path) {
      const std::string name = text_field(option, "name");
      if (name.empty() || !is_resolver_word(name)) {
        context.add(cause::invalid(child(option_path, "name"), name, "must be an option of resolv.conf without its value, e.g. ndots"));
      }
      const std::string value = text_field(option, "value");
      if (!is_resolver_word(value)) context.add(cause::invalid(child(option_path, "value"), value, "must be one word, e.g. 2"));
    });
  });
}

}  // namespace

std::vector<Rule> host_rules() {
  return {{"host names are DNS names", check_hostnames},
          {"a name is of one service", check_aliases},
          {"entries of /etc/hosts have addresses and names", check_extra_hosts},
          {"name servers are addresses, options are words", check_dns}};
}

}  // namespace berth::crd
