#include <fstream>

#include "api/storage/sqlite_store.h"
#include "tests/fakes/scratch_directory.h"
#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

// The server over a store that is kept.
struct BackupTest : ServerFixture {
  BackupTest() {
    kept = storage::open_sqlite_store(io.get_executor(), directory / "berth.db").value();
    over = std::make_unique<Registry>(scheme, *kept, clock);
    ApiServerOptions options;
    options.token = "secret";
    server = std::make_unique<ApiServer>(*over, clock, api_metrics, operations, options);
    handler = server->handler();
  }
  ~BackupTest() override {
    fakes::run_task(io, clock, kept->stop());
    kept.reset();
  }
  fakes::ScratchDirectory directory;
  std::unique_ptr<storage::Store> kept;
  std::unique_ptr<Registry> over;
};

TEST_F(BackupTest, IsAStoreOfItsOwn) {
  create("web");
  create("db");
  const auto answer = send("GET", "/berth/v1/backup");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.content_type, "application/vnd.sqlite3");
  EXPECT_EQ(answer.header("X-Berth-Revision"), std::to_string(kept->revision()));
  EXPECT_EQ(answer.header("Cache-Control"), "no-cache, private");
  std::ofstream(directory / "copy.db", std::ios::binary) << answer.body;
  auto copy = storage::open_sqlite_store(io.get_executor(), directory / "copy.db").value();
  EXPECT_EQ(copy->list("testenvironments.berth.dev", "").items.size(), 2u);
  EXPECT_GE(std::stoi(answer.header("X-Berth-Objects")), 2);
  fakes::run_task(io, clock, copy->stop());
}

TEST_F(BackupTest, OneIsTakenAtATime) {
  Received first;
  TaskGroup group(io.get_executor(), "backup");
  group.spawn("first", handler(request("GET", "/berth/v1/backup"), first));
  const auto second = send("GET", "/berth/v1/backup");
  EXPECT_EQ(second.status, 429) << second.body;
  EXPECT_EQ(second.value()["reason"], "TooManyRequests");
  fakes::run_task(io, group.join());
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(send("GET", "/berth/v1/backup").status, 200);
}

TEST_F(BackupTest, WhoHasGoneIsSentNoMore) {
  Received received;
  received.gone = true;
  fakes::run_task(io, clock, handler(request("GET", "/berth/v1/backup"), received));
  EXPECT_EQ(received.status, 200);
  EXPECT_EQ(received.body, "");
}

}  // namespace
}  // namespace berth::api
