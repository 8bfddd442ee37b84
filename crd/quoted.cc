#include "crd/quoted.h"

#include "crd/object.h"

namespace berth::crd {

void append_quoted(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out += '"';
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      out.resize(start);
      out += dump(json(text));
      return;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace berth::crd
