#include "api/server/status_error.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

TEST(StatusError, EveryReasonComesBackFromTheWire) {
  for (int i = 0; i <= static_cast<int>(Reason::Cancelled); ++i) {
    const Error error{static_cast<Reason>(i), "what happened", {{"FieldValueInvalid", "why", "spec.x"}}};
    const auto status = to_status(error, "web", "berth.dev", "testenvironments");
    EXPECT_GE(status["code"], 400);
    EXPECT_EQ(status["code"], http_status(error.reason));
    const auto back = from_status(status["code"], crd::dump(status));
    EXPECT_EQ(back.reason, error.reason) << base::to_string(error.reason);
    EXPECT_EQ(back.message, error.message);
    EXPECT_EQ(back.causes, error.causes);
  }
}

TEST(StatusError, HasTheShapeOfKubernetes) {
  const auto status = to_status(base::error(Reason::NotFound, "testenvironments.berth.dev \"x\" not found"), "x", "berth.dev",
                                "testenvironments");
  EXPECT_EQ(status, json::parse(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
    "message":"testenvironments.berth.dev \"x\" not found","reason":"NotFound",
    "details":{"name":"x","group":"berth.dev","kind":"testenvironments"},"code":404})"));
  EXPECT_FALSE(to_status(base::error(Reason::BadRequest, "x")).contains("details"));
  EXPECT_EQ(to_status(base::error(Reason::NotFound, "x"))["details"], json::object());
}

TEST(StatusError, ReadsWhatNoBerthdWrote) {
  EXPECT_EQ(from_status(502, "<html>Bad Gateway</html>").reason, Reason::InternalError);
  EXPECT_EQ(from_status(502, "<html>Bad Gateway</html>").message, "HTTP 502: <html>Bad Gateway</html>");
  EXPECT_EQ(from_status(503, "").reason, Reason::ServiceUnavailable);
  EXPECT_EQ(from_status(404, "{\"message\":\"page not found\"}").reason, Reason::NotFound);
  EXPECT_EQ(from_status(409, R"({"kind":"Status","reason":"NeverHeardOf","message":"m"})").reason, Reason::Conflict);
  EXPECT_EQ(from_status(422, R"({"kind":"Status","reason":7,"message":[],"details":{"causes":[1,{"field":{}}]}})").causes.size(), 2u);
  EXPECT_EQ(from_status(500, std::string("\x1b[31m\n", 6)).message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace berth::api
