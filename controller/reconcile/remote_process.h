#pragma once

#include <memory>
#include <string>

#include "api/server/api_server.h"
#include "base/clock.h"
#include "controller/engine/engine.h"

namespace berth::reconcile {

// The engine's processes as a server of Pods sees them. Engine and clock outlive them.
std::shared_ptr<api::RemoteProcess> remote_exec(engine::Engine& engine, base::Clock& clock, engine::ExecSession session);
std::shared_ptr<api::RemoteProcess> remote_attach(engine::Engine& engine, base::Clock& clock, std::string container_id,
                                                  std::shared_ptr<engine::ProcessStream> stream);

}  // namespace berth::reconcile
