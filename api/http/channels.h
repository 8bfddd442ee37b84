#pragma once

// The first byte of a message of Kubernetes' channel protocol (v*.channel.k8s.io): which stream it belongs to.
namespace berth::http {

inline constexpr char kStdinChannel = 0;
inline constexpr char kStdoutChannel = 1;
inline constexpr char kStderrChannel = 2;
inline constexpr char kErrorChannel = 3;  // how the process ended
inline constexpr char kResizeChannel = 4;
inline constexpr char kCloseChannel = static_cast<char>(255);  // version 5: the channel that is named ends

}  // namespace berth::http
