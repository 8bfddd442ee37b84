#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/environment_view.h"

namespace berth::cli {

struct ProgressStyle {
  bool utf8 = false;
  bool color = false;
};

// What is shown while one waits for environments. Pure: states in, lines out; a terminal's picture and a log's lines
// are two readings of the same states.
class Progress {
 public:
  explicit Progress(ProgressStyle style) : style_(style) {}

  void update(EnvironmentView view);
  // It is gone from the server.
  void remove(const std::string& ns, const std::string& name);

  // The picture for a terminal: one line for each environment, one for each of its services; when that is more than
  // `rows`, environments only. Every line fits into `columns`. `frame` turns the spinner.
  std::vector<std::string> picture(base::Duration since_start, int columns, int rows, int frame) const;
  // Plain lines for what changed since the last call: "checkout/postgres: Starting".
  std::vector<std::string> news(base::Duration since_start);

 private:
  struct Entry {
    EnvironmentView view;
    bool gone = false;
    std::string told;  // the last plain line of the environment
    std::map<std::string, std::string> told_services;
  };
  std::string environment_line(const Entry& entry, base::Duration since_start, int columns, int frame) const;
  std::string service_line(const ServiceView& service, std::size_t name_width, int columns, int frame) const;
  std::string spinner(int frame) const;
  ProgressStyle style_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

// Replaces what was drawn before by `lines`: escape sequences and text for a terminal. `drawn` is how many lines are
// there.
std::string redraw(const std::vector<std::string>& lines, std::size_t drawn);

}  // namespace berth::cli
