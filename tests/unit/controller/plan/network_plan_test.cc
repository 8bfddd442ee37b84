#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Scene one() {
  Scene scene;
  scene.service("a");
  return scene;
}

TEST(NetworkPlan, AMissingNetworkIsCreatedFromTheLeasedSubnet) {
  Scene scene = one();
  const auto actions = plan(scene.input).actions;
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].kind, ActionKind::CreateNetwork);
  ASSERT_TRUE(actions[0].network);
  EXPECT_EQ(actions[0].network->subnet, "10.213.0.0/27");
  EXPECT_EQ(actions[0].network->gateway, "10.213.0.1");
}

TEST(NetworkPlan, WithoutASubnetThereIsOnlyTheLease) {
  Scene scene = one();
  scene.input.leases.subnet.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("Allocate environment: created"));
  EXPECT_EQ(scene.first_reason(), "no lease for the subnet");
}

TEST(NetworkPlan, AForeignNetworkOfTheSameNameIsNotOurs) {
  Scene scene = one();
  scene.network().labels.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateNetwork network: created"));
}

TEST(NetworkPlan, OfSeveralTheLowestIdThatFitsStays) {
  Scene scene = one();
  scene.network("net3");
  scene.network("net1");
  scene.network("net2");
  scene.network("net0").labels[kSpecHashLabel] = "old";
  scene.running("a");
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: replaced"));
  EXPECT_EQ(plan(scene.input).actions[0].network_id, "net0");
  scene.input.actual.networks.pop_back();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: duplicate"));
  EXPECT_EQ(plan(scene.input).actions[0].network_id, "net2");
}

TEST(NetworkPlan, NothingIsMadeWhileATwinIsBeingRemoved) {
  Scene scene = one();
  scene.network("net1");
  scene.network("net2");
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: duplicate"));
  scene.input.actual.networks.pop_back();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateContainer service/a: created"));
}

TEST(NetworkPlan, ATwinInUseIsLeftUntilItsContainersHaveMoved) {
  Scene scene = one();
  scene.network("net1");
  scene.network("net2");
  scene.running("a").attachments = {{"shop-0a1b2c3d", "net2", "10.213.0.2"}};
  const auto actions = plan(scene.input).actions;
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].kind, ActionKind::ConnectContainer);
  EXPECT_EQ(actions[0].network_id, "net1");
  ASSERT_EQ(actions[0].detach.size(), 1u);
  EXPECT_EQ(actions[0].detach[0].network_id, "net2");
  EXPECT_THAT(actions[0].aliases, ElementsAre("a"));
}

TEST(NetworkPlan, AChangedNetworkReplacesItsContainersFirst) {
  Scene scene = one();
  scene.network();
  scene.running("a");
  scene.input.spec.network_internal = true;
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: replaced"));
  EXPECT_EQ(scene.first_reason(), "the network is replaced");
  scene.input.actual.containers.clear();
  scene.input.memory.busy.insert(service_target("a"));
  EXPECT_THAT(scene.steps(), IsEmpty()) << "a create may be under way";
  scene.input.memory.busy.clear();
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveNetwork network: replaced"));
  EXPECT_THAT(scene.first_reason(), HasSubstr("spec-hash changed: "));
}

TEST(NetworkPlan, AnotherSubnetInTheSpecIsLeasedBeforeAnythingGoes) {
  Scene scene = one();
  scene.network();
  scene.running("a");
  scene.input.spec.network_subnet = "10.99.0.0/24";
  EXPECT_THAT(scene.steps(), ElementsAre("Allocate environment: created"));
  scene.input.leases.subnet = "10.99.0.0/24";
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/a: replaced"));
}

TEST(NetworkPlan, ALeasedSubnetThatSomebodyElseUsesMoves) {
  Scene scene = one();
  scene.failed(kNetworkTarget, Reason::SubnetConflict, "Pool overlaps with other one on this address space");
  EXPECT_THAT(scene.steps(), ElementsAre("MoveSubnet network: repaired"));
}

TEST(NetworkPlan, AnExplicitSubnetIsTriedAgain) {
  Scene scene = one();
  scene.input.spec.network_subnet = scene.input.leases.subnet;
  scene.failed(kNetworkTarget, Reason::SubnetConflict);
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 15);
}

