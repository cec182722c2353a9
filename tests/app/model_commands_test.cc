// The commands that work on a model, a text or a file: exit codes, messages, and that they agree.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/app/command_fixture.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CommandTest, ModelsThatAreNotThereOrBroken) {
  Write("in.jsonl", "{\"prompt\": \"x\"}\n");
  const std::string generate = "generate --model model --input in.jsonl --output out.jsonl";
  RunResult result = Hone(generate);
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("model"));
  MakeModel();
  const std::string intact = Read("model/model.safetensors");
  const std::string huge_header("\xff\xff\xff\xff\xff\xff\xff\x7f", 8);
  for (const std::string& hostile :
       {std::string(), std::string("\x01"), huge_header, huge_header + intact.substr(8),
        intact.substr(0, 1000), intact.substr(0, intact.size() - 1), intact + "x"}) {
    Write("model/model.safetensors", hostile);
    result = Hone(generate);
    EXPECT_NE(result.code, 0);
    EXPECT_THAT(result.err, HasSubstr("model.safetensors"));
    EXPECT_FALSE(Exists("out.jsonl"));
    EXPECT_FALSE(Exists("out.jsonl.incomplete"));
  }
}

TEST_F(CommandTest, GenerateDoesNotDependOnTheBatchAndAgreesWithLogprobs) {
  MakeModel();
  Write("in.jsonl",
        "{\"prompt\": \"1 + 2\"}\n{\"tokens\": [5, 6, 7, 8]}\n{\"prompt\": \"a longer prompt\"}\n");
  const std::string generate =
      "generate --model model --input in.jsonl --max-tokens 24 --n 3 --seed 5 ";
  RunResult result = Hone(generate + "--output out.jsonl --stats stats.json");
  ASSERT_EQ(result.code, 0) << result.err;
  ASSERT_EQ(Hone(generate + "--output small.jsonl --max-sequences 2 --threads 1").code, 0);
  EXPECT_EQ(Read("out.jsonl"), Read("small.jsonl"));

  const std::vector<nlohmann::json> lines = JsonLines(Read("out.jsonl"));
  ASSERT_EQ(lines.size(), 3u);
  int64_t tokens = 0;
  std::string sequences;
  std::vector<std::vector<float>> sampled;
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["index"], i);
    ASSERT_EQ(lines[i]["completions"].size(), 3u);
    for (const nlohmann::json& completion : lines[i]["completions"]) {
      tokens += completion["tokens"].size();
      EXPECT_EQ(completion["tokens"].size(), completion["logprobs"].size());
      EXPECT_TRUE(completion["text"].is_string());
      if (i != 1) continue;  // whose prompt's tokens are known here
      nlohmann::json sequence = {5, 6, 7, 8};
      sequence.insert(sequence.end(), completion["tokens"].begin(), completion["tokens"].end());
      absl::StrAppend(&sequences, "{\"tokens\":", sequence.dump(), "}\n");
      sampled.push_back(completion["logprobs"].get<std::vector<float>>());
    }
  }
  const nlohmann::json stats = nlohmann::json::parse(Read("stats.json"));
  EXPECT_EQ(stats["generated_tokens"], tokens);
  EXPECT_GT(stats["tokens_per_second"], 0);
  EXPECT_GE(stats["sequences_that_fit"], 1);
  EXPECT_GE(stats["kv_cache_tokens"], 16);
  EXPECT_EQ(stats["preemptions"], 0);

  // Bit for bit: the learner computes what the engine sampled from.
  Write("sequences.jsonl", sequences);
  result = Hone("logprobs --model model --input sequences.jsonl --output logprobs.jsonl");
  ASSERT_EQ(result.code, 0) << result.err;
  const std::vector<nlohmann::json> learner = JsonLines(Read("logprobs.jsonl"));
  ASSERT_EQ(learner.size(), sampled.size());
  for (size_t i = 0; i < sampled.size(); ++i) {
    const auto all = learner[i]["logprobs"].get<std::vector<float>>();
    EXPECT_EQ(std::vector<float>(all.begin() + 3, all.end()), sampled[i]);
  }
}

