#include "controller/plan/service_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "crd/fields.h"
#include "crd/scheme.h"
#include "crd/yaml.h"
#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::ElementsAre;

crd::TestEnvironmentSpec spec_with(const std::string& fields) {
  const std::string text = "{services: [{name: a, image: x" + std::string(fields.empty() ? "" : ", ") + fields + "}, {name: b, image: y}, {name: c, image: z}]}";
  return crd::parse_test_environment_spec(crd::parse_yaml(text)->front().value);
}

// With a host port for every port that is asked for, as allocate() gives them: the same for the same address, protocol and name.
std::string hash_with(const crd::TestEnvironmentSpec& spec) {
  static std::map<std::string, int> given;
  Scene scene;
  scene.input.spec = spec;
  for (const PortLease& wanted : wanted_ports(scene.input)) {
    const std::string key = wanted.endpoint + wanted.host_ip + std::string(crd::to_string(wanted.protocol));
    PortLease lease = wanted;
    if (lease.host_port == 0) lease.host_port = static_cast<std::uint16_t>(30000 + given.emplace(key, given.size()).first->second);
    scene.input.leases.ports.push_back(lease);
  }
  return spec_hash(scene.input, scene.input.spec.services.front());
}

// One change to each field of service_fields().
struct Edit {
  const char* field;
  const char* before;
  const char* after;
};

const Edit kEdits[] = {
    {"image", "", "image: w"},
    {"imagePullPolicy", "", "imagePullPolicy: Always"},
    {"platform", "", "platform: linux/arm64"},
    {"command", "command: [p]", "command: [q]"},
    {"args", "", "args: [p]"},
    {"workingDir", "", "workingDir: /w"},
    {"env", "env: [{name: A, value: b}]", "env: [{name: A, value: c}]"},
    {"files", "files: [{path: /f, content: a}]", "files: [{path: /f, content: b}]"},
    {"ports", "ports: [{containerPort: 1}]", "ports: [{containerPort: 2}]"},
    {"ports", "ports: [{containerPort: 1}]", "ports: [{containerPort: 1, protocol: SCTP}]"},
    {"ports", "ports: [{containerPort: 1}]", "ports: [{containerPort: 1, hostPort: 40000}]"},
    {"ports", "ports: [{containerPort: 1}]", "ports: [{containerPort: 1, hostIP: 0.0.0.0}]"},
    {"ports", "ports: [{containerPort: 1}]", "ports: [{containerPort: 1, name: web}]"},
    {"ports[].env", "ports: [{containerPort: 1, env: P}]", "ports: [{containerPort: 1, env: Q}]"},
    {"dependsOn", "dependsOn: [{service: b}]", "dependsOn: [{service: b}, {service: c}]"},
    {"dependsOn[].condition", "dependsOn: [{service: b}]", "dependsOn: [{service: b, condition: Ready}]"},
    {"readinessProbe", "readinessProbe: {tcpSocket: {port: 1}}", "readinessProbe: {tcpSocket: {port: 1}, periodSeconds: 3}"},
    {"readinessProbe", "", "readinessProbe: {exec: {command: [a]}}"},
    {"restartPolicy", "", "restartPolicy: Never"},
    {"terminationGracePeriodSeconds", "", "terminationGracePeriodSeconds: 3"},
    {"resources.requests", "", "resources: {requests: {cpu: 1}}"},
    {"resources.limits", "", "resources: {limits: {cpu: 1}}"},
    {"resources.limits", "resources: {limits: {memory: 64Mi}}", "resources: {limits: {memory: 32Mi}}"},
    {"resources.limits[nvidia.com/gpu]", "", "resources: {limits: {nvidia.com/gpu: 1}}"},
    {"hostname", "", "hostname: h"},
    {"aliases", "aliases: [d]", "aliases: [d, e]"},
    {"init", "", "init: false"},
    {"init", "init: false", "init: true"},
    {"stopSignal", "", "stopSignal: SIGINT"},
    {"stdin", "", "stdin: true"},
    {"tty", "", "tty: true"},
    {"ulimits", "ulimits: [{name: nofile, soft: 5}]", "ulimits: [{name: nofile, soft: 5, hard: 6}]"},
    {"sysctls", "", "sysctls: [{name: kernel.sem, value: '1'}]"},
    {"shmSize", "", "shmSize: 1Mi"},
    {"tmpfs", "tmpfs: [{path: /t}]", "tmpfs: [{path: /t, mode: 0}]"},
    {"tmpfs", "tmpfs: [{path: /t}]", "tmpfs: [{path: /t, size: 1Mi}]"},
    {"extraHosts", "", "extraHosts: [{ip: 1.1.1.1, hostnames: [h]}]"},
    {"dns", "dns: {nameservers: [1.1.1.1]}", "dns: {nameservers: [1.1.1.1], searches: [d]}"},
    {"dns", "", "dns: {options: [{name: rotate}]}"},
    {"securityContext", "", "securityContext: {runAsUser: 0}"},
    {"securityContext", "", "securityContext: {runAsUserName: u}"},
    {"securityContext", "", "securityContext: {supplementalGroups: [3]}"},
    {"securityContext", "", "securityContext: {privileged: true}"},
    {"securityContext", "", "securityContext: {readOnlyRootFilesystem: true}"},
    {"securityContext", "", "securityContext: {allowPrivilegeEscalation: false}"},
    {"securityContext", "securityContext: {capabilities: {add: [KILL]}}", "securityContext: {capabilities: {drop: [KILL]}}"},
    {"pidsLimit", "", "pidsLimit: 5"},
    {"logging", "logging: {driver: local}", "logging: {driver: local, options: {max-file: '2'}}"},
    {"devices", "devices: [{path: /dev/a}]", "devices: [{path: /dev/a, permissions: r}]"},
};

