#include "data/parquet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "data/dataset.h"
#include "data/record_file.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Written by tests/data/golden/make_parquet.py.
const char* const kRows = HONE_SOURCE_DIR "/tests/data/golden/rows.parquet";

std::vector<std::string> Lines(const std::vector<std::string>& columns) {
  const auto lines = ParquetAsJsonLines(kRows, columns);
  EXPECT_TRUE(lines.ok()) << lines.status();
  const absl::string_view text(reinterpret_cast<const char*>(lines->data()), lines->size());
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

TEST(Parquet, EveryKindOfColumn) {
  EXPECT_THAT(Lines({"prompt"}),
              ElementsAre(R"({"prompt":"plain"})", R"({"prompt":"quotes \" and \\ and \n"})",
                          R"({"prompt":"Größe 数 🎲"})", R"({"prompt":null})", R"({"prompt":""})"));
  EXPECT_THAT(Lines({"answer", "small", "flag"}),
              ElementsAre(R"({"answer":18,"small":1,"flag":true})",
                          R"({"answer":-5,"small":-2,"flag":false})",
                          R"({"answer":4611686018427387904,"small":3,"flag":null})",
                          R"({"answer":null,"small":null,"flag":true})",
                          R"({"answer":0,"small":127,"flag":false})"));
  EXPECT_THAT(Lines({"ratio", "single"}),
              ElementsAre(R"({"ratio":0.1,"single":0.1})", R"({"ratio":-2.5e-300,"single":3})",
                          R"({"ratio":1,"single":null})", R"({"ratio":null,"single":-0.0})",
                          R"({"ratio":null,"single":1e+30})"));
  EXPECT_THAT(Lines({"level", "large", "day"}),
              ElementsAre(R"({"level":"easy","large":"a","day":"2024-02-29"})",
                          R"({"level":"hard","large":"b","day":null})",
                          R"({"level":"easy","large":null,"day":"1970-01-01"})",
                          R"({"level":null,"large":"","day":null})",
                          R"({"level":"hard","large":"e","day":null})"));
}

TEST(Parquet, NestedColumns) {
  EXPECT_THAT(Lines({"meta"}),
              ElementsAre(R"({"meta":{"id":1,"tags":["x","y"]}})", R"({"meta":{"id":2,"tags":[]}})",
                          R"({"meta":null})", R"({"meta":{"id":null,"tags":null}})",
                          R"({"meta":{"id":5,"tags":[null]}})"));
  EXPECT_EQ(Lines({"messages"})[3],
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})");
}

TEST(Parquet, ColumnsThatAreNotThereAreLeftOut) {
  EXPECT_THAT(Lines({"nothing", "small", "meta.id"}),
              ElementsAre(R"({"small":1})", R"({"small":-2})", R"({"small":3})",
                          R"({"small":null})", R"({"small":127})"));
}

TEST(Parquet, IsADataSetLikeAnyOther) {
  DataSpec spec;
  spec.path = kRows;
  spec.answer_field = "meta.id";
  spec.filters = {{"level", "easy"}};
  spec.heldout_fraction = 0;
  const Status no_object = MakeDataset(spec, {}).status();
  EXPECT_THAT(no_object.message(),
              HasSubstr("rows.parquet, row 3: `meta.id` leads into no object"));
  spec.answer_field = "answer";
  const auto task = MakeDataset(spec, {});
  ASSERT_TRUE(task.ok()) << task.status();
  EXPECT_EQ((*task)->num_demonstrations(), 2);
}

TEST(Parquet, OtherFilesAreRefusedByName) {
  TempFolder folder;
  const std::string path = folder.File("x.parquet");
  EXPECT_THAT(ParquetAsJsonLines(path, {}).status().message(), HasSubstr("x.parquet"));
  std::ofstream(path) << "{\"prompt\": 1}\n";
  const Status status = ParquetAsJsonLines(path, {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("x.parquet: cannot be read as Parquet"));
  // Cut off in the middle.
  std::filesystem::copy_file(kRows, path, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_TRUE(absl::IsInvalidArgument(ParquetAsJsonLines(path, {"prompt"}).status()));
}

}  // namespace
}  // namespace hone
