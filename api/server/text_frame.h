#pragma once

#include <string>
#include <string_view>

#include "api/server/media.h"
#include "crd/object.h"

namespace berth::api {

enum class TextStyle { Compact, Pretty, Yaml };

// The text of a long list, made piece by piece: add() for each item, then end(). The items stand where kItems stands alone in a list
// that is a member of the frame. Pure.
class TextFrame {
 public:
  static constexpr const char* kItems = "%items%";
  TextFrame(const json& frame, TextStyle style);

  // Appends what comes before the item and the item, which is compact JSON.
  void add(std::string& out, std::string_view item);
  // What comes behind the last item, with the line end.
  const std::string& end() const { return any_ ? end_ : empty_; }

 private:
  const TextStyle style_;
  std::string begin_;
  std::string end_;
  std::string empty_;   // all of it, when there is no item
  std::string indent_;  // of an item's lines
  bool any_ = false;
};

// `compact` JSON in another style, with the line end behind it.
std::string styled(std::string compact, TextStyle style);

}  // namespace berth::api
