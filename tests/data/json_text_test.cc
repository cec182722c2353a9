#include "data/json_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/philox.h"

namespace hone {
namespace {

template <typename Float>
std::string Number(Float value) {
  std::string text;
  AppendJsonNumber(value, &text);
  return text;
}

std::string String(absl::string_view text) {
  std::string quoted;
  AppendJsonString(text, &quoted);
  return quoted;
}

TEST(JsonTextTest, NumbersAreShort) {
  EXPECT_EQ(Number(0.1), "0.1");
  EXPECT_EQ(Number(0.1f), "0.1");
  EXPECT_EQ(Number(8192.0), "8192");
  EXPECT_EQ(Number(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(Number(1e300), "1e+300");
}

TEST(JsonTextTest, WhatJsonCannotSayIsNull) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) EXPECT_EQ(Number(value), "null");
  EXPECT_EQ(Number(std::nanf("")), "null");
}

TEST(JsonTextTest, NumbersReadBackToTheBit) {
  const auto check = []<typename Float>(Float value) {
    const Float back = nlohmann::json::parse(Number(value)).template get<Float>();
    EXPECT_EQ(back, value) << Number(value);
    EXPECT_EQ(std::signbit(back), std::signbit(value)) << Number(value);
  };
  for (const double value :
       {0.0, -0.0, 1e15, 1e16, 1e17, 1e19, 1e20, 1e22, 123456789012345678.0, 18446744073709551616.0,
        -9223372036854775808.0, 5e-324, std::numeric_limits<double>::max()}) {
    check(value);
  }
  Random random(1, 2);
  for (int i = 0; i < 100'000; ++i) {
    const auto wide = std::bit_cast<double>(uint64_t{random.Bits()} << 32 | random.Bits());
    if (std::isfinite(wide)) check(wide);
    const auto narrow = std::bit_cast<float>(random.Bits());
    if (std::isfinite(narrow)) check(narrow);
  }
}

TEST(JsonTextTest, StringsReadBack) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  all += "é€𝄞";
  EXPECT_EQ(nlohmann::json::parse(String(all)).get<std::string>(), all);
  EXPECT_EQ(String("a\"b\\c\nd"), R"("a\"b\\c\nd")");
  EXPECT_EQ(String("\x01"), "\"\\u0001\"");
  EXPECT_EQ(nlohmann::json::parse(String("\xFF")).get<std::string>(), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace hone
