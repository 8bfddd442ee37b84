#include "api/server/api_server.h"

#include <gmock/gmock.h>

#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

class ApiServerTest : public ServerFixture {};

// ---- who may come in

TEST_F(ApiServerTest, AsksForTheTokenOverTcp) {
  const auto over_tcp = [this](const char* path, http::Headers headers) {
    headers.emplace_back("Host", "127.0.0.1:6440");
    auto what = request("GET", path, "", std::move(headers));
    what->over_unix_socket = false;
    return send(what);
  };
  const auto refused = over_tcp(kEnvironments, {});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.value()["reason"], "Unauthorized");
  EXPECT_EQ(refused.value()["message"], "Unauthorized");
  EXPECT_EQ(over_tcp(kEnvironments, {{"Authorization", "Bearer secret"}}).status, 200);
  for (const auto* path : {"/healthz", "/livez", "/readyz", "/version", "/metrics"}) EXPECT_EQ(over_tcp(path, {}).status, 200) << path;
  for (const auto* path :
       {"/", "/api", "/apis", "/apis/berth.dev/v1alpha1", "/nope", "/healthz/ping/x", "/berth/v1/reap", "/berth/v1/backup"}) {
    EXPECT_EQ(over_tcp(path, {}).status, 401) << path;
  }
  EXPECT_EQ(over_tcp("/metrics", {{"Origin", "https://evil.example"}}).status, 403);
}

