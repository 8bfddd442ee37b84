#include "cli/variables.h"

#include "cli/environment_view.h"
#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

std::string as_variable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      result += c;
    } else {
      result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : '_';
    }
  }
  return result;
}

std::string port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon == std::string_view::npos ? "" : std::string(address.substr(colon + 1));
}

}  // namespace

Result<Variables> port_variables(const Object& environment, Vantage vantage) {
  Variables variables;
  const auto view = view_environment(environment);
  const auto& leased = at(environment.status(), {"env"});
  for (const auto& service : view.services) {
    for (const auto& port : service.ports) {
      if (port.variable.empty()) continue;
      auto value = vantage == Vantage::Network ? port.container_port : text_at(leased, {port.variable});
      if (value.empty()) value = port_of(port.address);
      if (value.empty()) {
        return base::error(Reason::ServiceUnavailable, "port " + port.endpoint + " of environment \"" + view.name +
                                                           "\" is not leased yet (the phase is " + view.phase +
                                                           "); wait for it: berthctl wait --for=condition=Ready " +
                                                           view.name);
      }
      variables[port.variable] = std::move(value);
    }
  }
  if (vantage == Vantage::Host && leased.is_object()) {
    for (const auto& [name, value] : leased.items()) variables.emplace(name, text(value));
  }
  return variables;
}

Variables endpoint_variables(const Object& environment, Vantage vantage) {
  Variables variables;
  for (const auto& service : view_environment(environment).services) {
    for (const auto& port : service.ports) {
      const auto address = vantage == Vantage::Network ? service.name + ":" + port.container_port : port.address;
      if (!address.empty()) variables["BERTH_ENDPOINT_" + as_variable(port.endpoint)] = address;
    }
  }
  return variables;
}

}  // namespace berth::cli
