// The one way from a command to its coroutine: runs it, and everything that it began, to the end.
#pragma once

#include <boost/asio/io_context.hpp>

#include "app/engine.hpp"

namespace docksweep::cli {

// The exit status that the work returned; what it throws is thrown here.
int run_to_end(boost::asio::io_context& context, app::task<int> work);

}  // namespace docksweep::cli
