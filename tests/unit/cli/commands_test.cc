#include <filesystem>

#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Commands = CommandTest;

TEST_F(Commands, ApplyCreatesThenChangesNothingThenConfigures) {
  const auto file = write_file("apply.yaml", kManifest);
  ASSERT_EQ(run({"apply", "-f", file}), 0) << err();
  EXPECT_EQ(out(), "testenvironment.berth.dev/checkout created\n");
  ASSERT_EQ(run({"apply", "-f", file}), 0);
  EXPECT_EQ(out(), "testenvironment.berth.dev/checkout unchanged\n");
  write_file("apply.yaml", std::string(kManifest) + "  ttlSeconds: 60\n");
  ASSERT_EQ(run({"apply", "-f", file}), 0);
  EXPECT_EQ(out(), "testenvironment.berth.dev/checkout configured\n");
  EXPECT_EQ(stored("checkout")->spec()["ttlSeconds"], 60);
}

TEST_F(Commands, ApplyKeepsWhatBelongsToBerth) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0) << err();
  auto body = stored("checkout")->body();
  body["metadata"]["annotations"] = {{"berth.dev/source", "x.yaml"}, {"mine", "1"}};
  api::WriteOptions as_berth;
  as_berth.actor = api::Actor::System;
  ASSERT_TRUE(
      fakes::run_task(io, registry.replace(environments(scheme), {"default", "checkout"}, body, as_berth)).has_value());
  input.clear();
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0) << err();
  EXPECT_EQ(stored("checkout")->annotation("berth.dev/source"), "x.yaml");
  EXPECT_EQ(stored("checkout")->annotation("mine"), "");
  EXPECT_TRUE(stored("checkout")->has_finalizer(crd::kEngineFinalizer));
}

TEST_F(Commands, ApplyShowsEveryWrongFieldAtItsLine) {
  const auto file = write_file("wrong.yaml", R"(apiVersion: berth.dev/v1alpha1
kind: TestEnvironment
metadata: {name: x}
spec:
  services:
  - name: a
    image: ""
  - name: b
    image: i
    ports:
    - {containerPort: 99999}
)");
  EXPECT_EQ(run({"apply", "-f", file}), 1);
  EXPECT_THAT(err(), StartsWith("berthctl: error: "));
  EXPECT_THAT(err(), HasSubstr(file + ":7:5: spec.services[0].image: "));
  EXPECT_THAT(err(), HasSubstr(file + ":11:8: spec.services[1].ports[0].containerPort: "));
  EXPECT_EQ(stored("x"), nullptr);
}

TEST_F(Commands, ApplyIsStrictAboutUnknownFields) {
  const auto file = write_file("strict.yaml", std::string(kManifest) + "  ttlSecond: 60\n");
  EXPECT_EQ(run({"apply", "-f", file}), 1);
  EXPECT_THAT(err(), HasSubstr(file + ":12:3: spec.ttlSecond: unknown field"));
}

TEST_F(Commands, OneWrongDocumentOfSeveralChangesNothing) {
  const auto file =
      write_file("several.yaml", std::string(kManifest) + "---\n" + std::string(kManifest) + "  nope: 1\n");
  EXPECT_EQ(run({"apply", "-f", file}), 1);
  EXPECT_THAT(err(), HasSubstr(file + ":24:3: spec.nope: unknown field"));
  EXPECT_THAT(err(), HasSubstr("Nothing was changed."));
  EXPECT_EQ(stored("checkout"), nullptr);
}

TEST_F(Commands, ApplyNamesWhatIsWrongWithTheFileItself) {
  EXPECT_EQ(run({"apply", "-f", "/no/such/file.yaml"}), 1);
  EXPECT_THAT(err(), HasSubstr("/no/such/file.yaml: No such file or directory"));
  EXPECT_EQ(run({"apply", "-f", write_file("kind.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: x}\n")}), 1);
  EXPECT_THAT(err(), HasSubstr(":2:1: there is no kind Node in v1; the types are testenvironments (te, env)"));
  EXPECT_EQ(run({"apply", "-f", write_file("syntax.yaml", "a: [\n")}), 1);
  EXPECT_THAT(err(), HasSubstr("syntax.yaml:"));
  EXPECT_EQ(run({"apply", "-f", write_file("empty.yaml", "---\n")}), 1);
  EXPECT_EQ(
      run({"apply", "-f", write_file("twice.yaml", std::string(kManifest) + "  ttlSeconds: 1\n  ttlSeconds: 2\n")}), 1);
  EXPECT_THAT(err(), HasSubstr(":13:3: spec.ttlSeconds: duplicate key"));
  EXPECT_EQ(run({"apply"}), 1);
}

