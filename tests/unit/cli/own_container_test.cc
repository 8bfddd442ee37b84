#include "cli/own_container.h"

#include <gtest/gtest.h>

namespace berth::cli {
namespace {

const std::string kId(64, 'a');

TEST(OwnContainer, IsFoundInMountinfo) {
  const auto mountinfo = "700 600 0:50 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/" +
                         std::string(64, 'b') + "/diff\n701 700 254:1 /var/lib/docker/containers/" + kId +
                         "/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw\n";
  EXPECT_EQ(container_id_from(mountinfo, "0::/\n", "web"), kId);
}

TEST(OwnContainer, ContainersMountedIntoAHostAreNotIt) {
  const auto mountinfo = "701 700 254:1 / /var/lib/docker/containers/" + kId + "/mounts/shm rw - tmpfs shm rw\n";
  EXPECT_EQ(container_id_from(mountinfo, "0::/init.scope\n", "build-host"), std::nullopt);
}

TEST(OwnContainer, IsFoundInCgroupOrHostname) {
  EXPECT_EQ(container_id_from("", "12:memory:/docker/" + kId + "\n", "web"), kId);
  EXPECT_EQ(container_id_from("", "0::/system.slice/docker-" + kId + ".scope\n", "web"), kId);
  EXPECT_EQ(container_id_from("", "0::/\n", "0123456789ab"), "0123456789ab");
  EXPECT_EQ(container_id_from("", "0::/\n", "workstation1"), std::nullopt);
  EXPECT_EQ(container_id_from("", "0::/docker/" + kId + "ff\n", "web"), std::nullopt);
}

}  // namespace
}  // namespace berth::cli
