#include "model/folder_origin.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class FolderOriginTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base_ = ::testing::TempDir() + "/folder_origin_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(base_);
    ASSERT_TRUE(MakeFolder(base_ + "/model").ok());
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string base_;
};

TEST_F(FolderOriginTest, ReadsRegularFilesThatAreNoWeights) {
  const std::string folder = base_ + "/model";
  for (const char* name : {"config.json", "LICENSE", "model.safetensors", "pytorch_model.bin",
                           "model.safetensors.index.json", "consolidated.00.pth"}) {
    ASSERT_TRUE(WriteFileAtomically(folder + "/" + name, name).ok());
  }
  ASSERT_TRUE(MakeFolder(folder + "/onnx").ok());
  ASSERT_TRUE(WriteFileAtomically(folder + "/onnx/x.json", "{}").ok());
  ASSERT_EQ(mkfifo((folder + "/pipe").c_str(), 0600), 0);  // reading it would wait for ever
  fs::resize_file(folder + "/LICENSE", 7);
  ASSERT_TRUE(WriteFileAtomically(folder + "/huge", "x").ok());
  fs::resize_file(folder + "/huge", (uintmax_t{64} << 20) + 1);  // sparse
  const auto files = ReadFolderFiles(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(*files, ElementsAre(Pair("LICENSE", "LICENSE"), Pair("config.json", "config.json")));
}

TEST_F(FolderOriginTest, ALinkOutOfTheFolderIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(base_ + "/secret", "s").ok());
  fs::create_symlink("../secret", base_ + "/model/README.md");
  EXPECT_THAT(std::string(ReadFolderFiles(base_ + "/model").status().message()),
              AllOf(HasSubstr("README.md"), HasSubstr("is a link out of the folder")));
  EXPECT_FALSE(ReadFolderFiles(base_ + "/absent").ok());
}

TEST_F(FolderOriginTest, ChangesTheConfigurationOnlyWhereItMust) {
  ModelInit init;
  init.tie_word_embeddings = false;
  const Weights weights(ConfigFromInit(init, 10, 1));  // zeros, exact in every type
  FolderOrigin origin;
  origin.format.dtypes.assign(weights.specs().size(), DType::kBF16);
  const auto config = [&](const std::string& text, std::optional<DType> dtype) {
    origin.files["config.json"] = text;
    return ConfigFor(origin, weights, FormatFor(origin, weights, dtype), dtype);
  };
  const std::string text = "{ \"z\": 1e-06,\"dtype\": \"bfloat16\"}";
  EXPECT_EQ(config(text, std::nullopt), text);
  EXPECT_EQ(config(text, DType::kBF16), text);
  EXPECT_EQ(config(text, DType::kF16), "{\n  \"z\": 1e-06,\n  \"dtype\": \"float16\"\n}\n");
  EXPECT_EQ(config("{}", DType::kF32),
            "{\n  \"torch_dtype\": \"float32\",\n  \"dtype\": \"float32\"\n}\n");
  // The file turned out to have a head of its own.
  EXPECT_EQ(config("{\"tie_word_embeddings\": true}", std::nullopt),
            "{\n  \"tie_word_embeddings\": false\n}\n");
}

}  // namespace
}  // namespace hone
