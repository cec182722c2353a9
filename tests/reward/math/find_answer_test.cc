#include "reward/math/find_answer.h"

#include <string>

#include "gtest/gtest.h"

namespace hone::math {
namespace {

// For these tests a text without lower-case words is an answer.
bool Reads(absl::string_view text) {
  return text.find_first_of("ghklnorstu") == absl::string_view::npos;
}

std::string Find(absl::string_view completion, const Extraction& extraction = {}) {
  const std::optional<FoundAnswer> found = FindAnswer(completion, extraction, Reads);
  return found ? found->text : "(none)";
}

TEST(FindAnswer, TheLastMarkCounts) {
  EXPECT_EQ(Find("\\boxed{1} then. \\boxed{\\frac{1}{2}}"), "\\frac{1}{2}");
  EXPECT_EQ(Find("<answer>so \\boxed{5}</answer>"), "5");
  EXPECT_EQ(Find("\\boxed{1}\n#### 2"), "2");
  EXPECT_EQ(Find("<think>\\boxed{1}</think> 2"), "2");
  EXPECT_EQ(Find("\\\\boxed{3}"), "3");
}

TEST(FindAnswer, BoxesSideBySideAreOneAnswer) {
  EXPECT_EQ(Find("\\boxed{1} and \\boxed{2}"), "1 , 2");
  EXPECT_EQ(Find("\\boxed{1}, \\boxed{2}, \\boxed{3}"), "1 , 2 , 3");
  EXPECT_EQ(Find("\\boxed{1} no no no no no \\boxed{2}"), "2");
  EXPECT_EQ(Find("\\boxed{1}. And then \\boxed{2}"), "2");
}

TEST(FindAnswer, PhrasesFormulasAndNumbers) {
  EXPECT_EQ(Find("The answer is $x$. It is $y$."), "$x$");
  EXPECT_EQ(Find("The answer is what 3 others say."), "3");
  EXPECT_EQ(Find("\\boxed{1} The final answer is 2."), "2");
  EXPECT_EQ(Find("First $a$ then $b$ follows"), "b");
  EXPECT_EQ(Find("\\(a\\) and \\[b\\] others"), "b");
  EXPECT_EQ(Find("costs $5 and $10 in total"), "10");
  EXPECT_EQ(Find("there are 12 others"), "12");
  EXPECT_EQ(Find("there are 12 % others"), "12 %");
  EXPECT_EQ(Find("others"), "(none)");
}

TEST(FindAnswer, OnlyThePlacesThatAreNamed) {
  const char* text = "<answer>4</answer> so \\boxed{3}\n#### 2\nThe answer is 5. Or $x$, 6";
  EXPECT_EQ(Find(text, {{Place::kBoxed}}), "3");
  EXPECT_EQ(Find(text, {{Place::kAnswerTag}}), "4");
  EXPECT_EQ(Find(text, {{Place::kHash}}), "2");
  EXPECT_EQ(Find(text, {{Place::kMark}}), "2");
  EXPECT_EQ(Find(text, {{Place::kPhrase}}), "5");
  EXPECT_EQ(Find(text, {{Place::kFormula}}), "x");
  EXPECT_EQ(Find(text, {{Place::kNumber}}), "6");
  EXPECT_EQ(Find(text, {{Place::kLast}}), "6");
  EXPECT_EQ(Find(text, {{Place::kWhole}}), "(none)");
  EXPECT_EQ(Find("7", {{Place::kBoxed, Place::kWhole}}), "7");
  EXPECT_EQ(Find("<answer>so \\boxed{5}</answer>", {{Place::kAnswerTag}}), "5");
  // An order of one's own: a box counts before what stands behind it.
  EXPECT_EQ(Find(text, {{Place::kBoxed, Place::kHash}}), "3");
  EXPECT_EQ(Find(text, {{Place::kHash, Place::kBoxed}}), "2");
}

TEST(FindAnswer, TheFirstCandidateOnRequest) {
  const auto first = [](absl::string_view text, Place place) {
    return Find(text, {.places = {place}, .first = true});
  };
  EXPECT_EQ(first("\\boxed{1} then. \\boxed{2}", Place::kMark), "1");
  EXPECT_EQ(first("\\boxed{1} then. \\boxed{2}", Place::kBoxed), "1");
  EXPECT_EQ(first("#### 1\nQ: more?\n#### 2", Place::kHash), "1");
  EXPECT_EQ(first("#### 1\nQ: more?\n\\boxed{2}", Place::kMark), "1");
  EXPECT_EQ(first("<answer>1</answer><answer>2</answer>", Place::kAnswerTag), "1");
  EXPECT_EQ(first("The answer is 1.\n\nQ: 3?\n\nThe answer is 2.", Place::kPhrase), "1");
  EXPECT_EQ(first("$a$ then $b$", Place::kFormula), "a");
  EXPECT_EQ(first("1 then 2", Place::kNumber), "1");
  EXPECT_EQ(first("1 then $b$", Place::kLast), "1");
  EXPECT_EQ(first("\\boxed{1 then", Place::kMark), "(none)");
  // A list of guesses does not become its first.
  EXPECT_EQ(first("\\boxed{1} or \\boxed{2}. No. \\boxed{3}", Place::kMark), "1 , 2");
}

}  // namespace
}  // namespace hone::math
