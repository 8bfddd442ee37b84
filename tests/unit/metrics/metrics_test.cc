#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "metrics/api_metrics.h"
#include "metrics/engine_metrics.h"
#include "metrics/environment_metrics.h"
#include "metrics/manifest_metrics.h"
#include "metrics/registry.h"
#include "metrics/runtime_metrics.h"

namespace berth::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

struct MetricsTest : testing::Test {
  Registry registry;

  // Every sample by its whole name, labels included; -1 when it is not there.
  double value(const std::string& sample) const {
    std::istringstream text(registry.text());
    for (std::string line; std::getline(text, line);) {
      if (line.rfind(sample + " ", 0) == 0) return std::stod(line.substr(sample.size() + 1));
    }
    return -1;
  }
};

struct All {
  explicit All(Registry& registry)
      : api(registry),
        engine(registry, "local"),
        environments(registry, "local"),
        manifests(registry),
        runtime(registry, "testenvironment", 4) {}
  ApiMetrics api;
  EngineMetrics engine;
  EnvironmentMetrics environments;
  ManifestMetrics manifests;
  RuntimeMetrics runtime;
};

TEST_F(MetricsTest, BuildInfoNamesTheVersion) {
  EXPECT_EQ(value(std::string("berth_build_info{version=\"") + BERTH_VERSION + "\"}"), 1);
}

TEST_F(MetricsTest, ProcessSeriesTellOfThisProcess) {
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
  EXPECT_GE(value("process_cpu_seconds_total"), 0);
  EXPECT_NEAR(value("process_start_time_seconds"), static_cast<double>(std::time(nullptr)), 600);
  EXPECT_GE(value("process_max_fds"), value("process_open_fds"));
  const double before = value("process_open_fds");
  const int file = ::dup(0);
  EXPECT_EQ(value("process_open_fds"), before + 1);
  ::close(file);
}

TEST_F(MetricsTest, FixedSeriesStandAtZeroFromTheStart) {
  All all(registry);
  for (const char* sample :
       {"berth_parallelism_current",
        "berth_parallelism_peak",
        "berth_ports{host=\"local\",state=\"quarantined\"}",
        "berth_subnets{host=\"local\",state=\"leased\"}",
        "berth_port_conflicts_total{host=\"local\"}",
        "berth_port_fallbacks_total{host=\"local\"}",
        "berth_cleanup_duration_seconds_count",
        "berth_cleanup_objects_total{cause=\"orphan\",kind=\"network\"}",
        "berth_orphans{kind=\"network\"}",
        "berth_orphans_removed_total{kind=\"container\"}",
        "berth_cleanup_failures_total{reason=\"NetworkInUse\"}",
        "berth_terminating_oldest_seconds",
        "berth_drift_total{kind=\"container_died\"}",
        "berth_time_to_heal_seconds_count",
        "berth_environment_time_to_ready_seconds_count{source=\"api\"}",
        "berth_environment_queue_wait_seconds_count",
        "berth_foreign_disconnected_total{host=\"local\"}",
        "berth_engine_up{host=\"local\"}",
        "berth_engine_event_reconnects_total{host=\"local\"}",
        "berth_engine_pulls_total{host=\"local\",result=\"failure\"}",
        "berth_manifest_files{state=\"conflicting\"}",
        "berth_manifest_sync_seconds_count",
        "berth_manifest_errors_total",
        "berth_manifest_held_deletions",
        "controller_runtime_reconcile_total{controller=\"testenvironment\",result=\"requeue_after\"}",
        "controller_runtime_reconcile_errors_total{controller=\"testenvironment\"}",
        "controller_runtime_terminal_reconcile_errors_total{controller=\"testenvironment\"}",
        "controller_runtime_reconcile_panics_total{controller=\"testenvironment\"}",
        "workqueue_depth{name=\"testenvironment\"}",
        "workqueue_retries_total{name=\"testenvironment\"}"}) {
    EXPECT_EQ(value(sample), 0) << sample;
  }
  EXPECT_EQ(value("controller_runtime_max_concurrent_reconciles{controller=\"testenvironment\"}"), 4);
}

TEST_F(MetricsTest, EnvironmentsShowsTheWholePictureAndForgetsNamespacesThatAreGone) {
  EnvironmentMetrics metrics(registry, "local");
  metrics.environments({{{"ci", "Ready"}, 3}, {{"ci", "Degraded"}, 1}, {{"dev", "Pending"}, 2}});
  EXPECT_EQ(value("berth_environments{namespace=\"ci\",phase=\"Ready\"}"), 3);
  EXPECT_EQ(value("berth_environments{namespace=\"ci\",phase=\"Failed\"}"), 0);
  EXPECT_EQ(value("berth_environments{namespace=\"dev\",phase=\"Pending\"}"), 2);

  metrics.environments({{{"dev", "Ready"}, 1}});
  EXPECT_THAT(registry.text(), Not(HasSubstr("namespace=\"ci\"")));
  EXPECT_EQ(value("berth_environments{namespace=\"dev\",phase=\"Pending\"}"), 0);

  metrics.environments({});
  EXPECT_THAT(registry.text(), Not(HasSubstr("namespace=")));
  metrics.environments({{{"ci", "Ready"}, 1}});
  EXPECT_EQ(value("berth_environments{namespace=\"ci\",phase=\"Ready\"}"), 1);
}