TEST_F(ApiServerTest, RefusesBodiesThatAWebPageCouldSend) {
  for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}) {
    const auto refused = send("POST", kEnvironments, "{}", {{"Content-Type", type}});
    EXPECT_EQ(refused.status, 415) << type;
    EXPECT_EQ(refused.value()["reason"], "UnsupportedMediaType");
  }
  EXPECT_EQ(send("DELETE", std::string(kEnvironments) + "/x", "{}", {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(send("POST", "/berth/v1/reap", "{}", {{"Content-Type", "text/plain"}}).status, 415);
}

// ---- what is no object

TEST_F(ApiServerTest, TellsHealthReadinessVersionAndMetrics) {
  EXPECT_EQ(send("GET", "/healthz").body, "ok");
  EXPECT_EQ(send("GET", "/readyz").status, 200);
  ready = false;
  EXPECT_EQ(send("GET", "/readyz").status, 503);
  EXPECT_EQ(send("GET", "/livez").status, 200);
  const auto version = send("GET", "/version").value();
  EXPECT_EQ(version["major"], "1");
  EXPECT_EQ(version["berthVersion"], "1.2.3");
  EXPECT_THAT(version["gitVersion"].get<std::string>(), testing::StartsWith("v1."));
  const auto metrics = send("GET", "/metrics");
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(metrics.body, HasSubstr("apiserver_request_total"));
  EXPECT_EQ(send("POST", "/version").status, 405);
}

TEST_F(ApiServerTest, CountsRequestsByVerbResourceAndCode) {
  send("GET", std::string(kEnvironments) + "/nope");
  send("GET", kEnvironments);
  create("web");
  const auto text = numbers.text();
  const auto counted = [&text](const std::string& verb, const std::string& code) {
    for (std::size_t at = 0; (at = text.find("apiserver_request_total{", at)) != std::string::npos; ++at) {
      const auto line = text.substr(at, text.find('\n', at) - at);
      if (line.find("verb=\"" + verb + "\"") != std::string::npos && line.find("code=\"" + code + "\"") != std::string::npos &&
          line.find("resource=\"testenvironments\"") != std::string::npos && line.ends_with(" 1")) {
        return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(counted("GET", "404")) << text;
  EXPECT_TRUE(counted("LIST", "200")) << text;
  EXPECT_TRUE(counted("POST", "201")) << text;
}

TEST_F(ApiServerTest, ListsWhatItServes) {
  const auto paths = send("GET", "/").value()["paths"];
  EXPECT_THAT(paths.get<std::vector<std::string>>(), testing::Contains("/apis/berth.dev/v1alpha1"));
  EXPECT_EQ(send("GET", "/api").value()["versions"], json::array({"v1"}));
  const auto groups = send("GET", "/apis").value()["groups"];
  for (const auto& group : groups) EXPECT_EQ(group["preferredVersion"], group["versions"][0]);
  EXPECT_EQ(send("GET", "/apis/berth.dev").value()["kind"], "APIGroup");
  const auto resources = send("GET", "/apis/berth.dev/v1alpha1").value();
  EXPECT_EQ(resources["groupVersion"], "berth.dev/v1alpha1");
  EXPECT_EQ(resources["resources"][0]["name"], "testenvironments");
  EXPECT_EQ(resources["resources"][0]["kind"], "TestEnvironment");
  const auto core = send("GET", "/api/v1", "", {{"Accept", "application/json;as=APIGroupDiscoveryList;v=v2,application/json"}});
  EXPECT_EQ(core.content_type, "application/json");
  EXPECT_EQ(core.value()["groupVersion"], "v1");
  const json listed = core.value()["resources"];
  for (const auto& resource : listed) EXPECT_TRUE(resource["verbs"].is_array());
}

TEST_F(ApiServerTest, KnowsNothingOfOtherPaths) {
  const auto missing = send("GET", "/apis/nope.dev/v1/things");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.value()["message"], "the server could not find the requested resource");
  EXPECT_EQ(missing.value()["details"], json::object());
}

// ---- objects

TEST_F(ApiServerTest, CreatesAndReads) {
  const auto made = send("POST", kEnvironments, crd::dump(environment("web")));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.content_type, "application/json");
  EXPECT_EQ(made.header("Cache-Control"), "no-cache, private");
  EXPECT_EQ(made.value()["metadata"]["uid"].get<std::string>().size(), 36u);
  EXPECT_EQ(get("web"), made.value());
  EXPECT_EQ(send("HEAD", std::string(kEnvironments) + "/web").status, 200);
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/web/status").value(), made.value());
  const auto again = send("POST", kEnvironments, crd::dump(environment("web")));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.value()["reason"], "AlreadyExists");
  EXPECT_EQ(again.value()["details"], json({{"name", "web"}, {"group", "berth.dev"}, {"kind", "testenvironments"}}));
}

TEST_F(ApiServerTest, AnswersNotFoundAsKubernetesDoes) {
  const auto missing = send("GET", std::string(kEnvironments) + "/nope");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.value()["message"], "testenvironments.berth.dev \"nope\" not found");
  EXPECT_EQ(missing.value()["details"], json({{"name", "nope"}, {"group", "berth.dev"}, {"kind", "testenvironments"}}));
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/nope/frob").status, 404);
}

TEST_F(ApiServerTest, SpeaksYamlBothWays) {
  const auto made = send("POST", kEnvironments,
                         "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: yam}\n"
                         "spec:\n  services:\n  - name: web\n    image: nginx\n",
                         {{"Content-Type", "application/yaml"}, {"Accept", "application/yaml"}});
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.content_type, "application/yaml");
  EXPECT_THAT(made.body, HasSubstr("kind: TestEnvironment\n"));
  EXPECT_EQ(get("yam")["spec"]["services"][0]["image"], "nginx");
}

TEST_F(ApiServerTest, PrintsForPeople) {
  create("web");
  const auto path = std::string(kEnvironments) + "/web";
  const auto plain = send("GET", path).body;
  EXPECT_EQ(plain.find('\n'), plain.size() - 1);
  EXPECT_THAT(send("GET", path + "?pretty=true").body, HasSubstr("\n  \"kind\": \"TestEnvironment\""));
  EXPECT_THAT(send("GET", path, "", {{"User-Agent", "curl/8"}}).body, HasSubstr("\n  \"kind\""));
  EXPECT_THAT(send("GET", path + "?pretty=false", "", {{"User-Agent", "curl/8"}}).body, testing::Not(HasSubstr("\n  ")));
}

TEST_F(ApiServerTest, InvalidObjectsAreAnsweredWithTheirCauses) {
  auto bad = environment("bad");
  bad["spec"]["services"][0].erase("image");
  const auto refused = send("POST", kEnvironments, crd::dump(bad));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.value()["reason"], "Invalid");
  EXPECT_EQ(refused.value()["details"]["kind"], "TestEnvironment");
  EXPECT_EQ(refused.value()["details"]["name"], "bad");
  EXPECT_EQ(refused.value()["details"]["causes"][0]["field"], "spec.services[0].image");
}

