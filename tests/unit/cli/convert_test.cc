#include "crd/yaml.h"
#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kCompose = R"(services:
  web:
    image: nginx:1.27
    container_name: the-web
    ports: ["${WEB_PORT:-8080}:80"]
)";

class ConvertTest : public CommandTest {};

TEST_F(ConvertTest, PrintsAManifestAndTellsWhatItChanged) {
  const auto file = write_file("docker-compose.yml", kCompose);
  ASSERT_EQ(run({"convert", "-f", file, "--project-name", "shop"}), 0) << err();
  const auto documents = crd::parse_yaml(out()).value();
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].value["metadata"]["name"], "shop");
  EXPECT_EQ(documents[0].value["spec"]["services"][0]["ports"][0]["env"], "WEB_PORT");
  EXPECT_THAT(err(), HasSubstr(file + ":4:5: container_name \"the-web\" would collide between runs: dropped, inside the environment it is an alias\n"));
  EXPECT_THAT(err(), HasSubstr(file + ":5:13: host port 8080 (from WEB_PORT) would collide"));
  EXPECT_TRUE(remote.calls.empty());
}

TEST_F(ConvertTest, TakesWhatApplyTakes) {
  const auto file = write_file("docker-compose.yml", "services: {web: {image: nginx}}\n");
  ASSERT_EQ(run({"convert", "-f", file, "-n", "default", "-p", "shop"}), 0) << err();
  ASSERT_EQ(run({"apply", "-f", write_file("env.yaml", out())}), 0) << err();
  EXPECT_NE(stored("shop"), nullptr);
}

TEST_F(ConvertTest, MergesFilesAndReadsTheEnvironment) {
  const auto base = write_file("a.yml", "services: {web: {image: 'nginx:${TAG}'}}\n");
  const auto over = write_file("b.yml", "services: {web: {working_dir: /srv}, debug: {image: debug, profiles: [debug]}}\n");
  environment["TAG"] = "9";
  ASSERT_EQ(run({"convert", "-f", base, "-f", over, "--profile", "debug", "--generate-name", "-p", "x"}), 0) << err();
  const auto body = crd::parse_yaml(out()).value()[0].value;
  EXPECT_EQ(body["metadata"]["generateName"], "x-");
  EXPECT_EQ(body["spec"]["services"][0]["image"], "nginx:9");
  EXPECT_EQ(body["spec"]["services"][0]["workingDir"], "/srv");
  EXPECT_EQ(body["spec"]["services"].size(), 2u);
}

TEST_F(ConvertTest, StrictRefusesWhatHasNoEquivalent) {
  const auto file = write_file("docker-compose.yml", "services:\n  web:\n    image: nginx\n    cpuset: '0'\n");
  EXPECT_EQ(run({"convert", "-f", file}), 0);
  EXPECT_THAT(err(), HasSubstr(file + ":4:5: warning: services.web.cpuset"));
  EXPECT_EQ(run({"convert", "-f", file, "--strict"}), 1);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr(file + ":4:5: "));
}

TEST_F(ConvertTest, SaysWhatThisVersionDoesNotTake) {
  const auto file = write_file("docker-compose.yml", "services: {db: {image: postgres, volumes: ['data:/data']}}\nvolumes: {data: }\n");
  EXPECT_EQ(run({"convert", "-f", file}), 0);
  EXPECT_THAT(err(), HasSubstr("warning: spec.volumes: "));
  EXPECT_THAT(err(), HasSubstr(": berthd will refuse it\n"));
  EXPECT_EQ(run({"convert", "-f", file, "--strict"}), 1);
  EXPECT_EQ(out(), "");
}

TEST_F(ConvertTest, SaysWhatIsWrongWithItsPlace) {
  EXPECT_EQ(run({"convert", "-f", scratch / "none.yml"}), 1);
  EXPECT_THAT(err(), HasSubstr("none.yml: No such file or directory"));
  EXPECT_EQ(run({"convert", "-f", scratch.path()}), 1);
  EXPECT_THAT(err(), HasSubstr("is no file"));
  const auto file = write_file("docker-compose.yml", "services:\n  web:\n    imagge: nginx\n");
  EXPECT_EQ(run({"convert", "-f", file}), 1);
  EXPECT_THAT(err(), HasSubstr(file + ":3:5: services.web.imagge: unknown key"));
}

TEST_F(ConvertTest, StandardInputIsAFile) {
  input.str(kCompose);
  ASSERT_EQ(run({"convert", "-f", "-", "-p", "in"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("<stdin>:4:5: container_name"));
}

TEST_F(ConvertTest, RunTakesAComposeFile) {
  controller.start(ready_status);
  const auto file = write_file("compose.yaml", "name: shop\nservices:\n  web: {image: nginx, ports: ['8080:80']}\n");
  EXPECT_EQ(run({"run", "-f", file, "--", "sh", "-c", "test \"$WEB_PORT\" = 30000 && case $BERTH_ENVIRONMENT in shop-?*) exit 7;; esac"}),
            7)
      << err();
  EXPECT_THAT(err(), HasSubstr(file + ":3:"));
}

TEST_F(ConvertTest, RunRefusesAComposeFileWithSecrets) {
  write_file("s.txt", "x");
  const auto file = write_file("compose.yaml", "services: {web: {image: nginx, secrets: [s]}}\nsecrets: {s: {file: s.txt}}\n");
  EXPECT_NE(run({"run", "-f", file, "--", "true"}), 0);
  EXPECT_THAT(err(), HasSubstr("a project with secrets"));
}

}  // namespace
}  // namespace berth::cli
