#include "cli/run_to_end.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

namespace docksweep::cli {

int run_to_end(boost::asio::io_context& context, app::task<int> work) {
  int status = 1;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, int ended) {
    thrown = error;
    status = ended;
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return status;
}

}  // namespace docksweep::cli