TEST_F(CommandTest, GenerateAgreesWithLogprobsInBFloat16AndNeedsNoTokenizer) {
  MakeModel();
  std::filesystem::remove(dir_ + "/model/tokenizer.json");
  Write("in.jsonl", "{\"tokens\": [5, 6, 7, 8]}\n");
  std::string tokens[2];
  for (const std::string dtype : {"float32", "bfloat16"}) {
    const RunResult result = Hone(
        "generate --model model --input in.jsonl --output out.jsonl --max-tokens 40 "
        "--temperature 0 --ignore-eos --stats stats.json --dtype " +
        dtype);
    ASSERT_EQ(result.code, 0) << result.err;
    const nlohmann::json completion = JsonLines(Read("out.jsonl"))[0]["completions"][0];
    EXPECT_TRUE(completion["text"].is_null());
    EXPECT_EQ(nlohmann::json::parse(Read("stats.json"))["dtype"], dtype);
    nlohmann::json sequence = {5, 6, 7, 8};
    sequence.insert(sequence.end(), completion["tokens"].begin(), completion["tokens"].end());
    Write("sequence.jsonl", "{\"tokens\":" + sequence.dump() + "}\n");
    ASSERT_EQ(Hone("logprobs --model model --input sequence.jsonl --output learner.jsonl --dtype " +
                   dtype)
                  .code,
              0);
    const auto all = JsonLines(Read("learner.jsonl"))[0]["logprobs"].get<std::vector<float>>();
    EXPECT_EQ(std::vector<float>(all.begin() + 3, all.end()),
              completion["logprobs"].get<std::vector<float>>());
    tokens[dtype == "bfloat16"] = completion["logprobs"].dump();
  }
  EXPECT_NE(tokens[0], tokens[1]);
  Write("in.jsonl", "{\"prompt\": \"x\"}\n");
  const RunResult result = Hone("generate --model model --input in.jsonl --output out.jsonl");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("no tokenizer.json"));
}

TEST_F(CommandTest, ExportWritesTheModelAsItCame) {
  MakeModel();
  Write("model/LICENSE", "a licence");
  Write("model/config.json",
        Read("model/config.json").insert(1, "\n  \"auto_map\": {\"AutoModel\": \"evil.Evil\"},"));
  ASSERT_EQ(Hone("export --checkpoint model --output copy").code, 0);
  for (const char* file : {"config.json", "LICENSE", "tokenizer.json", "model.safetensors"}) {
    EXPECT_EQ(Read(absl::StrCat("copy/", file)), Read(absl::StrCat("model/", file))) << file;
  }
  // A run's checkpoint has the model in hf/.
  std::filesystem::create_directories(dir_ + "/step-000001");
  std::filesystem::rename(dir_ + "/copy", dir_ + "/step-000001/hf");
  ASSERT_EQ(Hone("export --checkpoint step-000001 --output half/deep --dtype bfloat16").code, 0);
  EXPECT_EQ(Read("half/deep/LICENSE"), "a licence");
  EXPECT_EQ(nlohmann::json::parse(Read("half/deep/config.json"))["dtype"], "bfloat16");
  EXPECT_LT(std::filesystem::file_size(dir_ + "/half/deep/model.safetensors"),
            std::filesystem::file_size(dir_ + "/model/model.safetensors") * 6 / 10);

  RunResult result = Hone("export --checkpoint model --output half/deep");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("half/deep exists"));
  result = Hone("export --checkpoint absent --output new");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("absent"));
  result = Hone("export --checkpoint model --output new --dtype int8");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("valid ones are float32, bfloat16, float16"));
  std::filesystem::create_symlink("/etc/hostname", dir_ + "/model/README.md");
  result = Hone("export --checkpoint model --output new");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("is a link out of the folder"));
  EXPECT_FALSE(Exists("new"));
}

TEST_F(CommandTest, AnExportThatIsKilledLeavesNothingUnderItsName) {
  MakeModel();
  const auto size = std::filesystem::file_size(dir_ + "/model/model.safetensors");
  ASSERT_GT(size, 40960u);
  for (const int blocks : {1, 20, 40}) {  // of 512 or 1024 bytes, the shell's choice
    const std::string command =
        absl::StrCat("cd ", dir_, " && (ulimit -c 0; ulimit -f ", blocks, "; exec ", HONE_BINARY,
                     " export --checkpoint model --output new) 2>stderr");
    EXPECT_NE(std::system(command.c_str()), 0);
    EXPECT_FALSE(Exists("new")) << blocks;
    EXPECT_TRUE(Exists("new.incomplete")) << "it was to be killed while it wrote";
  }
  ASSERT_EQ(Hone("export --checkpoint model --output new").code, 0);
  EXPECT_EQ(Read("new/model.safetensors"), Read("model/model.safetensors"));
  EXPECT_FALSE(Exists("new.incomplete"));
}

