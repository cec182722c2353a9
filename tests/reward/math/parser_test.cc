#include "reward/math/parser.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace hone::math {
namespace {

// The key of what a text is read as; "" if it is not read.
std::string Read(absl::string_view text, Comma comma = Comma::kThousands) {
  Budget budget(1'000'000);
  Arena arena(&budget);
  return Key(Parse(text, comma, &arena), &budget);
}

Kind KindOf(absl::string_view text) {
  Budget budget(1'000'000);
  Arena arena(&budget);
  const Ref node = Parse(text, Comma::kThousands, &arena);
  return node == nullptr ? Kind::kText : node->kind;
}

TEST(Parser, FoldsNumbers) {
  for (const char* same : {"3/4", "\\frac34", "\\dfrac{3}{4}", "0.75", ".75", "{3 \\over 4}"}) {
    EXPECT_EQ(Read(same), "3/4") << same;
  }
  EXPECT_EQ(Read("1\\frac12"), "3/2");
  EXPECT_EQ(Read("1 1/2"), "3/2");
  EXPECT_EQ(Read("0.\\overline{3}"), "1/3");
  EXPECT_EQ(Read("1.5e3"), "1500");
  EXPECT_EQ(Read("−5"), "-5");
}

TEST(Parser, OrdersSumsAndProducts) {
  EXPECT_EQ(Read("a+b+1"), Read("1 + b + a"));
  EXPECT_EQ(Read("2ab"), Read("b \\cdot 2 \\times a"));
  EXPECT_NE(Read("a-b"), Read("b-a"));
  EXPECT_NE(Read("2^{3}"), Read("3^{2}"));
}

TEST(Parser, ReadsCommasInThreeWays) {
  EXPECT_EQ(Read("1,234"), "1234");
  EXPECT_EQ(Read("1{,}234{,}567"), "1234567");
  EXPECT_EQ(KindOf("32, 349"), Kind::kList);
  EXPECT_EQ(Read("1,25", Comma::kDecimal), "5/4");
  EXPECT_NE(Read("1,234", Comma::kSeparator), "1234");
}

TEST(Parser, TellsKindsApart) {
  EXPECT_EQ(KindOf("(1,2)"), Kind::kTuple);
  EXPECT_EQ(KindOf("[1,2)"), Kind::kInterval);
  EXPECT_EQ(KindOf("]1,2["), Kind::kInterval);
  EXPECT_EQ(KindOf("\\{1,2\\}"), Kind::kSet);
  EXPECT_EQ(KindOf("\\{x \\mid x > 2\\}"), Kind::kChain);
  EXPECT_EQ(KindOf("1 \\text{ or } 2"), Kind::kList);
  EXPECT_EQ(KindOf("7:32"), Kind::kRatio);
  EXPECT_EQ(KindOf("204_5"), Kind::kBased);
  EXPECT_EQ(KindOf("5\\text{ cm}"), Kind::kUnit);
  EXPECT_EQ(KindOf("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"), Kind::kMatrix);
  EXPECT_EQ(KindOf("\\mathbb{R}"), Kind::kNamedSet);
  EXPECT_EQ(KindOf("f(x)"), Kind::kOpaque);
}

TEST(Parser, RefusesWhatIsNoAnswer) {
  for (const char* text : {"", "(", ")", "1+", "1 2", "\\frac{1}", "[1,2", "x^", "<", "\\sqrt",
                           "\\begin{pmatrix}1&2\\\\3\\end{pmatrix}", "|x", "1..2", "@"}) {
    EXPECT_EQ(Read(text), "") << text;
  }
}

TEST(Parser, BoundsNestingAndCost) {
  EXPECT_NE(Read(std::string(50, '(') + "1" + std::string(50, ')')), "");
  EXPECT_EQ(Read(std::string(500, '(') + "1" + std::string(500, ')')), "");
  Budget little(100);
  Arena arena(&little);
  EXPECT_EQ(Parse("1+2+3+4+5+6+7+8+9", Comma::kThousands, &arena), nullptr);
}

}  // namespace
}  // namespace hone::math
