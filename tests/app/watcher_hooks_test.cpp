// Who listens to the watcher hears of the engine, of each event, and of each view, in this order.
#include "app/fakes.hpp"

namespace docksweep::tests {
namespace {

using test::image_event;
using test::image_id;

class watcher_hooks : public test::watched_engine {};

TEST_F(watcher_hooks, tell_engine_events_and_views_in_order) {
  add_image(1, {"app:1"});
  std::vector<std::string> heard;
  std::shared_ptr<const core::view> newest;
  watch = std::make_unique<app::watcher>(context.get_executor(), engine, store, telemetry, log, options);
  watch->tell({[&](const core::engine_identity& who) { heard.push_back("engine " + who.id); },
               [&](const core::engine_event& event) {
                 heard.push_back(event.action);
                 EXPECT_EQ(newest->what().images.size(), 1u) << "told before the view shows it";
               },
               [&](std::shared_ptr<const core::view> node) {
                 if (!newest) heard.push_back("view");
                 EXPECT_EQ(node, watch->current());
                 newest = std::move(node);
               }});
  boost::asio::co_spawn(context, watch->run(),
                        boost::asio::bind_cancellation_slot(stopping.slot(), [this](std::exception_ptr fault) {
                          ended = true;
                          failed = fault;
                        }));
  ASSERT_TRUE(run_until([&] { return newest != nullptr && engine.stream_open(); }, std::chrono::seconds(30)));
  add_image(2, {"app:2"});
  engine.send(image_event("tag", image_id(2), "app:2"));
  ASSERT_TRUE(run_until([&] { return newest->what().images.size() == 2; }, std::chrono::seconds(30)));
  EXPECT_EQ(heard, (std::vector<std::string>{"engine engine-1", "view", "tag"}));
}

}  // namespace
}  // namespace docksweep::tests
