#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::engine {

// What is asked of the engine: decides how an answer is read, and is the metric label `operation`.
enum class Operation {
  Ping,
  Info,
  Events,
  ContainerList,
  ContainerInspect,
  ContainerCreate,
  ContainerStart,
  ContainerStop,
  ContainerRemove,
  ContainerUpdate,
  ContainerCopy,
  ContainerArchive,
  ContainerStats,
  ContainerLogs,
  Exec,
  NetworkList,
  NetworkInspect,
  NetworkCreate,
  NetworkRemove,
  NetworkConnect,
  NetworkDisconnect,
  VolumeList,
  VolumeRemove,
  ImageInspect,
  ImagePull,
};

// "container_create", ...
std::string_view name_of(Operation operation);

// True when an answer that is no 2xx says that what was asked for is so already: success.
bool is_already_done(Operation operation, int status, std::string_view message);

// What an error answer means. The engine has no error codes, and its status codes and wording differ between
// versions, so operation, status and text decide together. The engine's text is kept as the message; without
// one the message names operation and status.
Error classify(Operation operation, int status, std::string message);

// The text of an error answer: {"message": "..."} or plain text.
std::string message_of(std::string_view body);

}  // namespace berth::engine