TEST_F(MetricsTest, ParallelismRemembersItsPeak) {
  EnvironmentMetrics metrics(registry, "local");
  metrics.running(4);
  EXPECT_EQ(value("berth_parallelism_current"), 4);
  metrics.running(1);
  EXPECT_EQ(value("berth_parallelism_current"), 1);
  EXPECT_EQ(value("berth_parallelism_peak"), 4);
}

TEST_F(MetricsTest, EveryEnvironmentSeriesMoves) {
  EnvironmentMetrics metrics(registry, "local");
  metrics.time_to_ready("manifests", 0.2);
  metrics.queue_wait(1);
  metrics.ports("leased", 5);
  metrics.subnets("free", 6);
  metrics.port_conflict();
  metrics.port_fallback();
  metrics.cleanup_duration(2);
  metrics.cleanup_object("container", "deleted");
  metrics.orphans("network", 7);
  metrics.orphan_removed("network");
  metrics.cleanup_failure("DiskPressure");
  metrics.terminating_oldest(8);
  metrics.drift("network_removed");
  metrics.time_to_heal(0.3);
  metrics.foreign_disconnected();
  EXPECT_EQ(value("berth_environment_time_to_ready_seconds_sum{source=\"manifests\"}"), 0.2);
  EXPECT_EQ(value("berth_environment_time_to_ready_seconds_bucket{source=\"manifests\",le=\"0.1\"}"), 0);
  EXPECT_EQ(value("berth_environment_time_to_ready_seconds_bucket{source=\"manifests\",le=\"0.25\"}"), 1);
  EXPECT_EQ(value("berth_environment_queue_wait_seconds_count"), 1);
  EXPECT_EQ(value("berth_ports{host=\"local\",state=\"leased\"}"), 5);
  EXPECT_EQ(value("berth_subnets{host=\"local\",state=\"free\"}"), 6);
  EXPECT_EQ(value("berth_port_conflicts_total{host=\"local\"}"), 1);
  EXPECT_EQ(value("berth_port_fallbacks_total{host=\"local\"}"), 1);
  EXPECT_EQ(value("berth_cleanup_duration_seconds_sum"), 2);
  EXPECT_EQ(value("berth_cleanup_objects_total{cause=\"deleted\",kind=\"container\"}"), 1);
  EXPECT_EQ(value("berth_orphans{kind=\"network\"}"), 7);
  EXPECT_EQ(value("berth_orphans_removed_total{kind=\"network\"}"), 1);
  EXPECT_EQ(value("berth_cleanup_failures_total{reason=\"DiskPressure\"}"), 1);
  EXPECT_EQ(value("berth_terminating_oldest_seconds"), 8);
  EXPECT_EQ(value("berth_drift_total{kind=\"network_removed\"}"), 1);
  EXPECT_EQ(value("berth_time_to_heal_seconds_count"), 1);
  EXPECT_EQ(value("berth_foreign_disconnected_total{host=\"local\"}"), 1);
}

