#include "model/published_shapes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

// The parameters that the publisher's files hold; Qwen2.5's report rounds them to 0.49, 1.54, 7.61
// and 32.5 billion.
TEST(PublishedShapesTest, HaveThePublishedNumberOfParameters) {
  EXPECT_EQ(NumParameters(*PublishedShape("models/Qwen2.5-0.5B")), 494'032'768);
  EXPECT_EQ(NumParameters(*PublishedShape("models/Qwen2.5-1.5B")), 1'543'714'304);
  EXPECT_EQ(NumParameters(*PublishedShape("Qwen2.5-7B")), 7'615'616'512);
  EXPECT_EQ(NumParameters(*PublishedShape("/data/Qwen2.5-32B/")), 32'763'876'352);
  EXPECT_EQ(NumParameters(*PublishedShape("Qwen2.5-Math-7B")), 7'615'616'512);
}

TEST(PublishedShapesTest, OtherNamesAreUnknown) {
  EXPECT_FALSE(PublishedShape("models/Qwen2.5-7B/hf").has_value());
  EXPECT_FALSE(PublishedShape("").has_value());
  for (const std::string& name : PublishedShapeNames()) {
    EXPECT_TRUE(PublishedShape("a/" + name).has_value()) << name;
  }
}

}  // namespace
}  // namespace hone