const ServiceField& field_named(std::string_view name) {
  for (const ServiceField& field : service_fields()) {
    if (field.name == name) return field;
  }
  throw std::out_of_range("no field " + std::string(name));
}

TEST(ServiceChange, EachFieldHasTheEffectThatTheTableSays) {
  for (const Edit& edit : kEdits) {
    SCOPED_TRACE(std::string(edit.before) + " -> " + edit.after);
    const auto before = spec_with(edit.before);
    const auto after = spec_with(edit.after);
    const ServiceChange change = change_of(before.services[0], after.services[0]);
    EXPECT_THAT(change.fields, ElementsAre(edit.field));
    EXPECT_EQ(change.effect, field_named(edit.field).effect);
    EXPECT_EQ(hash_with(before) != hash_with(after), change.effect == Effect::Replace) << "spec_hash() must agree";
    EXPECT_EQ(hash_with(before), hash_with(before));
  }
}

TEST(ServiceChange, EveryFieldOfTheTableIsTried) {
  const std::set<std::string_view> apart = {"name", "readinessProbe.image", "resources.limits, taken away"};
  for (const ServiceField& field : service_fields()) {
    const bool tried = std::any_of(std::begin(kEdits), std::end(kEdits), [&](const Edit& edit) { return edit.field == field.name; });
    EXPECT_NE(tried, apart.contains(field.name)) << field.name;
    EXPECT_NE(field.value != nullptr, field.differs != nullptr) << field.name;
    EXPECT_EQ(field.value != nullptr, !field.key.empty()) << field.name;
  }
}

TEST(ServiceChange, EveryFieldOfAServiceIsInTheTable) {
  const crd::Scheme scheme = crd::Scheme::builtin();
  const crd::json& properties = scheme.find_name("te")->schema["properties"]["spec"]["properties"]["services"]["items"]["properties"];
  for (const auto& [name, schema] : properties.items()) {
    if (crd::flag_at(schema, "x-berth-unsupported")) continue;
    const bool known = std::any_of(service_fields().begin(), service_fields().end(), [&](const ServiceField& field) {
      return field.name.substr(0, field.name.find_first_of(".[,")) == name;
    });
    EXPECT_TRUE(known) << name << ": service_fields() does not say what a change to it does";
  }
}

TEST(ServiceChange, WhatIsTheSameHasNoChange) {
  for (const Edit& edit : kEdits) {
    const ServiceChange change = change_of(spec_with(edit.after).services[0], spec_with(edit.after).services[0]);
    EXPECT_TRUE(change.fields.empty()) << edit.after;
    EXPECT_EQ(change.effect, Effect::InPlace) << edit.after;
  }
}

TEST(ServiceChange, ALimitTakenAwayNeedsANewContainer) {
  const auto limits = [](const std::string& values) { return spec_with("resources: {limits: {" + values + "}}").services[0]; };
  EXPECT_EQ(change_of(limits("cpu: 1"), limits("cpu: 2")).effect, Effect::Update);
  EXPECT_EQ(change_of(limits("cpu: 1, memory: 64Mi"), limits("cpu: 1")).effect, Effect::Replace);
  EXPECT_EQ(change_of(limits("cpu: 1, memory: 64Mi"), limits("memory: 64Mi")).effect, Effect::Replace);
}

TEST(ServiceChange, TheImagesHealthcheckIsMadeWithTheContainer) {
  const auto image = spec_with("readinessProbe: {image: {}}");
  const auto none = spec_with("");
  EXPECT_THAT(change_of(none.services[0], image.services[0]).fields, ElementsAre("readinessProbe", "readinessProbe.image"));
  EXPECT_EQ(change_of(none.services[0], image.services[0]).effect, Effect::Replace);
  EXPECT_NE(hash_with(none), hash_with(image));
}

TEST(ServiceChange, TheStrongestEffectCounts) {
  const auto before = spec_with("restartPolicy: Never");
  const auto after = spec_with("restartPolicy: Always, imagePullPolicy: Never, resources: {limits: {cpu: 1}}, tty: true");
  EXPECT_THAT(change_of(before.services[0], after.services[0]).fields,
              ElementsAre("imagePullPolicy", "restartPolicy", "resources.limits", "tty"));
  EXPECT_EQ(change_of(before.services[0], after.services[0]).effect, Effect::Replace);
}

std::string read_page(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Puts the table in the place of the second paragraph.
void write_table(const std::string& path) {
  std::string text = read_page(path);
  const auto first = text.find("\n\n", text.find("\n\n") + 2) + 2;
  text.replace(first, text.find("\n\n", first) + 1 - first, service_fields_table());
  std::ofstream(path) << text;
}

TEST(ServiceChange, TheDocumentationShowsTheTable) {
  const std::string path = std::string(BERTH_SOURCE_DIR) + "/docs/changes.md";
  if (std::getenv("BERTH_WRITE_DOCS")) write_table(path);
  const std::string text = read_page(path);
  EXPECT_NE(text.find("\n\n" + service_fields_table() + "\n"), std::string::npos) << "docs/changes.md must have this table:\n"
                                                                                 << service_fields_table();
}

}  // namespace
}  // namespace berth::plan