TEST_F(CommandTest, GenerateStopsAtTheEndTokenOrNot) {
  MakeModel();
  Write("in.jsonl", "{\"prompt\": \"x\"}\n");
  ASSERT_EQ(Hone("generate --model model --input in.jsonl --output out.jsonl --n 50 --max-tokens "
                 "64 --ignore-eos")
                .code,
            0);
  for (const nlohmann::json& completion : JsonLines(Read("out.jsonl"))[0]["completions"]) {
    EXPECT_EQ(completion["tokens"].size(), 64u);
    EXPECT_EQ(completion["finish_reason"], "length");
  }
}

TEST_F(CommandTest, InputMistakesNameFileAndLineAndLeaveNoOutput) {
  MakeModel();
  const std::string generate = "generate --model model --input in.jsonl --output out.jsonl";
  for (const auto& [line, words] : std::vector<std::pair<std::string, std::string>>{
           {"{\"promt\": \"x\"}", "did you mean `prompt`"},
           {"{\"prompt\": 7}", "must be a string"},
           {"{}", "either"},
           {"{\"prompt\": \"x\", \"tokens\": [1]}", "either"},
           {"{\"tokens\": []}", "no tokens"},
           {"{\"tokens\": [99999]}", "99999"},
           {"{\"tokens\": [-1]}", "-1"},
           {"{\"prompt\": \"" + std::string(500, 'x') + "\"}", "context"},
           {"not json", "in.jsonl:2"}}) {
    Write("in.jsonl", "{\"prompt\": \"x\"}\n" + line + "\n");
    const RunResult result = Hone(generate);
    EXPECT_EQ(result.code, 2) << line;
    EXPECT_THAT(result.err, HasSubstr("in.jsonl:2")) << line;
    EXPECT_THAT(result.err, HasSubstr(words)) << line;
    EXPECT_FALSE(Exists("out.jsonl"));
  }
  const RunResult dtype = Hone(generate + " --dtype bf16");
  EXPECT_EQ(dtype.code, 2);
  EXPECT_THAT(dtype.err, HasSubstr("valid ones are float32, bfloat16"));
}

TEST_F(CommandTest, TokenizeThereAndBack) {
  MakeModel();
  const std::string text = "\"<think>3 + 4\\n\"\n\"\\u00e9\"\n\"\"\n";
  const RunResult ids = Hone("tokenize --model model", text);
  ASSERT_EQ(ids.code, 0) << ids.err;
  const RunResult back = Hone("tokenize --model model --decode", ids.out);
  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(JsonLines(back.out), JsonLines(text));
  EXPECT_EQ(Hone("tokenize --model model", "{}\n").code, 2);
  const RunResult unknown = Hone("tokenize --model model --decode", "[70000]\n");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("stdin:1"));
}

TEST_F(CommandTest, ProblemsAreWhatGradeJudges) {
  const std::string mixture =
      "--task '{name: mixture, parts: [sudoku, {name: countdown, weight: 2}]}'";
  for (const char* which : {"", " --heldout"}) {
    const RunResult result = Hone(absl::StrCat("problems --count 6 ", mixture, which));
    ASSERT_EQ(result.code, 0) << result.err;
    std::string answers;
    for (const nlohmann::json& problem : JsonLines(result.out)) {
      EXPECT_THAT(problem["prompt"].get<std::string>(), HasSubstr("User: "));
      const nlohmann::json line = {{"completion", "<answer>?</answer>"},
                                   {"answer", problem["answer"]}};
      absl::StrAppend(&answers, line.dump(), "\n");
    }
    const RunResult judged = Hone("grade --reward procedural --input - --output -", answers);
    ASSERT_EQ(judged.code, 0) << judged.err;
    ASSERT_EQ(JsonLines(judged.out).size(), 6u);
    for (const nlohmann::json& verdict : JsonLines(judged.out)) {
      EXPECT_EQ(verdict["status"], "unparseable");
    }
  }
  const RunResult shown = Hone("problems --count 2 --demonstrations --task sudoku num_blanks=3");
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(JsonLines(shown.out)[1]["completion"].get<std::string>(), HasSubstr("<answer>"));
  EXPECT_NE(Hone("problems --count 2 --seed 8 --task sudoku").out,
            Hone("problems --count 2 --task sudoku").out);

  const RunResult many = Hone("problems --count 9 --heldout --task sudoku heldout=8");
  EXPECT_EQ(many.code, 2);
  EXPECT_THAT(many.err, HasSubstr("the task holds out 8 problems"));
  EXPECT_THAT(Hone("problems --task sudok").err, HasSubstr("did you mean `sudoku`?"));
}

