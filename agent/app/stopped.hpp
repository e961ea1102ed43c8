// Telling the end of a cancelled coroutine from a fault.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

namespace docksweep::app {

// Whether this is what a cancelled coroutine throws. Of several that ran side by side the first one's exception counts:
// the others were cancelled because of it.
inline bool means_stopped(const std::exception& fault) {
  if (const auto* const several = dynamic_cast<const boost::asio::multiple_exceptions*>(&fault)) {
    try {
      std::rethrow_exception(several->first_exception());
    } catch (const std::exception& first) {
      return means_stopped(first);
    } catch (...) {
      return false;
    }
  }
  const auto* const error = dynamic_cast<const boost::system::system_error*>(&fault);
  return error != nullptr && error->code() == boost::asio::error::operation_aborted;
}

}  // namespace docksweep::app
