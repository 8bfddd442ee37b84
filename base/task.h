#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace berth::base {

namespace asio = boost::asio;

// The coroutine type of the whole code base. A Task does nothing until it is awaited or spawned in a TaskGroup.
template <class T = void>
using Task = asio::awaitable<T>;

using Executor = asio::any_io_executor;

}  // namespace berth::base

namespace berth {
namespace asio = boost::asio;
using base::Executor;
using base::Task;
}  // namespace berth
