#include "reward/shown.h"

#include <gtest/gtest.h>

#include <string>

namespace hone {
namespace {

TEST(Shown, EscapesAndCuts) {
  EXPECT_EQ(Shown("a\nb\x01"), "a\\nb\\x01");
  EXPECT_EQ(Shown("π"), "π");
  EXPECT_EQ(Shown(std::string(kMaxShownBytes, 'x')), std::string(kMaxShownBytes, 'x'));
  EXPECT_EQ(Shown(std::string(1 << 20, 'x')), std::string(kMaxShownBytes, 'x') + "...");
}

}  // namespace
}  // namespace hone
