#include <gmock/gmock.h>

#include "api/server/continue_token.h"
#include "crd/yaml.h"
#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

const std::string kTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

class Reading : public ServerFixture {
 public:
  const std::string path = kEnvironments;
  Received read(const std::string& query = "", const std::string& accept = "") {
    return send("GET", path + query, "", {{"Accept", accept}});
  }
  static std::string names(const json& list) {
    std::string text;
    for (const auto& item : list["items"]) text += item["metadata"]["name"].get<std::string>() + " ";
    return text;
  }
  void change(const std::string& name) {
    auto body = get(name);
    body["metadata"]["labels"]["n"] = std::to_string(++changes);
    EXPECT_EQ(send("PUT", path + "/" + name, crd::dump(body)).status, 200);
  }
  void remove(const std::string& name) {
    send("DELETE", path + "/" + name);
    const auto& kind = *scheme.find_name("testenvironments");
    const auto uid = get(name)["metadata"]["uid"].get<std::string>();
    ObjectKey key{"ci", name};
    fakes::run_task(io, clock, registry.remove_finalizer(kind, key, uid, std::string(crd::kEngineFinalizer)));
  }
  int changes = 0;
};

// ---- shapes

TEST_F(Reading, OneObjectAsATable) {
  const auto made = create("web");
  for (const auto* part : {"/web", "/web/status"}) {
    const auto seen = read(part, kTable);
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.content_type, "application/json");
    const auto table = seen.value();
    EXPECT_EQ(table["kind"], "Table");
    EXPECT_EQ(table["apiVersion"], "meta.k8s.io/v1");
    EXPECT_EQ(table["metadata"], json({{"resourceVersion", made["metadata"]["resourceVersion"]}}));
    EXPECT_EQ(table["columnDefinitions"][0]["format"], "name");
    ASSERT_EQ(table["rows"].size(), 1u);
    EXPECT_EQ(table["rows"][0]["cells"].size(), table["columnDefinitions"].size());
    EXPECT_EQ(table["rows"][0]["cells"][0], "web");
    EXPECT_EQ(table["rows"][0]["cells"].back(), "0s");
    EXPECT_EQ(table["rows"][0]["object"],
              json({{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", made["metadata"]}}));
  }
  EXPECT_EQ(read("/web", "application/json;as=Table;v=v1beta1;g=meta.k8s.io").value()["apiVersion"], "meta.k8s.io/v1beta1");
  EXPECT_EQ(read("/web", "application/json;as=Table;v=v2;g=meta.k8s.io,application/json").value()["kind"], "TestEnvironment");
  EXPECT_EQ(read("/nope", kTable).value()["kind"], "Status");
}

TEST_F(Reading, ATableCarriesWhatIncludeObjectSays) {
  const auto made = create("web");
  EXPECT_TRUE(read("/web?includeObject=None", kTable).value()["rows"][0]["object"].is_null());
  EXPECT_EQ(read("/web?includeObject=Object", kTable).value()["rows"][0]["object"], made);
  EXPECT_EQ(read("?includeObject=Object", kTable).value()["rows"][0]["object"], made);
  const auto refused = read("?includeObject=All", kTable);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.value()["message"],
            "Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be 'Metadata', 'Object', 'None', or empty");
  EXPECT_EQ(read("/web?includeObject=All", kTable).status, 400);
  EXPECT_EQ(read("/web?includeObject=All").status, 200);
}

TEST_F(Reading, AListAsATable) {
  create("a");
  const auto last = create("b");
  const auto table = read("?limit=500", kTable).value();
  EXPECT_EQ(table["metadata"], json({{"resourceVersion", last["metadata"]["resourceVersion"]}}));
  ASSERT_EQ(table["rows"].size(), 2u);
  EXPECT_EQ(table["rows"][1]["cells"][0], "b");
  const auto page = read("?limit=1", kTable).value()["metadata"];
  EXPECT_EQ(page["remainingItemCount"], 1);
  EXPECT_NE(page["continue"], "");
  EXPECT_EQ(read("?labelSelector=nope", kTable).value()["rows"], json::array());
  EXPECT_EQ(send("GET", "/api/v1/namespaces", "", {{"Accept", kTable}}).value()["columnDefinitions"][1]["name"], "Status");
}

TEST_F(Reading, MetadataAlone) {
  const auto made = create("web");
  const std::string partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
  const std::string list = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
  const json item = {{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", made["metadata"]}};
  EXPECT_EQ(read("/web", partial).value(), item);
  const auto all = read("", list).value();
  EXPECT_EQ(all["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(all["items"], json::array({item}));
  const auto refused = read("/web", list);
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.value()["message"], "content is not a list");
  EXPECT_FALSE(refused.value().contains("reason"));
  EXPECT_EQ(read("", partial).status, 406);
}

TEST_F(Reading, AsYaml) {
  create("a");
  create("b");
  const auto list = read("", "application/yaml");
  EXPECT_EQ(list.content_type, "application/yaml");
  EXPECT_EQ(crd::parse_yaml(list.body).value()[0].value, read().value());
  const auto missing = read("/nope", "application/yaml");
  EXPECT_EQ(missing.content_type, "application/yaml");
  EXPECT_THAT(missing.body, HasSubstr("message: testenvironments.berth.dev \"nope\" not found\n"));
  const auto watch = read("?watch=1", "application/yaml");
  EXPECT_EQ(watch.status, 406);
  EXPECT_EQ(watch.content_type, "application/yaml");
}

TEST_F(Reading, RefusalsOfAHeaderArePrintedForPeople) {
  const auto refused = read("", "text/html");
  EXPECT_EQ(refused.status, 406);
  EXPECT_THAT(refused.body, HasSubstr("{\n  \""));
  EXPECT_FALSE(refused.value().contains("details"));
}

TEST_F(Reading, PrettyListsArePrettyThroughout) {
  create("a");
  create("b");
  const auto plain = read();
  EXPECT_EQ(read("?pretty=true").body, crd::dump(plain.value(), 2) + "\n");
  EXPECT_EQ(read("?pretty=1&labelSelector=nope").value()["items"], json::array());
  EXPECT_EQ(read("?pretty=banana").body, plain.body);
  EXPECT_EQ(read("", "application/json;pretty=1").body, crd::dump(plain.value(), 2) + "\n");
}

// ---- pages

TEST_F(Reading, PagesShowOneSnapshot) {
  for (const auto* name : {"a", "b", "c", "d", "e"}) create(name);
  const auto first = read("?limit=2").value();
  EXPECT_EQ(names(first), "a b ");
  EXPECT_EQ(first["metadata"]["remainingItemCount"], 3);
  change("c");
  remove("d");
  create("bb");
  const auto next = [this](const json& page, const std::string& query) {
    return read("?continue=" + page["metadata"]["continue"].get<std::string>() + query).value();
  };
  const auto second = next(first, "&limit=2");
  EXPECT_EQ(names(second), "c d ");
  EXPECT_EQ(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  EXPECT_EQ(second["metadata"]["remainingItemCount"], 1);
  EXPECT_FALSE(second["items"][0]["metadata"]["labels"].contains("n"));
  const auto third = next(second, "&limit=2");
  EXPECT_EQ(names(third), "e ");
  EXPECT_EQ(third["metadata"], json({{"continue", ""}, {"resourceVersion", first["metadata"]["resourceVersion"]}}));
  EXPECT_EQ(names(next(first, "")), "c d e ");
  EXPECT_EQ(names(read().value()), "a b bb c e ");
}

TEST_F(Reading, PagesOfASelectionDoNotSayHowMuchIsLeft) {
  for (const auto* name : {"a", "b", "c", "d"}) create(name, {{"app", name == std::string("b") ? "db" : "web"}});
  const auto first = read("?limit=2&labelSelector=app%3Dweb").value();
  EXPECT_EQ(names(first), "a c ");
  EXPECT_FALSE(first["metadata"].contains("remainingItemCount"));
  const auto token = first["metadata"]["continue"].get<std::string>();
  EXPECT_NE(token, "");
  const auto rest = read("?limit=2&labelSelector=app%3Dweb&continue=" + token).value();
  EXPECT_EQ(names(rest), "d ");
  EXPECT_EQ(rest["metadata"]["continue"], "");
  EXPECT_EQ(read("?limit=1&labelSelector=app%3Ddb").value()["metadata"]["continue"], "");
}

TEST_F(Reading, PagesGoOverAllNamespaces) {
  create("z");
  for (const auto* ns : {"ci-2", "ci"}) {
    send("POST", std::string("/apis/berth.dev/v1alpha1/namespaces/") + ns + "/testenvironments", crd::dump(environment("a")));
  }
  std::string seen;
  std::string token;
  do {
    const auto page = send("GET", "/apis/berth.dev/v1alpha1/testenvironments?limit=1&continue=" + token).value();
    for (const auto& item : page["items"]) {
      seen += item["metadata"]["namespace"].get<std::string>() + "/" + item["metadata"]["name"].get<std::string>() + " ";
    }
    token = page["metadata"]["continue"].get<std::string>();
  } while (!token.empty());
  EXPECT_EQ(seen, "ci/a ci/z ci-2/a ");
}

TEST_F(Reading, APageThatIsTooOldOffersToGoOnAnyway) {
  for (const auto* name : {"a", "b", "c"}) create(name);
  const auto token = read("?limit=1").value()["metadata"]["continue"].get<std::string>();
  change("b");
  remove("c");
  fakes::run_task(io, clock, store->compact(store->revision()));
  const auto gone = read("?limit=1&continue=" + token);
  EXPECT_EQ(gone.status, 410);
  auto status = gone.value();
  EXPECT_THAT(status["message"].get<std::string>(),
              testing::StartsWith("The provided continue parameter is too old to display a consistent list result."));
  EXPECT_EQ(status["reason"], "Expired");
  EXPECT_FALSE(status.contains("details"));
  const auto other = status["metadata"]["continue"].get<std::string>();
  const auto rest = read("?limit=5&continue=" + other).value();
  EXPECT_EQ(names(rest), "b ");
  EXPECT_EQ(rest["metadata"]["resourceVersion"], std::to_string(store->revision()));
  EXPECT_EQ(read("?limit=1&continue=" + encode_continue({99999, {"ci", "a"}})).status, 410);
}

TEST_F(Reading, CacheReadsKnowNoPages) {
  create("a");
  create("b");
  EXPECT_EQ(names(read("?resourceVersion=0&limit=1").value()), "a b ");
}

// ---- resource versions

TEST_F(Reading, AnExactListIsThatOfItsRevision) {
  const auto a = create("a");
  const auto then = a["metadata"]["resourceVersion"].get<std::string>();
  create("b");
  const auto exact = read("?resourceVersionMatch=Exact&resourceVersion=" + then).value();
  EXPECT_EQ(names(exact), "a ");
  EXPECT_EQ(exact["metadata"]["resourceVersion"], then);
  EXPECT_EQ(names(read("?limit=5&resourceVersion=" + then).value()), "a ");
  EXPECT_EQ(names(read("?resourceVersion=" + then).value()), "a b ");
  EXPECT_EQ(names(read("?limit=5&resourceVersionMatch=NotOlderThan&resourceVersion=" + then).value()), "a b ");
  fakes::run_task(io, clock, store->compact(store->revision()));
  for (const std::string query : {"?resourceVersionMatch=Exact&resourceVersion=", "?limit=1&resourceVersion="}) {
    const auto gone = read(query + then);
    EXPECT_EQ(gone.status, 410);
    EXPECT_EQ(gone.value(), json::parse(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
      "message":"The resourceVersion for the provided list is too old.","reason":"Expired","code":410})"));
  }
}

TEST_F(Reading, ARevisionToComeIsWaitedForALittle) {
  create("a");
  const auto now = std::to_string(store->revision());
  for (const std::string what : {"?resourceVersion=999999", "/a?resourceVersion=999999", "?resourceVersion=999999&resourceVersionMatch=Exact",
                                  "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999"}) {
    const auto before = clock.steady_now();
    const auto late = read(what);
    EXPECT_EQ(clock.steady_now() - before, std::chrono::seconds(3)) << what;
    EXPECT_EQ(late.status, 504);
    EXPECT_EQ(late.header("Retry-After"), "1");
    EXPECT_EQ(late.value(), json::parse(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
      "message":"Timeout: Too large resource version: 999999, current: )" + now + R"(","reason":"Timeout",
      "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504})"));
  }
  EXPECT_EQ(read("/a?resourceVersion=" + now).status, 200);
  EXPECT_EQ(read("/a?resourceVersion=0").status, 200);
  EXPECT_EQ(read("/a?resourceVersion=abc").status, 400);
}

TEST_F(Reading, AReadIsAnsweredAsSoonAsItsRevisionIsThere) {
  create("a");
  Received late;
  TaskGroup group(io.get_executor(), "read");
  group.spawn("get", handler(request("GET", path + "/a?resourceVersion=" + std::to_string(store->revision() + 1)), late));
  fakes::settle(io);
  EXPECT_FALSE(late.started());
  change("a");
  fakes::settle(io);
  EXPECT_EQ(late.status, 200);
  EXPECT_EQ(late.value()["metadata"]["labels"]["n"], "1");
  fakes::run_task(io, clock, group.stop());
}

// ---- long lists

TEST_F(Reading, LongListsAreSentInPieces) {
  auto body = environment("x");
  body["metadata"]["annotations"] = {{"text", std::string(50'000, 'x')}};
  for (int i = 0; i < 20; ++i) {
    body["metadata"]["name"] = "e" + std::to_string(10 + i);
    ASSERT_EQ(send("POST", path, crd::dump(body)).status, 201);
  }
  const auto whole = read();
  EXPECT_TRUE(whole.stream);
  EXPECT_EQ(whole.content_type, "application/json");
  EXPECT_EQ(whole.value()["items"].size(), 20u);
  EXPECT_EQ(read("?pretty=1").body, crd::dump(whole.value(), 2) + "\n");
  EXPECT_EQ(crd::parse_yaml(read("", "application/yaml").body).value()[0].value, whole.value());
  EXPECT_FALSE(read("?limit=2").stream);
}

}  // namespace
}  // namespace berth::api
