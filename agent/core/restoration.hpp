// How removed images are brought back: from the record of their removals and what the engine has now. Pure; app/restore
// does it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/history.hpp"

namespace docksweep::core {

struct restoration {
  struct source {
    enum class kind { archive, registry };
    kind from = kind::registry;
    std::string what;  // the archive's path; "repository@sha256:…", canonical
    bool operator==(const source&) const = default;
  };
  removal_record removal;
  bool present = false;            // the image is there: only names lack, if anything
  std::vector<source> sources;     // in the order in which they are tried; none: present, or it cannot be brought back
  std::vector<std::string> names;  // tags that it had and has not: to be given back
  std::vector<std::pair<std::string, std::string>> taken;  // tags that mean another image by now, and its ID: left alone
  std::string why_not;                                     // it cannot be brought back
};

enum class restore_outcome {
  restored,      // it came back, with all tags that nobody else has
  already_back,  // it was there with all its tags
  incomplete,    // it is there, and a tag is not: another image has it, or the engine refused
  failed,        // it did not come back
  not_possible,  // nothing is known to bring it back from
};
std::string_view to_string(restore_outcome outcome);

struct restored_image {
  restoration what;
  restore_outcome outcome = restore_outcome::failed;
  std::string source;                   // what brought it back: a path or "repository@sha256:…"; empty: nothing did
  std::vector<std::string> names_given;  // tags
  std::string problem;                  // for people; empty: none
};

// One restoration for each image that went, in the order of the removals; of several removals of an image the first in
// the list counts. Removals that took nothing away (kept, refused, failed, …) are left out; containers and volumes are
// in, with why they do not come back.
std::vector<restoration> plan_restoration(std::span<const removal_record> removals, std::span<const image> images,
                                          image_store store);

// Of removals, newest first, the one that a person means by this reference, "repository@sha256:…", digest or (start of
// an) image ID; null: none.
const removal_record* find_removal(std::span<const removal_record> newest_first, std::string_view asked);

}  // namespace docksweep::core
