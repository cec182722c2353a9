#include "model/config.h"

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/architecture.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As transformers 4 writes Qwen3.
json Version4() {
  return json::parse(R"({
    "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
    "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
    "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
    "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.51.0",
    "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})");
}

json Version5() {
  json config = Version4();
  for (const char* field : {"rope_theta", "rope_scaling", "torch_dtype"}) config.erase(field);
  config["dtype"] = "bfloat16";
  config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 1000000.0}};
  config["layer_types"] = json::array();
  for (int i = 0; i < 28; ++i) config["layer_types"].push_back("full_attention");
  config["eos_token_id"] = {151645, 151643};
  config["pad_token_id"] = nullptr;
  return config;
}

std::string Error(const json& config) {
  const auto parsed = ParseModelConfig(config.dump(), "m/config.json");
  EXPECT_FALSE(parsed.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(parsed.status()));
  return std::string(parsed.status().message());
}

std::string ErrorWith(const char* field, const json& value) {
  json config = Version4();
  config[field] = value;
  return Error(config);
}

TEST(ParseModelConfig, ReadsVersion4) {
  const auto config = ParseModelConfig(Version4().dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->architecture, "qwen3");
  EXPECT_EQ(config->vocab_size, 151936);
  EXPECT_EQ(config->hidden_size, 1024);
  EXPECT_EQ(config->num_layers, 28);
  EXPECT_EQ(config->query_size(), 2048);
  EXPECT_EQ(config->kv_size(), 1024);
  EXPECT_EQ(config->intermediate_size, 3072);
  EXPECT_EQ(config->max_position_embeddings, 40960);
  EXPECT_EQ(config->rope_theta, 1e6);
  EXPECT_EQ(config->rms_norm_eps, 1e-6);
  EXPECT_TRUE(config->tie_word_embeddings);
  EXPECT_THAT(config->eos_token_ids, ElementsAre(151645));
  EXPECT_EQ(config->pad_token_id, -1);
  // The published count of Qwen3-0.6B.
  EXPECT_EQ(NumParameters(*config), 596049920);
}

TEST(ParseModelConfig, ReadsVersion5) {
  const auto config = ParseModelConfig(Version5().dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->rope_theta, 1e6);
  EXPECT_THAT(config->eos_token_ids, ElementsAre(151645, 151643));
}

TEST(ParseModelConfig, NamesFileAndField) {
  for (const char* field : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                            "intermediate_size", "model_type"}) {
    json config = Version4();
    config.erase(field);
    EXPECT_THAT(Error(config),
                AllOf(HasSubstr("m/config.json"), HasSubstr(field), HasSubstr("is missing")));
  }
  for (const char* field :
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "intermediate_size", "max_position_embeddings",
        "rms_norm_eps", "model_type", "rope_theta"}) {
    for (const json& bad : {json("8"), json(-8), json(0), json::array({8}), json(true)}) {
      EXPECT_THAT(ErrorWith(field, bad), HasSubstr(field));
    }
  }
  EXPECT_THAT(ErrorWith("hidden_size", 8.5), HasSubstr("positive integer"));
  EXPECT_THAT(ErrorWith("hidden_size", 1ull << 40), HasSubstr("must lie between"));
  EXPECT_THAT(ErrorWith("tie_word_embeddings", 1), HasSubstr("true or false"));
  EXPECT_THAT(ErrorWith("eos_token_id", "x"), HasSubstr("eos_token_id"));
}

