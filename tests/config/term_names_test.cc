#include "config/term_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<RewardSpec> Terms(const std::vector<std::string>& names) {
  std::vector<RewardSpec> terms;
  for (const std::string& name : names) terms.emplace_back().name = name;
  return terms;
}

TEST(TermNames, AreThoseOfTheVerifiers) {
  EXPECT_THAT(TermNames(Terms({"math", "format"})), ElementsAre("math", "format"));
  EXPECT_THAT(TermNames({}), IsEmpty());
}

TEST(TermNames, CountTheTermsOfOneVerifier) {
  EXPECT_THAT(TermNames(Terms({"regex", "length", "regex", "regex", "length"})),
              ElementsAre("regex", "length", "regex-2", "regex-3", "length-2"));
}

}  // namespace
}  // namespace hone