TEST_F(Commands, ApplyRefusesAnotherNamespaceThanTheOneAskedFor) {
  const auto file =
      write_file("ns.yaml",
                 "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: x, namespace: a}\n"
                 "spec: {services: [{name: s, image: i}]}\n");
  EXPECT_EQ(run({"-n", "b", "apply", "-f", file}), 1);
  EXPECT_THAT(err(), HasSubstr("\"a\" is not the namespace \"b\""));
  EXPECT_EQ(run({"apply", "-f", file}), 0);
  EXPECT_NE(stored("x", "a"), nullptr);
}

TEST_F(Commands, ANamespaceOfTheEnvironmentOnlyFillsIn) {
  environment["BERTH_NAMESPACE"] = "b";
  const auto file =
      write_file("ns.yaml",
                 "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: x, namespace: a}\n"
                 "spec: {services: [{name: s, image: i}]}\n");
  EXPECT_EQ(run({"apply", "-f", file}), 0) << err();
  EXPECT_NE(stored("x", "a"), nullptr);
  input.str(kManifest);
  EXPECT_EQ(run({"apply", "-f", "-"}), 0) << err();
  EXPECT_NE(stored("checkout", "b"), nullptr);
  EXPECT_EQ(run({"-n", "c", "apply", "-f", file}), 1);
  EXPECT_THAT(err(), HasSubstr("\"a\" is not the namespace \"c\" that -n asks for"));
  environment["BERTH_NAMESPACE"] = "Not_A_Label";
  EXPECT_EQ(run({"get"}), 2);
  EXPECT_THAT(err(), HasSubstr("BERTH_NAMESPACE: invalid value"));
}

TEST_F(Commands, ApplyWaitsUntilItIsReadyOrTellsWhyItIsNot) {
  controller.start(ready_status);
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "--wait", "-f", "-"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("checkout: Ready after "));
}

TEST_F(Commands, ApplyWithWaitFailsWithTheReasonAndTheLastLogLines) {
  controller.start(failed_status);
  input.str(kManifest);
  EXPECT_EQ(run({"apply", "--wait", "-f", "-"}), 1);
  EXPECT_THAT(err(), HasSubstr("ContainerExited"));
  EXPECT_THAT(err(), HasSubstr("FATAL: out of luck"));
}