TEST_F(ApiServerTest, UnknownAndDoubleFieldsObeyFieldValidation) {
  const std::string body =
      R"({"apiVersion":"berth.dev/v1alpha1","kind":"TestEnvironment","metadata":{"name":"fv"},)"
      R"("spec":{"services":[{"name":"web","image":"x"}],"imagge":1,"ttlSeconds":1,"ttlSeconds":2}})";
  const auto path = std::string(kEnvironments) + "?dryRun=All&fieldValidation=";
  const auto strict = send("POST", path + "Strict", body);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.value()["message"],
            "TestEnvironment in version \"v1alpha1\" cannot be handled as a TestEnvironment: strict decoding error: "
            "duplicate field \"spec.ttlSeconds\"");
  const auto warn = send("POST", path + "Warn", body);
  EXPECT_EQ(warn.status, 201);
  std::vector<std::string> warnings;
  for (const auto& [name, value] : warn.headers) {
    if (name == "Warning") warnings.push_back(value);
  }
  EXPECT_THAT(warnings, testing::UnorderedElementsAre("299 - \"duplicate field \\\"spec.ttlSeconds\\\"\"",
                                                      "299 - \"unknown field \\\"spec.imagge\\\"\""));
  EXPECT_EQ(send("POST", path + "Ignore", body).header("Warning"), "");
  const auto loud = send("POST", path + "Loud", body);
  EXPECT_EQ(loud.status, 422);
  EXPECT_EQ(loud.value()["details"]["kind"], "CreateOptions");
  EXPECT_EQ(loud.value()["details"]["group"], "meta.k8s.io");
}

TEST_F(ApiServerTest, UnreadableBodiesAreBadRequests) {
  for (const auto* body : {"{", "[]", "\"x\"", "{}"}) {
    const auto refused = send("POST", kEnvironments, body);
    EXPECT_EQ(refused.status, 400) << body << refused.body;
    EXPECT_EQ(refused.value()["reason"], "BadRequest");
  }
  EXPECT_EQ(send(request("POST", kEnvironments, "", {{"Content-Type", "application/json"}})).status, 400);
}

TEST_F(ApiServerTest, DryRunChangesNothing) {
  const auto made = send("POST", std::string(kEnvironments) + "?dryRun=All", crd::dump(environment("web")));
  EXPECT_EQ(made.status, 201);
  EXPECT_FALSE(made.value()["metadata"].contains("resourceVersion"));
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/web").status, 404);
}

TEST_F(ApiServerTest, ReplacesWithTheRightRevisionOnly) {
  auto object = create("web");
  const auto path = std::string(kEnvironments) + "/web";
  auto changed = object;
  changed["spec"]["ttlSeconds"] = 600;
  changed["status"] = {{"phase", "Ready"}};
  const auto done = send("PUT", path, crd::dump(changed));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.value()["metadata"]["generation"], 2);
  EXPECT_NE(done.value()["status"], changed["status"]);
  const auto stale = send("PUT", path, crd::dump(changed));
  EXPECT_EQ(stale.status, 409);
  EXPECT_THAT(stale.value()["message"].get<std::string>(), HasSubstr("the object has been modified"));
}

TEST_F(ApiServerTest, StatusIsWrittenByItself) {
  auto object = create("web");
  object["status"] = {{"phase", "Provisioning"}};
  object["spec"]["ttlSeconds"] = 600;
  const auto done = send("PUT", std::string(kEnvironments) + "/web/status", crd::dump(object));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.value()["status"]["phase"], "Provisioning");
  EXPECT_NE(done.value()["spec"].value("ttlSeconds", 0), 600);
  EXPECT_EQ(done.value()["metadata"]["generation"], 1);
}

