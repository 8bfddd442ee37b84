#!/usr/bin/env bash
# What a service says about its container is so inside the container; what the host is not protected from needs a flag of berthd.
. "$(dirname "$0")/lib.sh"
start_berthd

cat <<YAML | put settings.yaml
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: settings, namespace: ci}
spec:
  network: {mtu: 1380}
  services:
  - name: all
    image: $BUSYBOX
    command: [sh, -c, "trap 'exit 7' INT; echo up; while :; do sleep 0.1; done"]
    platform: linux/amd64
    hostname: box.local
    aliases: [main, main.local]
    stopSignal: INT
    terminationGracePeriodSeconds: 5
    stdin: true
    ulimits: [{name: nofile, soft: 1000, hard: 2000}, {name: core, soft: 0}]
    sysctls: [{name: net.core.somaxconn, value: "77"}, {name: kernel.msgmax, value: "4242"}]
    shmSize: 2Mi
    tmpfs: [{path: /mem, size: 1Mi, mode: 0700}, {path: /run}]
    extraHosts: [{ip: 10.9.8.7, hostnames: [one, two.example]}, {ip: host-gateway, hostnames: [the-host]}]
    dns: {nameservers: [10.9.8.53], searches: [ci.example], options: [{name: ndots, value: "3"}, {name: rotate}]}
    securityContext:
      runAsUser: 0
      supplementalGroups: [4321]
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {add: [NET_RAW], drop: [ALL]}
    pidsLimit: 50
    logging: {driver: json-file, options: {max-size: 1m, max-file: "2"}}
    readinessProbe: {log: {pattern: up}}
  - name: named
    image: $BUSYBOX
    command: [sh, -c, "exec sleep 1000000"]
    init: true
    tty: true
    logging: {driver: local}
    securityContext: {runAsUserName: nobody}
  - name: reader
    image: $BUSYBOX
    command: [cat]
    stdin: true
    restartPolicy: Never
  - name: plain
    image: $BUSYBOX
    command: [sleep, "1000000"]
YAML
eventually 60 "Ready" phase_is ci/settings Ready
all=$(container_of settings all)
named=$(container_of settings named)
plain=$(container_of settings plain)
inside() { docker exec "$all" sh -c "$1"; }
shows() { same "$(docker inspect -f "$2" "$1")" "$3"; }

note "as docker inspect shows it"
check "the stop signal" shows "$all" '{{.Config.StopSignal}}' SIGINT
check "standard input is open" shows "$all" '{{.Config.OpenStdin}} {{.Config.Tty}}' 'true false'
check "who reads it waits" shows "$(container_of settings reader)" '{{.State.Running}}' true
check "limits of processes" shows "$all" '{{range .HostConfig.Ulimits}}{{.Name}}={{.Soft}}:{{.Hard}} {{end}}' 'nofile=1000:2000 core=0:0 '
check "the log driver" shows "$all" '{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}}' 'json-file 1m'
check "the other log driver" shows "$named" '{{.HostConfig.LogConfig.Type}}' local
check "the number of processes" shows "$all" '{{.HostConfig.PidsLimit}}' 50
check "no new privileges" shows "$all" '{{.HostConfig.SecurityOpt}}' '[no-new-privileges]'
check "not privileged" shows "$all" '{{.HostConfig.Privileged}}' false
check "an init process" shows "$named" '{{.HostConfig.Init}}' true
check "the packet size" same "$(docker network inspect -f '{{index .Options "com.docker.network.driver.mtu"}}' "$(field ci/settings .status.network.id)")" 1380

