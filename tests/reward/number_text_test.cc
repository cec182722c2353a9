#include "reward/number_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/philox.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

// "18", "50%", or the reason why there is none.
std::string Read(absl::string_view text) {
  const auto number = ReadAnswer(text);
  if (!number.ok()) return std::string(number.status().message());
  return absl::StrCat(number->value.ToString(), number->percent ? "%" : "");
}

std::string Last(absl::string_view text) {
  const auto number = LastNumber(text);
  return number ? number->value.ToString() : "none";
}

TEST(ReadAnswer, AllTheWaysToWriteEighteen) {
  for (const char* text : {"18",
                           "18.",
                           "18.00",
                           "+18",
                           " 18\n",
                           "$18",
                           "$ 18",
                           "\\$18",
                           "€18",
                           "18€",
                           "$18.00",
                           "$18$",
                           "\\(18\\)",
                           "\\[18\\]",
                           "**18**",
                           "`18`",
                           "1.8e1",
                           "1.8E+01",
                           "180e-1",
                           "1.8 × 10^1",
                           "1.8 \\times 10^{1}",
                           "1.8*10^1",
                           "0.18 x 10^{+2}",
                           "36/2",
                           "36 / 2",
                           "\\frac{36}{2}",
                           "\\dfrac{9}{0.5}",
                           "17 2/2",
                           "17\\frac{1}{1}",
                           "018",
                           "18 eggs",
                           "18 km/h",
                           "18\\text{ eggs}",
                           "18 \\mathrm{cm}",
                           "She has 18 eggs left.",
                           "x = 18",
                           "9 + 9 = 18",
                           "\\boxed{18}",
                           "<answer>18</answer>",
                           "18eggs",
                           "18!",
                           "(18)",
                           "Answer: 18",
                           "- 18",
                           "18\\,",
                           "0.18 hundred"}) {
    EXPECT_EQ(Read(text), "18") << text;
  }
}

TEST(ReadAnswer, SignsSeparatorsFractionsPercent) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"-5", "-5"},
      {"−5", "-5"},
      {"-$5", "-5"},
      {"$-5", "-5"},
      {"-\\frac{1}{2}", "-0.5"},
      {"-1 1/2", "-1.5"},
      {"1,234", "1234"},
      {"$1,234,567.50", "1234567.5"},
      {"1{,}234", "1234"},
      {"1\\,234\\,567", "1234567"},
      {"1\u202f234", "1234"},
      {".5", "0.5"},
      {"-.5", "-0.5"},
      {"1/3", "1/3"},
      {"2/6", "1/3"},
      {"50%", "50%"},
      {"50 \\%", "50%"},
      {"12.5 percent", "12.5%"},
      {"3 million", "3000000"},
      {"$2.5 billion", "2500000000"},
      {"1e999999999", "1e999999999"},
      {"0e999999999", "0"},
      {"2 millionaires", "2"},
      {"3 dozen", "3"},
      {"5 times", "5"},
      {"3 - 5 = -2", "-2"},
  };
  for (const auto& [text, number] : cases) EXPECT_EQ(Read(text), number) << text;
}

TEST(ReadAnswer, WhatIsNoSingleNumber) {
  for (const char* text : {"18 or 19", "18, 19", "(3, 4)", "10-20", "18 and a half 2"}) {
    EXPECT_EQ(Read(text), "more than one number") << text;
  }
  for (const char* text : {"1,8", "1,8e1", "1.2.3", "10:30", "3/0", "\\frac{1}{0}", "1/2/3", "2nd",
                           "1,23,456", "18,000,00", "2^3", "\\frac{1}{x}", "1 1/0"}) {
    EXPECT_THAT(Read(text), HasSubstr("no")) << text;
    EXPECT_FALSE(ReadAnswer(text).ok()) << text;
  }
  for (const char* text : {"\\sqrt{4}", "2*x", "3+", "x<5", "18 and a half", "minus 5", "5 squared",
                           "two thirds of 9", "2π", "H2O = water"}) {
    EXPECT_FALSE(ReadAnswer(text).ok()) << text << " " << Read(text);
  }
  for (const char* text :
       {"", " ", "eighteen", "-", "$", ".", "e5", "x2", "\\frac{", "NaN", "inf", "\xff\xfe"}) {
    EXPECT_FALSE(ReadAnswer(text).ok()) << text;
  }
}

