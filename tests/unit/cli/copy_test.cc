#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.h"
#include "cli/container_copy.h"
#include "cli/tar_file.h"
#include "tests/unit/cli/command_fixture.h"

namespace berth::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(CopyPlace, IsHereOrInAContainer) {
  const auto place = [](const std::string& text) {
    const auto parsed = parse_copy_place(text);
    return parsed.has_error() ? "error" : parsed->environment + "|" + parsed->service + "|" + parsed->path;
  };
  EXPECT_EQ(place("env:web:/a/b"), "env|web|/a/b");
  EXPECT_EQ(place("env/web:/a:b"), "env|web|/a:b");
  EXPECT_EQ(place("env:/a"), "env||/a");
  EXPECT_EQ(place("file.txt"), "||file.txt");
  EXPECT_EQ(place("./a:b"), "||./a:b");
  EXPECT_EQ(place("/a:b"), "||/a:b");
  EXPECT_EQ(place("-"), "||-");
  for (const auto* wrong : {"env:web:relative", "env:relative", ":/a", ""}) EXPECT_EQ(place(wrong), "error") << wrong;
}

TEST(CopyTargets, AreThoseOfCp) {
  const auto target = [](CopyQuestion question) {
    const auto to = copy_target(question);
    return to.has_error() ? "error: " + to.error().message : to->directory + "|" + to->name;
  };
  EXPECT_EQ(target({"f", false, false, "/dir", Standing::Directory}), "/dir|f");
  EXPECT_EQ(target({"f", false, false, "/dir/", Standing::Directory}), "/dir|f");
  EXPECT_EQ(target({"f", false, false, "/dir/g", Standing::Nothing}), "/dir|g");
  EXPECT_EQ(target({"f", false, false, "g", Standing::File}), ".|g");
  EXPECT_EQ(target({"f", false, false, "/g", Standing::Nothing}), "/|g");
  EXPECT_EQ(target({"d", true, false, "/new", Standing::Nothing}), "/|new");
  EXPECT_EQ(target({"d", true, false, "/dir", Standing::Directory}), "/dir|d");
  EXPECT_EQ(target({"d", true, true, "/dir", Standing::Directory}), "/dir|");
  EXPECT_EQ(target({"d", true, true, "/new", Standing::Nothing}), "/|new");
  EXPECT_EQ(target({"f", false, false, "/new/", Standing::Nothing}), "error: there is no directory /new/");
  for (const auto there : {Standing::Nothing, Standing::File, Standing::Directory}) {
    EXPECT_EQ(target({"f", false, true, "/dir", there}), "error: f is no directory: /. at the end means what is in one");
  }
  EXPECT_EQ(target({"d", true, false, "/f", Standing::File}), "error: a directory cannot be copied over the file /f");
}

// An archive as a hostile container could send it.
class Archive {
 public:
  explicit Archive(const fs::path& path) : path_(path), archive_(archive_write_new()) {
    archive_write_set_format_pax_restricted(archive_);
    archive_write_open_filename(archive_, path.c_str());
  }
  ~Archive() { close(); }
  Archive& file(const std::string& name, const std::string& content) { return entry(name, AE_IFREG, content, ""); }
  Archive& directory(const std::string& name) { return entry(name, AE_IFDIR, "", ""); }
  Archive& link(const std::string& name, const std::string& target) { return entry(name, AE_IFLNK, "", target); }
  Archive& device(const std::string& name) { return entry(name, AE_IFIFO, "", ""); }
  Archive& hard_link(const std::string& name, const std::string& target) {
    auto* e = archive_entry_new();
    archive_entry_set_pathname(e, name.c_str());
    archive_entry_set_hardlink(e, target.c_str());
    archive_write_header(archive_, e);
    archive_entry_free(e);
    return *this;
  }
  Result<Unpacked> unpack(const std::string& root, const std::string& name, const fs::path& into) {
    close();
    const UniqueFd fd(::open(path_.c_str(), O_RDONLY));
    return cli::unpack(fd.get(), root, name, into);
  }