TEST_F(ApiServerTest, DeletesInTwoPhasesWhereThereIsAFinalizer) {
  create("web");
  const auto path = std::string(kEnvironments) + "/web";
  const auto wrong = send("DELETE", path, R"({"preconditions":{"uid":"nope"}})");
  EXPECT_EQ(wrong.status, 409);
  EXPECT_EQ(send("DELETE", path + "?dryRun=All").status, 200);
  EXPECT_FALSE(get("web")["metadata"].contains("deletionTimestamp"));
  const auto first = send("DELETE", path, R"({"propagationPolicy":"Background"})");
  EXPECT_EQ(first.status, 200);
  EXPECT_TRUE(first.value()["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(send("DELETE", path).value(), first.value());

  const auto leases = std::string("/apis/coordination.k8s.io/v1/namespaces/ci/leases");
  const auto lease = send("POST", leases, R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},"spec":{}})");
  EXPECT_EQ(lease.status, 201) << lease.body;
  const auto gone = send("DELETE", leases + "/l").value();
  EXPECT_EQ(gone["kind"], "Status");
  EXPECT_EQ(gone["status"], "Success");
  EXPECT_EQ(gone["details"]["name"], "l");
  EXPECT_EQ(gone["details"]["kind"], "leases");
  EXPECT_EQ(gone["details"]["uid"], lease.value()["metadata"]["uid"]);
  EXPECT_EQ(send("DELETE", leases + "/l").status, 404);
}

TEST_F(ApiServerTest, RefusesMethodsThatAResourceDoesNotHave) {
  create("web");
  const auto path = std::string(kEnvironments) + "/web";
  const auto refused = send("DELETE", path + "/status");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.value()["message"], "delete is not supported on resources of kind \"testenvironments.berth.dev\"");
  EXPECT_EQ(refused.value()["details"], json({{"group", "berth.dev"}, {"kind", "testenvironments"}}));
  EXPECT_EQ(send("PATCH", kEnvironments, "{}").status, 405);
  EXPECT_EQ(send("OPTIONS", path).status, 405);
  EXPECT_EQ(send("PUT", kEnvironments, "{}").status, 405);
  EXPECT_EQ(send("POST", path, "{}").status, 405);
  EXPECT_EQ(send("GET", path + "/attach").status, 405);
  EXPECT_EQ(send("GET", "/berth/v1/reap").status, 405);
  EXPECT_EQ(send("POST", "/berth/v1/backup").status, 405);
  EXPECT_EQ(send("HEAD", "/berth/v1/backup").status, 405);
  EXPECT_EQ(send("GET", "/berth/v1/backup").status, 405);  // a store in memory
  EXPECT_EQ(send("POST", "/apis/berth.dev/v1alpha1/testenvironments", crd::dump(environment("x"))).status, 400);
}