TEST_F(MetricsTest, EveryControllerSeriesMoves) {
  RuntimeMetrics metrics(registry, "te", 2);
  RuntimeMetrics other(registry, "lease", 1);
  using Outcome = RuntimeMetrics::Outcome;
  for (const auto outcome :
       {Outcome::Success, Outcome::Error, Outcome::RequeueAfter, Outcome::Terminal, Outcome::Panic}) {
    metrics.reconciled(outcome, 0.01);
  }
  metrics.active_workers(2);
  metrics.queue_add();
  metrics.queue_depth(3);
  metrics.queue_wait(0.001);
  metrics.queue_work(0.002);
  metrics.queue_retry();
  metrics.queue_unfinished(4, 5);
  EXPECT_EQ(value("controller_runtime_reconcile_total{controller=\"te\",result=\"success\"}"), 1);
  EXPECT_EQ(value("controller_runtime_reconcile_total{controller=\"te\",result=\"requeue_after\"}"), 1);
  EXPECT_EQ(value("controller_runtime_reconcile_total{controller=\"te\",result=\"error\"}"), 3);
  EXPECT_EQ(value("controller_runtime_reconcile_errors_total{controller=\"te\"}"), 3);
  EXPECT_EQ(value("controller_runtime_terminal_reconcile_errors_total{controller=\"te\"}"), 1);
  EXPECT_EQ(value("controller_runtime_reconcile_panics_total{controller=\"te\"}"), 1);
  EXPECT_EQ(value("controller_runtime_reconcile_time_seconds_count{controller=\"te\"}"), 5);
  EXPECT_EQ(value("controller_runtime_active_workers{controller=\"te\"}"), 2);
  EXPECT_EQ(value("workqueue_adds_total{name=\"te\"}"), 1);
  EXPECT_EQ(value("workqueue_depth{name=\"te\"}"), 3);
  EXPECT_EQ(value("workqueue_queue_duration_seconds_count{name=\"te\"}"), 1);
  EXPECT_EQ(value("workqueue_work_duration_seconds_count{name=\"te\"}"), 1);
  EXPECT_EQ(value("workqueue_retries_total{name=\"te\"}"), 1);
  EXPECT_EQ(value("workqueue_unfinished_work_seconds{name=\"te\"}"), 4);
  EXPECT_EQ(value("workqueue_longest_running_processor_seconds{name=\"te\"}"), 5);
  EXPECT_EQ(value("workqueue_adds_total{name=\"lease\"}"), 0);
}

TEST_F(MetricsTest, EveryEngineApiAndManifestSeriesMoves) {
  All all(registry);
  all.engine.request("container_start", "204", 0.2);
  all.engine.request("container_start", "error", 30);
  all.engine.up(true);
  all.engine.event_reconnect();
  all.engine.pull(true);
  EXPECT_EQ(value("berth_engine_requests_total{code=\"204\",host=\"local\",operation=\"container_start\"}"),
            1);
  EXPECT_EQ(
      value("berth_engine_request_duration_seconds_count{host=\"local\",operation=\"container_start\"}"), 2);
  EXPECT_EQ(value("berth_engine_up{host=\"local\"}"), 1);
  EXPECT_EQ(value("berth_engine_event_reconnects_total{host=\"local\"}"), 1);
  EXPECT_EQ(value("berth_engine_pulls_total{host=\"local\",result=\"success\"}"), 1);

  all.api.request("GET", "testenvironments", 200, 0.001);
  all.api.watchers("testenvironments", 2);
  all.api.watchers("testenvironments", -1);
  EXPECT_EQ(value("apiserver_request_total{code=\"200\",resource=\"testenvironments\",verb=\"GET\"}"), 1);
  EXPECT_EQ(value("apiserver_request_duration_seconds_count{resource=\"testenvironments\",verb=\"GET\"}"), 1);
  EXPECT_EQ(value("apiserver_registered_watchers{resource=\"testenvironments\"}"), 1);

  all.manifests.files(1, 2, 3);
  all.manifests.sync(0.01);
  all.manifests.error();
  all.manifests.held_deletions(4);
  EXPECT_EQ(value("berth_manifest_files{state=\"valid\"}"), 1);
  EXPECT_EQ(value("berth_manifest_files{state=\"invalid\"}"), 2);
  EXPECT_EQ(value("berth_manifest_files{state=\"conflicting\"}"), 3);
  EXPECT_EQ(value("berth_manifest_sync_seconds_count"), 1);
  EXPECT_EQ(value("berth_manifest_errors_total"), 1);
  EXPECT_EQ(value("berth_manifest_held_deletions"), 4);
}

TEST_F(MetricsTest, MayBeUsedAndReadFromSeveralThreads) {
  All all(registry);
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) all.engine.request("ping", std::to_string(200 + i % 5), 0.001);
  });
  for (int i = 0; i < 20; ++i) registry.text();
  writer.join();
  EXPECT_EQ(value("berth_engine_request_duration_seconds_count{host=\"local\",operation=\"ping\"}"), 2000);
}

TEST_F(MetricsTest, PromtoolFindsNothing) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  All all(registry);
  all.engine.request("ping", "200", 0.001);
  all.api.request("GET", "testenvironments", 200, 0.001);
  all.api.watchers("testenvironments", 1);
  all.environments.environments({{{"ci", "Ready"}, 1}});
  all.environments.running(1);
  const auto file = testing::TempDir() + "berth-metrics-" + std::to_string(::getpid());
  std::ofstream(file) << registry.text();
  FILE* promtool = ::popen(("promtool check metrics <" + file + " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string findings;
  for (char buffer[512]; std::fgets(buffer, sizeof buffer, promtool);) findings += buffer;
  EXPECT_EQ(::pclose(promtool), 0);
  EXPECT_EQ(findings, "");
  std::remove(file.c_str());
}

}  // namespace
}  // namespace berth::metrics
