#pragma once

#include <random>
#include <string>
#include <string_view>

namespace berth::api {

// A random (version 4) UUID.
std::string make_uid(std::mt19937_64& random);
// metadata.generateName with five random letters or digits behind it; a long prefix is cut so that the whole
// stays a DNS label.
std::string make_name(std::string_view prefix, std::mt19937_64& random);
// Seeded from the system.
std::mt19937_64 make_random();

}  // namespace berth::api
