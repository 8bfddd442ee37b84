#include "controller/engine/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

namespace berth::engine {
namespace {

struct Entry {
  std::string path;
  bool directory = false;
  unsigned mode = 0;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string content;
};

std::vector<Entry> read_tar(const std::string& bytes) {
  std::vector<Entry> entries;
  archive* tar = archive_read_new();
  archive_read_support_format_tar(tar);
  EXPECT_EQ(archive_read_open_memory(tar, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(tar, &entry) == ARCHIVE_OK) {
    Entry found{archive_entry_pathname(entry), archive_entry_filetype(entry) == AE_IFDIR,
                archive_entry_perm(entry),     archive_entry_uid(entry),
                archive_entry_gid(entry),      ""};
    found.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    archive_read_data(tar, found.content.data(), found.content.size());
    entries.push_back(std::move(found));
  }
  archive_read_free(tar);
  return entries;
}

FileToCopy file(std::string path, std::string content = "x") {
  return {std::move(path), std::move(content), 0640, 7, 8};
}

TEST(Tar, HoldsDirectoriesAndFilesWithModeAndOwner) {
  const std::string long_name(300, 'n');
  const auto bytes =
      make_tar({"/etc/app"}, {file("/etc/app/x", std::string("a\0b", 3)), file("//a/./" + long_name)}, {})
          .value();
  const auto entries = read_tar(bytes);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].path, "etc/app/");
  EXPECT_TRUE(entries[0].directory);
  EXPECT_EQ(entries[0].mode, 0755u);
  EXPECT_EQ(entries[0].uid, 0);
  EXPECT_EQ(entries[1].path, "etc/app/x");
  EXPECT_EQ(entries[1].mode, 0640u);
  EXPECT_EQ(entries[1].uid, 7);
  EXPECT_EQ(entries[1].gid, 8);
  EXPECT_EQ(entries[1].content, std::string("a\0b", 3));
  EXPECT_EQ(entries[2].path, "a/" + long_name);
}

TEST(Tar, RefusesWhatIsNotAnAbsolutePathOfAFile) {
  for (const char* path : {"", "relative", "/", "/dir/", "/a/../b", "/..", "/a/.."}) {
    const auto result = make_tar({}, {file(path)}, {});
    ASSERT_TRUE(result.has_error()) << path;
    EXPECT_EQ(result.error().reason, Reason::InvalidSpec) << path;
  }
}

TEST(Tar, ParentsComeDeepestFirst) {
  EXPECT_EQ(parents_of("/etc//some/./where/x"),
            (std::vector<std::string>{"/etc/some/where", "/etc/some", "/etc"}));
  EXPECT_TRUE(parents_of("/x").empty());
}

}  // namespace
}  // namespace berth::engine
