#include "model/safetensors.h"

#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SafetensorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "/safetensors_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(MakeFolder(folder_).ok());
    path_ = folder_ + "/x.safetensors";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The message of opening a file with these bytes; empty when it opens.
  std::string Verdict(const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(path_, bytes).ok());
    const auto file = SafetensorsFile::Open(path_);
    EXPECT_TRUE(file.ok() || absl::IsInvalidArgument(file.status()));
    EXPECT_TRUE(file.ok() || HasPath(file.status()));
    return std::string(file.status().message());
  }
  bool HasPath(const Status& status) { return absl::StrContains(status.message(), path_); }

  std::string folder_, path_;
};

std::string File(const std::string& header, const std::string& data, uint64_t length) {
  std::string out;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(length >> (8 * i)));
  return out + header + data;
}
std::string File(const std::string& header, const std::string& data) {
  return File(header, data, header.size());
}

std::string Entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}
const std::string kOne = Entry("F32", "[1]", "[0,4]");

TEST_F(SafetensorsTest, WritesWhatItReads) {
  const float a[6] = {1, 2, 3, 4, 5, 6};
  const int64_t b[1] = {-7};
  const NamedTensor tensors[] = {{"a", DType::kF32, {2, 3}, a},
                                 {"empty", DType::kBF16, {0, 5}, nullptr},
                                 {"scalar", DType::kI64, {}, b}};
  ASSERT_TRUE(WriteSafetensors(path_, tensors, {{"format", "pt"}, {"é", "\"\n"}}).ok());
  EXPECT_FALSE(FileExists(path_ + ".incomplete"));
  const auto file = SafetensorsFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->header().metadata.at("é"), "\"\n");
  const TensorEntry& entry = file->header().tensors.at("a");
  EXPECT_EQ(entry.dtype, DType::kF32);
  EXPECT_THAT(entry.shape, ElementsAre(2, 3));
  ASSERT_EQ(file->Bytes(entry).size(), sizeof(a));
  EXPECT_EQ(std::memcmp(file->Bytes(entry).data(), a, sizeof(a)), 0);
  EXPECT_EQ(file->Bytes(file->header().tensors.at("empty")).size(), 0);
  EXPECT_EQ(file->header().tensors.at("scalar").end, 32);
  EXPECT_EQ(std::filesystem::file_size(path_) % 8, 0);
}

TEST_F(SafetensorsTest, ReadsAnyOrderOfEntries) {
  EXPECT_EQ(Verdict(File("{}", "")), "");
  EXPECT_EQ(Verdict(File(R"({"b":)" + Entry("F32", "[1]", "[4,8]") + R"(,"a":)" + kOne + "}  \n",
                         "12345678")),
            "");
}

TEST_F(SafetensorsTest, ChecksTheLength) {
  EXPECT_THAT(Verdict(""), HasSubstr("too few"));
  EXPECT_THAT(Verdict("1234567"), HasSubstr("too few"));
  EXPECT_THAT(Verdict(File("{}", "", 3)), HasSubstr("cut"));
  EXPECT_THAT(Verdict(File("{}", "", 100'000'000)), HasSubstr("cut"));
  EXPECT_THAT(Verdict(File("{}", "", 100'000'001)), HasSubstr("more than 100000000"));
  EXPECT_THAT(Verdict(File("{}", "", ~uint64_t{0})), HasSubstr("more than 100000000"));
  EXPECT_THAT(Verdict(File("", "")), HasSubstr("does not start with '{'"));
}

TEST_F(SafetensorsTest, ChecksTheJson) {
  EXPECT_THAT(Verdict(File(" {}", "")), HasSubstr("does not start with '{'"));
  EXPECT_THAT(Verdict(File("\xEF\xBB\xBF{}", "")), HasSubstr("does not start with '{'"));
  EXPECT_THAT(Verdict(File("[]", "")), HasSubstr("does not start with '{'"));
  EXPECT_THAT(Verdict(File("{\"\xff\":" + kOne + "}", "1234")), HasSubstr("not valid JSON"));
  EXPECT_THAT(Verdict(File(R"({"a":)" + kOne + R"(,"a":)" + kOne + "}", "1234")),
              HasSubstr("stands twice"));
  EXPECT_THAT(Verdict(File(R"({"__metadata__":{"k":1}})", "")), HasSubstr("not a string"));
  EXPECT_THAT(Verdict(File(R"({"__metadata__":null})", "")), HasSubstr("not an object"));
  EXPECT_THAT(Verdict(File(std::string(100000, '[').insert(0, "{\"a\":"), "")),
              HasSubstr("deeper than"));
}

