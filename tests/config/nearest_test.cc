#include "config/nearest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hone {
namespace {

const std::vector<std::string> kKeys = {"prompts_per_step", "samples_per_prompt", "steps", "lr"};

TEST(NearestOf, FindsMisspellings) {
  EXPECT_EQ(NearestOf("promts_per_step", kKeys), "prompts_per_step");    // a letter missing
  EXPECT_EQ(NearestOf("promptss_per_step", kKeys), "prompts_per_step");  // one too many
  EXPECT_EQ(NearestOf("stesp", kKeys), "steps");                         // two swapped
  EXPECT_EQ(NearestOf("Steps", kKeys), "steps");                         // case
  EXPECT_EQ(NearestOf("rl", kKeys), "lr");
  EXPECT_EQ(NearestOf("steps", kKeys), "steps");
}

TEST(NearestOf, CompletesTheOnlyOneThatBeginsSo) {
  EXPECT_EQ(NearestOf("samples", kKeys), "samples_per_prompt");
  EXPECT_EQ(NearestOf("min", std::vector<std::string>{"min_target", "minibatches"}), "");
}

TEST(NearestOf, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(NearestOf("temperature", kKeys), "");
  EXPECT_EQ(NearestOf("", kKeys), "");
  EXPECT_EQ(NearestOf("x", std::vector<std::string>{"y"}), "");
  EXPECT_EQ(NearestOf("steps", {}), "");
  EXPECT_EQ(NearestOf(std::string(1 << 20, 'x'), kKeys), "");
}

TEST(Suggestion, NamesTheNearestOrAll) {
  EXPECT_EQ(Suggestion("step", kKeys), "; did you mean `steps`?");
  EXPECT_EQ(Suggestion("foo", std::vector<std::string>{"clip"}), "; valid is `clip`");
  EXPECT_EQ(Suggestion("foo", std::vector<std::string>{"char", "bpe"}),
            "; valid are `char`, `bpe`");
}

}  // namespace
}  // namespace hone
