#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "crd/compose/node.h"

namespace berth::compose {

// A file that was read. What is relative in it starts at `directory`.
struct SourceFile {
  std::string name;  // as it is shown
  std::string directory;
};

enum class Level {
  Note,     // it would have kept two runs from living side by side; says what was done about it
  Warning,  // something is left to do, nothing is lost
  Loss,     // has no equivalent; an error when the conversion is strict
  Error,
};

struct Notice {
  Level level = Level::Note;
  Place place;
  std::string text;
};

// Everything that is to be said about the files, and the files themselves.
class Report {
 public:
  int add_file(std::string name, std::string directory);
  const SourceFile& file(int index) const { return files_[static_cast<std::size_t>(index)]; }
  std::size_t file_count() const { return files_.size(); }

  void note(Place place, std::string text) { add(Level::Note, place, std::move(text)); }
  void warn(Place place, std::string text) { add(Level::Warning, place, std::move(text)); }
  void loss(Place place, std::string text) { add(Level::Loss, place, std::move(text)); }
  void error(Place place, std::string text) { add(Level::Error, place, std::move(text)); }
  bool failed() const { return failed_; }

  const std::vector<Notice>& notices() const { return notices_; }
  std::string show(Place place) const;  // "file:line:column"
  // In the order of the files, once each: "file:12:5: warning: what".
  std::vector<std::string> lines(Level least, Level most) const;
  // All errors, one a line. REQUIRES: failed().
  Error failure() const;

 private:
  void add(Level level, Place place, std::string text);

  std::vector<SourceFile> files_;
  std::vector<Notice> notices_;
  bool failed_ = false;
};

}  // namespace berth::compose
