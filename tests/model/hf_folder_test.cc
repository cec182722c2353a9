#include "model/hf_folder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/safetensors.h"
#include "model/tokenizer/train.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class HfFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base_ = ::testing::TempDir() + "/hf_folder_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(base_);
    ASSERT_TRUE(MakeFolder(base_).ok());
    folder_ = base_ + "/model";
    init_.hidden_size = 16;
    init_.num_layers = 2;
    init_.num_heads = 2;
    init_.num_kv_heads = 1;
    init_.head_dim = 16;
    init_.intermediate_size = 32;
  }
  void TearDown() override { fs::remove_all(base_); }

  Tokenizer MakeTokenizer() {
    const std::string added[] = {"<think>"};
    return *Tokenizer::FromJson(*TrainTokenizer({"char", 0}, {}, added), "trained");
  }
  Weights MakeWeights() { return InitWeights(ConfigFromInit(init_, 258, 256), 0.02, 7); }
  void Save() {
    const Status status = SaveHfFolder(folder_, MakeWeights(), MakeTokenizer());
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string LoadError() {
    const auto config = LoadModelConfig(folder_);
    EXPECT_TRUE(config.ok()) << config.status();
    const auto weights = LoadWeights(folder_, *config);
    EXPECT_FALSE(weights.ok());
    return std::string(weights.status().message());
  }

  // The saved model's tensors, to be written in other ways.
  std::vector<NamedTensor> Tensors(const Weights& weights) {
    std::vector<NamedTensor> tensors;
    for (size_t i = 0; i < weights.specs().size(); ++i) {
      tensors.push_back({weights.specs()[i].name, DType::kF32, weights.specs()[i].shape,
                         weights.tensor(i).data()});
    }
    return tensors;
  }
  void Write(const std::string& file, absl::Span<const NamedTensor> tensors) {
    const Status status = WriteSafetensors(folder_ + "/" + file, tensors, {});
    ASSERT_TRUE(status.ok()) << status;
  }
  void WriteIndex(const json& weight_map) {
    ASSERT_TRUE(
        WriteFileAtomically(folder_ + "/model.safetensors.index.json",
                            json({{"metadata", json::object()}, {"weight_map", weight_map}}).dump())
            .ok());
  }
  // Splits the model after its first three tensors.
  json SaveSharded(const Weights& weights) {
    Save();
    fs::remove(folder_ + "/model.safetensors");
    const auto tensors = Tensors(weights);
    Write("a.safetensors", absl::MakeSpan(tensors).subspan(0, 3));
    Write("b.safetensors", absl::MakeSpan(tensors).subspan(3));
    json map;
    for (size_t i = 0; i < tensors.size(); ++i) {
      map[tensors[i].name] = i < 3 ? "a.safetensors" : "b.safetensors";
    }
    WriteIndex(map);
    return map;
  }

  std::string base_, folder_;
  ModelInit init_;
};

bool Same(const Weights& a, const Weights& b) {
  return a.flat().size() == b.flat().size() &&
         std::memcmp(a.flat().data(), b.flat().data(), a.flat().size() * sizeof(float)) == 0;
}

TEST_F(HfFolderTest, LoadsWhatItSaves) {
  for (const bool tied : {true, false}) {
    fs::remove_all(folder_);
    init_.tie_word_embeddings = tied;
    Save();
    const auto config = LoadModelConfig(folder_);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->tie_word_embeddings, tied);
    const auto weights = LoadWeights(folder_, *config);
    ASSERT_TRUE(weights.ok()) << weights.status();
    EXPECT_TRUE(Same(*weights, MakeWeights()));
    const auto tokenizer = LoadTokenizer(folder_);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    EXPECT_TRUE(CheckTokenizerFits(*tokenizer, *config, folder_).ok());
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names,
              UnorderedElementsAre("config.json", "generation_config.json", "model.safetensors",
                                   "tokenizer.json", "tokenizer_config.json"));
  EXPECT_FALSE(FileExists(folder_ + ".incomplete"));
  const json tokenizer_config = json::parse(*ReadFile(folder_ + "/tokenizer_config.json"));
  EXPECT_EQ(tokenizer_config["eos_token"], "<|endoftext|>");
  EXPECT_EQ(tokenizer_config["pad_token"], "<|endoftext|>");
}

