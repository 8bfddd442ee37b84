#!/usr/bin/env bash
# /metrics: the names of the design, valid for promtool, and the figures that a real life moves.
. "$(dirname "$0")/lib.sh"
start_berthd
api GET /metrics >"$WORK/metrics"
check "promtool finds nothing" promtool check metrics <"$WORK/metrics"
for name in berth_parallelism_current berth_parallelism_peak berth_port_conflicts_total berth_port_fallbacks_total berth_ports \
  berth_subnets berth_cleanup_objects_total berth_orphans berth_orphans_removed_total berth_cleanup_failures_total \
  berth_terminating_oldest_seconds berth_drift_total berth_engine_up berth_engine_event_reconnects_total berth_manifest_files \
  berth_build_info process_resident_memory_bytes controller_runtime_reconcile_total workqueue_depth; do
  check "$name is there from the start" grep -q "^$name[ {]" "$WORK/metrics"
done
check "the engine is up" same "$(metric 'berth_engine_up{host="local"}')" 1
web_environment one web | put one.yaml
eventually 40 "Ready" phase_is ci/one Ready
check "berth_environments" same "$(metric 'berth_environments{namespace="ci",phase="Ready"}')" 1
check "berth_parallelism_peak" same "$(metric berth_parallelism_peak)" 1
check "berth_environment_time_to_ready_seconds" same "$(metric 'berth_environment_time_to_ready_seconds_count{source="manifests"}')" 1
check "berth_environment_queue_wait_seconds" same "$(metric berth_environment_queue_wait_seconds_count)" 1
check "berth_ports leased" same "$(metric 'berth_ports{host="local",state="leased"}')" 1
check "berth_subnets leased" same "$(metric 'berth_subnets{host="local",state="leased"}')" 1
check "berth_manifest_files" same "$(metric 'berth_manifest_files{state="valid"}')" 1
check "berth_manifest_sync_seconds" test "$(metric berth_manifest_sync_seconds_count)" -ge 1
check "berth_engine_requests_total" test "$(metric berth_engine_requests_total)" -ge 4
check "apiserver_request_total" test "$(metric apiserver_request_total)" -ge 1
check "controller_runtime_reconcile_total" test "$(metric controller_runtime_reconcile_total)" -ge 2
printf 'kind: [' | put broken.yaml
invalid_one() { same "$(metric 'berth_manifest_files{state="invalid"}')" 1; }
eventually 5 "an invalid file is counted" invalid_one
rm "$MANIFESTS/broken.yaml"
docker rm -f "$(container_of one web)" >/dev/null
drifted() { [ "$(metric 'berth_drift_total{kind="container_removed"}')" = 1 ]; }
eventually 10 "drift is counted" drifted
healed() { [ "$(metric berth_time_to_heal_seconds_count)" = 1 ]; }
eventually 10 "healing is timed" healed
rm "$MANIFESTS/one.yaml"
eventually 30 "no environment is left" no_environment
check "berth_cleanup_duration_seconds" same "$(metric berth_cleanup_duration_seconds_count)" 1
check "berth_cleanup_objects_total" test "$(metric 'berth_cleanup_objects_total{cause="deleted",kind="container"}')" -ge 1
check "berth_cleanup_objects_total of networks" same "$(metric 'berth_cleanup_objects_total{cause="deleted",kind="network"}')" 1
note "an orphan"
instance=$(cat "$DATA/instance")
stop_berthd
docker run -d --network none --label "berth.dev/instance=$instance" --label berth.dev/uid=00000000-0000-4000-8000-000000000000 \
  --label berth.dev/namespace=ci --label berth.dev/environment=lost --label berth.dev/service=web "$BUSYBOX" sleep 1000 >/dev/null
clean_up_more() { docker rm -f "${other:-none}" >/dev/null 2>&1; }
other=$(docker run -d --network none --label berth.dev/instance=somebody-else --label berth.dev/uid=00000000-0000-4000-8000-000000000001 "$BUSYBOX" sleep 1000)
start_berthd
removed() { same "$(metric 'berth_orphans_removed_total{kind="container"}')" 1; }
eventually 30 "the orphan is removed and counted" removed
check "another instance's is not touched" same "$(docker inspect -f '{{.State.Running}}' "$other")" true
docker rm -f "$other" >/dev/null
check "the engine is clean" engine_is_clean