TEST_F(ApiServerTest, RefusesMediaThatItCannotWrite) {
  EXPECT_EQ(send("GET", kEnvironments, "", {{"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "?watch=1", "", {{"Accept", "application/yaml"}}).status, 406);
}

// ---- lists

TEST_F(ApiServerTest, ListsWithSelectorsInOneOrAllNamespaces) {
  create("b", {{"app", "db"}});
  create("a", {{"app", "web"}});
  auto elsewhere = send("POST", "/apis/berth.dev/v1alpha1/namespaces/prod/testenvironments", crd::dump(environment("c")));
  EXPECT_EQ(elsewhere.status, 201);
  const auto names = [this](const std::string& target) {
    const auto list = send("GET", target).value();
    std::string text;
    for (const auto& item : list["items"]) text += item["metadata"]["name"].get<std::string>();
    return text;
  };
  EXPECT_EQ(names(kEnvironments), "ab");
  EXPECT_EQ(names("/apis/berth.dev/v1alpha1/testenvironments"), "abc");
  EXPECT_EQ(names(std::string(kEnvironments) + "?labelSelector=app%3Ddb"), "b");
  EXPECT_EQ(names(std::string(kEnvironments) + "?fieldSelector=metadata.name%3Da&limit=1"), "a");
  EXPECT_EQ(names("/apis/berth.dev/v1alpha1/namespaces/nons/testenvironments"), "");

  const auto list = send("GET", kEnvironments).value();
  EXPECT_EQ(list["kind"], "TestEnvironmentList");
  EXPECT_EQ(list["apiVersion"], "berth.dev/v1alpha1");
  EXPECT_EQ(list["metadata"]["resourceVersion"], elsewhere.value()["metadata"]["resourceVersion"]);
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "?fieldSelector=spec.x%3D1").status, 400);
}

TEST_F(ApiServerTest, TakesResourceVersionsOfListsSeriously) {
  const auto object = create("a");
  const auto now = object["metadata"]["resourceVersion"].get<std::string>();
  const auto path = std::string(kEnvironments) + "?resourceVersion=";
  EXPECT_EQ(send("GET", path + "0").status, 200);
  EXPECT_EQ(send("GET", path + now).status, 200);
  EXPECT_EQ(send("GET", path + now + "&resourceVersionMatch=Exact").status, 200);
  EXPECT_EQ(send("GET", path + "1&resourceVersionMatch=NotOlderThan").status, 200);
  EXPECT_EQ(send("GET", path + "1&resourceVersionMatch=Exact").status, 200);
  const auto future = send("GET", path + "999999");
  EXPECT_EQ(future.status, 504);
  EXPECT_EQ(future.value()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
}

// ---- what a TestEnvironment has besides

Task<Result<void>> two_lines(std::string service, bool follow, http::ResponseWriter& writer) {
  co_await writer.start_stream(200, "text/plain", {});
  co_await writer.write(service + (follow ? " follows\n" : "\n"));
  co_return Result<void>();
}

Task<Result<json>> echo(json value) { co_return Result<json>(boost::system::in_place_value, std::move(value)); }
Task<Result<json>> refuse(Error error) { co_return error; }

TEST_F(ApiServerTest, PassesLogsOn) {
  operations.logs = [](ObjectPtr, std::string service, EnvironmentOperations::LogOptions options, http::ResponseWriter& writer) {
    return two_lines(std::move(service), options.follow, writer);
  };
  make_server();
  auto body = environment("two");
  body["spec"]["services"].push_back({{"name", "db"}, {"image", "postgres"}});
  EXPECT_EQ(send("POST", kEnvironments, crd::dump(body)).status, 201);
  create("one");
  const auto one = send("GET", std::string(kEnvironments) + "/one/log?follow=true", "", {{"Accept", "text/html"}});
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.body, "web follows\n");
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/two/log?service=db").body, "db\n");
  const auto unnamed = send("GET", std::string(kEnvironments) + "/two/log");
  EXPECT_EQ(unnamed.status, 400);
  EXPECT_THAT(unnamed.value()["message"].get<std::string>(), HasSubstr("choose one of: web, db"));
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/two/log?service=nope").status, 404);
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/two/log?service=db&tailLines=x").status, 400);
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/nope/log").status, 404);
}

TEST_F(ApiServerTest, PassesAttachAndReapOn) {
  operations.attach = [](ObjectPtr environment, std::string container, bool connect) {
    return echo({{"environment", environment->name()}, {"container", container}, {"connect", connect}});
  };
  operations.reap = [](bool confirm, bool adopt) {
    if (adopt) return refuse(base::error(Reason::EngineUnavailable, "no engine"));
    return echo({{"confirm", confirm}});
  };
  make_server();
  create("web");
  const auto path = std::string(kEnvironments) + "/web/attach";
  EXPECT_EQ(send("POST", path, R"({"container":"ci-job"})").value(),
            json({{"environment", "web"}, {"container", "ci-job"}, {"connect", true}}));
  EXPECT_EQ(send("POST", path, R"({"container":"ci-job","connect":false})").value()["connect"], false);
  for (const auto* body : {"{}", R"({"container":7})", R"({"container":""})", R"({"container":"x","connect":"yes"})"}) {
    EXPECT_EQ(send("POST", path, body).status, 400) << body;
  }
  EXPECT_EQ(send("POST", "/berth/v1/reap").value()["confirm"], false);
  EXPECT_EQ(send("POST", "/berth/v1/reap", R"({"confirm":true})").value()["confirm"], true);
  const auto failed = send("POST", "/berth/v1/reap", R"({"adopt":true})");
  EXPECT_EQ(failed.status, 503);
  EXPECT_EQ(failed.value()["reason"], "EngineUnavailable");
  EXPECT_EQ(send("POST", "/berth/v1/reap", R"({"confirm":1})").status, 400);
}

TEST_F(ApiServerTest, SaysThatControllersAreMissing) {
  create("web");
  EXPECT_EQ(send("GET", std::string(kEnvironments) + "/web/log").status, 503);
  EXPECT_EQ(send("POST", "/berth/v1/reap").status, 503);
}

TEST_F(ApiServerTest, HidesWhatAnExceptionSays) {
  operations.reap = [](bool, bool) -> Task<Result<json>> { throw std::runtime_error("secret"); };
  make_server();
  const auto failed = send("POST", "/berth/v1/reap");
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.body, testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace berth::api