TEST(ParseModelConfig, RejectsWhatItWouldComputeWrongly) {
  EXPECT_THAT(ErrorWith("model_type", "gemma2"),
              HasSubstr("supported: llama, mistral, qwen2, qwen3"));
  EXPECT_THAT(ErrorWith("model_type", "qwen2"), HasSubstr("Qwen2ForCausalLM"));
  EXPECT_THAT(ErrorWith("architectures", {"Qwen3MoeForCausalLM"}), HasSubstr("Qwen3ForCausalLM"));
  EXPECT_THAT(ErrorWith("layer_types", {"sliding_attention"}), HasSubstr("each of the 28"));
  EXPECT_THAT(ErrorWith("layer_types", std::vector<std::string>(28, "sliding_attention")),
              HasSubstr("no sliding window"));
  EXPECT_THAT(ErrorWith("layer_types", std::vector<std::string>(28, "chunked_attention")),
              HasSubstr("chunked_attention"));
  EXPECT_THAT(ErrorWith("hidden_act", "gelu"), HasSubstr("supported: silu"));
  EXPECT_THAT(ErrorWith("quantization_config", {{"bits", 4}}), HasSubstr("quantised"));
  EXPECT_THAT(ErrorWith("rope_scaling", {{"type", "yarn"}, {"factor", 4.0}}), HasSubstr("yarn"));
  EXPECT_THAT(ErrorWith("rope_scaling", {{"factor", 4.0}}), HasSubstr("factor"));
  EXPECT_THAT(ErrorWith("rope_scaling", 7), HasSubstr("must be an object"));
  EXPECT_THAT(ErrorWith("rope_parameters", {{"rope_type", "llama3"}}),
              HasSubstr("rope_parameters.factor"));
  json scaling = {{"rope_type", "llama3"},
                  {"factor", 8.0},
                  {"low_freq_factor", 4.0},
                  {"high_freq_factor", 4.0}};
  EXPECT_THAT(ErrorWith("rope_scaling", scaling), HasSubstr("greater than low_freq_factor"));
  scaling["low_freq_factor"] = -1;
  EXPECT_THAT(ErrorWith("rope_scaling", scaling), HasSubstr("positive number"));
  EXPECT_THAT(ErrorWith("rope_parameters", {{"rope_theta", 5.0}}), HasSubstr("contradicts"));
  EXPECT_THAT(ErrorWith("partial_rotary_factor", 0.5), HasSubstr("partial_rotary_factor"));
  EXPECT_THAT(ErrorWith("num_key_value_heads", 5), HasSubstr("does not divide"));
  EXPECT_THAT(ErrorWith("head_dim", 127), HasSubstr("even"));
  EXPECT_THAT(ErrorWith("head_dim", 514), HasSubstr("at most 512"));
}

// A small configuration of a family, with nothing that has a default.
json Bare(const std::string& type) {
  return {{"model_type", type},     {"vocab_size", 300},         {"hidden_size", 96},
          {"num_hidden_layers", 3}, {"num_attention_heads", 32}, {"intermediate_size", 64}};
}

ModelConfig Parsed(const json& json) {
  const auto config = ParseModelConfig(json.dump(), "config.json");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(ModelConfig());
}

TEST(ParseModelConfig, TakesTheDefaultsOfTransformers) {
  const auto absent = [](const char* type) {
    json config = Bare(type);
    config["hidden_size"] = 128;
    return config;
  };
  const ModelConfig llama = Parsed(absent("llama"));
  EXPECT_EQ(llama.num_kv_heads, 32);
  EXPECT_EQ(llama.head_dim, 4);
  EXPECT_EQ(llama.max_position_embeddings, 2048);
  EXPECT_EQ(llama.rope_theta, 10000.0);
  EXPECT_EQ(llama.rms_norm_eps, 1e-6);
  EXPECT_FALSE(llama.tie_word_embeddings || llama.qkv_bias || llama.mlp_bias || llama.qk_norm);
  EXPECT_THAT(llama.eos_token_ids, ElementsAre(2));
  const ModelConfig mistral = Parsed(absent("mistral"));
  EXPECT_EQ(mistral.num_kv_heads, 8);
  EXPECT_EQ(mistral.head_dim, 4);
  EXPECT_EQ(mistral.max_position_embeddings, 131072);
  EXPECT_EQ(mistral.window(0), 4096);
  EXPECT_THAT(mistral.eos_token_ids, ElementsAre(2));
  const ModelConfig qwen2 = Parsed(absent("qwen2"));
  EXPECT_EQ(qwen2.num_kv_heads, 32);
  EXPECT_EQ(qwen2.head_dim, 4);
  EXPECT_EQ(qwen2.max_position_embeddings, 32768);
  EXPECT_EQ(qwen2.window(2), 0);
  EXPECT_TRUE(qwen2.qkv_bias);
  EXPECT_FALSE(qwen2.output_bias);
  EXPECT_THAT(qwen2.eos_token_ids, IsEmpty());
  const ModelConfig qwen3 = Parsed(absent("qwen3"));
  EXPECT_EQ(qwen3.num_kv_heads, 32);
  EXPECT_EQ(qwen3.head_dim, 128);
  EXPECT_TRUE(qwen3.qk_norm);
  EXPECT_FALSE(qwen3.qkv_bias);

  // Null is not absence.
  json config = absent("mistral");
  config["num_key_value_heads"] = nullptr;
  config["sliding_window"] = nullptr;
  config["eos_token_id"] = nullptr;
  config["head_dim"] = nullptr;
  EXPECT_EQ(Parsed(config).num_kv_heads, 32);
  EXPECT_EQ(Parsed(config).window(0), 0);
  EXPECT_EQ(Parsed(config).head_dim, 4);
  EXPECT_THAT(Parsed(config).eos_token_ids, IsEmpty());
  config = absent("qwen3");
  config["head_dim"] = nullptr;
  EXPECT_THAT(Error(config), HasSubstr("\"head_dim\" is null"));
}

