#include "model/json.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

std::string Error(absl::string_view text, const JsonLimits& limits = {}) {
  return std::string(ParseJson(text, limits, "f.json").status().message());
}

TEST(ParseJson, Reads) {
  const auto value = ParseJson(R"({"a": {"x": 1}, "b": {"x": [1, {"x": null}]}})", {}, "f.json");
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ((*value)["b"]["x"][0], 1);
}

TEST(ParseJson, NamesTheFile) {
  EXPECT_THAT(Error("{"), HasSubstr("f.json: not valid JSON"));
  EXPECT_THAT(Error("{} x"), HasSubstr("not valid JSON"));
  EXPECT_THAT(Error(absl::string_view("{}\0", 3)), HasSubstr("NUL byte"));
  EXPECT_THAT(Error("{\"\xff\": 1}"), HasSubstr("not valid JSON"));
}

TEST(ParseJson, RefusesRepeatedKeys) {
  EXPECT_THAT(Error(R"({"a": 1, "b": {"a": 1}, "a": 2})"), HasSubstr("\"a\" stands twice"));
  EXPECT_THAT(Error(R"([{"a": 1}, {"b": {"c": 1, "c": 2}}])"), HasSubstr("\"c\" stands twice"));
}

TEST(ParseJson, CapsSizeAndDepth) {
  JsonLimits limits;
  limits.max_depth = 3;
  limits.max_bytes = 20;
  EXPECT_TRUE(ParseJson("[[[1]]]", limits, "f").ok());
  EXPECT_THAT(Error("[[[[1]]]]", limits), HasSubstr("deeper than 3"));
  EXPECT_THAT(Error(R"({"a":{"b":[{}]}})", limits), HasSubstr("deeper than 3"));
  EXPECT_THAT(Error("[1,2,3,4,5,6,7,8,9,0]", limits), HasSubstr("21 bytes"));
  const std::string deep(500000, '[');
  EXPECT_THAT(Error(deep), HasSubstr("deeper than 32"));
}

}  // namespace
}  // namespace hone
