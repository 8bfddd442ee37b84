#pragma once

#include <optional>
#include <string>

#include "cli/session.h"

namespace berth::cli {

// One end of a copy.
struct CopyPlace {
  std::string environment;  // "" = this machine
  std::string service;      // "" = the only one there is
  std::string path;         // "-" of this machine: a tar archive on a standard stream
  bool remote() const { return !environment.empty(); }
};

// "ENV:SERVICE:/path", "ENV/SERVICE:/path" and "ENV:/path" are in a container; what begins with / or . or has no colon is here.
// Errors: BadRequest (a path in a container that is not absolute).
Result<CopyPlace> parse_copy_place(const std::string& text);

// Where the source ends up, by the rules of cp: in a directory that is there under its own name, else under the name of the
// destination, whose directory must be there. With "/." at the end of the source what is in it, and not the directory itself.
struct CopyTarget {
  std::string directory;  // it is there
  std::string name;       // below it; "" = the content of the source
};
enum class Standing { Nothing, File, Directory };
struct CopyQuestion {
  std::string source_name;  // its last part
  bool source_is_directory = false;
  bool content_only = false;  // "/." at its end
  std::string destination;
  Standing there = Standing::Nothing;  // at the destination
};
// Errors: BadRequest.
Result<CopyTarget> copy_target(const CopyQuestion& question);

// What stands at a path of a container, links followed. nullopt: nothing does. Errors: the server's.
struct RemoteStat {
  std::string path;  // where it really is
  bool directory = false;
};
Task<Result<std::optional<RemoteStat>>> remote_stat(Session& session, ObjectKey environment, std::string service, std::string path);
std::string archive_target(const ObjectKey& environment, const std::string& service, const std::string& path);

// Out of a container, and into one. Say on standard error what was left out. Errors: the server's, BadRequest, InternalError.
Task<Result<void>> copy_out(Session& session, ObjectKey environment, std::string service, std::string path, std::string destination);
Task<Result<void>> copy_in(Session& session, ObjectKey environment, std::string service, std::string path, std::string source);

}  // namespace berth::cli