 private:
  void close() {
    if (archive_) archive_write_free(archive_);
    archive_ = nullptr;
  }
  Archive& entry(const std::string& name, unsigned type, const std::string& content, const std::string& target) {
    auto* e = archive_entry_new();
    archive_entry_set_pathname(e, name.c_str());
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, 0755);
    archive_entry_set_size(e, static_cast<la_int64_t>(content.size()));
    if (!target.empty()) archive_entry_set_symlink(e, target.c_str());
    archive_write_header(archive_, e);
    archive_write_data(archive_, content.data(), content.size());
    archive_entry_free(e);
    return *this;
  }
  fs::path path_;
  archive* archive_;
};

struct Unpack : testing::Test {
  fakes::ScratchDirectory scratch;
  fs::path into = scratch / "into";
  fs::path outside = scratch / "outside";
  Unpack() {
    fs::create_directory(into);
    fs::create_directory(outside);
  }
  Archive archive() { return Archive(scratch / "a.tar"); }
  static std::string text(const fs::path& path) {
    std::stringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
};

TEST_F(Unpack, PutsWhatWasAskedForUnderItsNewName) {
  auto tar = archive();
  const auto done = tar.directory("data").file("data/a", "one").directory("data/sub").file("data/sub/b", "two").link("data/l", "a").unpack("data", "copy", into);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(text(into / "copy/a"), "one");
  EXPECT_EQ(text(into / "copy/sub/b"), "two");
  EXPECT_EQ(fs::read_symlink(into / "copy/l"), "a");
  EXPECT_EQ(done->files, 3u);
  EXPECT_EQ(done->bytes, 6u);
}

TEST_F(Unpack, PutsTheContentAloneWithoutAName) {
  auto tar = archive();
  ASSERT_TRUE(tar.directory("data").file("data/a", "one").unpack("data", "", into).has_value());
  EXPECT_EQ(text(into / "a"), "one");
}

TEST_F(Unpack, HasNoContentOfAFile) {
  auto tar = archive();
  const auto done = tar.file("hosts", "one").unpack("hosts", "", into);
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().reason, Reason::BadRequest);
  EXPECT_THAT(done.error().message, HasSubstr("hosts is no directory"));
  EXPECT_TRUE(fs::is_empty(into));
}

TEST_F(Unpack, KeepsNamesThatAreNotAscii) {
  auto tar = archive();
  const auto done = tar.directory("dätä").file("dätä/größe", "one").file("dätä/\xff", "two").unpack("dätä", "käse", into);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(text(into / "käse/größe"), "one");
  EXPECT_EQ(text(into / "käse/\xff"), "two");
}

TEST_F(Unpack, RefusesNamesThatLeadOutBeforeAnythingIsWritten) {
  for (const auto* name : {"data/../../outside/x", "/etc/x", "other/x", "../x", "data/.."}) {
    auto tar = archive();
    const auto done = tar.file("data/good", "1").file(name, "evil").unpack("data", "copy", into);
    ASSERT_TRUE(done.has_error()) << name;
    EXPECT_EQ(done.error().reason, Reason::BadRequest) << name;
    EXPECT_FALSE(fs::exists(into / "copy")) << name;
    EXPECT_TRUE(fs::is_empty(outside)) << name;
  }
}

TEST_F(Unpack, WritesNothingThroughALinkOfTheArchive) {
  auto tar = archive();
  const auto done = tar.directory("data").link("data/l", outside.string()).file("data/l/x", "evil").unpack("data", "copy", into);
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_TRUE(done.has_error());
}

