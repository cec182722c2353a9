#include "reward/math/real_set.h"

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "reward/math/parser.h"

namespace hone::math {
namespace {

class RealSetTest : public testing::Test {
 protected:
  RealSetTest() : budget_(100'000'000), arena_(&budget_), equality_(&arena_, /*seed=*/7) {}

  std::optional<RealSet> Read(absl::string_view text) {
    return ToRealSet(Parse(text, Comma::kThousands, &arena_), &equality_);
  }
  bool Same(absl::string_view a, absl::string_view b) {
    const std::optional<RealSet> x = Read(a), y = Read(b);
    return x && y && SameSet(*x, *y, &equality_);
  }

  Budget budget_;
  Arena arena_;
  Equality equality_;
};

TEST_F(RealSetTest, HasOneForm) {
  EXPECT_TRUE(Same("[0,1]\\cup[1,2]", "[0,2]"));
  EXPECT_TRUE(Same("[0,1)\\cup\\{1\\}", "[0,1]"));
  EXPECT_TRUE(Same("(3,4)\\cup(1,2)", "(1,2)\\cup(3,4)"));
  EXPECT_TRUE(Same("[0,5]\\cap[3,9]", "[3,5]"));
  EXPECT_TRUE(Same("[0,1]\\cap[2,3]", "\\emptyset"));
  EXPECT_FALSE(Same("(0,1)\\cup(1,2)", "(0,2)"));
  EXPECT_TRUE(Same("(5,5)", "\\emptyset"));
}

TEST_F(RealSetTest, ReadsRelations) {
  EXPECT_TRUE(Same("x > 2", "(2,\\infty)"));
  EXPECT_TRUE(Same("-x \\ge -2", "(-\\infty,2]"));
  EXPECT_TRUE(Same("1 \\le |x| < 3", "(-3,-1]\\cup[1,3)"));
  EXPECT_TRUE(Same("x \\ne 0", "\\mathbb{R}\\setminus\\{0\\}"));
  EXPECT_TRUE(Same("x < 1 \\text{ or } x > 2", "(-\\infty,1)\\cup(2,\\infty)"));
  EXPECT_TRUE(Same("x > 1 \\text{ and } x < 2", "(1,2)"));
}

TEST_F(RealSetTest, LeavesTheRest) {
  EXPECT_FALSE(Read("2x > 4").has_value());
  EXPECT_FALSE(Read("x + y > 4").has_value());
  EXPECT_FALSE(Read("[a,b]").has_value());
  EXPECT_FALSE(Read("5").has_value());
}

}  // namespace
}  // namespace hone::math