note "as the container sees it"
check "its host name" same "$(inside hostname)" box.local
check "a soft limit" same "$(inside 'ulimit -Sn')" 1000
check "a hard limit" same "$(inside 'ulimit -Hn')" 2000
check "a sysctl of its network" same "$(inside 'cat /proc/sys/net/core/somaxconn')" 77
check "a sysctl of its IPC" same "$(inside 'cat /proc/sys/kernel/msgmax')" 4242
check "the size of /dev/shm" same "$(inside "df -k /dev/shm | awk 'NR==2 {print \$2}'")" 2048
check "the size of a tmpfs" same "$(inside "df -k /mem | awk 'NR==2 {print \$2}'")" 1024
check "the mode of a tmpfs" same "$(inside 'stat -c %a /mem')" 700
check "a tmpfs can be written" inside 'echo x >/run/x && [ "$(cat /run/x)" = x ]'
check "the root cannot" fails_with 'Read-only file system' docker exec "$all" touch /x
check "an entry of /etc/hosts" same "$(inside "awk '\$2 == \"two.example\" {print \$1}' /etc/hosts")" 10.9.8.7
check "the host has a name" inside "awk '\$2 == \"the-host\" {print \$1}' /etc/hosts | grep -qE '^[0-9.]+$'"
check "search domains" inside 'grep -q "^search ci.example$" /etc/resolv.conf'
check "resolver options" inside 'grep -q "^options .*ndots:3" /etc/resolv.conf && grep -q "^options .*rotate" /etc/resolv.conf'
check "the engine asks the name server" same "$(docker inspect -f '{{.HostConfig.Dns}}' "$all")" '[10.9.8.53]'
check "a further group" inside 'id -G | grep -qw 4321'
# 13 is NET_RAW.
check "the capabilities of its first process" same "$(inside "awk '/^CapBnd/ {print \$2}' /proc/1/status")" 0000000000002000
check "no new privileges for its first process" same "$(inside "awk '/^NoNewPrivs/ {print \$2}' /proc/1/status")" 1
check "the packet size of its interface" same "$(inside 'cat /sys/class/net/eth0/mtu')" 1380
check "a user by name" same "$(docker exec "$named" id -u)" 999
check "init is its first process" docker exec "$named" sh -c 'grep -q init /proc/1/comm'
check "a terminal" docker exec "$named" sh -c 'readlink /proc/self/fd/1; ls /dev/console'
check "the others find its aliases" docker exec "$plain" sh -c 'nslookup main.local 127.0.0.11 && nslookup main 127.0.0.11' >/dev/null
check "its lines are read back" test "$(ctl logs settings all -n ci)" = up

note "the stop signal ends it"
exit_of() { docker wait "$1"; }
exit_of "$all" >"$WORK/code" &
waiter=$!
docker stop -t 5 "$all" >/dev/null
wait "$waiter"
check "it ended by its own trap" same "$(cat "$WORK/code")" 7
eventually 60 "Ready again" phase_is ci/settings Ready
check "it is the same container" same "$(container_of settings all)" "$all"

note "what changes, and what does not"
hash() { docker inspect -f '{{index .Config.Labels "berth.dev/spec-hash"}}' "$1"; }
before=$(hash "$plain")
sed -i 's/shmSize: 2Mi/shmSize: 4Mi/' "$MANIFESTS/settings.yaml"
replaced() { local now; now=$(container_of settings all); [ -n "$now" ] && [ "$now" != "$all" ] && phase_is ci/settings Ready; }
eventually 60 "another size of /dev/shm replaces the container" replaced
check "and no other" same "$(container_of settings plain)" "$plain"
check "whose hash is the same" same "$(hash "$plain")" "$before"

note "IPv6"
{ web_environment six a b; printf '  network: {enableIPv6: true}\n'; } | put six.yaml
eventually 60 "Ready" phase_is ci/six Ready
a=$(container_of six a)
b=$(container_of six b)
address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}' "$b")
check "the containers have addresses of the network in the status" same "${address%%::*}" "$(field ci/six '.status.network.subnetIPv6 | split("::")[0]')"
# Busybox's ping needs the right to open raw sockets, which an engine gives.
check "over which they reach each other" docker exec "$a" ping -6 -c 1 -W 5 "$address"
rm "$MANIFESTS/six.yaml"

note "SCTP, where the kernel has it"
{ web_environment sctp a; printf '  - {name: s, image: %s, command: [sleep, "1000000"], ports: [{name: s, containerPort: 99, protocol: SCTP}]}\n' "$BUSYBOX"; } | put sctp.yaml
if modprobe sctp 2>/dev/null || [ -e /proc/net/sctp ]; then
  eventually 60 "Ready" phase_is ci/sctp Ready
  check "it has a port" test "$(field ci/sctp '.status.endpoints["s.s"]')" != null
else
  eventually 60 "without it the environment says what the engine says" phase_is ci/sctp Failed
  check "in its words" same "$(field ci/sctp '.status.message | test("^s: .*protocol not supported")')" true
  check "under a reason" same "$(field ci/sctp .status.reason)" InvalidSpec
