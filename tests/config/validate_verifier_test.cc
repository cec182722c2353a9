#include "config/validate_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "config/load.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& verifier) {
  const auto spec = ParseVerifier(verifier, "--reward");
  if (spec.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(spec.status())) << spec.status();
  return std::string(spec.status().message());
}

TEST(ValidateVerifier, EveryNameHasDefaultsThatHold) {
  for (const std::string& name : VerifierSpec::Names()) {
    // Lengths have none, nor does an address.
    std::string written = name;
    if (name == "length" || name == "length_cosine") {
      written = absl::StrCat("{name: ", name, ", limit: 100}");
    }
    if (name == "remote") written = "{name: remote, url: 'http://localhost:8000/'}";
    const auto spec = ParseVerifier(written, "--reward");
    ASSERT_TRUE(spec.ok()) << name << ": " << spec.status();
    EXPECT_EQ(*ParseVerifier(ToYaml(*spec), "again"), *spec) << name;
  }
}

TEST(ValidateVerifier, ReadsTheKeysOfTheName) {
  const auto regex = ParseVerifier("{name: regex, pattern: 'a: b', match: search}", "--reward");
  ASSERT_TRUE(regex.ok()) << regex.status();
  EXPECT_EQ(regex->regex.pattern, "a: b");
  EXPECT_EQ(regex->regex.match, "search");
  // A list replaces the default, element by element.
  const auto math = ParseVerifier("{name: math, extraction: [boxed, last]}", "--reward");
  ASSERT_TRUE(math.ok()) << math.status();
  EXPECT_THAT(math->math.extraction, ElementsAre("boxed", "last"));
  EXPECT_EQ(math->math.digits, 4);
  EXPECT_THAT(ErrorOf("{name: exact, pattern: a}"), HasSubstr("unknown key `pattern`"));
}

struct Case {
  const char* verifier;
  const char* message;
};
class Rejects : public testing::TestWithParam<Case> {};

TEST_P(Rejects, WithAMessage) {
  EXPECT_THAT(ErrorOf(GetParam().verifier), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Verifiers, Rejects,
    testing::Values(
        Case{"regx", "did you mean `regex`?"},
        Case{"{name: choice, num_choices: 1}", "must be from 2 to 26, found 1"},
        Case{"{name: choice, num_choices: 27}", "must be from 2 to 26"},
        Case{"{name: language, language: xx}", "unknown value `xx`"},
        Case{"length", "reward.limit is missing"},
        Case{"{name: length, limit: 9, target: 9}", "must be above target, 9, found 9"},
        Case{"{name: length, limit: 9, unit: words}", "valid are `tokens`"},
        Case{"{name: length, limit: 9, target: -1}", "target must be at least 0"},
        Case{"{name: length_cosine, limit: -9}", "limit must be above 0"},
        Case{"{name: length_cosine, limit: 9, unit: x}", "valid are `tokens`"},
        Case{"{name: math, extraction: [boxd]}", "did you mean `boxed`?"},
        Case{"{name: math, extraction: []}", "needs at least one place"},
        Case{"{name: math, extraction: boxed}", "must be a list"},
        Case{"{name: math, candidates: any}", "valid are `last`, `first`"},
        Case{"{name: math, digits: 51}", "must be from 0 to 50"},
        Case{"{name: math, variables: x}", "valid are `by_name`, `by_position`"},
        Case{"remote", "reward.url is missing"},
        Case{"{name: remote, url: a}", "url must begin with http:// or grpc://"},
        Case{"{name: remote, url: 'grpc://a:1', retries: 11}", "retries must be from 0 to 10"},
        Case{"{name: remote, url: 'grpc://a:1', retries: -1}", "retries must be from 0 to 10"},
        Case{"{name: remote, url: 'grpc://a:1', timeout_seconds: 0}",
             "timeout_seconds must be above 0"},
        Case{"{name: remote, url: 'grpc://a:1', timeout_seconds: 2000}",
             "timeout_seconds times retries + 1 is 4000: more than 3600 s"},
        Case{"{name: repetition, ngram: 0}", "must be from 1 to 1000"},
        Case{"{name: regex, text: prompt}", "valid are `answer`, `completion`"},
        Case{"{name: regex, match: serch}", "did you mean `search`?"}));

}  // namespace
}  // namespace hone