TEST_F(HfFolderTest, NeverOverwrites) {
  Save();
  const Status status = SaveHfFolder(folder_ + "/", MakeWeights(), MakeTokenizer());
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  // What a killed run left behind is in nobody's way.
  fs::rename(folder_, folder_ + ".incomplete");
  Save();
}

TEST_F(HfFolderTest, TheTokenizerMustFit) {
  const ModelConfig config = ConfigFromInit(init_, 257, 256);
  const Status status = SaveHfFolder(folder_, InitWeights(config, 0.02, 7), MakeTokenizer());
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(folder_), HasSubstr("ids up to 257"), HasSubstr("ends at 256")));
  EXPECT_FALSE(FileExists(folder_));
}

TEST_F(HfFolderTest, ReadsHalfPrecision) {
  Save();
  const Weights weights = MakeWeights();
  auto tensors = Tensors(weights);
  // Every fp16 value class and the same for bf16, in the two norm vectors of 16.
  const uint16_t half[16] = {0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3c00, 0xbc00, 0x7bff,
                             0x3555, 0x7c00, 0xfc00, 0x3c01, 0x4248, 0x8400, 0x03ff, 0x5640};
  const float half_values[16] = {0.0f,        -0.0f,     0x1p-24f,        -1023 * 0x1p-24f,
                                 0x1p-14f,    1.0f,      -1.0f,           65504.0f,
                                 0x1.554p-2f, INFINITY,  -INFINITY,       0x1.004p0f,
                                 0x1.92p1f,   -0x1p-14f, 1023 * 0x1p-24f, 100.0f};
  const uint16_t brain[16] = {0x3f80, 0xbf80, 0x4049, 0x0001, 0x7f7f, 0x8000};
  tensors[1].dtype = DType::kF16;
  tensors[1].data = half;
  ASSERT_EQ(tensors[8].shape, std::vector<int64_t>{16});
  tensors[8].dtype = DType::kBF16;
  tensors[8].data = brain;
  Write("model.safetensors", tensors);
  const auto loaded = LoadWeights(folder_, weights.config());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(std::memcmp(loaded->tensor(1).data(), half_values, sizeof(half_values)), 0);
  EXPECT_EQ(loaded->tensor(8)[0], 1.0f);
  EXPECT_EQ(loaded->tensor(8)[1], -1.0f);
  EXPECT_EQ(loaded->tensor(8)[2], 3.140625f);
  EXPECT_EQ(loaded->tensor(8)[3], 0x1p-133f);
  EXPECT_EQ(loaded->tensor(8)[4], 0x1.fep127f);
  EXPECT_TRUE(std::signbit(loaded->tensor(8)[5]));
}

TEST_F(HfFolderTest, NamesTensorsThatDoNotFit) {
  Save();
  const Weights weights = MakeWeights();
  auto tensors = Tensors(weights);
  Write("model.safetensors", absl::MakeSpan(tensors).subspan(1));
  EXPECT_THAT(LoadError(), AllOf(HasSubstr("model.embed_tokens.weight"), HasSubstr("is missing")));

  tensors[1].shape = {4, 4};
  Write("model.safetensors", tensors);
  EXPECT_THAT(LoadError(), AllOf(HasSubstr("model.safetensors"), HasSubstr("input_layernorm"),
                                 HasSubstr("[4, 4]"), HasSubstr("[16]")));
  tensors[1].shape = {16};
  tensors[1].dtype = DType::kI32;
  Write("model.safetensors", tensors);
  EXPECT_THAT(LoadError(), HasSubstr("is I32; supported: F32, BF16, F16"));

  tensors[1].dtype = DType::kF32;
  tensors.push_back({"model.layers.0.self_attn.q_proj.bias", DType::kF32, {0}, nullptr});
  Write("model.safetensors", tensors);
  EXPECT_THAT(LoadError(), AllOf(HasSubstr("q_proj.bias"), HasSubstr("none of this model")));

  fs::remove(folder_ + "/model.safetensors");
  EXPECT_THAT(LoadError(), HasSubstr("neither model.safetensors nor"));
}

