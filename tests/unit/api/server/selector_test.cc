#include "api/server/selector.h"

#include <gtest/gtest.h>

#include <map>

namespace berth::api {
namespace {

ObjectPtr object(const json& labels, const json& more = json::object()) {
  json body = {{"apiVersion", "v1"}, {"kind", "Thing"}, {"metadata", {{"name", "web"}, {"namespace", "ci"}}}};
  if (!labels.is_null()) body["metadata"]["labels"] = labels;
  body.update(more);
  return Object::make(std::move(body)).value();
}

bool selects(const std::string& selector, const json& labels) {
  const auto parsed = LabelSelector::parse(selector);
  return parsed.has_value() && parsed->matches(*object(labels));
}

TEST(LabelSelector, FollowsKubernetesMeaning) {
  const json labels = {{"app", "db"}, {"tier", "back"}, {"example.com/x", "1"}};
  for (const auto* yes : {"", "app", "app=db", "app==db", "app = db", "app!=web", "app in (web, db)", "app in (db)", "app notin (web)",
                          "!missing", "missing!=x", "missing notin (x)", "app=db,tier=back", "app in (db,web),!missing",
                          "example.com/x=1"}) {
    EXPECT_TRUE(selects(yes, labels)) << yes;
  }
  for (const auto* no : {"missing", "app=web", "app!=db", "app in (web)", "app notin (db,web)", "!app", "missing=x", "missing in (x)",
                         "app=db,tier=front", "app="}) {
    EXPECT_TRUE(LabelSelector::parse(no).has_value()) << no;
    EXPECT_FALSE(selects(no, labels)) << no;
  }
  EXPECT_TRUE(selects("!app", json()));
  EXPECT_FALSE(selects("app", json()));
}

TEST(LabelSelector, ComparesNumbers) {
  const json labels = {{"cpu", "8"}, {"name", "x"}};
  for (const auto* yes : {"cpu>7", "cpu<9", "cpu > 7", "cpu>7,cpu<9"}) EXPECT_TRUE(selects(yes, labels)) << yes;
  for (const auto* no : {"cpu>8", "cpu<8", "name>1", "gone>1"}) {
    EXPECT_TRUE(LabelSelector::parse(no).has_value()) << no;
    EXPECT_FALSE(selects(no, labels)) << no;
  }
}

TEST(LabelSelector, TakesEmptyPlacesAndBlanksAsKubernetesDoes) {
  EXPECT_TRUE(selects("app in (,x)", {{"app", ""}}));
  EXPECT_TRUE(selects("app in (x,)", {{"app", ""}}));
  EXPECT_TRUE(selects("app in (x,,y)", {{"app", ""}}));
  EXPECT_TRUE(selects("app=", {{"app", ""}}));
  EXPECT_TRUE(selects("app=,b", {{"app", ""}, {"b", "c"}}));
  EXPECT_TRUE(selects("  app\tin(x , y) , ! gone ", {{"app", "y"}}));
  EXPECT_TRUE(selects("in in (in)", {{"in", "in"}}));
  EXPECT_TRUE(selects("notin", {{"notin", ""}}));
  EXPECT_TRUE(LabelSelector::parse(" ").value().everything());
}

TEST(LabelSelector, SaysWhatIsWrongInKubernetesWords) {
  const std::map<std::string, std::string> table = {
      {"a===b", "unable to parse requirement: found '=', expected: identifier"},
      {"=x", "found '=', expected: !, identifier, or 'end of string'"},
      {",", "found ',', expected: !, identifier, or 'end of string'"},
      {"app=db,", "found '', expected: identifier after ','"},
      {"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"a inside (x)", "unable to parse requirement: found 'inside', expected: in, notin, =, ==, !=, gt, lt"},
      {"a in", "unable to parse requirement: found '' expected: '('"},
      {"a in x", "unable to parse requirement: found 'x' expected: '('"},
      {"a in (x", "unable to parse requirement: found '', expected: ',' or ')'"},
      {"a in (b,c", "unable to parse requirement: found '', expected: ',' or ')'"},
      {"a in (b=c)", "unable to parse requirement: found '=', expected: ',' or ')'"},
      {"a in ()", "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"},
      {"a=b c", "found 'c', expected: ',' or 'end of string'"},
      {"a==b=c", "found '=', expected: ',' or 'end of string'"},
      {"!", "unable to parse requirement: found '', expected: identifier"},
      {"!a=b", "found '=', expected: ',' or 'end of string'"},
      {"a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"}};
  for (const auto& [text, message] : table) {
    const auto parsed = LabelSelector::parse(text);
    ASSERT_TRUE(parsed.has_error()) << text;
    EXPECT_EQ(parsed.error().reason, Reason::BadRequest);
    EXPECT_EQ(parsed.error().message, message) << text;
  }
  for (const auto* text : {"a=\"x\"", "a\xc3\xa9=b", "-a", "a=-b", "/a", "a/b/c", "Bad_/a"}) {
    const auto parsed = LabelSelector::parse(text);
    ASSERT_TRUE(parsed.has_error()) << text;
    EXPECT_TRUE(parsed.error().message.starts_with("unable to parse requirement: ")) << parsed.error().message;
  }
}

crd::ResourceInfo resource(const std::string& group, const std::string& plural) {
  crd::ResourceInfo info;
  info.gvk = {group, "v1", "Thing"};
  info.plural = plural;
  return info;
}

TEST(FieldSelector, SelectsByNameAndNamespace) {
  const auto kind = resource("berth.dev", "things");
  EXPECT_TRUE(FieldSelector::parse(kind, "metadata.name=web,metadata.namespace!=prod").value().matches(*object(json())));
  EXPECT_FALSE(FieldSelector::parse(kind, "metadata.name==other").value().matches(*object(json())));
  EXPECT_TRUE(FieldSelector::parse(kind, "").value().everything());
}

TEST(FieldSelector, KnowsTheOnlyName) {
  const auto kind = resource("berth.dev", "things");
  EXPECT_EQ(FieldSelector::parse(kind, "metadata.namespace=ci,metadata.name=web").value().name(), "web");
  EXPECT_EQ(FieldSelector::parse(kind, "metadata.name!=web").value().name(), "");
  EXPECT_EQ(FieldSelector::parse(kind, "").value().name(), "");
}

TEST(FieldSelector, KnowsTheFieldsOfEvents) {
  const auto events = resource("", "events");
  const auto event = object(json(), {{"involvedObject", {{"name", "web"}, {"kind", "TestEnvironment"}}}, {"source", {{"component", "berth"}}}});
  EXPECT_TRUE(FieldSelector::parse(events, "involvedObject.name=web,involvedObject.kind=TestEnvironment,source=berth").value().matches(*event));
  EXPECT_FALSE(FieldSelector::parse(events, "involvedObject.uid=1").value().matches(*event));
  EXPECT_TRUE(FieldSelector::parse(events, "involvedObject.uid=").value().matches(*event));
}

TEST(FieldSelector, KnowsTheFieldsOfEachKind) {
  const auto pod = object(json(), {{"spec", {{"nodeName", "local"}, {"hostNetwork", false}}}, {"status", {{"phase", "Running"}}}});
  EXPECT_TRUE(FieldSelector::parse(resource("", "pods"), "spec.nodeName=local,status.phase!=Failed,spec.hostNetwork=false")
                  .value()
                  .matches(*pod));
  const auto secret = object(json(), {{"type", "Opaque"}});
  EXPECT_TRUE(FieldSelector::parse(resource("", "secrets"), "type=Opaque").value().matches(*secret));
  EXPECT_TRUE(FieldSelector::parse(resource("", "secrets"), "status.phase=x").has_error());
  auto declared = resource("berth.dev", "things");
  declared.selectable_fields = {"spec.image", "spec.count"};
  const auto thing = object(json(), {{"spec", {{"image", "postgres:16"}, {"count", 3}}}});
  EXPECT_TRUE(FieldSelector::parse(declared, "spec.image=postgres:16,spec.count=3").value().matches(*thing));
  EXPECT_FALSE(FieldSelector::parse(declared, "spec.image=").value().matches(*thing));
}

TEST(FieldSelector, UnderstandsEscapes) {
  const auto kind = resource("", "events");
  const auto event = object(json(), {{"reason", "a,b=c\\"}});
  EXPECT_TRUE(FieldSelector::parse(kind, "reason=a\\,b\\=c\\\\,metadata.name=web").value().matches(*event));
  EXPECT_EQ(FieldSelector::parse(kind, "reason=a\\x").error().message,
            "invalid field selector: invalid escape sequence: \\x");
  EXPECT_EQ(FieldSelector::parse(kind, "reason=a=b").error().message,
            "invalid field selector: unescaped character in value: =");
  EXPECT_TRUE(FieldSelector::parse(kind, "reason=a\\").has_error());
}

TEST(FieldSelector, RefusesOtherFields) {
  const auto kind = resource("berth.dev", "events");
  EXPECT_EQ(FieldSelector::parse(kind, "spec.x=1").error().message, "field label not supported: spec.x");
  EXPECT_TRUE(FieldSelector::parse(kind, "involvedObject.name=x").has_error());
  EXPECT_EQ(FieldSelector::parse(kind, "xx").error().message, "invalid selector: 'xx'; can't understand 'xx'");
}

}  // namespace
}  // namespace berth::api
