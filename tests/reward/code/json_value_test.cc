#include "reward/code/json_value.h"

#include <string>

#include "gtest/gtest.h"

namespace hone {
namespace {

constexpr double kTolerance = 1e-6;

bool Same(absl::string_view got, absl::string_view wanted, double tolerance = kTolerance) {
  const auto a = ParseJsonValue(got), b = ParseJsonValue(wanted);
  EXPECT_TRUE(a.ok()) << got;
  EXPECT_TRUE(b.ok()) << wanted;
  return a.ok() && b.ok() && SameValue(*a, *b, tolerance);
}

TEST(JsonValue, WholeNumbersAreEqualByEveryDigit) {
  EXPECT_TRUE(Same("1180591620717411303424", "1180591620717411303424"));
  EXPECT_FALSE(Same("1180591620717411303425", "1180591620717411303424"));
  EXPECT_FALSE(Same("-18446744073709551617", "-18446744073709551616"));
  EXPECT_FALSE(Same("1180591620717411303424.0", "1180591620717411303424"));
  EXPECT_FALSE(Same("9007199254740993", "9007199254740992"));
  EXPECT_TRUE(Same("2.0", "2"));
  EXPECT_FALSE(Same("2.0000001", "2"));
  EXPECT_TRUE(Same("2", "2.0"));
}

TEST(JsonValue, FractionsMayDifferByTheTolerance) {
  EXPECT_TRUE(Same("0.30000000000000004", "0.3"));
  EXPECT_TRUE(Same("1000000.5", "1000000.0"));
  EXPECT_FALSE(Same("1000002.5", "1000000.0"));
  EXPECT_TRUE(Same("0.0000005", "0.0"));
  EXPECT_FALSE(Same("0.00001", "0.0"));
  EXPECT_FALSE(Same("0.30000000000000004", "0.3", 0));
  EXPECT_TRUE(Same("0.3", "0.3", 0));
}

TEST(JsonValue, KindsMustAgree) {
  const char* values[] = {"null",      "true",  "false", "1",  "\"1\"",    "[1]",
                          "{\"1\":1}", "\"\"",  "[]",    "{}", "\"null\"", "\"true\"",
                          "[[1]]",     "[1,1]", "0",     "1.5"};
  for (const char* a : values) {
    for (const char* b : values) EXPECT_EQ(Same(a, b), a == b) << a << " " << b;
  }
}

TEST(JsonValue, ObjectsHaveNoOrder) {
  EXPECT_TRUE(Same(R"({"a":1,"b":[2]})", R"({"b":[2],"a":1})"));
  EXPECT_FALSE(Same(R"({"a":1,"b":2})", R"({"a":1,"c":2})"));
  EXPECT_FALSE(Same(R"({"a":1,"b":2})", R"({"a":2,"b":1})"));
  EXPECT_FALSE(Same(R"({"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(Same(R"({"a":1,"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(Same("[1,2]", "[2,1]"));
}

TEST(JsonValue, ReadsJsonAlone) {
  for (const char* text : {"", " ", "1 2", "[1", "NaN", "Infinity", "{'a':1}", "[1,]", "\"\xff\"",
                           "01", "{\"a\"}", "1]"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseJsonValue(text).status())) << text;
  }
  EXPECT_TRUE(ParseJsonValue(std::string(200, '[') + std::string(200, ']')).ok());
  EXPECT_FALSE(ParseJsonValue(std::string(201, '[') + std::string(201, ']')).ok());
  EXPECT_FALSE(ParseJsonValue(std::string(1000000, '[')).ok());
}

TEST(JsonValue, WritesWhatItRead) {
  constexpr char text[] =
      R"({"b":[1,-2.50,1180591620717411303424,true,null],"a":"q\"\\\nä","c":{},"d":[]})";
  std::string written;
  AppendJsonValue(*ParseJsonValue(text), &written);
  EXPECT_EQ(written, text);
}

}  // namespace
}  // namespace hone