fi
rm "$MANIFESTS/sctp.yaml"

note "without the flags"
refused() { # TEXT FIELDS
  printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: rights, namespace: ci}\nspec:\n  services:\n  - {name: a, image: %s, command: [sleep, "1000000"], %s}\n' \
    "$BUSYBOX" "$2" >"$WORK/rights.yaml"
  fails_with "$1" ctl apply -f "$WORK/rights.yaml"
}
check "privileged is refused" refused 'spec.services[0].securityContext.privileged: Forbidden: is only allowed where berthd runs with --allow-privileged' 'securityContext: {privileged: true}'
check "so is a capability" refused 'spec.services[0].securityContext.capabilities.add[0]: Forbidden' 'securityContext: {capabilities: {add: [NET_ADMIN]}}'
check "so is a device" refused 'spec.services[0].devices[0].path: Forbidden: is only allowed where berthd runs with --allow-devices' 'devices: [{path: /dev/fuse}]'
check "so is a GPU" refused 'spec.services[0].resources.limits[nvidia.com/gpu]: Forbidden' 'resources: {limits: {nvidia.com/gpu: 1}}'

note "with them"
stop_berthd
start_berthd --allow-privileged --allow-devices /dev/net --allow-devices /dev/full
cat <<YAML >"$WORK/rights.yaml"
apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: rights, namespace: ci}
spec:
  services:
  - {name: cap, image: $BUSYBOX, command: [sleep, "1000000"], securityContext: {capabilities: {add: [NET_ADMIN]}}}
  - {name: dev, image: $BUSYBOX, command: [sleep, "1000000"], devices: [{path: /dev/full, containerPath: /dev/filled, permissions: rw}]}
YAML
check "they are taken" ctl apply -f "$WORK/rights.yaml"
eventually 60 "Ready" phase_is ci/rights Ready
check "the capability lets it change its network" docker exec "$(container_of rights cap)" ip addr add 10.200.0.9/32 dev lo
check "the device is there" fails_with 'No space left' docker exec "$(container_of rights dev)" sh -c 'echo x >/dev/filled'
privileged="metadata: {name: privileged, namespace: ci}\nspec:\n  services:\n  - {name: a, image: $BUSYBOX, command: [sleep, '1000000'], securityContext: {privileged: true}}"
printf 'apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\n%b\n' "$privileged" >"$WORK/privileged.yaml"
check "privileged is taken" ctl apply -f "$WORK/privileged.yaml"
if docker run --rm --privileged "$BUSYBOX" true 2>/dev/null; then
  eventually 60 "Ready" phase_is ci/privileged Ready
  check "it is privileged" shows "$(container_of privileged a)" '{{.HostConfig.Privileged}}' true
else  # where the engine itself has not all rights
  eventually 60 "it fails as the engine says" phase_is ci/privileged Failed
  check "in its words" same "$(field ci/privileged '.status.message | test("unable to apply caps")')" true
fi
check "it goes" ctl delete te privileged -n ci
check "a device elsewhere is refused" refused 'devices[0].path: Forbidden' 'devices: [{path: /dev/null}]'

note "the flag is taken away"
stop_berthd
start_berthd
kept=$(container_of rights cap)
eventually 20 "what runs is left alone" phase_is ci/rights Ready
docker kill "$kept" >/dev/null
forbidden() { same "$(field ci/rights '.status.services[] | select(.name == "cap") | .reason')" Forbidden; }
eventually 20 "what ended is not started again, and says why" forbidden
check "the environment says why" same "$(field ci/rights .status.reason)" Forbidden
sleep 2
check "it is not running" shows "$kept" '{{.State.Running}}' false
docker rm -f "$kept" >/dev/null
eventually 20 "nor made anew" forbidden
sleep 2
check "there is none" same "$(container_of rights cap)" ""
check "a label may be written all the same" same "$(api PATCH "$ENVS/ci/testenvironments/rights" -H 'Content-Type: application/merge-patch+json' \
  -d '{"metadata":{"labels":{"a":"b"}}}' | jq -r .metadata.labels.a)" b
check "it can be deleted" ctl delete te rights -n ci
rm "$MANIFESTS"/*.yaml
eventually 60 "no environment is left" no_environment
check "the engine is clean" engine_is_clean
