#include "api/identity.h"

#include <array>

namespace berth::api {

namespace {

// No vowels and nothing that looks alike: names that are no words.
constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
constexpr std::size_t kSuffix = 5;
constexpr std::size_t kMaxName = 63;

}  // namespace

std::string make_uid(std::mt19937_64& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string uid = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : uid) {
    if (c == 'x') c = kHex[random() >> 60];
    if (c == 'y') c = kHex[8 + (random() >> 62)];
  }
  return uid;
}

std::string make_name(std::string_view prefix, std::mt19937_64& random) {
  std::string name(prefix.substr(0, kMaxName - kSuffix));
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  for (std::size_t i = 0; i < kSuffix; ++i) name += kLetters[letter(random)];
  return name;
}

std::mt19937_64 make_random() {
  std::random_device device;
  std::array<std::random_device::result_type, 16> words{};
  for (auto& word : words) word = device();
  std::seed_seq seed(words.begin(), words.end());
  return std::mt19937_64(seed);
}

}  // namespace berth::api
