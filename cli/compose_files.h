#pragma once

#include <optional>

#include "cli/io.h"
#include "cli/manifest.h"
#include "crd/compose/convert.h"

namespace berth::cli {

// The file system, standard input ("-") and variables of this process, for compose files.
compose::LoadRequest compose_request(const Io& io, std::vector<std::string> files);

// The compose files that compose itself would take in the working directory: compose.yaml and its override. Empty when there is none.
std::vector<std::string> find_compose_files();

// convert(), with what it tells written to io.err unless `quiet`, and errors that a terminal can show.
Result<compose::Conversion> convert_compose(const compose::ConvertRequest& request, const Io& io, bool quiet);

// The manifests of a compose file, in the place of read_manifests(). nullopt: `path` is none.
Result<std::optional<std::vector<Manifest>>> read_compose_manifests(const std::string& path, const Io& io, const crd::Scheme& scheme,
                                                                    bool quiet);

}  // namespace berth::cli
