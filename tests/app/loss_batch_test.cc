#include "app/loss_batch.h"

#include <cmath>
#include <fstream>

#include "config/presets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// Two samples of one group, of three tokens each, the last one masked in the second.
Json SmallBatch() {
  return Json::parse(R"({"algorithm": {}, "rewards": [1, 0], "groups": [7, 7],
                         "logprobs": [[-1, -2, -3], [-1, -2, -3]],
                         "old_logprobs": [[-1, -2, -3], [-1, -2, -3]],
                         "mask": [[1, 1, 1], [1, 1, 0]]})");
}

Json Output(const Json& input) {
  const auto output = EvaluateLossBatch(input, "f.json");
  EXPECT_TRUE(output.ok()) << output.status();
  return output.ok() ? Json::parse(*output) : Json();
}

std::string ErrorOf(const Json& input) {
  const Status status = EvaluateLossBatch(input, "f.json").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

// The change of one field, or its removal.
std::string ErrorWith(const char* field, const char* value) {
  Json input = SmallBatch();
  input[field] = Json::parse(value);
  return ErrorOf(input);
}

void ExpectClose(const Json& actual, const Json& expected, const std::string& place) {
  if (expected.is_array()) {
    ASSERT_EQ(actual.size(), expected.size()) << place;
    for (size_t i = 0; i < expected.size(); ++i) {
      ExpectClose(actual[i], expected[i], place + "[" + std::to_string(i) + "]");
    }
    return;
  }
  const double wanted = expected.get<double>();
  // fp64 on both sides; sums are taken in another order, and a ratio may be exp(20).
  EXPECT_NEAR(actual.get<double>(), wanted, 1e-9 * std::max(1.0, std::abs(wanted))) << place;
}

// What tests/trainer/golden/make_algorithms.py computed with PyTorch's autograd in fp64.
TEST(LossBatchTest, AgreesWithTheFormulasInPyTorch) {
  std::ifstream file(HONE_SOURCE_DIR "/tests/trainer/golden/algorithms.json");
  ASSERT_TRUE(file.good());
  const Json cases = Json::parse(file);
  ASSERT_GE(cases.size(), 25u);
  for (const Json& golden : cases) {
    SCOPED_TRACE(golden.at("input").at("algorithm").dump());
    const Json output = Output(golden.at("input"));
    for (const auto& [key, wanted] : golden.at("output").items()) {
      ExpectClose(output.at(key), wanted, key);
    }
  }
}

TEST(LossBatchTest, OnPolicyTheGradientIsTheAdvantageByTheWeight) {
  const Json output = Output(SmallBatch());
  const double advantage = 0.5 / (std::sqrt(0.5) + 1e-6);
  ExpectClose(output["advantages"], {advantage, -advantage}, "advantages");
  const double g = advantage / 5;
  ExpectClose(output["gradient"], {{-g, -g, -g}, {g, g, 0}}, "gradient");
  EXPECT_EQ(output["metrics"]["tokens"], 5);
  EXPECT_EQ(output["metrics"]["clip_fraction"], 0);
  EXPECT_FALSE(output.contains("entropy_gradient"));
}

TEST(LossBatchTest, TakesAPresetsName) {
  for (const std::string& name : AlgorithmPresetNames()) {
    Json input = SmallBatch();
    input["algorithm"] = name;
    EXPECT_NE(Output(input)["gradient"][0][0], 0) << name;
  }
  EXPECT_THAT(ErrorWith("algorithm", "\"dapoo\""), HasSubstr("did you mean `dapo`?"));
}

TEST(LossBatchTest, RowsWithoutTokensAreNotThere) {
  Json with = SmallBatch(), without = SmallBatch();
  for (Json* input : {&with, &without}) {
    (*input)["algorithm"] = {{"aggregation", "sequence_mean"}};
    (*input)["groups"] = {1, 1};
  }
  // A group of its own: it changes nobody's advantage.
  with["rewards"].push_back(1);
  with["groups"].push_back(2);
  for (const char* key : {"logprobs", "old_logprobs"}) with[key].push_back({-1, -1, -1});
  with["mask"].push_back({0, 0, 0});
  EXPECT_EQ(Output(with)["loss"], Output(without)["loss"]);
  with["mask"] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  EXPECT_EQ(Output(with)["loss"], 0);
}

TEST(LossBatchTest, EqualPoliciesNeedNoCorrection) {
  Json input = SmallBatch();
  const Json plain = Output(input);
  for (const char* correction : {"truncate", "mask"}) {
    input["algorithm"] = {{"correction", correction}, {"correction_high", 1.0}};
    input["rollout_logprobs"] = input["old_logprobs"];
    const Json output = Output(input);
    EXPECT_EQ(output["gradient"], plain["gradient"]);
    EXPECT_EQ(output["metrics"]["correction"], 1);
  }
}

TEST(LossBatchTest, ErrorsNameTheFieldAndTheIndex) {
  EXPECT_THAT(ErrorOf(Json::array()), HasSubstr("f.json: a JSON object is wanted"));
  EXPECT_THAT(ErrorWith("masks", "[]"), HasSubstr("unknown key \"masks\"; did you mean `mask`?"));
  for (const char* field : {"algorithm", "rewards", "groups", "logprobs", "old_logprobs", "mask"}) {
    Json input = SmallBatch();
    input.erase(field);
    EXPECT_EQ(ErrorOf(input), std::string("f.json: \"") + field + "\" is missing");
  }
  EXPECT_THAT(ErrorWith("algorithm", R"({"clip_lo": 0.1})"), HasSubstr("did you mean `clip_low`?"));
  EXPECT_THAT(ErrorWith("algorithm", R"({"clip_low": "x"})"), HasSubstr("algorithm.clip_low must"));
  EXPECT_THAT(ErrorWith("algorithm", R"({"dual_clip": 0.5})"),
              HasSubstr("algorithm.dual_clip must be above 1 or null, found 0.5"));
  EXPECT_THAT(ErrorWith("rewards", "[]"), HasSubstr("rewards must be an array with a number"));
  EXPECT_THAT(ErrorWith("rewards", "[1, null]"),
              HasSubstr("f.json: rewards[1] must be a number, found null"));
  EXPECT_THAT(ErrorWith("groups", "[1]"), HasSubstr("groups has 1 entries, but rewards has 2"));
  EXPECT_THAT(ErrorWith("groups", "[1, 0.5]"), HasSubstr("groups[1] must be an integer or"));
  EXPECT_THAT(ErrorWith("mask", "[[1, 1, 1], [1, 2, 1]]"),
              HasSubstr("mask[1][1] must be 0 or 1, found 2"));
  EXPECT_THAT(ErrorWith("mask", "[[1, 1, 1], 1]"), HasSubstr("mask[1] must be an array"));
  EXPECT_THAT(ErrorWith("logprobs", "[[-1, -2, -3], [-1, -2]]"),
              HasSubstr("logprobs[1] has 2 entries, but mask[1] has 3"));
  EXPECT_THAT(ErrorWith("old_logprobs", "[[-1, -2, \"a\"], [-1, -2, -3]]"),
              HasSubstr("old_logprobs[0][2] must be a number, found \"a\""));
  EXPECT_THAT(ErrorWith("algorithm", R"({"kl_coefficient": 0.1})"),
              HasSubstr("\"ref_logprobs\" is missing: kl_coefficient is not 0"));
  EXPECT_THAT(ErrorWith("algorithm", R"({"correction": "mask"})"),
              HasSubstr("\"rollout_logprobs\" is missing: correction is not none"));
  EXPECT_THAT(ErrorWith("algorithm", R"({"entropy_coefficient": 0.1})"),
              HasSubstr("\"entropies\" is missing: entropy_coefficient is not 0"));
}

TEST(LossBatchTest, AnInfiniteRatioIsAnErrorThatNamesTheToken) {
  Json input = SmallBatch();
  input["rewards"] = {0, 1};
  input["old_logprobs"][0][1] = -1000;
  EXPECT_GT(Output(input)["loss"], 1e7);  // kept within exp(20)
  input["algorithm"] = {{"log_ratio_limit", nullptr}};
  EXPECT_THAT(ErrorOf(input), HasSubstr("the gradient of logprobs[0][1] is not finite"));
}

}  // namespace
}  // namespace hone
