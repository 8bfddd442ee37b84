#include "api/server/table.h"

#include <gtest/gtest.h>

#include "crd/fields.h"

namespace berth::api {
namespace {

using namespace std::chrono_literals;

const auto kNow = *base::parse_time("2026-01-01T00:05:36Z");

ObjectPtr object(json more, const std::string& kind = "Thing") {
  json body = {{"apiVersion", "v1"},
               {"kind", kind},
               {"metadata", {{"name", "web"}, {"namespace", "ci"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}}}};
  if (more.is_null()) more = json::object();
  if (more.contains("metadata")) body["metadata"].update(more["metadata"]);
  more.erase("metadata");
  body.update(more);
  return Object::make(std::move(body)).value();
}

crd::ResourceInfo kind_with(std::vector<crd::PrinterColumn> columns) {
  crd::ResourceInfo info;
  info.gvk = {"berth.dev", "v1", "Thing"};
  info.plural = "things";
  info.columns = std::move(columns);
  return info;
}

TEST(Table, DrawsTheColumnsOfADefinition) {
  const auto kind = kind_with({{"Image", "string", ".spec.image", "Image of the main service"},
                               {"Replicas", "integer", ".spec.replicas", ""},
                               {"Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status", ""},
                               {"Expires", "date", ".status.expiresAt", "", 1},
                               {"Age", "date", ".metadata.creationTimestamp", ""}});
  const TablePrinter printer(kind);
  const auto columns = json::parse(printer.column_definitions());
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_EQ(columns[0]["name"], "Name");
  EXPECT_EQ(columns[0]["format"], "name");
  EXPECT_EQ(columns[1], json::parse(R"({"name":"Image","type":"string","format":"","description":"Image of the main service","priority":0})"));
  EXPECT_EQ(columns[2]["description"], "Custom resource definition column (in JSONPath format): .spec.replicas");
  EXPECT_EQ(columns[4]["priority"], 1);

  EXPECT_EQ(printer.cells(*object({{"spec", {{"image", "nginx:1.28"}, {"replicas", 2}}}}), kNow),
            json::parse(R"(["web","nginx:1.28",2,null,null,"5m36s"])"));
  const json conditions = json::parse(R"([{"type":"Synced","status":"False"},{"type":"Ready","status":"True"}])");
  EXPECT_EQ(printer.cells(*object({{"status", {{"conditions", conditions}, {"expiresAt", "2026-01-01T01:00:00Z"}}}}), kNow),
            json::parse(R"(["web",null,null,"True","<invalid>","5m36s"])"));
}

TEST(Table, CellsHaveTheTypeOfTheirColumn) {
  const auto cell = [](const char* type, const json& value) {
    const auto kind = kind_with({{"X", type, ".spec.x", ""}});
    return TablePrinter(kind).cells(*object({{"spec", {{"x", value}}}}), kNow)[1];
  };
  EXPECT_EQ(cell("string", "a"), "a");
  EXPECT_EQ(cell("string", 3), "3");
  EXPECT_EQ(cell("string", true), "true");
  EXPECT_EQ(cell("string", json::array({"a", 1})), "[\"a\",1]");
  EXPECT_EQ(cell("integer", 3), 3);
  EXPECT_EQ(cell("integer", 3.7), 3);
  EXPECT_EQ(cell("integer", "3"), json());
  EXPECT_EQ(cell("number", 3.5), 3.5);
  EXPECT_EQ(cell("boolean", true), true);
  EXPECT_EQ(cell("boolean", "true"), json());
  EXPECT_EQ(cell("date", "2025-12-31T23:05:36Z"), "60m");
  EXPECT_EQ(cell("date", "soon"), "<invalid>");
  EXPECT_EQ(cell("date", ""), "<unknown>");
  for (const auto* type : {"string", "integer", "boolean", "date"}) EXPECT_EQ(cell(type, nullptr), json()) << type;
}

TEST(Table, AKindWithoutColumnsShowsItsAge) {
  const auto kind = kind_with({});
  const TablePrinter printer(kind);
  EXPECT_EQ(json::parse(printer.column_definitions())[1]["name"], "Age");
  EXPECT_EQ(printer.cells(*object({}), kNow), json::parse(R"(["web","5m36s"])"));
}

TEST(Table, APathThatCannotBeReadLeavesItsCellsEmpty) {
  const auto kind = kind_with({{"X", "string", "spec..x", ""}});
  EXPECT_EQ(TablePrinter(kind).cells(*object({{"spec", {{"x", 1}}}}), kNow)[1], json());
}

// ---- the kinds of Kubernetes

json core_cells(const std::string& plural, json more, const std::string& group = "") {
  crd::ResourceInfo info;
  info.gvk = {group, "v1", "Thing"};
  info.plural = plural;
  const TablePrinter printer(info);
  auto cells = printer.cells(*object(std::move(more)), kNow);
  EXPECT_EQ(cells.size(), json::parse(printer.column_definitions()).size()) << plural;
  return cells;
}

TEST(CoreTable, PrintsSmallKindsAsKubernetesDoes) {
  EXPECT_EQ(core_cells("namespaces", {{"status", {{"phase", "Active"}}}}), json::parse(R"(["web","Active","5m36s"])"));
  EXPECT_EQ(core_cells("leases", {{"spec", {{"holderIdentity", "me"}}}}, "coordination.k8s.io"), json::parse(R"(["web","me","5m36s"])"));
  EXPECT_EQ(core_cells("secrets", {{"type", "Opaque"}, {"data", {{"a", "eA=="}, {"b", "eQ=="}}}}), json::parse(R"(["web","Opaque",2,"5m36s"])"));
  EXPECT_EQ(core_cells("configmaps", {{"data", {{"a", "x"}}}, {"binaryData", {{"b", "eQ=="}}}}), json::parse(R"(["web",2,"5m36s"])"));
  EXPECT_EQ(core_cells("resourcequotas", {{"status",
                                           {{"hard", {{"requests.cpu", "4"}, {"count/testenvironments.berth.dev", "10"}, {"limits.cpu", "8"}}},
                                            {"used", {{"requests.cpu", "1500m"}}}}}}),
            json::parse(R"(["web","count/testenvironments.berth.dev: 0/10, requests.cpu: 1500m/4","limits.cpu: 0/8","5m36s"])"));
  EXPECT_EQ(core_cells("services", {{"spec", {{"type", "ClusterIP"}, {"ports", {{{"port", 80}}}}}}}),
            json::parse(R"(["web","ClusterIP","<none>","<none>","80/TCP","5m36s","<none>"])"));
}

TEST(CoreTable, PrintsEvents) {
  const json event = {{"involvedObject", {{"kind", "TestEnvironment"}, {"name", "web"}}},
                      {"reason", "Created"},
                      {"message", "msg\n"},
                      {"type", "Normal"},
                      {"count", 2},
                      {"source", {{"component", "berth"}}},
                      {"firstTimestamp", "2026-01-01T00:00:00Z"},
                      {"lastTimestamp", "2026-01-01T00:05:00Z"}};
  EXPECT_EQ(core_cells("events", event),
            json::parse(R"(["36s","Normal","Created","testenvironment/web","","berth","msg","5m36s",2,"web"])"));
  const json once = {{"eventTime", "2026-01-01T00:04:36.000001Z"}, {"reportingComponent", "x"}, {"firstTimestamp", nullptr}};
  EXPECT_EQ(core_cells("events", once), json::parse(R"(["59s","","","","","x","","59s",1,"web"])"));
}

TEST(CoreTable, PrintsPods) {
  const auto running = json::parse(R"({"spec":{"nodeName":"local","containers":[{"name":"main"}]},
    "status":{"phase":"Running","podIP":"10.0.0.5","containerStatuses":[{"ready":true,"restartCount":0,"state":{"running":{}}}]}})");
  EXPECT_EQ(core_cells("pods", running),
            json::parse(R"(["web","1/1","Running","0","5m36s","10.0.0.5","local","<none>","<none>"])"));
  const auto crashing = json::parse(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]},
    "status":{"phase":"Running","containerStatuses":[{"ready":true,"restartCount":0,"state":{"running":{}}},
      {"ready":false,"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
       "lastState":{"terminated":{"finishedAt":"2026-01-01T00:05:00Z"}}}]}})");
  EXPECT_EQ(core_cells("pods", crashing)[1], "1/2");
  EXPECT_EQ(core_cells("pods", crashing)[2], "CrashLoopBackOff");
  EXPECT_EQ(core_cells("pods", crashing)[3], "3 (36s ago)");

  auto going = running;
  going["metadata"] = {{"deletionTimestamp", "2026-01-01T00:05:00Z"}};
  EXPECT_EQ(core_cells("pods", going)[2], "Terminating");
  const auto status = [](const char* text) { return core_cells("pods", {{"status", json::parse(text)}})[2]; };
  EXPECT_EQ(status(R"({"phase":"Pending"})"), "Pending");
  EXPECT_EQ(status(R"({"phase":"Failed","reason":"Evicted"})"), "Evicted");
  EXPECT_EQ(status(R"({"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":3}}}]})"), "ExitCode:3");
  EXPECT_EQ(status(R"({"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":137,"signal":9}}}]})"), "Signal:9");
  EXPECT_EQ(status(R"({"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]})"), "Completed");
  EXPECT_EQ(status(R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
    "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}},{"ready":true,"state":{"running":{}}}]})"),
            "Running");
}

TEST(CoreTable, SurvivesObjectsOfTheWrongShape) {
  for (const auto* plural : {"pods", "events", "namespaces", "secrets", "configmaps", "resourcequotas", "services"}) {
    for (const auto* text : {R"({"spec":1,"status":[],"data":"x"})", R"({"spec":{"containers":{},"ports":[1,"x"],"selector":[1]},
           "status":{"containerStatuses":[1,{"state":"x","lastState":[]}],"hard":{"cpu":4},"used":[],"phase":{}}})",
                             R"({"involvedObject":[],"source":1,"series":{"count":"x"},"message":null,"count":-1})"}) {
      EXPECT_FALSE(core_cells(plural, json::parse(text)).empty());
    }
  }
}

}  // namespace
}  // namespace berth::api
