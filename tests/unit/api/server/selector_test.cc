#include "api/server/selector.h"

#include <gtest/gtest.h>

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

TEST(LabelSelector, RefusesWhatItCannotRead) {
  for (const auto* text : {"=x", ",", "app=db,", "a b", "a in", "a in x", "a in (x", "a inside (x)", "a=b c", "a>1", "a==b=c", "!",
                           "a=\"x\"", "a in (b,c", "a\xc3\xa9=b"}) {
    const auto parsed = LabelSelector::parse(text);
    ASSERT_TRUE(parsed.has_error()) << text;
    EXPECT_EQ(parsed.error().reason, Reason::BadRequest);
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

TEST(FieldSelector, KnowsTheFieldsOfEvents) {
  const auto events = resource("", "events");
  const auto event = object(json(), {{"involvedObject", {{"name", "web"}, {"kind", "TestEnvironment"}}}, {"source", {{"component", "berth"}}}});
  EXPECT_TRUE(FieldSelector::parse(events, "involvedObject.name=web,involvedObject.kind=TestEnvironment,source=berth").value().matches(*event));
  EXPECT_FALSE(FieldSelector::parse(events, "involvedObject.uid=1").value().matches(*event));
  EXPECT_TRUE(FieldSelector::parse(events, "involvedObject.uid=").value().matches(*event));
}

TEST(FieldSelector, RefusesOtherFields) {
  const auto kind = resource("berth.dev", "events");
  EXPECT_EQ(FieldSelector::parse(kind, "spec.x=1").error().message, "field label not supported: spec.x");
  EXPECT_TRUE(FieldSelector::parse(kind, "involvedObject.name=x").has_error());
  EXPECT_EQ(FieldSelector::parse(kind, "xx").error().message, "invalid selector: 'xx'; can't understand 'xx'");
}

}  // namespace
}  // namespace berth::api
