// Runs the built program as a user would, in a folder of its own.
#ifndef HONE_TESTS_APP_COMMAND_FIXTURE_H_
#define HONE_TESTS_APP_COMMAND_FIXTURE_H_

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "gtest/gtest.h"
#include "model/hf_folder.h"
#include "model/tokenizer/train.h"
#include "nlohmann/json.hpp"

namespace hone {

struct RunResult {
  int code = -1;
  std::string out, err;
};

inline std::vector<nlohmann::json> JsonLines(const std::string& text) {
  std::vector<nlohmann::json> values;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    values.push_back(nlohmann::json::parse(line.begin(), line.end()));
  }
  return values;
}

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() : dir_(absl::StrCat(::testing::TempDir(), "/hone_command_", getpid())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  ~CommandTest() override { std::filesystem::remove_all(dir_); }

  // `arguments` as typed into a shell, in the test's folder.
  RunResult Hone(const std::string& arguments, const std::string& input = "") {
    Write("stdin", input);
    const int status = std::system(
        absl::StrCat("cd ", dir_, " && ", HONE_BINARY, " ", arguments, " <stdin >stdout 2>stderr")
            .c_str());
    EXPECT_TRUE(WIFEXITED(status)) << arguments << ": " << Read("stderr");
    return {WEXITSTATUS(status), Read("stdout"), Read("stderr")};
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(absl::StrCat(dir_, "/", name), std::ios::binary) << text;
  }
  std::string Read(const std::string& name) {
    return ReadFile(absl::StrCat(dir_, "/", name)).value_or("(absent)");
  }
  bool Exists(const std::string& name) { return FileExists(absl::StrCat(dir_, "/", name)); }

  // A tiny random model in the folder "model".
  void MakeModel() {
    const auto json = TrainTokenizer({.kind = "char"}, {"text"}, {"<think>"});
    ASSERT_TRUE(json.ok()) << json.status();
    const auto tokenizer = Tokenizer::FromJson(*json, "test");
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    ModelInit init;
    init.hidden_size = 32;
    init.num_layers = 2;
    init.num_heads = 2;
    init.num_kv_heads = 1;
    init.head_dim = 16;
    init.intermediate_size = 48;
    init.max_position_embeddings = 128;
    const ModelConfig config =
        ConfigFromInit(init, tokenizer->vocab_size(), tokenizer->TokenId(kEndOfText));
    ASSERT_TRUE(SaveHfFolder(dir_ + "/model", InitWeights(config, 0.1, 7), *tokenizer).ok());
  }

  std::string dir_;
};

// Three questions to train on, and two to measure with.
inline constexpr char kQuestions[] =
    R"({"question": "1+1=", "answer": "It is\n#### 2"}
{"question": "2 + 2 =", "answer": "It is\n#### 4"}
{"question": "10*10=", "answer": "It is\n#### 100"}
)";
inline constexpr char kHeldout[] =
    R"({"question": "1 +  1 =", "answer": "#### 2"}
{"question": "2 +  2 =", "answer": "#### 4"}
{"question": "7*7=", "answer": "#### 49"}
)";

}  // namespace hone

#endif  // HONE_TESTS_APP_COMMAND_FIXTURE_H_
