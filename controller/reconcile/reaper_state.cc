#include "controller/reconcile/reaper_state.h"

#include "base/log.h"
#include "base/state_file.h"
#include "crd/fields.h"
#include "crd/object.h"

namespace berth::reconcile {

ReaperState load_reaper_state(const std::filesystem::path& file) {
  ReaperState state;
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return state;
  const auto text = base::read_state(file);
  const auto stored = text.has_value() ? crd::parse_json(*text) : Result<json>(text.error());
  if (stored.has_error() || !stored->is_object()) {
    base::log_warn("reaper", "state cannot be read", {{"file", file.string()}});
    return state;
  }
  state.held = crd::flag_at(*stored, "held");
  state.unseen = crd::flag_at(*stored, "unseen");
  state.store = static_cast<std::uint64_t>(crd::number_at(*stored, "store"));
  if (const auto opened = stored->find("opened"); opened != stored->end() && opened->is_number_unsigned()) {
    state.opened = opened->get<std::uint64_t>();
  }
  if (const auto adopted = stored->find("adopted"); adopted != stored->end() && adopted->is_array()) {
    for (const auto& uid : *adopted) {
      if (uid.is_string()) state.adopted.insert(uid.get<std::string>());
    }
  }
  return state;
}

void save_reaper_state(const std::filesystem::path& file, const ReaperState& state) {
  json stored = {{"held", state.held}, {"unseen", state.unseen}, {"adopted", state.adopted}, {"store", state.store}};
  if (state.opened != kNoRevision) stored["opened"] = state.opened;
  const auto written = base::write_state(file, crd::dump(stored) + "\n");
  if (written.has_error()) base::log_warn("reaper", "state was not kept", {{"error", written.error().message}});
}

}  // namespace berth::reconcile