TEST(NetworkPlan, AVanishedNetworkIsARepair) {
  Scene scene = one();
  scene.network();
  scene.store();
  scene.input.actual.networks.clear();
  scene.store();
  EXPECT_THAT(scene.steps(), ElementsAre("CreateNetwork network: repaired"));
}

struct Attached {
  const char* what;
  engine::Attachment attachment;
  bool runs;
  Steps steps;
};

TEST(NetworkPlan, AContainerIsConnectedWhenItsAttachmentIsNotToThisNetwork) {
  const Attached cases[] = {
      {"never started: by name, the engine reports no id", {"shop-0a1b2c3d", "", ""}, false, {"StartContainer service/a: created"}},
      {"never started, attached by id", {"net1", "", ""}, false, {"StartContainer service/a: created"}},
      {"never started, of another network", {"bridge", "", ""}, false, {"ConnectContainer service/a: repaired"}},
      {"running, in it", {"shop-0a1b2c3d", "net1", "10.213.0.2"}, true, {}},
      {"running, in one that is gone", {"shop-0a1b2c3d", "net0", "10.213.0.2"}, true, {"ConnectContainer service/a: repaired"}},
      {"running, in none of ours", {"bridge", "b1", "172.17.0.2"}, true, {"ConnectContainer service/a: repaired"}},
  };
  for (const Attached& test : cases) {
    Scene scene = one();
    scene.network();
    engine::Container& container = test.runs ? scene.running("a") : scene.created("a");
    container.attachments = {test.attachment};
    EXPECT_EQ(scene.steps(), test.steps) << test.what;
  }
}

TEST(NetworkPlan, AStoppedContainerWithTheIdOfARemovedNetworkIsConnectedBeforeItStarts) {
  Scene scene = one();
  scene.network();
  scene.exited("a", 137).attachments = {{"shop-0a1b2c3d", "net0", ""}};
  const auto actions = plan(scene.input).actions;
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].kind, ActionKind::ConnectContainer);
  ASSERT_EQ(actions[0].detach.size(), 1u);
  EXPECT_EQ(actions[0].detach[0].network_id, "net0");
}

// Made when its network had just gone, the engine keeps the id as the name: it starts only when that is off.
TEST(NetworkPlan, AContainerMadeForANetworkThatWasGoneIsDetachedFromItsId) {
  Scene scene = one();
  scene.network();
  const std::string gone(64, 'a');
  scene.created("a").attachments = {{gone, "", ""}, {"shop-0a1b2c3d", "", ""}};
  const auto actions = plan(scene.input).actions;
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].kind, ActionKind::ConnectContainer);
  ASSERT_EQ(actions[0].detach.size(), 1u);
  EXPECT_EQ(actions[0].detach[0].network_name, gone);
  scene.input.actual.containers.back().attachments = {{"shop-0a1b2c3d", "", ""}};
  EXPECT_EQ(plan(scene.input).actions.at(0).kind, ActionKind::StartContainer);
}

TEST(NetworkPlan, AContainerInAForeignNetworkAsWellIsLeftInIt) {
  Scene scene = one();
  scene.network();
  scene.running("a").attachments = {{"bridge", "b1", "172.17.0.2"}};
  EXPECT_THAT(plan(scene.input).actions.at(0).detach, IsEmpty());
}

TEST(NetworkPlan, AStartThatFoundNoNetworkConnectsWithoutWaiting) {
  Scene scene = one();
  scene.network();
  scene.exited("a", 1).attachments = {{"shop-0a1b2c3d", "net0", ""}};
  Failure& failure = scene.failed(service_target("a"), Reason::NetworkMissing);
  EXPECT_THAT(scene.steps(), ElementsAre("ConnectContainer service/a: repaired"));
  failure.attempts = 2;
  EXPECT_THAT(scene.steps(), IsEmpty());
}

TEST(NetworkPlan, ANeverStartedContainerThatFoundNoNetworkIsConnectedByItsId) {
  Scene scene = one();
  scene.network();
  scene.created("a");
  scene.failed(service_target("a"), Reason::NetworkMissing);
  EXPECT_THAT(scene.steps(), ElementsAre("ConnectContainer service/a: repaired"));
}

}  // namespace
}  // namespace berth::plan
