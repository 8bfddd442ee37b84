#include <random>

#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

// The event stream is a hint: lost, doubled, late and in any order, it delays what is healed and changes nothing else.
struct EventQuirksTest : ReconcileWorld, testing::WithParamInterface<int> {
  std::mt19937 dice{static_cast<unsigned>(GetParam())};
  int draw(int below) { return static_cast<int>(dice() % static_cast<unsigned>(below)); }

  void damage() {
    const auto all = engine.containers();
    if (all.empty()) return;
    const auto& one = all[static_cast<std::size_t>(draw(static_cast<int>(all.size())))];
    switch (draw(4)) {
      case 0: return engine.kill(one.name, draw(3));
      case 1: return engine.remove_behind_back(one.name);
      case 2:
        for (const auto& attachment : one.attachments) {
          if (engine.network(attachment.network_name)) engine.disconnect_behind_back(attachment.network_name, one.name);
        }
        return;
      default: {
        const auto networks = engine.networks();
        if (!networks.empty()) engine.remove_network_behind_back(networks.front().id);
      }
    }
  }
};

TEST_P(EventQuirksTest, EverythingConvergesAllTheSame) {
  engine.disturb_events({.lost_percent = 20, .doubled_percent = 30, .late = 4s, .seed = static_cast<std::uint64_t>(GetParam())});
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  for (const auto& name : names) create(two_services(name));
  for (int i = 0; i < 12; ++i) {
    run(std::chrono::milliseconds(draw(5000)));
    damage();
  }
  run(8min);  // back-offs are as long as five
  for (const auto& name : names) EXPECT_EQ(phase(name), "Ready") << name << " " << crd::dump(status(name));
  EXPECT_EQ(engine.containers().size(), 8u);
  EXPECT_EQ(engine.networks().size(), 4u);
  for (const auto& container : engine.containers()) {
    EXPECT_TRUE(container.running()) << container.name;
    ASSERT_EQ(container.attachments.size(), 1u) << container.name;
    EXPECT_TRUE(engine.network(container.attachments[0].network_id)) << container.name;
  }
  for (const auto& name : names) remove(name);
  run(3min);
  for (const auto& name : names) EXPECT_EQ(phase(name), "gone");
  EXPECT_TRUE(engine.containers().empty());
  EXPECT_TRUE(engine.networks().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, EventQuirksTest, testing::Range(1, 9));

}  // namespace
}  // namespace berth::reconcile