TEST_F(CommandTest, GradeJudges) {
  const RunResult result = Hone(
      "grade --reward countdown --input - --output -",
      R"({"completion": "<answer>3*8</answer>", "answer": {"numbers": [3, 8], "target": 24}})"
      "\n"
      R"({"completion": "<answer>3+8</answer>", "answer": "{\"numbers\": [3, 8], \"target\": 24}"})"
      "\n"
      R"({"completion": "no idea", "answer": {"numbers": [3, 8], "target": 24}})"
      "\n"
      R"({"completion": "<answer>1</answer>", "answer": "what?"})"
      "\n");
  ASSERT_EQ(result.code, 0) << result.err;
  const std::vector<nlohmann::json> lines = JsonLines(result.out);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0]["status"], "correct");
  EXPECT_EQ(lines[0]["reward"], 1);
  EXPECT_EQ(lines[1]["status"], "incorrect");
  EXPECT_EQ(lines[2]["status"], "unparseable");
  EXPECT_EQ(lines[3]["status"], "error");
  const RunResult unknown = Hone("grade --reward countdwn --input - --output -");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("countdown"));
}

TEST_F(CommandTest, EvalGivesTheSameNumbersEveryTime) {
  MakeModel();
  const std::string eval =
      "eval --model model --task countdown --samples 4 --problems 6 --max-tokens 16 --json ";
  const RunResult result = Hone(eval + "num_numbers=3 max_number=9");
  ASSERT_EQ(result.code, 0) << result.err;
  nlohmann::json first = nlohmann::json::parse(result.out);
  nlohmann::json second = nlohmann::json::parse(Hone(eval + "--max-sequences 3 --threads 1").out);
  EXPECT_EQ(first["problems"], 6);
  for (const char* measure : {"accuracy", "pass@2", "pass@4", "majority@4"}) {
    EXPECT_TRUE(first[measure].contains("low")) << measure;
  }
  first.erase("seconds");
  second.erase("seconds");
  EXPECT_EQ(first, second);
  const RunResult bad = Hone(eval + "max_numbr=8");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("max_number"));
  EXPECT_EQ(Hone("eval --model model --task chess").code, 2);
}

TEST_F(CommandTest, EvalMeasuresSeveralTasksAndFiles) {
  MakeModel();
  std::filesystem::create_directories(dir_ + "/gsm");
  Write("gsm/train.jsonl", kQuestions);
  Write("gsm/test.jsonl", kHeldout);
  const std::string eval = "eval --model model --samples 2 --problems 4 --max-tokens 8 ";
  const std::string three =
      "--task countdown max_number=9 num_numbers=3 --task gsm8k path=gsm prompt_template=plain "
      "--task gsm/test.jsonl prompt_field=question 'answer_after=\"####\"'";
  const RunResult result = Hone(eval + three + " --json");
  ASSERT_EQ(result.code, 0) << result.err;
  std::vector<nlohmann::json> lines = JsonLines(result.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["task"], "countdown");
  EXPECT_EQ(lines[0]["problems"], 4);
  EXPECT_EQ(lines[1]["task"], "gsm8k");
  EXPECT_EQ(lines[1]["problems"], 3);
  EXPECT_EQ(lines[2]["task"], "gsm/test.jsonl");
  for (const char* part : {"accuracy", "pass@2", "majority@2", "outcomes", "tokens"}) {
    EXPECT_EQ(lines[1][part], lines[2][part]) << part;  // the same problems
  }
  EXPECT_THAT(result.err, HasSubstr("gsm/train.jsonl: of 3 records, left out are 1 whose prompt"));
  const RunResult table = Hone(eval + three);
  EXPECT_THAT(table.out, HasSubstr("gsm8k, held out: 3 problems, 2 samples each"));
  EXPECT_THAT(table.out, HasSubstr("majority@2"));

  const RunResult unclear = Hone(eval + "--task countdown --task gsm8k path=gsm --json seed=1");
  EXPECT_EQ(unclear.code, 2);
  EXPECT_THAT(unclear.err, HasSubstr("may belong to any of 2 tasks"));
  EXPECT_THAT(Hone(eval + "--task gsm8k").err, HasSubstr("task.path is missing"));
  EXPECT_THAT(Hone(eval + "--task x=1").err, HasSubstr("stands before any task"));
  EXPECT_EQ(Hone(eval + "--task absent.jsonl").code, 2);
}