TEST_F(Unpack, WritesNothingThroughALinkThatWasThere) {
  fs::create_directory_symlink(outside, into / "copy");
  auto tar = archive();
  tar.directory("data").file("data/x", "evil").unpack("data", "copy", into);
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(Unpack, RefusesHardLinksToOtherFiles) {
  std::ofstream(outside / "secret") << "s";
  for (const auto& target : {(outside / "secret").string(), std::string("data/../../outside/secret"), std::string("secret")}) {
    auto tar = archive();
    const auto done = tar.directory("data").hard_link("data/h", target).unpack("data", "copy", into);
    EXPECT_TRUE(done.has_error()) << target;
    EXPECT_FALSE(fs::exists(into / "copy/h")) << target;
  }
}

TEST_F(Unpack, LeavesOutWhatIsNoFile) {
  auto tar = archive();
  const auto done = tar.directory("data").device("data/pipe").file("data/a", "1").unpack("data", "copy", into);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_THAT(done->skipped, ElementsAre("copy/pipe"));
  EXPECT_FALSE(fs::exists(into / "copy/pipe"));
  EXPECT_TRUE(fs::exists(into / "copy/a"));
}

TEST_F(Unpack, SaysThatSomethingElseIsNoArchive) {
  std::ofstream(scratch / "a.tar") << "this is no archive, whatever it is called; and it is long enough to be looked at";
  const UniqueFd fd(::open((scratch / "a.tar").c_str(), O_RDONLY));
  EXPECT_TRUE(unpack(fd.get(), "data", "copy", into).has_error());
}

struct Cp : CommandTest {
  static constexpr const char* kBase = "/berth/v1/archive?namespace=default&name=checkout&service=postgres&path=";
  std::string received;
  void SetUp() override {
    input.str(kManifest);
    ASSERT_EQ(run({"apply", "-f", "-"}), 0);
    input.clear();
    stat("%2Ftmp", {{"directory", true}});
    stat("%2Ftmp%2Fx", {{"missing", true}});
    remote.serve = [this](auto socket) { return take(std::move(socket), &received, R"({"status":"Success"})"); };
  }
  void stat(const std::string& path, json answer) { remote.answers[kBase + path + "&stat=true"] = std::move(answer); }
  static Task<void> take(std::shared_ptr<http::WebSocketConnection> socket, std::string* to, std::string answer) {
    while (auto message = co_await socket->next()) {
      if (message->payload.empty()) break;
      *to += message->payload;
    }
    const auto opcode = http::WebSocketOpcode::Text;
    co_await socket->send(opcode, std::move(answer));
    co_await socket->close(http::kCloseNormal);
  }
  std::vector<std::string> names(const std::string& tar) {
    std::vector<std::string> found;
    auto* reader = archive_read_new();
    archive_read_support_format_tar(reader);
    archive_read_open_memory(reader, tar.data(), tar.size());
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
      found.push_back(std::string(archive_entry_pathname(entry)) + ":" + std::to_string(archive_entry_uid(entry)));
    }
    archive_read_free(reader);
    return found;
  }
};

TEST_F(Cp, SendsAFileUnderItsNewName) {
  const auto file = write_file("here.txt", "hello");
  ASSERT_EQ(run({"cp", file, "checkout:postgres:/tmp/x"}), 0) << err();
  EXPECT_THAT(remote.calls.back(), HasSubstr("WS " + std::string(kBase) + "%2Ftmp v1.archive.berth.dev"));
  EXPECT_THAT(names(received), ElementsAre("x:0"));
  EXPECT_THAT(received, HasSubstr("hello"));
}

TEST_F(Cp, SendsADirectoryWithItsLinks) {
  const auto directory = scratch / "d";
  fs::create_directories(directory / "sub");
  std::ofstream(directory / "sub/a") << "1";
  fs::create_symlink("sub/a", directory / "l");
  ASSERT_EQ(run({"cp", directory.string(), "checkout/postgres:/tmp"}), 0) << err();
  auto found = names(received);
  std::sort(found.begin(), found.end());
  EXPECT_THAT(found, ElementsAre("d/:0", "d/l:0", "d/sub/:0", "d/sub/a:0"));
  received.clear();
  ASSERT_EQ(run({"cp", directory.string() + "/.", "checkout:/tmp"}), 0) << err();
  found = names(received);
  std::sort(found.begin(), found.end());
  EXPECT_THAT(found, ElementsAre("l:0", "sub/:0", "sub/a:0"));
}

TEST_F(Cp, SendsNamesThatAreNotAscii) {
  const auto directory = scratch / "größe";
  fs::create_directories(directory);
  std::ofstream(directory / "\xff") << "no UTF-8";
  fs::create_symlink("übel", directory / "日本");
  ASSERT_EQ(run({"cp", write_file("käse.txt", "hello"), "checkout:postgres:/tmp"}), 0) << err();
  EXPECT_THAT(names(received), ElementsAre("käse.txt:0"));
  received.clear();
  ASSERT_EQ(run({"cp", directory.string(), "checkout:/tmp"}), 0) << err();
  auto found = names(received);
  std::sort(found.begin(), found.end());
  EXPECT_THAT(found, ElementsAre("größe/:0", "größe/日本:0", "größe/\xff:0"));
}