TEST(ParseModelConfig, ReadsLlama3ScalingInBothSpellings) {
  json config = Bare("llama");
  config["head_dim"] = 64;
  config["max_position_embeddings"] = 131072;
  config["rope_theta"] = 500000.0;
  const json scaling = {{"factor", 8.0},
                        {"low_freq_factor", 1.0},
                        {"high_freq_factor", 4.0},
                        {"original_max_position_embeddings", 8192},
                        {"rope_type", "llama3"}};
  config["rope_scaling"] = scaling;
  const Llama3Scaling expected{8, 1, 4, 8192};
  EXPECT_EQ(Parsed(config).rope_scaling, expected);
  EXPECT_EQ(Parsed(config).rope_theta, 5e5);
  json version_5 = config;
  version_5.erase("rope_scaling");
  version_5.erase("rope_theta");
  version_5["rope_parameters"] = scaling;
  version_5["rope_parameters"]["rope_theta"] = 500000.0;
  EXPECT_EQ(Parsed(version_5).rope_scaling, expected);
  EXPECT_EQ(Parsed(version_5).rope_theta, 5e5);
  version_5["rope_parameters"].erase("original_max_position_embeddings");
  EXPECT_EQ(Parsed(version_5).rope_scaling->original_max_positions, 131072);
  config["rope_parameters"] = {{"rope_type", "default"}};
  EXPECT_THAT(Error(config), HasSubstr("contradicts"));
}

TEST(ParseModelConfig, ReadsBiasesAndWindowsWhereTheFamilyHasThem) {
  json config = Bare("llama");
  config["head_dim"] = 4;
  config["attention_bias"] = config["mlp_bias"] = true;
  EXPECT_TRUE(Parsed(config).qkv_bias && Parsed(config).output_bias && Parsed(config).mlp_bias);
  config["model_type"] = "mistral";  // which does not read these fields
  EXPECT_FALSE(Parsed(config).qkv_bias || Parsed(config).mlp_bias);

  config = Bare("qwen2");
  config["head_dim"] = 4;
  config["use_sliding_window"] = true;
  EXPECT_EQ(Parsed(config).window(2), 0);  // from layer 28 on
  config["sliding_window"] = 7;
  config["max_window_layers"] = 1;
  const ModelConfig windows = Parsed(config);
  EXPECT_EQ(windows.window(0), 0);
  EXPECT_EQ(windows.window(1), 7);
  EXPECT_EQ(windows.window(2), 7);
  config["layer_types"] = {"sliding_attention", "full_attention", "full_attention"};
  EXPECT_EQ(Parsed(config).window(0), 7);
  EXPECT_EQ(Parsed(config).window(1), 0);
  config["use_sliding_window"] = 1;
  EXPECT_THAT(Error(config), HasSubstr("true or false"));
}

TEST(ParseModelConfig, RejectsWhatIsNoConfig) {
  EXPECT_FALSE(ParseModelConfig("", "f").ok());
  EXPECT_FALSE(ParseModelConfig("[]", "f").ok());
  EXPECT_FALSE(ParseModelConfig(R"({"model_type": "qwen3", "model_type": "qwen3"})", "f").ok());
}

