// The one translation unit that holds Asio's and Beast's own code (BOOST_ASIO_SEPARATE_COMPILATION): every other file
// compiles faster and smaller for it.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
