#include "crd/test_environment.h"

#include <gtest/gtest.h>

#include "tests/unit/crd/manifest_checks.h"

namespace berth::crd {
namespace {

using namespace std::chrono_literals;

TEST(TestEnvironment, TheExampleOfTheDocumentationMeansWhatItSays) {
  const TestEnvironmentSpec spec = parsed(R"yaml(
ttlSeconds: 1800
leaseDurationSeconds: 60
readyDeadlineSeconds: 120
onFailure: Delete
ttlSecondsAfterFinished: 3600
services:
- name: postgres
  image: postgres:16
  env:
  - {name: POSTGRES_PASSWORD, value: test}
  ports:
  - {name: sql, containerPort: 5432, env: DEV_POSTGRES_PORT}
  readinessProbe: {exec: {command: [pg_isready, -U, postgres]}}
  resources: {requests: {cpu: 250m, memory: 128Mi}, limits: {cpu: "1", memory: 512Mi}}
- name: redis
  image: redis:7
  ports: [{name: redis, containerPort: 6379, env: DEV_REDIS_PORT}]
  readinessProbe: {tcpSocket: {port: redis}}
- name: api
  image: registry.example/api:1421
  dependsOn: [{service: postgres, condition: Ready}, {service: redis, condition: Ready}]
  env: [{name: PUBLIC_DB, value: "127.0.0.1:$(DEV_POSTGRES_PORT)"}]
  files: [{path: /etc/api/config.yaml, mode: 0444, content: "db: postgres:5432\n"}]
)yaml");
  EXPECT_EQ(spec.ttl, 1800s);
  EXPECT_EQ(spec.lease_duration, 60s);
  EXPECT_EQ(spec.ready_deadline, 120s);
  EXPECT_EQ(spec.ttl_after_finished, 3600s);
  EXPECT_EQ(spec.on_failure, OnFailure::Delete);
  ASSERT_EQ(spec.services.size(), 3u);
  const Service& postgres = spec.services[0];
  EXPECT_EQ(postgres.env[0].value, "test");
  EXPECT_EQ(postgres.ports[0].endpoint_name("postgres"), "postgres.sql");
  EXPECT_EQ(postgres.ports[0].env, "DEV_POSTGRES_PORT");
  EXPECT_FALSE(postgres.ports[0].host_port);
  EXPECT_EQ(std::get<ExecAction>(postgres.readiness->action).command.size(), 3u);
  EXPECT_EQ(postgres.requests.cpu_nanos, 250'000'000);
  EXPECT_EQ(postgres.requests.memory_bytes, 128 << 20);
  EXPECT_EQ(postgres.limits.cpu_nanos, 1'000'000'000);
  EXPECT_EQ(postgres.limits.memory_bytes, 512 << 20);
  EXPECT_EQ(std::get<TcpAction>(spec.services[1].readiness->action).port, 6379);
  const Service* api = spec.find("api");
  ASSERT_NE(api, nullptr);
  EXPECT_EQ(api->depends_on[1].service, "redis");
  EXPECT_EQ(api->depends_on[1].condition, DependencyCondition::Ready);
  EXPECT_EQ(api->files[0].mode, 0444u);
  EXPECT_EQ(api->files[0].content, "db: postgres:5432\n");
  EXPECT_EQ(spec.find("nobody"), nullptr);
}

TEST(TestEnvironment, WhatIsNotSaidIsFilledIn) {
  const TestEnvironmentSpec spec = parsed(
      "{services: [{name: a, image: x, ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}, {containerPort: 53, protocol: SCTP}], "
      "readinessProbe: {image: {}}, files: [{path: /x, content: ''}]}]}");
  EXPECT_EQ(spec.ttl, std::nullopt);
  EXPECT_EQ(spec.lease_duration, std::nullopt);
  EXPECT_EQ(spec.ready_deadline, std::nullopt);
  EXPECT_EQ(spec.ttl_after_finished, 3600s);
  EXPECT_EQ(spec.on_failure, OnFailure::Delete);
  EXPECT_FALSE(spec.network_internal);
  EXPECT_EQ(spec.network_subnet, "");
  const Service& service = spec.services[0];
  EXPECT_EQ(service.pull_policy, PullPolicy::IfNotPresent);
  EXPECT_EQ(service.restart_policy, RestartPolicy::Always);
  EXPECT_EQ(service.termination_grace, std::nullopt);
  EXPECT_EQ(service.ports[0].protocol, Protocol::Tcp);
  EXPECT_EQ(service.ports[0].endpoint_name("a"), "a.80");
  EXPECT_EQ(service.ports[1].endpoint_name("a"), "a.53/udp");
  EXPECT_EQ(service.ports[2].endpoint_name("a"), "a.53/sctp");
  EXPECT_TRUE(std::holds_alternative<ImageAction>(service.readiness->action));
  EXPECT_EQ(service.readiness->period, 10s);
  EXPECT_EQ(service.readiness->timeout, 1s);
  EXPECT_EQ(service.readiness->failure_threshold, 3);
  EXPECT_EQ(service.files[0].mode, 0644u);
  EXPECT_EQ(service.files[0].uid, 0u);
}

TEST(TestEnvironment, EveryFieldIsRead) {
  const TestEnvironmentSpec spec = parsed(R"yaml(
onFailure: Keep
network: {internal: false, subnet: 10.20.30.0/28}
services:
- name: a
  image: x
  imagePullPolicy: Always
  command: [sh, -c]
  args: ["echo $(A)"]
  workingDir: /srv
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 5
  ports: [{name: http, containerPort: 80, hostPort: 8080, hostIP: 0.0.0.0}]
  readinessProbe:
    httpGet: {port: http, path: /ready, scheme: HTTP, host: example.org, httpHeaders: [{name: Accept, value: text/plain}]}
    initialDelaySeconds: 1
    periodSeconds: 2
    timeoutSeconds: 3
    successThreshold: 4
    failureThreshold: 5
  resources: {limits: {cpu: 2, memory: 8388608}}
  files: [{path: /b, base64: AAE=, owner: "1000:5"}, {path: /c, content: x, owner: 7}]
- name: b
  image: y
  restartPolicy: Never
  imagePullPolicy: Never
  readinessProbe: {log: {pattern: "ready.*"}}
  dependsOn: [{service: a}]
- name: c
  image: z
  dependsOn: [{service: b, condition: Completed}]
  readinessProbe: {tcpSocket: {port: 9, host: 10.0.0.9}}
)yaml");
  EXPECT_EQ(spec.on_failure, OnFailure::Keep);
  EXPECT_EQ(spec.network_subnet, "10.20.30.0/28");
  const Service& a = spec.services[0];
  EXPECT_EQ(a.pull_policy, PullPolicy::Always);
  EXPECT_EQ(a.command, (std::vector<std::string>{"sh", "-c"}));
  EXPECT_EQ(a.args, std::vector<std::string>{"echo $(A)"});
  EXPECT_EQ(a.working_dir, "/srv");
  EXPECT_EQ(a.restart_policy, RestartPolicy::OnFailure);
  EXPECT_EQ(a.termination_grace, 5s);
  EXPECT_EQ(a.ports[0].host_port, 8080);
  EXPECT_EQ(a.ports[0].host_ip, "0.0.0.0");
  const auto& http = std::get<HttpAction>(a.readiness->action);
  EXPECT_EQ(http.port, 80);
  EXPECT_EQ(http.path, "/ready");
  EXPECT_EQ(http.host, "example.org");
  EXPECT_EQ(http.headers, (std::vector<std::pair<std::string, std::string>>{{"Accept", "text/plain"}}));
  EXPECT_EQ(a.readiness->initial_delay, 1s);
  EXPECT_EQ(a.readiness->period, 2s);
  EXPECT_EQ(a.readiness->timeout, 3s);
  EXPECT_EQ(a.readiness->success_threshold, 4);
  EXPECT_EQ(a.readiness->failure_threshold, 5);
  EXPECT_EQ(a.limits.cpu_nanos, 2'000'000'000);
  EXPECT_EQ(a.limits.memory_bytes, 8 << 20);
  EXPECT_EQ(a.files[0].content, std::string("\0\1", 2));
  EXPECT_EQ(a.files[0].uid, 1000u);
  EXPECT_EQ(a.files[0].gid, 5u);
  EXPECT_EQ(a.files[1].uid, 7u);
  EXPECT_EQ(a.files[1].gid, 7u);
  EXPECT_EQ(std::get<LogAction>(spec.services[1].readiness->action).pattern, "ready.*");
  EXPECT_EQ(spec.services[1].depends_on[0].condition, DependencyCondition::Started);
  EXPECT_EQ(spec.services[2].depends_on[0].condition, DependencyCondition::Completed);
  EXPECT_EQ(std::get<TcpAction>(spec.services[2].readiness->action).host, "10.0.0.9");
}

TEST(TestEnvironment, WhatComesLaterIsRefusedWithItsPath) {
  for (const char* field :
       {"envFrom: []", "livenessProbe: {exec: {command: [a]}}", "startupProbe: {}", "lifecycle: {}",
        "volumeMounts: []"}) {
    const std::string name(field, std::string_view(field).find(':'));
    expect_bad("{services: [{name: a, image: x}, {name: b, image: x}, {name: c, image: x, " +
                   std::string(field) + "}]}",
               "spec.services[2]." + name, "not supported yet");
  }
  for (const char* field : {"volumes: []", "resources: {limits: {cpu: 1}}", "priority: 5", "suspend: false",
                            "hostSelector: {a: b}", "hostName: x"}) {
    const std::string name(field, std::string_view(field).find(':'));
    expect_bad("{services: [{name: a, image: x}], " + std::string(field) + "}", "spec." + name,
               "not supported yet");
  }
  expect_bad(service("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]"),
             "spec.services[0].env[0].valueFrom", "not supported yet");
}

TEST(TestEnvironment, UnknownFieldsAreSeenEverywhere) {
  expect_bad(service("imagge: y"), "spec.services[0].imagge", "unknown field");
  expect_bad(service("ports: [{containerPort: 1, hostprt: 2}]"), "spec.services[0].ports[0].hostprt",
             "unknown field");
  expect_bad(service("resources: {limits: {disk: 1}}"), "spec.services[0].resources.limits.disk",
             "unknown field");
  expect_bad(service("readinessProbe: {image: {x: 1}}"), "spec.services[0].readinessProbe.image.x",
             "unknown field");
}

TEST(TestEnvironment, TheStructureIsChecked) {
  expect_bad("{}", "spec.services", "Required value");
  expect_bad("{services: []}", "spec.services", "should have at least 1 items");
  expect_bad("{services: [{image: x}]}", "spec.services[0].name", "Required value");
  expect_bad("{services: [{name: a}]}", "spec.services[0].image", "Required value");
  expect_bad("{services: [{name: a, image: x}, {name: a, image: y}]}", "spec.services[1]",
             "Duplicate value: {\"name\":\"a\"}");
  expect_bad(service("env: [{name: A}, {name: A}]"), "spec.services[0].env[1]", "Duplicate value");
  expect_bad(service("env: [{name: A, value: 5}]"), "spec.services[0].env[0].value",
             "must be of type string");
  expect_bad(service("restartPolicy: always"), "spec.services[0].restartPolicy",
             "\"Always\", \"OnFailure\", \"Never\"");
  expect_bad(service("imagePullPolicy: Sometimes"), "spec.services[0].imagePullPolicy", "Unsupported value");
  expect_bad(service("command: 'sleep 1'"), "spec.services[0].command", "must be of type array");
  expect_bad(service("ports: [{containerPort: 0}]"), "spec.services[0].ports[0].containerPort",
             "greater than or equal to 1");
  expect_bad(service("ports: [{containerPort: 1, hostPort: 65536}]"), "spec.services[0].ports[0].hostPort",
             "less than or equal");
  expect_bad(service("ports: [{containerPort: 1, protocol: DCCP}]"), "spec.services[0].ports[0].protocol",
             "\"TCP\", \"UDP\"");
  expect_bad(service("readinessProbe: {image: {}, periodSeconds: 0}"),
             "spec.services[0].readinessProbe.periodSeconds", "greater");
  expect_bad(service("readinessProbe: {exec: {command: []}}"), "spec.services[0].readinessProbe.exec.command",
             "at least 1 items");
  expect_bad(service("resources: {limits: {cpu: 0.5}}"), "spec.services[0].resources.limits.cpu",
             "must be of type integer,string");
  expect_bad("{services: [{name: a, image: x}], ttlSeconds: 0}", "spec.ttlSeconds",
             "greater than or equal to 1");
  expect_bad("{services: [{name: a, image: x}], ttlSeconds: 99999999999}", "spec.ttlSeconds", "int32");
  expect_bad("{services: [{name: a, image: x}], onFailure: Panic}", "spec.onFailure", "\"Delete\", \"Keep\"");
}

TEST(Rules, NamesAreDnsLabels) {
  expect_good("{services: [{name: a-1, image: x}]}");
  expect_bad("{services: [{name: My_DB, image: x}]}", "spec.services[0].name",
             "a lowercase RFC 1123 label must consist of");
  expect_bad("{services: [{name: '', image: x}]}", "spec.services[0].name", "RFC 1123 label");
  for (const auto& [name, part] :
       {std::pair{std::string("a.b"), "RFC 1123 label"}, {std::string(64, 'a'), "Too long"}}) {
    json body = object("{services: [{name: a, image: x}]}", name);
    const auto causes = check(body);
    ASSERT_EQ(causes.size(), 1u);
    EXPECT_EQ(causes[0].field, "metadata.name");
    EXPECT_NE(causes[0].message.find(part), std::string::npos);
  }
  json generated = object("{services: [{name: a, image: x}]}");
  generated["metadata"] = {{"generateName", "run-"}};
  EXPECT_TRUE(check(generated).empty());
}

TEST(Rules, VariablesHaveNames) {
  expect_good(service("env: [{name: a.b-c_D1, value: x}]"));
  expect_bad(service("env: [{name: 1A}]"), "spec.services[0].env[0].name", "does not start with a digit");
  expect_bad(service("env: [{name: 'A B'}]"), "spec.services[0].env[0].name", "Invalid value: \"A B\"");
  expect_bad(service("ports: [{containerPort: 1, env: DEV-PORT}]"), "spec.services[0].ports[0].env",
             "DEV_POSTGRES_PORT");
  expect_bad(
      "{services: [{name: a, image: x, ports: [{containerPort: 1, env: P}]}, {name: b, image: x, ports: "
      "[{containerPort: 1, env: P}]}]}",
      "spec.services[1].ports[0].env", "Duplicate value: \"P\"");
}

TEST(Rules, VariablesReferToEarlierOnes) {
  expect_good(service("env: [{name: A, value: '1'}, {name: B, value: $(A)-$(UNKNOWN)-$$(B)-$(date)}]"));
  expect_bad(service("env: [{name: A, value: $(B)}, {name: B, value: x}]"), "spec.services[0].env[0].value",
             "refers to B, which stands later");
  expect_bad(service("env: [{name: A, value: $(A)}]"), "spec.services[0].env[0].value", "refers to itself");
  expect_bad(service("env: [{name: A, value: $(B)}, {name: B, value: $(A)}]"),
             "spec.services[0].env[0].value", "later");
  expect_good(
      service("ports: [{containerPort: 1, env: P}], env: [{name: A, value: $(P)}, {name: P, value: '1'}]"));
}

TEST(Rules, ImagesAreReferences) {
  expect_good("{services: [{name: a, image: 'localhost:5000/team/api:1.2'}]}");
  expect_good("{services: [{name: a, image: 'a@sha256:" + std::string(64, '0') + "'}]}");
  const std::string short_digest = "'a@sha256:" + std::string(34, '0') + "'";
  for (const auto& bad : {std::string("Redis"), std::string("'redis:'"), std::string("'redis 7'"), std::string("http://x/y"),
                          std::string("'redis '"), short_digest}) {
    expect_bad("{services: [{name: a, image: " + bad + "}]}", "spec.services[0].image",
               "must be an image like");
  }
}

TEST(Rules, TextsForAProcessHaveNoNul) {
  expect_good(service("command: [x, '']"));
  expect_bad(service(R"(command: [x, "a\0b"])"), "spec.services[0].command[1]", "NUL");
  expect_bad(service(R"(args: ["a\0b"])"), "spec.services[0].args[0]", "NUL");
  expect_bad(service(R"(env: [{name: A, value: "\0"}])"), "spec.services[0].env[0].value", "NUL");
  expect_bad(service("command: ['']"), "spec.services[0].command[0]", "must name a program");
  expect_bad(service(R"(readinessProbe: {exec: {command: [x, "a\0b"]}})"), "spec.services[0].readinessProbe.exec.command[1]", "NUL");
  expect_bad(service("readinessProbe: {exec: {command: ['']}}"), "spec.services[0].readinessProbe.exec.command[0]",
             "must name a program");
  expect_bad(service("workingDir: srv"), "spec.services[0].workingDir", "must be an absolute path");
}

TEST(Rules, AProbeIsOneThatCanBeDone) {
  const auto probe = [](const std::string& text) { return service("readinessProbe: {" + text + "}"); };
  const std::string path = "spec.services[0].readinessProbe";
  expect_good(probe("httpGet: {port: 80, scheme: HTTP, host: a.example}"));
  expect_bad(probe("httpGet: {port: 80, scheme: HTTPS}"), path + ".httpGet.scheme", "not supported yet");
  expect_bad(probe("httpGet: {port: 80, host: 'not a host!'}"), path + ".httpGet.host", "IPv4 address or a host name");
  expect_good(probe("tcpSocket: {port: 80, host: 10.0.0.1}"));
  expect_bad(probe("tcpSocket: {port: 80, host: a.example}"), path + ".tcpSocket.host", "must be an IPv4 address");
  expect_bad(probe("image: {}, periodSeconds: 3"), path + ".periodSeconds", "has no effect with image");
  expect_bad(probe("log: {pattern: x}, timeoutSeconds: 3"), path + ".timeoutSeconds", "has no effect with log");
}

TEST(Rules, FilesHaveCleanPaths) {
  expect_good(
      service("files: [{path: /a/b.c, content: x}, {path: /a/b, content: x}, {path: /a/..b, content: x}]"));
  for (const char* bad : {"a", "/", "''", "/a/", "/a//b", "/a/./b", "/a/../b", "/..", "../x"}) {
    expect_bad(service("files: [{path: " + std::string(bad) + ", content: x}]"),
               "spec.services[0].files[0].path", "must be an absolute path");
  }
  expect_bad(service("files: [{path: /a, content: x}, {path: /a, content: y}]"), "spec.services[0].files[1]",
             "Duplicate value");
  expect_bad(service("files: [{path: /a/b, content: x}, {path: /a, content: y}]"),
             "spec.services[0].files[1].path", "cannot be a file and the directory of /a/b");
}

TEST(Rules, FilesHaveOneContent) {
  expect_good(service("files: [{path: /a, base64: YQ==}, {path: /b, content: ''}]"));
  expect_bad(service("files: [{path: /a}]"), "spec.services[0].files[0].content", "Required value");
  expect_bad(service("files: [{path: /a, content: x, base64: YQ==}]"), "spec.services[0].files[0].base64",
             "may not be set together");
  expect_bad(service("files: [{path: /a, base64: '!'}]"), "spec.services[0].files[0].base64",
             "must be base64");
}

TEST(Rules, FilesHaveModesAndOwners) {
  expect_good(
      service("files: [{path: /a, content: x, mode: 0777, owner: 0}, {path: /b, content: x, mode: 0o600, "
              "owner: '1:2'}]"));
  expect_bad(service("files: [{path: /a, content: x, mode: 644}]"), "spec.services[0].files[0].mode",
             "e.g. 0644");
  expect_bad(service("files: [{path: /a, content: x, mode: -1}]"), "spec.services[0].files[0].mode",
             "from 0 to 0777");
  expect_bad(service("files: [{path: /a, content: x, mode: '0644'}]"), "spec.services[0].files[0].mode",
             "must be of type integer");
  expect_bad(service("files: [{path: /a, content: x, owner: postgres}]"), "spec.services[0].files[0].owner",
             "by number");
}

TEST(Rules, QuantitiesAreOnesThatAnEngineTakes) {
  expect_good(service("resources: {requests: {cpu: 1m, memory: 1}, limits: {cpu: 10m, memory: 6Mi}}"));
  expect_bad(service("resources: {limits: {memory: 512MB}}"), "spec.services[0].resources.limits.memory",
             "256Mi");
  expect_bad(service("resources: {requests: {cpu: -1}}"), "spec.services[0].resources.requests.cpu", "500m");
  expect_bad(service("resources: {limits: {memory: 5Mi}}"), "spec.services[0].resources.limits.memory",
             "at least 6Mi");
  expect_bad(service("resources: {limits: {cpu: 9m}}"), "spec.services[0].resources.limits.cpu",
             "at least 10m");
  expect_bad(service("resources: {requests: {cpu: 2}, limits: {cpu: 1}}"),
             "spec.services[0].resources.requests.cpu", "must be less than or equal to the cpu limit");
}

TEST(Rules, PortNamesAreUniqueInTheirService) {
  expect_good(
      "{services: [{name: a, image: x, ports: [{name: p, containerPort: 1}]}, {name: b, image: x, ports: "
      "[{name: p, containerPort: 1}]}]}");
  expect_bad(service("ports: [{name: p, containerPort: 1}, {name: p, containerPort: 2}]"),
             "spec.services[0].ports[1].name", "Duplicate value: \"p\"");
  for (const char* bad : {"'80'", "Http", "a--b", "''", "abcdefghijklmnop"}) {
    expect_bad(service("ports: [{name: " + std::string(bad) + ", containerPort: 1}]"),
               "spec.services[0].ports[0].name", "at most 15");
  }
  expect_good(service("ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]"));
  expect_bad(service("ports: [{containerPort: 53}, {containerPort: 53, protocol: TCP}]"),
             "spec.services[0].ports[1]", "Duplicate value: {\"containerPort\":53,\"protocol\":\"TCP\"}");
}

TEST(Rules, HostAddressesArePlainIpv4) {
  expect_good(service("ports: [{containerPort: 1, hostIP: 127.0.0.1}]"));
  for (const char* bad : {"localhost", "'::1'", "nope", "''", "127.0.0.1:80", "10.0.0.0/8"}) {
    expect_bad(service("ports: [{containerPort: 1, hostIP: " + std::string(bad) + "}]"),
               "spec.services[0].ports[0].hostIP", "must be an IPv4 address");
  }
}

TEST(Rules, ExplicitHostPortsAreUsedOnce) {
  const auto two = [](const char* first, const char* second) {
    return "{services: [{name: a, image: x, ports: [{containerPort: 1, " + std::string(first) +
           "}]}, {name: b, image: x, ports: [{containerPort: 1, " + second + "}]}]}";
  };
  expect_good(two("hostPort: 80", "hostPort: 81"));
  expect_good(two("hostPort: 80, hostIP: 127.0.0.1", "hostPort: 80, hostIP: 127.0.0.2"));
  expect_good(two("hostPort: 80", "hostPort: 80, protocol: UDP"));
  const std::string path = "spec.services[1].ports[0].hostPort";
  expect_bad(two("hostPort: 80", "hostPort: 80"), path, "Duplicate value: 80");
  expect_bad(two("hostPort: 80, hostIP: 0.0.0.0", "hostPort: 80, hostIP: 127.0.0.2"), path,
             "Duplicate value: 80");
}

TEST(Rules, AProbeHasExactlyOneAction) {
  const std::string path = "spec.services[0].readinessProbe";
  expect_bad(service("readinessProbe: {}"), path, "Required value: one of exec");
  expect_bad(service("readinessProbe: {image: {}, log: {pattern: x}}"), path, "may have only one of");
}

TEST(Rules, ProbedPortsExist) {
  const std::string path = "spec.services[0].readinessProbe.tcpSocket.port";
  expect_good(service("readinessProbe: {tcpSocket: {port: 80}}"));
  expect_good(service("ports: [{name: sql, containerPort: 1}], readinessProbe: {tcpSocket: {port: sql}}"));
  expect_bad(service("readinessProbe: {tcpSocket: {port: sql}}"), path,
             "none of this service's ports has a name");
  expect_bad(service("ports: [{name: sql, containerPort: 1}], readinessProbe: {tcpSocket: {port: sqll}}"),
             path, "the service's ports are sql");
  expect_bad(service("readinessProbe: {tcpSocket: {port: '5432'}}"), path, "a number needs no quotes");
  expect_bad(service("readinessProbe: {tcpSocket: {port: 0}}"), path, "between 1 and 65535");
  expect_bad(service("readinessProbe: {tcpSocket: {port: 65536}}"), path, "between 1 and 65535");
  expect_bad(
      service(
          "ports: [{name: dns, containerPort: 53, protocol: UDP}], readinessProbe: {tcpSocket: {port: dns}}"),
      path, "UDP");
  expect_bad(service("readinessProbe: {httpGet: {port: web}}"),
             "spec.services[0].readinessProbe.httpGet.port", "Not found: \"web\"");
}

TEST(Rules, ProbesCanBeDone) {
  const std::string path = "spec.services[0].readinessProbe.";
  expect_good(service("readinessProbe: {httpGet: {port: 80, path: '/a?b=c%20d'}}"));
  expect_bad(service("readinessProbe: {httpGet: {port: 80, path: health}}"), path + "httpGet.path",
             "must start with '/'");
  expect_bad(service("readinessProbe: {httpGet: {port: 80, path: '/a b'}}"), path + "httpGet.path", "%20");
  expect_bad(service("readinessProbe: {httpGet: {port: 80, httpHeaders: [{name: 'a b', value: x}]}}"),
             path + "httpGet.httpHeaders[0].name", "name of an HTTP header");
  expect_bad(
      service(R"(readinessProbe: {httpGet: {port: 80, httpHeaders: [{name: a, value: "x\r\nb: c"}]}})"),
      path + "httpGet.httpHeaders[0].value", "one line");
  expect_bad(service("readinessProbe: {log: {pattern: '('}}"), path + "log.pattern",
             "must be a regular expression");
  expect_bad(service("readinessProbe: {log: {pattern: ''}}"), path + "log.pattern", "at least 1 chars");
}

TEST(Rules, DependenciesExistAndCanBeReached) {
  const auto two = [](const char* policy, const char* dependency) {
    return "{services: [{name: a, image: x, restartPolicy: " + std::string(policy) +
           "}, {name: b, image: x, dependsOn: [" + dependency + "]}]}";
  };
  expect_good(two("Never", "{service: a, condition: Completed}"));
  expect_good(two("OnFailure", "{service: a, condition: Completed}"));
  expect_good(two("Always", "{service: a, condition: Ready}"));
  expect_bad(two("Always", "{service: a, condition: Completed}"), "spec.services[1].dependsOn[0].condition",
             "restartPolicy");
  expect_bad(two("Always", "{service: c}"), "spec.services[1].dependsOn[0].service", "Not found: \"c\"");
  expect_bad(two("Always", "{service: b}"), "spec.services[1].dependsOn[0].service",
             "cannot depend on itself");
  expect_bad(two("Always", "{service: a}, {service: a}"), "spec.services[1].dependsOn[1]", "Duplicate value");
}

TEST(Rules, DependenciesHaveNoCycle) {
  expect_good(
      "{services: [{name: a, image: x, dependsOn: [{service: b}, {service: c}]}, {name: b, image: x, "
      "dependsOn: [{service: d}]}, "
      "{name: c, image: x, dependsOn: [{service: d}]}, {name: d, image: x}]}");
  expect_bad(
      "{services: [{name: z, image: x, dependsOn: [{service: a}]}, {name: a, image: x, dependsOn: [{service: "
      "b}]}, "
      "{name: b, image: x, dependsOn: [{service: c}]}, {name: c, image: x, dependsOn: [{service: a}]}]}",
      "spec.services[1].dependsOn", "a -> b -> c -> a");
}

TEST(Rules, InternalNetworksPublishNothing) {
  expect_good("{network: {internal: true}, services: [{name: a, image: x, ports: []}]}");
  expect_bad(
      "{network: {internal: true}, services: [{name: a, image: x}, {name: b, image: x, ports: "
      "[{containerPort: 1}]}]}",
      "spec.services[1].ports", "Forbidden: an engine publishes no ports of an internal network");
}

TEST(Rules, NetworksAreBridgesWithAPacketSize) {
  const auto network = [](const std::string& fields) { return "{services: [{name: a, image: x}], network: {" + fields + "}}"; };
  EXPECT_EQ(parsed(network("mtu: 1400, driver: bridge")).network_mtu, 1400);
  EXPECT_EQ(parsed(network("internal: true")).network_mtu, 0);
  expect_bad(network("driver: macvlan"), "spec.network.driver", "supported values: \"bridge\"");
  expect_bad(network("mtu: 67"), "spec.network.mtu", "greater than or equal to 68");
  EXPECT_TRUE(parsed(network("enableIPv6: true, mtu: 1280")).network_ipv6);
  expect_bad(network("enableIPv6: true, mtu: 1279"), "spec.network.mtu", "at least 1280 with enableIPv6");
  expect_bad(network("mtu: 65536"), "spec.network.mtu", "less than or equal to 65535");
}

TEST(Rules, SubnetsAreNetworksWithRoom) {
  const auto with = [](const std::string& subnet) {
    return "{network: {subnet: '" + subnet + "'}, services: [{name: a, image: x}]}";
  };
  for (const char* good : {"10.20.30.0/24", "192.168.7.4/30", "10.0.0.0/8"}) expect_good(with(good));
  for (const char* bad : {"", "10.0.0.0", "10.0.0/24", "fd00::/64", "10.0.0.0/x"}) {
    expect_bad(with(bad), "spec.network.subnet", "must be an IPv4 network");
  }
  expect_bad(with("10.20.30.5/28"), "spec.network.subnet", "did you mean 10.20.30.0/28?");
  expect_bad(with("10.0.0.0/31"), "spec.network.subnet", "between /8 and /30");
  expect_bad(with("0.0.0.0/0"), "spec.network.subnet", "between /8 and /30");
  for (const char* bad : {"127.1.0.0/16", "224.0.0.0/8", "0.0.0.0/8"})
    expect_bad(with(bad), "spec.network.subnet", "reserved");
  expect_bad("{network: {subnet: 10.0.0.0/30}, services: [{name: a, image: x}, {name: b, image: x}]}",
             "spec.network.subnet", "has room for 1 services, not for 2");
}

TEST(Rules, AllMistakesAreToldAtOnce) {
  json body = object(
      "{network: {subnet: x}, services: [{name: A, image: 'B ', env: [{name: '1'}], dependsOn: [{service: "
      "q}]}]}");
  EXPECT_EQ(check(body).size(), 5u) << shown(check(body));
}

}  // namespace
}  // namespace berth::crd
