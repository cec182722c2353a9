#include "base/trace.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

nlohmann::json Read(const std::string& path) { return nlohmann::json::parse(*ReadFile(path)); }

absl::Time At(int64_t micros) { return absl::FromUnixMicros(micros); }

TEST(TraceTest, IsWhatTheViewersRead) {
  const TempFolder folder;
  const std::string path = folder.path() + "/t.json";
  {
    const auto trace = Trace::Open({.path = path, .tracks = {"decoding", "loading"}});
    ASSERT_TRUE(trace.ok()) << trace.status();
    (*trace)->Span("step", 0, At(1000), At(1250), {{"rows", 3}, {"tokens", 2}});
    (*trace)->Span("load", 1, At(900), At(2000));
  }
  const nlohmann::json events = Read(path);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0], nlohmann::json::parse(R"({"name": "thread_name", "ph": "M", "pid": 1,
                                                 "tid": 0, "args": {"name": "decoding"}})"));
  EXPECT_EQ(events[1]["args"]["name"], "loading");
  EXPECT_EQ(events[2], nlohmann::json::parse(R"({"name": "step", "ph": "X", "pid": 1, "tid": 0,
                                                 "ts": 1000, "dur": 250,
                                                 "args": {"rows": 3, "tokens": 2}})"));
  EXPECT_EQ(events[3], nlohmann::json::parse(R"({"name": "load", "ph": "X", "pid": 1, "tid": 1,
                                                 "ts": 900, "dur": 1100})"));
}

TEST(TraceTest, NeverExceedsItsLimitAndKeepsTheNewest) {
  const TempFolder folder;
  const std::string path = folder.path() + "/t.json";
  constexpr int64_t kLimit = 20000;
  constexpr int kThreads = 3, kEvents = 1000;
  {
    const auto trace = Trace::Open({.path = path, .tracks = {"one"}, .max_bytes = kLimit}).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&trace] {
        for (int i = 0; i < kEvents; ++i) trace->Span("s", 0, At(i), At(i + 1));
      });
    }
    for (std::thread& thread : threads) thread.join();
    trace->Span("last", 0, At(0), At(1));
  }
  EXPECT_LE(std::filesystem::file_size(path) + std::filesystem::file_size(path + ".old"), kLimit);
  EXPECT_GT(std::filesystem::file_size(path + ".old"), kLimit / 4);
  EXPECT_EQ(Read(path).back()["name"], "last");
  EXPECT_EQ(Read(path + ".old")[0]["ph"], "M");
}

TEST(TraceTest, APlaceThatCannotBeWrittenIsNamed) {
  EXPECT_THAT(Trace::Open({.path = "/proc/no/t.json", .tracks = {"one"}}).status().message(),
              HasSubstr("/proc/no/t.json"));
}

}  // namespace
}  // namespace hone