TEST_F(SafetensorsTest, ChecksEntries) {
  const auto verdict = [&](const std::string& entry) {
    return Verdict(File(R"({"a":)" + entry + "}", "1234"));
  };
  EXPECT_EQ(verdict(kOne), "");
  EXPECT_THAT(verdict(Entry("F31", "[1]", "[0,4]")), HasSubstr("unknown dtype \"F31\""));
  EXPECT_THAT(verdict("7"), HasSubstr("tensor \"a\""));
  EXPECT_THAT(verdict(R"({"shape":[1],"data_offsets":[0,4]})"), HasSubstr("dtype"));
  EXPECT_THAT(verdict(R"({"dtype":"F32","data_offsets":[0,4]})"), HasSubstr("shape"));
  EXPECT_THAT(verdict(R"({"dtype":"F32","shape":[1]})"), HasSubstr("data_offsets"));
  EXPECT_THAT(verdict(Entry("F32", "[-1]", "[0,4]")), HasSubstr("the shape has -1"));
  EXPECT_THAT(verdict(Entry("F32", "[1.0]", "[0,4]")), HasSubstr("the shape has 1.0"));
  EXPECT_THAT(verdict(Entry("F32", "[9223372036854775808]", "[0,4]")), HasSubstr("the shape has"));
  EXPECT_THAT(verdict(Entry("F32", "[1]", "[4,0]")), HasSubstr("ends before it begins"));
  EXPECT_THAT(verdict(Entry("F32", "[1]", "[0,4,8]")), HasSubstr("data_offsets"));
  EXPECT_THAT(verdict(Entry("F32", "[1]", "[0,18446744073709551616]")), HasSubstr("data_offsets"));
  EXPECT_THAT(verdict(Entry("F32", "[2]", "[0,4]")), HasSubstr("the shape needs 8 bytes"));
}

TEST_F(SafetensorsTest, ProductsThatOverflowAreErrors) {
  // 4194305² · 211106198978564 · 4 wraps around to a small number.
  for (const std::string size : {"0", "4", "16"}) {
    EXPECT_THAT(Verdict(File(
                    R"({"a":)" +
                        Entry("F32", "[4194305,4194305,211106198978564]", "[0," + size + "]") + "}",
                    std::string(std::stoi(size), 'x'))),
                HasSubstr("overflows"));
  }
  EXPECT_THAT(Verdict(File(R"({"a":)" + Entry("F32", "[4611686018427387904]", "[0,0]") + "}", "")),
              HasSubstr("overflows"));
}

TEST_F(SafetensorsTest, TensorsFillTheData) {
  const auto verdict = [&](const std::string& second, const std::string& data) {
    return Verdict(File(R"({"a":)" + kOne + R"(,"b":)" + Entry("F32", "[1]", second) + "}", data));
  };
  EXPECT_EQ(verdict("[4,8]", "12345678"), "");
  EXPECT_THAT(verdict("[0,4]", "1234"), HasSubstr("inside another tensor"));
  EXPECT_THAT(verdict("[3,7]", "1234567"), HasSubstr("inside another tensor"));
  EXPECT_THAT(verdict("[5,9]", "123456789"), HasSubstr("after a gap"));
  EXPECT_THAT(verdict("[4,8]", "1234567"), HasSubstr("cut or has a tail"));
  EXPECT_THAT(verdict("[4,8]", "123456789"), HasSubstr("cut or has a tail"));
  EXPECT_THAT(Verdict(File(R"({"a":)" + Entry("F32", "[1]", "[4,8]") + "}", "12345678")),
              HasSubstr("after a gap"));
}

TEST_F(SafetensorsTest, AFullDiskLeavesNothingBehind) {
  if (!FileExists("/dev/full")) GTEST_SKIP() << "this machine has no /dev/full";
  ASSERT_TRUE(WriteFileAtomically(path_, "old").ok());
  // The partial file is a link to the device whose writes fail like those on a full disk.
  std::filesystem::create_symlink("/dev/full", path_ + ".incomplete");
  const float a[1] = {1};
  const NamedTensor tensors[] = {{"a", DType::kF32, {1}, a}};
  const Status status = WriteSafetensors(path_, tensors, {});
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("No space left on device")));
  EXPECT_FALSE(FileExists(path_ + ".incomplete"));
  EXPECT_EQ(*ReadFile(path_), "old");
}

TEST_F(SafetensorsTest, RefusesToWriteANameTwice) {
  const NamedTensor tensors[] = {{"a", DType::kF32, {0}, nullptr},
                                 {"a", DType::kF32, {0}, nullptr}};
  EXPECT_TRUE(absl::IsInvalidArgument(WriteSafetensors(path_, tensors, {})));
  EXPECT_FALSE(FileExists(path_));
}

TEST_F(SafetensorsTest, AMissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(SafetensorsFile::Open(path_).status()));
}

}  // namespace
}  // namespace hone
