#include "api/http/chunk.h"

#include <array>
#include <cstdio>

namespace berth::http {

Chunk::Chunk(std::string_view bytes) : size_(bytes.size()) {
  std::array<char, 24> size{};
  begin_ = static_cast<std::size_t>(std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size()));
  framed_.reserve(begin_ + size_ + 2);
  framed_.append(size.data(), begin_).append(bytes).append("\r\n");
}

}  // namespace berth::http