TEST(ModelConfigToJson, ComesBack) {
  ModelInit init;
  init.rope_theta = 12345.5;
  init.rms_norm_eps = 1e-5;
  for (const bool tied : {false, true}) {
    init.tie_word_embeddings = tied;
    const ModelConfig config = ConfigFromInit(init, 300, 256);
    const auto back = ParseModelConfig(ModelConfigToJson(config), "config.json");
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(ModelConfigToJson(*back), ModelConfigToJson(config));
    EXPECT_EQ(back->rope_theta, 12345.5);
    EXPECT_EQ(back->rms_norm_eps, 1e-5);
    EXPECT_EQ(back->tie_word_embeddings, tied);
    EXPECT_THAT(back->eos_token_ids, ElementsAre(256));
    EXPECT_EQ(back->pad_token_id, 256);
  }
  ModelConfig config = ConfigFromInit(init, 300, 256);
  config.eos_token_ids = {};
  EXPECT_THAT(ParseModelConfig(ModelConfigToJson(config), "f")->eos_token_ids, IsEmpty());
  config.eos_token_ids = {3, 4};
  EXPECT_THAT(ParseModelConfig(ModelConfigToJson(config), "f")->eos_token_ids, ElementsAre(3, 4));
}

TEST(ModelConfigToJson, ComesBackForEveryFamilyWithEverythingSet) {
  for (const Architecture* architecture : AllArchitectures()) {
    SCOPED_TRACE(architecture->name);
    json config = Bare(architecture->name);
    config["head_dim"] = 10;
    config["attention_bias"] = config["mlp_bias"] = config["use_sliding_window"] = true;
    config["sliding_window"] = 9;
    config["max_window_layers"] = 2;
    config["rope_scaling"] = {{"factor", 2.0},
                              {"low_freq_factor", 1.0},
                              {"high_freq_factor", 3.0},
                              {"rope_type", "llama3"}};
    for (const bool plain : {false, true}) {
      if (plain) config = Bare(architecture->name), config["head_dim"] = 10;
      const ModelConfig first = Parsed(config);
      const ModelConfig back = Parsed(json::parse(ModelConfigToJson(first)));
      EXPECT_EQ(ModelConfigToJson(back), ModelConfigToJson(first));
      EXPECT_EQ(back.rope_scaling, first.rope_scaling);
      EXPECT_EQ(back.windowed_layers, first.windowed_layers);
      EXPECT_EQ(back.sliding_window, first.sliding_window);
      EXPECT_EQ(TensorSpecs(back).size(), TensorSpecs(first).size());
    }
  }
}

TEST(TensorSpecs, HaveTheBiasesOfTheFamily) {
  ModelInit init;
  init.num_layers = 1;
  const auto names = [&](const char* architecture) {
    init.architecture = architecture;
    std::vector<std::string> result;
    for (const TensorSpec& spec : BlockTensorSpecs(ConfigFromInit(init, 300, 256))) {
      if (spec.shape.size() == 1) result.push_back(spec.name);
    }
    return result;
  };
  EXPECT_THAT(names("llama"),
              ElementsAre("input_layernorm.weight", "post_attention_layernorm.weight"));
  EXPECT_THAT(names("mistral"), ElementsAreArray(names("llama")));
  EXPECT_THAT(names("qwen2"), ElementsAre("input_layernorm.weight", "self_attn.q_proj.bias",
                                          "self_attn.k_proj.bias", "self_attn.v_proj.bias",
                                          "post_attention_layernorm.weight"));
  EXPECT_THAT(names("qwen3"),
              ElementsAre("input_layernorm.weight", "self_attn.q_norm.weight",
                          "self_attn.k_norm.weight", "post_attention_layernorm.weight"));
}

TEST(TensorSpecs, FollowTheOneOrder) {
  ModelInit init;
  init.num_layers = 2;
  init.tie_word_embeddings = false;
  const auto specs = TensorSpecs(ConfigFromInit(init, 300, 256));
  ASSERT_EQ(specs.size(), 1 + 2 * 11 + 2);
  EXPECT_EQ(specs.front().name, "model.embed_tokens.weight");
  EXPECT_THAT(specs.front().shape, ElementsAre(300, 128));
  EXPECT_EQ(specs[2].name, "model.layers.0.self_attn.q_proj.weight");
  EXPECT_THAT(specs[3].shape, ElementsAre(64, 128));
  EXPECT_EQ(specs[12].name, "model.layers.1.input_layernorm.weight");
  EXPECT_EQ(specs[23].name, "model.norm.weight");
  EXPECT_EQ(specs[24].name, "lm_head.weight");
  std::set<std::string> names;
  for (const auto& spec : specs) names.insert(spec.name);
  EXPECT_EQ(names.size(), specs.size());
}

}  // namespace
}  // namespace hone
