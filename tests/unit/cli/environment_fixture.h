#pragma once

#include <string>

#include "crd/object.h"

namespace berth::cli {

// An environment of two services as berthd shows it at different moments.
inline json environment_body() {
  return json::parse(R"({
    "apiVersion": "berth.dev/v1alpha1", "kind": "TestEnvironment",
    "metadata": {"name": "pr", "namespace": "ci", "uid": "u1", "generation": 1, "resourceVersion": "7",
                 "creationTimestamp": "2026-11-23T09:00:00Z", "labels": {"pipeline": "8123"}},
    "spec": {"services": [
      {"name": "postgres", "image": "postgres:16",
       "ports": [{"name": "sql", "containerPort": 5432, "env": "DEV_POSTGRES_PORT"}]},
      {"name": "api", "image": "api:1", "ports": [{"containerPort": 80}],
       "dependsOn": [{"service": "postgres", "condition": "Ready"}]}]}})");
}

inline json provisioning_body() {
  auto body = environment_body();
  body["status"] = json::parse(R"({
    "phase": "Provisioning", "observedGeneration": 1, "readyServices": "0/2",
    "endpoints": {"postgres.sql": "127.0.0.1:30000"}, "env": {"DEV_POSTGRES_PORT": "30000"},
    "services": [
      {"name": "postgres", "state": "Running", "ready": false, "message": "has not answered its readiness probe yet",
       "containerID": "0123456789abcdef"},
      {"name": "api", "state": "Waiting", "ready": false, "message": "waits until postgres is ready"}],
    "conditions": [{"type": "Scheduled", "status": "True", "reason": "Scheduled"},
                   {"type": "Ready", "status": "False", "reason": "Provisioning", "message": "0/2 services are ready"}]})");
  return body;
}

inline json ready_body() {
  auto body = provisioning_body();
  auto& status = body["status"];
  status["phase"] = "Ready";
  status["endpoints"]["api.80"] = "127.0.0.1:30001";
  for (auto& service : status["services"]) {
    service["state"] = "Running";
    service["ready"] = true;
    service.erase("message");
  }
  status["conditions"][1] = {{"type", "Ready"}, {"status", "True"}, {"reason", "Ready"}};
  return body;
}

inline json failed_body() {
  auto body = provisioning_body();
  auto& status = body["status"];
  status["phase"] = "Failed";
  status["reason"] = "ContainerExited";
  status["message"] = "postgres: exited with code 1";
  auto& postgres = status["services"][0];
  postgres["state"] = "Failed";
  postgres["exitCode"] = 1;
  postgres["reason"] = "ContainerExited";
  postgres["message"] = "exited with code 1; last log lines:\nFATAL: out of luck\n";
  status["conditions"][1]["reason"] = "ContainerExited";
  return body;
}

inline ObjectPtr make_object(json body) { return Object::make(std::move(body)).value(); }

}  // namespace berth::cli