TEST_F(HfFolderTest, ReadsShards) {
  const Weights weights = MakeWeights();
  SaveSharded(weights);
  const auto loaded = LoadWeights(folder_, weights.config());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(Same(*loaded, weights));
}

TEST_F(HfFolderTest, IndexAndShardsMustAgree) {
  const Weights weights = MakeWeights();
  const json map = SaveSharded(weights);
  json wrong = map;
  wrong["model.norm.weight"] = "a.safetensors";
  WriteIndex(wrong);
  EXPECT_THAT(LoadError(), AllOf(HasSubstr("a.safetensors"), HasSubstr("model.norm.weight")));
  wrong = map;
  wrong.erase("model.norm.weight");
  WriteIndex(wrong);
  EXPECT_THAT(LoadError(), AllOf(HasSubstr("b.safetensors"), HasSubstr("is not in")));
  const auto tensors = Tensors(weights);
  Write("b.safetensors", absl::MakeSpan(tensors).subspan(2));
  WriteIndex(map);
  EXPECT_THAT(LoadError(), AllOf(HasSubstr("q_proj"), HasSubstr("and in")));
}

TEST_F(HfFolderTest, ShardsStayInTheFolder) {
  const Weights weights = MakeWeights();
  json map = SaveSharded(weights);
  fs::copy(folder_ + "/a.safetensors", base_ + "/a.safetensors");
  const auto error_for = [&](const json& file) {
    for (auto& [name, value] : map.items()) {
      if (value != "b.safetensors") value = file;
    }
    WriteIndex(map);
    return LoadError();
  };
  EXPECT_THAT(error_for("../a.safetensors"), HasSubstr("leaves the folder"));
  EXPECT_THAT(error_for("x/../../a.safetensors"), HasSubstr("leaves the folder"));
  EXPECT_THAT(error_for(base_ + "/a.safetensors"), HasSubstr("not a relative path"));
  EXPECT_THAT(error_for(""), HasSubstr("not a relative path"));
  EXPECT_THAT(error_for(7), HasSubstr("names no file"));
  EXPECT_THAT(error_for("none.safetensors"), HasSubstr("none.safetensors"));
  fs::create_symlink(base_ + "/a.safetensors", folder_ + "/link.safetensors");
  EXPECT_THAT(error_for("link.safetensors"), HasSubstr("is a link"));
  fs::create_directory_symlink(base_, folder_ + "/up");
  EXPECT_THAT(error_for("up/a.safetensors"), HasSubstr("is a link"));
}

TEST_F(HfFolderTest, StopTokensAreThoseOfTheGenerationConfig) {
  Save();
  const auto stops = [&](const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(folder_ + "/generation_config.json", text).ok());
    return LoadModelConfig(folder_);
  };
  EXPECT_THAT(stops(R"({"eos_token_id": [3, 4]})")->eos_token_ids, ElementsAre(3, 4));
  EXPECT_THAT(stops(R"({"eos_token_id": 5})")->eos_token_ids, ElementsAre(5));
  EXPECT_THAT(stops(R"({"eos_token_id": null})")->eos_token_ids, ElementsAre(256));
  EXPECT_THAT(stops(R"({})")->eos_token_ids, ElementsAre(256));
  EXPECT_THAT(std::string(stops(R"({"eos_token_id": "x"})").status().message()),
              AllOf(HasSubstr("generation_config.json"), HasSubstr("eos_token_id")));
  EXPECT_FALSE(stops("{").ok());
}