TEST_F(Cp, SaysWhatTheServerSays) {
  remote.serve = [this](auto socket) { return take(std::move(socket), &received, R"({"status":"Failure","message":"container rootfs is marked read-only"})"); };
  EXPECT_EQ(run({"cp", write_file("f", "x"), "checkout:/tmp"}), 1);
  EXPECT_THAT(err(), HasSubstr("marked read-only"));
  remote.serve = [](auto socket) -> Task<void> { return [](auto open) -> Task<void> { open->abort(); co_return; }(std::move(socket)); };
  EXPECT_EQ(run({"cp", write_file("f", "x"), "checkout:/tmp"}), 1);
  EXPECT_THAT(err(), HasSubstr("the connection ended before the copy did"));
}

TEST_F(Cp, FetchesAFile) {
  stat("%2Fvar%2Fl", {{"linkTarget", "/var/log/a.log"}});
  stat("%2Fvar%2Flog%2Fa.log", {{"directory", false}});
  {
    Archive(scratch / "a.tar").file("a.log", "line\n");
  }
  std::stringstream tar;
  tar << std::ifstream(scratch / "a.tar").rdbuf();
  remote.streams[std::string(kBase) + "%2Fvar%2Flog%2Fa.log"] = {tar.str().substr(0, 700), tar.str().substr(700)};
  ASSERT_EQ(run({"cp", "checkout:postgres:/var/l", (scratch / "copy").string()}), 0) << err();
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(std::ifstream(scratch / "copy").rdbuf()), {}), "line\n");
  EXPECT_EQ(run({"cp", "checkout:postgres:/tmp/x", "."}), 1);
  EXPECT_THAT(err(), HasSubstr("there is no /tmp/x in the container"));
  EXPECT_EQ(run({"cp", "checkout:postgres:/var/l/.", scratch.path().string()}), 1);
  EXPECT_THAT(err(), HasSubstr("l is no directory"));
}

TEST_F(Cp, KeepsWhatComesInTmpdir) {
  stat("%2Fa.log", {{"directory", false}});
  {
    Archive(scratch / "a.tar").file("a.log", "line\n");
  }
  std::stringstream tar;
  tar << std::ifstream(scratch / "a.tar").rdbuf();
  remote.streams[std::string(kBase) + "%2Fa.log"] = {tar.str()};
  environment["TMPDIR"] = (scratch / "nowhere").string();
  EXPECT_EQ(run({"cp", "checkout:/a.log", (scratch / "copy").string()}), 1);
  EXPECT_THAT(err(), HasSubstr("a temporary file in " + (scratch / "nowhere").string()));
  fs::create_directory(scratch / "nowhere");
  EXPECT_EQ(run({"cp", "checkout:/a.log", (scratch / "copy").string()}), 0) << err();
  EXPECT_TRUE(fs::is_empty(scratch / "nowhere"));
}

TEST_F(Cp, FailsWhenNothingOfAFileCame) {
  stat("%2Fa.log", {{"directory", false}});
  {
    Archive(scratch / "a.tar").device("a.log");
  }
  std::stringstream tar;
  tar << std::ifstream(scratch / "a.tar").rdbuf();
  remote.streams[std::string(kBase) + "%2Fa.log"] = {tar.str()};
  EXPECT_EQ(run({"cp", "checkout:/a.log", (scratch / "copy").string()}), 1);
  EXPECT_THAT(err(), HasSubstr("nothing was copied: /a.log did not come as a file"));
}

TEST_F(Cp, RefusesWhatItCannotDo) {
  EXPECT_EQ(run({"cp", "a", "b"}), 1);
  EXPECT_EQ(run({"cp", "checkout:/a", "checkout:/b"}), 1);
  EXPECT_EQ(run({"cp", (scratch / "nothing").string(), "checkout:/tmp"}), 1);
  EXPECT_EQ(run({"cp", write_file("f", "x"), "checkout:nobody:/tmp"}), 1);
  EXPECT_THAT(err(), HasSubstr("it has postgres"));
}

}  // namespace
}  // namespace berth::cli
