#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "api/http/certificate.h"
#include "base/clock.h"
#include "crd/formats.h"
#include "crd/yaml.h"
#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

using testing::HasSubstr;

class KubeconfigTest : public CommandTest {
 protected:
  KubeconfigTest() {
    std::filesystem::create_directory(data + "/tls");
    put("admin.token", "s3cret: \"x#\n");
    put("tls/ca.crt", authority);
  }
  void put(const std::string& name, const std::string& text) { std::ofstream(data + "/" + name) << text; }
  int kubeconfig(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"kubeconfig", "--data-dir", data};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  json printed() const { return crd::parse_yaml(out(), "kubeconfig").value().at(0).value; }

  const std::string authority = http::make_authority(base::SystemClock().system_now()).value().certificate;
  const std::string data = scratch.path();
};

TEST_F(KubeconfigTest, HoldsAllThatKubectlNeeds) {
  put("admin.token", "s3cret:\"x#\n");
  ASSERT_EQ(kubeconfig({"-n", "on"}), 0) << err();
  const auto config = printed();
  EXPECT_EQ(config["current-context"], "berth");
  EXPECT_EQ(config["clusters"][0]["cluster"]["server"], "https://127.0.0.1:6440");
  EXPECT_EQ(crd::decode_base64(config["clusters"][0]["cluster"]["certificate-authority-data"].get<std::string>()), authority);
  EXPECT_EQ(config["contexts"][0]["context"]["namespace"], "on");
  EXPECT_EQ(config["users"][0]["user"]["token"], "s3cret:\"x#");
}

TEST_F(KubeconfigTest, FollowsBerthdToItsAddressAndItsCertificate) {
  put("admin.token", "secret\n");
  put("server.json", R"({"server":"https://10.0.0.5:7000","certificateAuthority":""})");
  ASSERT_EQ(kubeconfig(), 0) << err();
  EXPECT_EQ(printed()["clusters"][0]["cluster"], (json{{"server", "https://10.0.0.5:7000"}}));
}

TEST_F(KubeconfigTest, SaysWhatIsMissing) {
  EXPECT_EQ(kubeconfig(), 1);
  EXPECT_THAT(err(), HasSubstr("admin.token holds no token"));
  std::filesystem::remove(data + "/admin.token");
  EXPECT_EQ(kubeconfig(), 1);
  EXPECT_THAT(err(), HasSubstr("no token was found"));
  EXPECT_THAT(err(), HasSubstr(data + "/admin.token: No such file"));
  put("admin.token", "secret");
  EXPECT_EQ(kubeconfig({"--server", "http://127.0.0.1:6440"}), 1);
  EXPECT_THAT(err(), HasSubstr("kubectl sends no token to http://127.0.0.1:6440"));
  EXPECT_EQ(kubeconfig({"--server", "https://ci.example"}), 1);
  EXPECT_THAT(err(), HasSubstr("no token was found for https://ci.example"));
  std::filesystem::remove(data + "/tls/ca.crt");
  EXPECT_EQ(kubeconfig(), 1);
  EXPECT_THAT(err(), HasSubstr("tls/ca.crt: No such file"));
  EXPECT_EQ(out(), "");
}

TEST_F(KubeconfigTest, WritesAFileForItsOwnerOnlyAndReplacesItsOwnOnly) {
  put("admin.token", "secret\n");
  const auto file = data + "/config";
  ASSERT_EQ(kubeconfig({"-o", file}), 0) << err();
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(kubeconfig({"-o", file}), 0) << err();
  put("config", "apiVersion: v1\nclusters: [production]\n");
  EXPECT_EQ(kubeconfig({"-o", file}), 1);
  EXPECT_THAT(err(), HasSubstr("was not written by berthctl kubeconfig"));
  EXPECT_EQ(std::filesystem::file_size(file), 38u);
}

}  // namespace
}  // namespace berth::cli
