#include "app/put_back.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "app/sweep_brake.hpp"

namespace docksweep::app {
namespace {

struct attempt {
  std::string problem;  // empty: the image has this name (again)
  bool settled = true;
  bool reached = true;
};

attempt not_told(const core::failure& why) {
  const bool reached = !is_engines_own(why);
  return {why.message, why.code == core::failure_code::not_found, reached};
}

task<attempt> put_back_name(container_engine& engine, const std::string& image_id, const std::string& name) {
  attempt done;
  if (name.find('@') != std::string::npos) {
    done.problem = "a digest comes back only by a pull";
    co_return done;
  }
  auto finding = engine.find_image(name);
  const auto found = co_await std::move(finding);
  if (!found) co_return not_told(found.error());
  if (*found && (*found)->id == image_id) co_return done;
  if (*found) {
    done.problem = fmt::format("it means another image since: {}", (*found)->id);
    co_return done;
  }
  auto tagging = engine.tag_image(image_id, name);
  const auto tagged = co_await std::move(tagging);
  if (!tagged) co_return not_told(tagged.error());
  co_return done;
}

}  // namespace

std::string put_back_result::text() const {
  std::string words;
  if (!back.empty()) words = fmt::format("names put back: {}", fmt::join(back, ", "));
  if (not_back.empty()) return words;
  if (!words.empty()) words += "; ";
  return words + fmt::format("not put back: {}", fmt::join(not_back, ", "));
}

task<put_back_result> put_back_names(container_engine& engine, std::string image_id, std::vector<std::string> names) {
  put_back_result result;
  for (const std::string& name : names) {
    auto giving = put_back_name(engine, image_id, name);
    const auto done = co_await std::move(giving);
    result.settled = result.settled && done.settled;
    result.reached = result.reached && done.reached;
    if (done.problem.empty()) {
      result.back.push_back(name);
    } else {
      result.not_back.push_back(fmt::format("{} ({})", name, done.problem));
    }
  }
  co_return result;
}

}  // namespace docksweep::app
