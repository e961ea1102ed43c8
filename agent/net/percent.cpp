// Percent-encoding through Boost.URL.
#include "net/percent.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/grammar/charset.hpp>
#include <boost/url/grammar/ci_string.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "net/http_message.hpp"

namespace docksweep::net {

std::string encode_path(std::string_view path) {
  return boost::urls::encode(path, boost::urls::pchars + '/');
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    query += query.empty() ? '?' : '&';
    query += boost::urls::encode(name, boost::urls::unreserved_chars);
    query += '=';
    query += boost::urls::encode(value, boost::urls::unreserved_chars);
  }
  return query;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return boost::urls::grammar::ci_is_equal(left, right);
}

std::string_view to_string(verb what) {
  switch (what) {
    case verb::get:
      return "GET";
    case verb::head:
      return "HEAD";
    case verb::post:
      return "POST";
    case verb::remove:
      return "DELETE";
  }
  return "GET";
}

std::string_view http_response::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace docksweep::net
