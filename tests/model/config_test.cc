#include "model/config.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
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
                            "num_key_value_heads", "head_dim", "intermediate_size",
                            "max_position_embeddings", "rms_norm_eps", "model_type"}) {
    json config = Version4();
    config.erase(field);
    EXPECT_THAT(Error(config),
                AllOf(HasSubstr("m/config.json"), HasSubstr(field), HasSubstr("is missing")));
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
  EXPECT_THAT(ErrorWith("model_type", "qwen2"), HasSubstr("supported: qwen3"));
  EXPECT_THAT(ErrorWith("architectures", {"Qwen3MoeForCausalLM"}), HasSubstr("Qwen3ForCausalLM"));
  EXPECT_THAT(ErrorWith("attention_bias", true), HasSubstr("attention_bias"));
  EXPECT_THAT(ErrorWith("use_sliding_window", true), HasSubstr("use_sliding_window"));
  EXPECT_THAT(ErrorWith("layer_types", {"sliding_attention"}), HasSubstr("sliding_attention"));
  EXPECT_THAT(ErrorWith("hidden_act", "gelu"), HasSubstr("supported: silu"));
  EXPECT_THAT(ErrorWith("quantization_config", {{"bits", 4}}), HasSubstr("quantised"));
  EXPECT_THAT(ErrorWith("rope_scaling", {{"type", "yarn"}, {"factor", 4.0}}), HasSubstr("yarn"));
  EXPECT_THAT(ErrorWith("rope_scaling", {{"factor", 4.0}}), HasSubstr("factor"));
  EXPECT_THAT(ErrorWith("rope_parameters", {{"rope_type", "llama3"}}), HasSubstr("llama3"));
  EXPECT_THAT(ErrorWith("rope_parameters", {{"rope_theta", 5.0}}), HasSubstr("contradicts"));
  EXPECT_THAT(ErrorWith("num_key_value_heads", 5), HasSubstr("does not divide"));
  EXPECT_THAT(ErrorWith("head_dim", 127), HasSubstr("even"));
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