// A folder as somebody else made it: bfloat16, odd spacing, fields and files that Hone ignores.
TEST_F(HfFolderTest, WritesAModelAsItCame) {
  Weights weights = MakeWeights();
  RoundWeights(Precision::kBFloat16, &weights);
  Save();
  const WeightsFormat format{std::vector<DType>(weights.specs().size(), DType::kBF16),
                             {{"format", "pt"}, {"author", "somebody"}}};
  ASSERT_TRUE(WriteWeights(folder_ + "/model.safetensors", weights, format).ok());
  json config = json::parse(*ReadFile(folder_ + "/config.json"));
  config["torch_dtype"] = config["dtype"] = "bfloat16";
  config["auto_map"] = {{"AutoModel", "modeling.Evil"}};
  const std::string text = config.dump(7) + "\n\n";
  const std::pair<const char*, std::string> files[] = {
      {"config.json", text},
      {"README.md", "read"},
      {"chat_template.jinja", "{{ x }}"},
      {"modeling.py", "raise SystemExit"},
      {"additional_chat_templates/tool.jinja", "{{ y }}"}};
  ASSERT_TRUE(MakeFolder(folder_ + "/additional_chat_templates").ok());
  for (const auto& [name, content] : files) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, content).ok());
  }
  ASSERT_TRUE(MakeFolder(folder_ + "/original").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/original/params.json", "{}").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/pytorch_model.bin", "stale").ok());

  const auto model = LoadHfFolder(folder_);
  ASSERT_TRUE(model.ok()) << model.status();
  const std::string copy = base_ + "/copy";
  ASSERT_TRUE(SaveHfFolder(copy, model->weights, model->origin).ok());
  for (const char* name : {"config.json", "README.md", "chat_template.jinja", "modeling.py",
                           "additional_chat_templates/tool.jinja", "generation_config.json",
                           "tokenizer.json", "tokenizer_config.json", "model.safetensors"}) {
    EXPECT_EQ(*ReadFile(copy + "/" + name), *ReadFile(folder_ + "/" + name)) << name;
  }
  EXPECT_FALSE(FileExists(copy + "/pytorch_model.bin"));
  EXPECT_FALSE(FileExists(copy + "/original"));

  // Training changed one tensor: it becomes fp32, the others keep their bytes, and transformers is
  // told to load fp32.
  Weights trained = model->weights;
  trained.tensor(1)[3] = 0.1f;
  const std::string changed = base_ + "/changed";
  ASSERT_TRUE(SaveHfFolder(changed, trained, model->origin).ok());
  const auto back = LoadHfFolder(changed);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(Same(back->weights, trained));
  EXPECT_EQ(back->origin.format.dtypes[1], DType::kF32);
  EXPECT_EQ(back->origin.format.dtypes[0], DType::kBF16);
  json expected = config;
  expected["torch_dtype"] = expected["dtype"] = "float32";
  EXPECT_EQ(json::parse(back->origin.files.at("config.json")), expected);

  for (const auto& [dtype, name] : {std::pair{DType::kF16, "float16"}, {DType::kF32, "float32"}}) {
    const std::string other = base_ + "/" + name;
    ASSERT_TRUE(SaveHfFolder(other, model->weights, model->origin, dtype).ok());
    const auto loaded = LoadHfFolder(other);
    EXPECT_THAT(loaded->origin.format.dtypes, Each(dtype));
    EXPECT_EQ(json::parse(loaded->origin.files.at("config.json"))["dtype"], name);
    if (dtype == DType::kF32) {
      EXPECT_TRUE(Same(loaded->weights, model->weights));
    }
  }
  trained.tensor(1)[3] = 70000.0f;
  const Status status = SaveHfFolder(base_ + "/half", trained, model->origin, DType::kF16);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("input_layernorm"), HasSubstr("beyond float16")));
  EXPECT_FALSE(FileExists(base_ + "/half"));
}

TEST_F(HfFolderTest, MissingFilesAreNamed) {
  EXPECT_THAT(std::string(LoadModelConfig(folder_).status().message()), HasSubstr("config.json"));
  EXPECT_THAT(std::string(LoadTokenizer(folder_).status().message()), HasSubstr("tokenizer.json"));
}

}  // namespace
}  // namespace hone
