#include "reward/expression.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ValueOf(const std::string& text) {
  const StatusOr<Expression> expression = ParseExpression(text);
  if (!expression.ok()) return std::string(expression.status().message());
  switch (expression->problem) {
    case Expression::Problem::kDivisionByZero:
      return "division by zero";
    case Expression::Problem::kOverflow:
      return "overflow";
    case Expression::Problem::kNone:
      break;
  }
  return expression->value.ToString();
}

TEST(Expression, BindsAndAssociatesAsInSchool) {
  EXPECT_EQ(ValueOf("2+3*4"), "14");
  EXPECT_EQ(ValueOf("(2+3)*4"), "20");
  EXPECT_EQ(ValueOf("10-3-2"), "5");
  EXPECT_EQ(ValueOf("100/10/2"), "5");
  EXPECT_EQ(ValueOf("100/10*2"), "20");
  EXPECT_EQ(ValueOf(" ( 7 / 2 ) \n"), "7/2");
  EXPECT_EQ(ValueOf("1/3+1/3+1/3"), "1");
  EXPECT_EQ(ValueOf("0-5"), "-5");
}

TEST(Expression, TakesTypographicOperators) {
  EXPECT_EQ(ValueOf("6×7"), "42");
  EXPECT_EQ(ValueOf("8÷4"), "2");
  EXPECT_EQ(ValueOf("8−4"), "4");
}

TEST(Expression, KeepsNumbersInOrderAndTheStatedResultApart) {
  const StatusOr<Expression> expression = ParseExpression("(5*3)+8 = 23");
  ASSERT_TRUE(expression.ok()) << expression.status();
  EXPECT_THAT(expression->numbers, ElementsAre(5, 3, 8));
  EXPECT_EQ(expression->stated, 23);
}

TEST(Expression, RefusesEverythingElse) {
  for (const char* text :
       {"",       " ",     "()",    "(",           ")",     "(1",   "1)",
        "1+",     "*1",    "-1",    "+1",          "1+-1",  "1--1", "2**3",
        "7//2",   "1 2",   "2(3)",  "(2)(3)",      "(2)3",  "1.5",  "1e3",
        "0x10",   "1_000", "1,000", "01",          "00",    "x",    "1;2",
        "3=",     "=3",    "3=3=3", "3==3",        "3=1+2", "3=-3", "3 = x",
        "2^3",    "5!",    "5%",    "1<2",         "１",    "9·9",  "__import__('os')",
        "abs(3)", "3 # 4", "½",     "1+2 and more"}) {
    EXPECT_FALSE(ParseExpression(text).ok()) << text;
  }
  EXPECT_THAT(ValueOf("3+x"), HasSubstr("\"x\" at byte 2"));
  EXPECT_THAT(ValueOf("3+"), HasSubstr("ends where"));
}

TEST(Expression, RefusesBytesThatAreNoText) {
  using namespace std::string_literals;
  for (const std::string& text : {"1\0+2"s, "\0"s, "1+2\0"s, "\xff\xfe"s, "6\xc3"s, "6\xc3\x28"s,
                                  "1\xe2\x88"s, "\xed\xa0\x80"s, "\xf8\x88\x80\x80\x80"s}) {
    EXPECT_FALSE(ParseExpression(text).ok());
  }
}

TEST(Expression, DivisionByZeroAndOverflowAreProblemsNotErrors) {
  EXPECT_EQ(ValueOf("1/0"), "division by zero");
  EXPECT_EQ(ValueOf("1/(2-2)+99999999"), "division by zero");
  EXPECT_EQ(ValueOf("0/(1/0)"), "division by zero");
  const std::string nines(18, '9');
  EXPECT_EQ(ValueOf(absl::StrCat(nines, "*", nines, "*", nines)), "overflow");
  // The form is checked to the end all the same.
  EXPECT_THAT(ValueOf("1/0+"), HasSubstr("ends where"));
}

TEST(Expression, HasLimits) {
  EXPECT_EQ(ValueOf(std::string(32, '(') + "1" + std::string(32, ')')), "1");
  EXPECT_THAT(ValueOf(std::string(33, '(') + "1" + std::string(33, ')')), HasSubstr("32 deep"));
  EXPECT_EQ(ValueOf(std::string(18, '9')), std::string(18, '9'));
  EXPECT_THAT(ValueOf(std::string(19, '9')), HasSubstr("18 digits"));
  std::string sum = "1";
  while (sum.size() + 2 <= 256) sum += "+1";
  EXPECT_EQ(ValueOf(sum), absl::StrCat((sum.size() + 1) / 2));
  EXPECT_THAT(ValueOf(std::string(257, ' ')), HasSubstr("256 bytes"));
  EXPECT_FALSE(ParseExpression(std::string(10'000, '(')).ok());
  EXPECT_FALSE(ParseExpression(std::string(1 << 20, '9')).ok());
}

// A random tree, printed with all parentheses, has the value that the tree gives.
struct Tree {
  std::string text;
  Rational value;
  bool has_value = true;
};

Tree RandomTree(Random* random, int depth) {
  if (depth == 0 || random->Below(4) == 0) {
    const int64_t number = random->Below(20);
    return {absl::StrCat(number), Rational(number)};
  }
  const Tree a = RandomTree(random, depth - 1), b = RandomTree(random, depth - 1);
  const uint32_t op = random->Below(4);
  Tree tree{absl::StrCat("(", a.text, std::string(1, "+-*/"[op]), b.text, ")"), Rational(),
            a.has_value && b.has_value && !(op == 3 && b.value.is_zero())};
  if (!tree.has_value) return tree;
  constexpr std::optional<Rational> (*kOperations[])(const Rational&, const Rational&) = {
      Rational::Add, Rational::Subtract, Rational::Multiply, Rational::Divide};
  tree.value = *kOperations[op](a.value, b.value);
  return tree;
}

TEST(Expression, AgreesWithRandomTrees) {
  Random random(2, 2);
  int num_checked = 0;
  for (int i = 0; i < 20000; ++i) {
    const Tree tree = RandomTree(&random, 3);
    ASSERT_EQ(ValueOf(tree.text), tree.has_value ? tree.value.ToString() : "division by zero")
        << tree.text;
    ++num_checked;
  }
  EXPECT_EQ(num_checked, 20000);
}

TEST(Expression, SurvivesRandomBytes) {
  Random random(3, 3);
  constexpr absl::string_view kAlphabet = "0123456789+-*/()= .x\xc3\x97\xb7\xe2\x88\x92";
  int num_parsed = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    const uint32_t size = random.Below(12);
    for (uint32_t j = 0; j < size; ++j) text += kAlphabet[random.Below(kAlphabet.size())];
    num_parsed += ParseExpression(text).ok();
  }
  EXPECT_GT(num_parsed, 1000);
}

}  // namespace
}  // namespace hone
