// Filters as JSON.
#include "engine/filters.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace docksweep::engine {
namespace {

std::string spelled(const std::string& name, const std::string& value) {
  if (name != "dangling") return value;
  if (value == "1") return "true";
  if (value == "0") return "false";
  return value;
}

}  // namespace

std::string encode_filters(const app::engine_filters& filters) {
  boost::json::object all;
  for (const auto& [name, value] : filters) {
    auto& values = all[name];
    if (!values.is_array()) values.emplace_array();
    values.as_array().emplace_back(spelled(name, value));
  }
  return boost::json::serialize(all);
}

}  // namespace docksweep::engine