TEST(ReadAnswer, IsBounded) {
  EXPECT_EQ(Read("1e9999999999"), "the number is too large");
  EXPECT_EQ(Read("1 × 10^{99999999999999999999}"), "the number is too large");
  EXPECT_EQ(Read("1e0000000000000003"), "1000");
  EXPECT_EQ(Read(std::string(1000, '7')), std::string(1000, '7'));
  EXPECT_EQ(Read(std::string(1001, '7')), "the number is too large");
  EXPECT_EQ(Read("1/" + std::string(19, '7')), "the number is too large");
  EXPECT_EQ(Read(std::string(100'000, '7')), "longer than 2048 bytes");
}

// "1,234,567"
std::string Grouped(uint32_t number) {
  if (number < 1000) return absl::StrCat(number);
  return absl::StrCat(Grouped(number / 1000), ",", absl::Dec(number % 1000, absl::kZeroPad3));
}

// A random fraction, written in a random way, is read as itself.
TEST(ReadAnswer, WhatIsWrittenIsRead) {
  Random random(3, 1);
  for (int i = 0; i < 20'000; ++i) {
    const bool negative = random.Below(2) == 1;
    const uint32_t whole = random.Below(2'000'000), cents = random.Below(100);
    const std::string sign = negative ? "-" : "";
    const std::string grouped = Grouped(whole);
    const std::string decimals = absl::StrCat(cents < 10 ? ".0" : ".", cents);
    const ExactNumber wanted(negative, absl::StrCat(whole, decimals.substr(1)), -2, 1);
    for (const std::string& text :
         {absl::StrCat(sign, whole, decimals), absl::StrCat(sign, "$", grouped, decimals, "0"),
          absl::StrCat("It is ", sign, whole, decimals.substr(1), "e-2 km."),
          absl::StrCat(sign, whole, decimals.substr(1), "/100"),
          absl::StrCat(sign, "\\frac{", whole, decimals, "}{1}")}) {
      const auto number = ReadAnswer(text);
      ASSERT_TRUE(number.ok()) << text << ": " << number.status();
      ASSERT_EQ(number->value, wanted) << text;
    }
  }
}

TEST(LastNumber, OfRunningText) {
  EXPECT_EQ(Last("First 3, then 5 more: 8."), "8");
  EXPECT_EQ(Last("10 - 3 is 7 (of 9)"), "9");
  EXPECT_EQ(Last("3 - 5"), "5");
  EXPECT_EQ(Last("from 1.2.3 of 2020, the 2nd"), "2020");
  EXPECT_EQ(Last("version 7 of H2O at 10:30"), "7");
  EXPECT_EQ(Last("no digits"), "none");
  EXPECT_EQ(Last("5 then 1e99999999999"), "none");
  EXPECT_EQ(Last(std::string(1 << 20, 'x') + " 42"), "42");
  EXPECT_EQ(Last(std::string(1 << 20, '7')), "none");
  EXPECT_EQ(Last(std::string(1 << 20, '7') + " eggs"), "none");
}

TEST(FirstNumber, OfRunningText) {
  EXPECT_EQ(FirstNumber(" therefore $18, not 20")->value.ToString(), "18");
  EXPECT_FALSE(FirstNumber("none").has_value());
}

// Whatever bytes come, there is an answer and no crash; lengths that would be slow by the square.
TEST(NumberText, Hostile) {
  Random random(11, 2);
  const std::string alphabet = "0123456789.,-+$%/\\{}^xe*= \n\x1f\xc3\x97\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint32_t n = random.Below(40); n > 0; --n) {
      text.push_back(alphabet[random.Below(static_cast<uint32_t>(alphabet.size()))]);
    }
    if (ReadAnswer(text).ok()) {
      EXPECT_FALSE(ReadAnswer(text)->value.ToString().empty());
    }
    LastNumber(text);
  }
  for (const char* piece : {"\\frac{", "1/", "-", "$", "1,", "{", "1 1/", "1e", "x10^"}) {
    std::string text;
    while (text.size() < (1 << 20)) text += piece;
    LastNumber(text);
    FirstNumber(text);
  }
}

}  // namespace
}  // namespace hone