TEST_F(CommandTest, GradeComparesNumbers) {
  const RunResult result =
      Hone("grade --reward number --input - --output -",
           R"({"completion": "so \\boxed{1,080}", "answer": 1080.0})"
           "\n"
           R"({"completion": "#### 7", "answer": "work\n#### 8", "prompt": "q"})"
           "\n");
  ASSERT_EQ(result.code, 0) << result.err;
  const std::vector<nlohmann::json> lines = JsonLines(result.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["status"], "correct");
  EXPECT_EQ(lines[1]["detail"], "7, wanted 8");
}

TEST_F(CommandTest, BenchmarksPrintOneJsonObject) {
  MakeModel();
  RunResult result = Hone(
      "bench rollout --model model --batch 4 --prompt-tokens 8 --max-tokens 8 --n 2 --repeats 1");
  ASSERT_EQ(result.code, 0) << result.err;
  nlohmann::json json = nlohmann::json::parse(result.out);
  for (const char* key :
       {"tokens_per_second", "isa", "threads", "gemm_gflops", "fraction_of_limit"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  result = Hone(
      "bench step --model model --prompts 2 --samples 2 --prompt-tokens 8 --max-tokens 8 "
      "--repeats 1");
  ASSERT_EQ(result.code, 0) << result.err;
  json = nlohmann::json::parse(result.out);
  EXPECT_GT(json["seconds_per_step"], 0);
  for (const char* phase : {"rollout", "reward", "update", "swap"}) {
    EXPECT_TRUE(json["seconds"].contains(phase)) << phase;
  }
  std::vector<double> losses;
  for (const char* how : {"", "--micro-batch-tokens 30 --recompute"}) {
    result = Hone(absl::StrCat(
        "bench learner --model model --sequences 3 --tokens 24 --prompt-tokens 8 --repeats 1 ",
        how));
    ASSERT_EQ(result.code, 0) << result.err;
    json = nlohmann::json::parse(result.out);
    for (const char* key : {"tokens_per_second", "gflops", "fraction_of_limit", "peak_bytes"}) {
      EXPECT_GT(json[key], 0) << key;
    }
    for (const char* phase : {"forward", "backward", "update"}) {
      EXPECT_GT(json["seconds"][phase], 0) << phase;
    }
    double best = 0;
    for (const char* library : {"libtorch", "onednn", "hone"}) {
      best = std::max(best, json["gemm"][library].get<double>());
    }
    EXPECT_EQ(json["gemm_gflops"], best);
    losses.push_back(json["loss"]);
  }
  EXPECT_EQ(losses[0], losses[1]) << "the same step, however it is cut";
  EXPECT_EQ(Hone("bench learner --model model --tokens 24 --prompt-tokens 24").code, 2);
  EXPECT_EQ(Hone("bench learner --model model --tokens 100000").code, 2);
  result = Hone("bench tokenizer --model model --input model/config.json --repeats 1");
  ASSERT_EQ(result.code, 0) << result.err;
  json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["tokens"], json["bytes"]);  // the model's tokens are bytes
  for (const char* key : {"encode_megabytes_per_second", "decode_megabytes_per_second"}) {
    EXPECT_GT(json[key], 0) << key;
  }
  // It checks each float that arrives. 36 MB in 3 parts, of which the last two are longer.
  result = Hone("bench sync --parameters 9000002 --sources 3 --repeats 1");
  ASSERT_EQ(result.code, 0) << result.err;
  json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["bytes"], 36000008);
  for (const char* way : {"publish", "memcpy", "shared_memory", "raw_tcp", "grpc"}) {
    EXPECT_GT(json[way]["seconds"], 0) << way;
    EXPECT_GT(json[way]["gigabytes_per_second"], 0) << way;
  }
  EXPECT_GT(json["grpc_fraction_of_raw_tcp"], 0);
  EXPECT_EQ(Hone("bench sync").code, 2);
  EXPECT_EQ(Hone("bench sync --shape huge").code, 2);
  EXPECT_EQ(Hone("bench tokenizer --model model --input nothing").code, 2);
  EXPECT_EQ(Hone("bench rollout --shape huge").code, 2);
  EXPECT_EQ(Hone("bench rollout").code, 2);
}

}  // namespace
}  // namespace hone
