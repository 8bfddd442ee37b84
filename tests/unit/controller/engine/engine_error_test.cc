#include "controller/engine/engine_error.h"

#include <gtest/gtest.h>

namespace berth::engine {
namespace {

using O = Operation;

struct Answer {
  Operation operation;
  int status;
  const char* text;
  Reason reason;
};

// Texts as engines 20.10, 26.1 and 28.5 write them.
const Answer kAnswers[] = {
    {O::ContainerCreate, 409,
     "Conflict. The container name \"/ca\" is already in use by container \"0123\". You have to remove (or "
     "rename) that container to be "
     "able to reuse that name.",
     Reason::NameConflict},
    {O::ContainerCreate, 404, "No such image: nosuch:1", Reason::ImageNotFound},
    {O::ContainerStart, 500,
     "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply caps: "
     "operation not permitted: unknown",
     Reason::InvalidSpec},
    {O::ContainerStart, 500, "failed to initialize logging driver: journald is not enabled on this host", Reason::InvalidSpec},
    {O::ContainerStart, 500, "could not select device driver \"\" with capabilities: [[gpu]]", Reason::InvalidSpec},
    {O::ContainerStart, 500,
     "error gathering device information while adding custom device \"/dev/nope\": no such file or directory", Reason::InvalidSpec},
    {O::ContainerStart, 500,
     "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container "
     "init: open /proc/sys/net/zork: no such file or directory: unknown",
     Reason::InvalidSpec},
    {O::ContainerStart, 500,
     "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container "
     "init: error setting rlimits for ready process: error setting rlimit type 7: operation not permitted: unknown",
     Reason::InvalidSpec},
    {O::ContainerStart, 500,
     "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container "
     "init: error mounting \"tmpfs\" to rootfs at \"/etc/passwd\": mount tmpfs:/etc/passwd (via /proc/self/fd/6), flags: 0xe: not a directory: "
     "unknown: Are you trying to mount a directory onto a file (or vice-versa)?",
     Reason::InvalidSpec},
    {O::ContainerStart, 500,
     "driver failed programming external connectivity on endpoint a (f0e1): Error starting userland proxy: protocol not supported",
     Reason::InvalidSpec},
    {O::ContainerCreate, 404,
     "image with reference nosuch:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64",
     Reason::ImageNotFound},
    {O::ContainerCreate, 400, "Invalid container name (x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
     Reason::InvalidSpec},
    {O::ContainerCreate, 400, "Minimum memory limit allowed is 6MB", Reason::InvalidSpec},
    {O::ContainerCreate, 500, "something nobody foresaw", Reason::EngineError},
    {O::ContainerCreate, 503, "service unavailable", Reason::EngineUnavailable},
    {O::ContainerCreate, 500, "mkdir /var/lib/docker/x: no space left on device", Reason::DiskPressure},
    {O::ContainerStart, 500,
     "driver failed programming external connectivity on endpoint c2 (ab): Bind for 0.0.0.0:18080 failed: "
     "port is already allocated",
     Reason::PortConflict},
    {O::ContainerStart, 500,
     "failed to set up container networking: driver failed programming external connectivity on endpoint c2 "
     "(ab): Bind for "
     "127.0.0.1:18080 failed: port is already allocated",
     Reason::PortConflict},
    {O::ContainerStart, 500,
     "driver failed programming external connectivity on endpoint c2 (ab): Error starting userland proxy: "
     "listen tcp4 0.0.0.0:18081: "
     "bind: address already in use",
     Reason::PortConflict},
    {O::ContainerStart, 500,
     "failed to set up container networking: driver failed programming external connectivity on endpoint c "
     "(ab): failed to bind host "
     "port for 0.0.0.0:18081:10.230.0.2:80/tcp: address already in use",
     Reason::PortConflict},
    {O::ContainerStart, 500,
     "driver failed programming external connectivity on endpoint c (ab): Error starting userland proxy: "
     "listen tcp4 10.9.9.9:80: bind: "
     "cannot assign requested address",
     Reason::InvalidSpec},
    // A static address that is taken: no port problem.
    {O::ContainerStart, 403, "Address already in use", Reason::EngineError},
    {O::ContainerStart, 500, "no available IPv4 addresses on this network's address pools: n (ab)",
     Reason::SubnetExhausted},
    {O::ContainerStart, 404, "network 0123abcd not found", Reason::NetworkMissing},
    {O::ContainerStart, 404, "failed to set up container networking: network 0123abcd not found",
     Reason::NetworkMissing},
    {O::ContainerStart, 400, "network n is ambiguous (2 matches found on name)", Reason::NetworkMissing},
    {O::ContainerStart, 404, "No such container: x", Reason::NotFound},
    {O::ContainerStart, 400,
     "OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"nope\": "
     "executable file not found in "
     "$PATH: unknown",
     Reason::CommandNotFound},
    {O::ContainerStart, 400,
     "failed to create task for container: failed to create shim task: OCI runtime create failed: runc "
     "create failed: unable to start "
     "container process: exec: \"/x\": permission denied",
     Reason::CommandNotFound},
    {O::ContainerStart, 400,
     "failed to create task for container: OCI runtime create failed: exec: \"/x\": stat /x: no such file or "
     "directory: unknown",
     Reason::CommandNotFound},
    {O::ContainerStart, 400,
     "OCI runtime create failed: exec: \"wait-for-network.sh\": executable file not found in $PATH: unknown",
     Reason::CommandNotFound},
    {O::ContainerStart, 400,
     "exec: \"/network/not found\": stat /network/not found: no such file or directory",
     Reason::CommandNotFound},
    {O::ContainerStart, 409, "container is marked for removal and cannot be started",
     Reason::RemovalInProgress},
    {O::ContainerStart, 500, "Canceled: context canceled", Reason::EngineUnavailable},
    {O::ContainerStart, 500, "unable to find user nobody9: no matching entries in passwd file",
     Reason::InvalidSpec},
    {O::ContainerStart, 400,
     "failed to create task for container: failed to create shim task: OCI runtime create failed: unable to "
     "retrieve OCI "
     "runtime error (open /x/log.json: no such file or directory): runc did not terminate successfully: exit "
     "status 1",
     Reason::EngineError},
    {O::ContainerStart, 500, "cgroups: cannot find cgroup mount destination: unknown", Reason::EngineError},
    {O::ContainerRemove, 409, "removal of container cb is already in progress", Reason::RemovalInProgress},
    {O::ContainerStop, 404, "No such container: x", Reason::NotFound},
    {O::ContainerInspect, 404, "No such container: x", Reason::NotFound},
    {O::ContainerUpdate, 409,
     "Cannot update container ab: Memory limit should be smaller than already set memoryswap limit, update "
     "the memoryswap at the same time",
     Reason::InvalidSpec},
    {O::Exec, 409, "Container ab is not running", Reason::ContainerExited},
    {O::Exec, 409, "Container ab is paused, unpause the container before exec", Reason::ContainerExited},
    {O::ContainerCopy, 500, "container rootfs is marked read-only", Reason::InvalidSpec},
    {O::NetworkCreate, 403, "Pool overlaps with other one on this address space", Reason::SubnetConflict},
    {O::NetworkCreate, 403, "invalid pool request: Pool overlaps with other one on this address space",
     Reason::SubnetConflict},
    {O::NetworkCreate, 403,
     "cannot create network ab (br-ab): conflicts with network cd (br-cd): networks have overlapping IPv4",
     Reason::SubnetConflict},
    {O::NetworkCreate, 404,
     "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the "
     "network",
     Reason::SubnetExhausted},
    {O::NetworkCreate, 400, "all predefined address pools have been fully subnetted",
     Reason::SubnetExhausted},
    {O::NetworkCreate, 409, "network with name n already exists", Reason::NameConflict},
    {O::NetworkCreate, 400,
     "invalid network config:\ninvalid gateway 10.9.0.1: parent subnet 10.8.0.0/28 doesn't contain this "
     "address",
     Reason::InvalidSpec},
    {O::NetworkCreate, 404, "plugin \"zork\" not found", Reason::InvalidSpec},
    {O::NetworkRemove, 403, "error while removing network: network n id ab has active endpoints",
     Reason::NetworkInUse},
    {O::NetworkConnect, 404, "network ab not found", Reason::NetworkMissing},
    {O::NetworkConnect, 404, "No such container: x", Reason::NotFound},
    {O::NetworkConnect, 500,
     "driver failed programming external connectivity on endpoint c (ab): Bind for 127.0.0.1:18080 failed: "
     "port is "
     "already allocated",
     Reason::PortConflict},
    {O::NetworkConnect, 500,
     "driver failed programming external connectivity on endpoint c (ab): Error starting userland proxy: "
     "listen tcp4 "
     "127.0.0.1:18080: bind: address already in use",
     Reason::PortConflict},
    {O::NetworkConnect, 500,
     "failed to set up container networking: driver failed programming external connectivity on endpoint c "
     "(ab): "
     "failed to bind host port 127.0.0.1:18080/tcp: address already in use",
     Reason::PortConflict},
    {O::NetworkConnect, 403, "Address already in use", Reason::EngineError},
    {O::NetworkInspect, 404, "network ab not found", Reason::NotFound},
    {O::ImageInspect, 404, "no such image: x: No such image: x", Reason::ImageNotFound},
    {O::ImagePull, 200, "toomanyrequests: You have reached your pull rate limit.", Reason::PullRateLimited},
    {O::ImagePull, 200, "received unexpected HTTP status: 429 Too Many Requests", Reason::PullRateLimited},
    {O::ImagePull, 404, "manifest for postgres:99 not found: manifest unknown: manifest unknown",
     Reason::ImageNotFound},
    {O::ImagePull, 404,
     "pull access denied for nothing, repository does not exist or may require 'docker login'",
     Reason::ImageNotFound},
    {O::ImagePull, 400, "invalid reference format: repository name must be lowercase", Reason::InvalidSpec},
    {O::ImagePull, 500, "Get \"https://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
     Reason::ImagePullFailed},
    {O::ImagePull, 200, "write /var/lib/docker/tmp/x: no space left on device", Reason::DiskPressure},
    {O::ImagePull, 503, "received unexpected HTTP status: 503 Service Unavailable", Reason::ImagePullFailed},
    {O::ImagePull, 500, "Get \"https://registry/v2/\": context canceled", Reason::ImagePullFailed},
    // With containerd's image store.
    {O::ImagePull, 200,
     "failed to resolve reference \"docker.io/library/nosuch:1\": docker.io/library/nosuch:1: not found",
     Reason::ImageNotFound},
    {O::ImagePull, 200,
     "failed to resolve reference \"r.example/a:1\": failed to do request: Head "
     "\"https://r.example/v2/a/manifests/1\": "
     "dial tcp: lookup r.example: no such host",
     Reason::ImagePullFailed},
    {O::ContainerList, 400, "client version 1.51 is too new. Maximum supported API version is 1.45",
     Reason::EngineUnavailable},
    {O::ContainerCreate, 400,
     "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a "
     "newer "
     "version",
     Reason::EngineUnavailable},
    {O::ImagePull, 400, "client version 1.51 is too new. Maximum supported API version is 1.45",
     Reason::EngineUnavailable},
};

TEST(EngineError, TextAndStatusAndOperationGiveTheReason) {
  for (const auto& answer : kAnswers) {
    const auto error = classify(answer.operation, answer.status, answer.text);
    EXPECT_EQ(base::to_string(error.reason), base::to_string(answer.reason))
        << name_of(answer.operation) << ": " << answer.text;
    EXPECT_EQ(error.message, answer.text);
  }
}

TEST(EngineError, AnAnswerWithoutTextIsToldByOperationAndStatus) {
  const auto error = classify(O::ContainerInspect, 500, "");
  EXPECT_EQ(base::to_string(error.reason), "EngineError");
  EXPECT_EQ(error.message, "container_inspect: the engine answered 500");
  EXPECT_EQ(classify(O::ContainerCopy, 404, "").message, "container_copy: the engine answered 404");
}

TEST(EngineError, WhatIsDoneAlreadyIsNoError) {
  EXPECT_TRUE(is_already_done(O::ContainerStart, 304, ""));
  EXPECT_TRUE(is_already_done(O::ContainerStop, 304, ""));
  EXPECT_TRUE(is_already_done(O::ContainerRemove, 404, "No such container: x"));
  EXPECT_TRUE(is_already_done(O::NetworkRemove, 404, "network x not found"));
  EXPECT_TRUE(is_already_done(O::VolumeRemove, 404, "get x: no such volume"));
  EXPECT_TRUE(is_already_done(O::NetworkConnect, 403, "endpoint with name x already exists in network y"));
  EXPECT_TRUE(is_already_done(O::NetworkDisconnect, 500, "container ab is not connected to network n"));
  EXPECT_TRUE(is_already_done(O::NetworkDisconnect, 404, "network n not found"));

  EXPECT_FALSE(is_already_done(O::ContainerStart, 404, "No such container: x"));
  EXPECT_FALSE(is_already_done(O::ContainerStop, 404, "No such container: x"));
  EXPECT_FALSE(is_already_done(O::ContainerRemove, 409, "removal of container x is already in progress"));
  EXPECT_FALSE(is_already_done(O::ContainerInspect, 404, ""));
  EXPECT_FALSE(is_already_done(O::NetworkConnect, 403, "cannot join network of a running container"));
}

TEST(EngineError, TheMessageIsTakenOutOfJsonOrText) {
  EXPECT_EQ(message_of(R"({"message":"page not found"})"), "page not found");
  EXPECT_EQ(message_of("missing required Host header\n"), "missing required Host header");
  EXPECT_EQ(message_of(R"({"message": 7})"), R"({"message": 7})");
  EXPECT_EQ(message_of(R"({"cause":"x","message":"podman says","response":500})"), "podman says");
  EXPECT_EQ(message_of(""), "");
  EXPECT_EQ(message_of(std::string(100000, 'x')).size(), 4096u);
}

TEST(EngineError, EveryOperationHasAName) {
  EXPECT_EQ(name_of(O::Ping), "ping");
  EXPECT_EQ(name_of(O::Exec), "exec");
  EXPECT_EQ(name_of(O::NetworkDisconnect), "network_disconnect");
  EXPECT_EQ(name_of(O::ImagePull), "image_pull");
}

}  // namespace
}  // namespace berth::engine