TEST_F(Commands, GetShowsTablesNamesAndDocuments) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  ASSERT_EQ(run({"get"}), 0) << err();
  EXPECT_THAT(out(), StartsWith("NAME"));
  EXPECT_THAT(out(), HasSubstr("\ncheckout "));
  ASSERT_EQ(run({"get", "te", "-o", "name"}), 0);
  EXPECT_EQ(out(), "testenvironment.berth.dev/checkout\n");
  ASSERT_EQ(run({"get", "env/checkout", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["metadata"]["name"], "checkout");
  ASSERT_EQ(run({"get", "te", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["kind"], "List");
  ASSERT_EQ(run({"get", "-A", "-l", "pipeline!=1", "-o", "name"}), 0);
  EXPECT_EQ(out(), "");
  ASSERT_EQ(run({"get", "namespaces"}), 0);
  EXPECT_THAT(out(), HasSubstr("default"));
}

TEST_F(Commands, GetOfWhatIsNotThereFails) {
  EXPECT_EQ(run({"get", "te", "nope"}), 1);
  EXPECT_THAT(err(), HasSubstr("not found"));
  EXPECT_EQ(run({"get", "podz"}), 1);
  EXPECT_THAT(err(), HasSubstr("the types are testenvironments"));
  EXPECT_EQ(run({"get", "-l", "a b"}), 1);
  EXPECT_EQ(run({"get", "te", "checkout", "-l", "a=b"}), 1);
  EXPECT_THAT(err(), HasSubstr("names cannot be combined with -l"));
  EXPECT_EQ(run({"describe", "checkout", "-l", "a=b"}), 1);
  EXPECT_THAT(err(), HasSubstr("names cannot be combined with -l"));
  EXPECT_EQ(run({"get"}), 0);
  EXPECT_THAT(err(), HasSubstr("No testenvironments in namespace \"default\"."));
}

TEST_F(Commands, DeleteWaitsForTheEnd) {
  controller.start(ready_status);
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  ASSERT_EQ(run({"delete", "checkout"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("testenvironment.berth.dev/checkout deleted\n"));
  EXPECT_EQ(stored("checkout"), nullptr);
}

TEST_F(Commands, DeleteThatDoesNotEndInTimeFails) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  EXPECT_EQ(run({"delete", "te", "--all", "--timeout", "20ms"}), 1);
  EXPECT_THAT(err(), HasSubstr("timed out"));
  EXPECT_EQ(run({"delete", "te", "--all", "--wait=false"}), 0);
  EXPECT_TRUE(stored("checkout")->deleting());
}

TEST_F(Commands, DeleteOfAFileWithAGeneratedNameIsRefused) {
  const auto file = write_file("generated.yaml",
                               "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {generateName: x-}\n"
                               "spec: {services: [{name: s, image: i}]}\n");
  EXPECT_EQ(run({"delete", "-f", file}), 1);
  EXPECT_THAT(err(), HasSubstr("generated.yaml:3:1: metadata.name: Required value"));
}

TEST_F(Commands, DeleteNeverGuessesWhatIsMeant) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  EXPECT_EQ(run({"delete"}), 1);
  EXPECT_EQ(run({"delete", "te"}), 1);
  EXPECT_EQ(run({"delete", "checkout", "--all"}), 1);
  EXPECT_EQ(run({"delete", "other"}), 1);
  EXPECT_EQ(run({"delete", "other", "--ignore-not-found"}), 0);
  EXPECT_FALSE(stored("checkout")->deleting());
}

TEST_F(Commands, WaitEndsWhenTheConditionHoldsOrNeverWill) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  EXPECT_EQ(run({"wait", "--for=condition=Ready", "checkout", "--timeout=20ms"}), 1);
  EXPECT_THAT(err(), HasSubstr("timed out"));
  controller.start(ready_status);
  EXPECT_EQ(run({"wait", "--for=condition=Ready", "te", "checkout"}), 0) << err();
  EXPECT_EQ(out(), "testenvironment.berth.dev/checkout condition met\n");
  EXPECT_EQ(run({"wait", "--for=phase=Ready", "te", "--all"}), 0);
  EXPECT_EQ(run({"wait", "nope", "--appear=10ms"}), 1);
  EXPECT_THAT(err(), HasSubstr("not found"));
  EXPECT_EQ(run({"wait", "--for=delete", "nope"}), 0);
}

TEST_F(Commands, WaitFailsAtOnceWhenTheEnvironmentFailed) {
  controller.start(failed_status);
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  EXPECT_EQ(run({"wait", "--for=condition=Ready", "checkout", "--timeout=1h"}), 1);
  EXPECT_THAT(err(), HasSubstr("ContainerExited"));
  EXPECT_THAT(err(), HasSubstr("FATAL: out of luck"));
  EXPECT_EQ(run({"wait", "--for=phase=Failed", "checkout"}), 0);
}

TEST_F(Commands, EnvPrintsTheLeasedPorts) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  EXPECT_EQ(run({"env", "checkout"}), 1);
  EXPECT_THAT(err(), HasSubstr("not leased yet"));
  controller.start(ready_status);
  ASSERT_EQ(run({"wait", "checkout"}), 0);
  ASSERT_EQ(run({"env", "checkout"}), 0);
  EXPECT_EQ(out(), "export DEV_POSTGRES_PORT=30000\n");
  ASSERT_EQ(run({"env", "checkout", "--format", "json"}), 0);
  EXPECT_EQ(json::parse(out()), json({{"DEV_POSTGRES_PORT", "30000"}}));
  ASSERT_EQ(run({"env", "checkout", "--endpoints", "--in-network", "--format", "dotenv"}), 0);
  EXPECT_EQ(out(), "BERTH_ENDPOINT_POSTGRES_SQL=postgres:5432\nDEV_POSTGRES_PORT=5432\n");
  const auto file = write_file("github.env", "A=1\n");
  environment["GITHUB_ENV"] = file;
  ASSERT_EQ(run({"env", "checkout", "--format", "github"}), 0);
  EXPECT_EQ(out(), "");
  std::stringstream written;
  written << std::ifstream(file).rdbuf();
  EXPECT_EQ(written.str(), "A=1\nDEV_POSTGRES_PORT=30000\n");
}

TEST_F(Commands, LogsPrintsOneServiceAsItIsAndSeveralWithTheirNames) {
  input.str(std::string(kManifest) + "  - {name: web, image: i}\n");
  ASSERT_EQ(run({"apply", "-f", "-"}), 0) << err();
  const std::string base = "/apis/berth.dev/v1alpha1/namespaces/default/testenvironments/checkout/log?service=";
  remote.streams[base + "postgres&tailLines=5"] = {"a\nb", "c\n", "no end"};
  remote.streams[base + "postgres&tailLines=5&timestamps=true"] = {"2026-11-27T10:00:00.000000001Z a\n2026-11-27T10:00:00.000000003Z b",
                                                                   "c\n", "2026-11-27T10:00:00.000000004Z no end"};
  remote.streams[base + "web&tailLines=5&timestamps=true"] = {"2026-11-27T10:00:00.000000002Z w\n"};
  ASSERT_EQ(run({"logs", "checkout/postgres", "--tail", "5"}), 0) << err();
  EXPECT_EQ(out(), "a\nbc\nno end");
  ASSERT_EQ(run({"logs", "checkout", "--tail", "5"}), 0) << err();
  EXPECT_EQ(out(), "postgres | a\nweb      | w\npostgres | bc\npostgres | no end\n");
  EXPECT_EQ(run({"logs", "checkout/nope"}), 1);
  EXPECT_THAT(err(), HasSubstr("it has postgres, web"));
  EXPECT_EQ(run({"logs", "checkout/web"}), 1);
}

TEST_F(Commands, AttachAndReapAskTheServer) {
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "-f", "-"}), 0);
  ASSERT_EQ(run({"attach", "checkout", "job"}), 0) << err();
  EXPECT_THAT(remote.calls.back(),
              HasSubstr("POST /apis/berth.dev/v1alpha1/namespaces/default/testenvironments/checkout/attach "
                        "{\"connect\":true,\"container\":\"job\"}"));
  ASSERT_EQ(run({"attach", "checkout", "job", "--detach"}), 0);
  EXPECT_THAT(remote.calls.back(), HasSubstr("\"connect\":false"));
  ASSERT_EQ(run({"reap"}), 0);
  EXPECT_THAT(remote.calls.back(), HasSubstr("POST /berth/v1/reap {\"adopt\":false,\"confirm\":false}"));
  ASSERT_EQ(run({"reap", "--yes"}), 0);
  EXPECT_THAT(remote.calls.back(), HasSubstr("\"confirm\":true"));
  ASSERT_EQ(run({"adopt"}), 0);
  EXPECT_THAT(remote.calls.back(), HasSubstr("\"adopt\":true"));
  remote.answer = base::error(Reason::Conflict, "no such container");
  EXPECT_EQ(run({"attach", "checkout", "job"}), 1);
}

TEST_F(Commands, DescribeShowsTheEnvironment) {
  controller.start(ready_status);
  input.str(kManifest);
  ASSERT_EQ(run({"apply", "--wait", "-f", "-"}), 0);
  ASSERT_EQ(run({"describe", "checkout"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("postgres.sql  5432/TCP  at 127.0.0.1:30000  $DEV_POSTGRES_PORT"));
  EXPECT_EQ(run({"describe", "nope"}), 1);
}

}  // namespace
}  // namespace berth::cli
