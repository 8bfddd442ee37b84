#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth::crd {

// What k8s.io/apimachinery/pkg/util/validation says about names in metadata: every complaint, empty when there is none. Pure.

// "name", "example.com/name": keys of labels and annotations, finalizers.
std::vector<std::string> qualified_name_errors(std::string_view text);
std::vector<std::string> label_value_errors(std::string_view text);

inline constexpr std::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

}  // namespace berth::crd
