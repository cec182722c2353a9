#include "config/verifier_spec.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

RewardSpec Remote(double timeout_seconds, int retries) {
  RewardSpec term = {{"remote"}, 1.0};
  term.remote = {
      .url = "http://localhost:1/", .timeout_seconds = timeout_seconds, .retries = retries};
  return term;
}

TEST(JudgingSeconds, AreThoseOfAllTerms) {
  EXPECT_EQ(JudgingSeconds({{{"math"}, 1.0}, {{"format"}, 1.0}}, 1000), 0);
  // A user's own service is asked once for 128.
  EXPECT_EQ(JudgingSeconds({Remote(20, 1)}, 128), 42);
  EXPECT_EQ(JudgingSeconds({Remote(20, 1)}, 129), 84);
  EXPECT_EQ(JudgingSeconds({{{"math"}, 1.0}, Remote(20, 1), Remote(50, 0)}, 64), 42 + 51);
}

TEST(JudgingSeconds, ProgramsTakeThemOneAfterAnother) {
  RewardSpec python = {{"python"}, 1.0};
  python.code.total_seconds = 30;
  python.code.time_seconds = 5;
  python.code.wall_seconds = 20;
  const double one = JudgingSeconds({python}, 1);
  EXPECT_EQ(one, 120 + 20);
  EXPECT_EQ(JudgingSeconds({python}, 16), 16 * one);
  RewardSpec cpp = python;
  cpp.name = "cpp";
  EXPECT_EQ(JudgingSeconds({cpp}, 1), one + 20);
}

}  // namespace
}  // namespace hone
