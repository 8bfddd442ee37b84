#include "cli/commands.h"

#include "cli/cmd_apply.h"
#include "cli/cmd_attach.h"
#include "cli/cmd_backup.h"
#include "cli/cmd_completion.h"
#include "cli/cmd_convert.h"
#include "cli/cmd_cp.h"
#include "cli/cmd_delete.h"
#include "cli/cmd_describe.h"
#include "cli/cmd_diff.h"
#include "cli/cmd_dump.h"
#include "cli/cmd_env.h"
#include "cli/cmd_events.h"
#include "cli/cmd_exec.h"
#include "cli/cmd_get.h"
#include "cli/cmd_kubeconfig.h"
#include "cli/cmd_logs.h"
#include "cli/cmd_port_forward.h"
#include "cli/cmd_reap.h"
#include "cli/cmd_restore.h"
#include "cli/cmd_run.h"
#include "cli/cmd_top.h"
#include "cli/cmd_version.h"
#include "cli/cmd_wait.h"
#include "cli/cmd_why.h"

namespace berth::cli {

std::vector<CommandPtr> make_commands() {
  std::vector<CommandPtr> commands;
  commands.push_back(make_apply());
  commands.push_back(make_get());
  commands.push_back(make_describe());
  commands.push_back(make_delete());
  commands.push_back(make_wait());
  commands.push_back(make_logs());
  commands.push_back(make_exec());
  commands.push_back(make_cp());
  commands.push_back(make_port_forward());
  commands.push_back(make_top());
  commands.push_back(make_events());
  commands.push_back(make_diff());
  commands.push_back(make_why());
  commands.push_back(make_dump());
  commands.push_back(make_env());
  commands.push_back(make_run());
  commands.push_back(make_attach());
  commands.push_back(make_convert());
  commands.push_back(make_reap());
  commands.push_back(make_adopt());
  commands.push_back(make_backup());
  commands.push_back(make_restore());
  commands.push_back(make_kubeconfig());
  commands.push_back(make_completion());
  commands.push_back(make_version());
  return commands;
}

}  // namespace berth::cli
