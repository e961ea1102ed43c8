// Putting names back that went although their image stayed: an image that is in use again keeps all of its names.
#pragma once

#include <string>
#include <vector>

#include "app/remover.hpp"

namespace docksweep::app {

struct put_back_result {
  std::vector<std::string> back;      // names that the image has again
  std::vector<std::string> not_back;  // "name (why)": for people
  bool settled = true;                // false: what becomes of one is not known, so it is to be tried again:
  bool reached = true;                // the engine was not there (false), or it answered, and could not (a full disk)
  // For the record: "names put back: a, b; not put back: c (why)". Empty when there was none.
  std::string text() const;
};

// Gives `names` (tags; of digests it can only say that they cannot be given) back to the image, except those that
// somebody has given to another image since. Takes no name from anybody.
task<put_back_result> put_back_names(container_engine& engine, std::string image_id, std::vector<std::string> names);

}  // namespace docksweep::app
