#include "cli/complete.h"

#include "cli/commands.h"
#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class CompletionTest : public CommandTest {
 protected:
  std::vector<std::string> offered(std::vector<std::string> words) {
    Flags global("BERTH_");
    std::string ns;
    global.text("--namespace,-n", "NAMESPACE", "", &ns).completes = Completes::Namespaces;
    Io streams{input, output, errors, [](const std::string&) { return std::nullopt; }};
    Session session{io.get_executor(), clock, scheme, client, remote, streams};
    auto plan = plan_completion(make_commands(), global, scheme, words);
    return fakes::run_task(io, complete(session, std::move(plan)));
  }
  void make_environment() {
    input.str(kManifest);
    ASSERT_EQ(run({"apply", "-f", "-"}), 0) << err();
  }
};

TEST_F(CompletionTest, OffersCommandsAlsoBehindHelp) {
  EXPECT_THAT(offered({"des"}), ElementsAre("describe"));
  EXPECT_THAT(offered({"hel"}), ElementsAre("help"));
  EXPECT_THAT(offered({"help", "des"}), ElementsAre("describe"));
  EXPECT_THAT(offered({"help", "describe", ""}), IsEmpty());
}

TEST_F(CompletionTest, OffersTheShellsOfCompletion) {
  EXPECT_THAT(offered({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered({"completion", "bash", ""}), IsEmpty());
}

TEST_F(CompletionTest, OffersNamesBehindATypeAndBehindASlash) {
  make_environment();
  EXPECT_THAT(offered({"get", "te", ""}), ElementsAre("checkout"));
  EXPECT_THAT(offered({"get", "te/"}), ElementsAre("te/checkout"));
  EXPECT_THAT(offered({"get", "te/checkout", "te/che"}), ElementsAre("te/checkout"));
  EXPECT_THAT(offered({"get", "zork/"}), IsEmpty());
  EXPECT_THAT(offered({"delete", "che"}), ElementsAre("checkout"));
  EXPECT_THAT(offered({"get", ""}), Contains("testenvironments"));
}

TEST_F(CompletionTest, OffersServicesOfAnEnvironment) {
  make_environment();
  EXPECT_THAT(offered({"logs", "checkout/"}), ElementsAre("checkout/postgres"));
  EXPECT_THAT(offered({"exec", "checkout", "-c", "p"}), ElementsAre("postgres"));
}

TEST_F(CompletionTest, OffersFlagsAndTheirValues) {
  make_environment();
  EXPECT_THAT(offered({"get", "--out"}), ElementsAre("--output"));
  EXPECT_THAT(offered({"get", "-o", "y"}), ElementsAre("yaml"));
  EXPECT_THAT(offered({"wait", "--for", "condition=Re"}), ElementsAre("condition=Ready"));
  EXPECT_THAT(offered({"apply", "-f", ""}), ElementsAre(kFilesMarker));
  EXPECT_THAT(offered({"-n", "def"}), ElementsAre("default"));
}

}  // namespace
}  // namespace berth::cli
