#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::source {

// Names that are never looked at: hidden ones (Kubernetes' ..data too: what leads through it is seen by its own name)
// and what editors leave while they save: x~, #x#, x.swp, x.tmp, 4913.
bool ignored_name(std::string_view name);
// `directory`/`name`; also where the directory is "/".
std::string path_in(const std::string& directory, const std::string& name);
// .yaml, .yml or .json, and not ignored.
bool manifest_name(std::string_view name);

// 16 hexadecimal digits (FNV-1a, 64 bits): tells versions apart, proves nothing.
std::string content_hash(std::string_view bytes);
// The value of berth.dev/source-hash: what a document says and whose it is. A copy of an object under another name carries a
// mark that is not its own, and is nobody's.
std::string source_mark(std::string_view content_hash, std::string_view ns, std::string_view name);
bool is_source_mark(std::string_view mark, std::string_view ns, std::string_view name);

}  // namespace berth::source
