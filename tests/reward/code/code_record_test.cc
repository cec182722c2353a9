#include "reward/code/code_record.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr double kTolerance = 1e-6;

CodeRecord Parse(absl::string_view text) {
  const auto record = ParseCodeRecord(text);
  EXPECT_TRUE(record.ok()) << text << "\n" << record.status();
  return record.ok() ? *record : CodeRecord{};
}

TEST(CodeRecord, ReadsTestsOfTextInEveryForm) {
  for (const char* text :
       {R"({"tests":[{"input":"1\n2\n","output":"3"},{"input":"4\n","output":"5\n6\n"}]})",
        R"([{"input":"1\n2\n","output":"3"},{"input":["4"],"output":[5,"6"],"testtype":"stdin"}])",
        R"({"inputs":["1\n2\n",["4"]],"outputs":[3,"5\n6\n"]})",
        R"({"inputs":[["1","2"],"4\n"],"outputs":["3","5\n6\n"],"fn_name":null})"}) {
    const CodeRecord record = Parse(text);
    EXPECT_EQ(record.function, "");
    ASSERT_EQ(record.tests.size(), 2) << text;
    EXPECT_EQ(record.tests[0].input, "1\n2\n") << text;
    EXPECT_EQ(record.tests[1].input, "4\n");
    EXPECT_TRUE(Passes(record, record.tests[0], "3\n", kTolerance));
    EXPECT_TRUE(Passes(record, record.tests[1], "5\n6", kTolerance));
    EXPECT_FALSE(Passes(record, record.tests[1], "5 6", kTolerance));
  }
}

TEST(CodeRecord, ReadsCallsWithListsOfArguments) {
  const CodeRecord record =
      Parse(R"({"fn_name":"f","inputs":[[[1,2],"a"],[]],"outputs":[[7],"[7]"]})");
  EXPECT_EQ(record.tests[0].input, R"({"function":"f","arguments":[[1,2],"a"]})");
  EXPECT_EQ(record.tests[1].input, R"({"function":"f","arguments":[]})");
  // APPS wraps results in lists; with one thing in it, the list counts and the thing.
  EXPECT_TRUE(Passes(record, record.tests[0], "[7]", kTolerance));
  EXPECT_TRUE(Passes(record, record.tests[0], "7", kTolerance));
  EXPECT_FALSE(Passes(record, record.tests[0], "[[7]]", kTolerance));
  EXPECT_TRUE(Passes(record, record.tests[1], "\"[7]\"", kTolerance));
  EXPECT_FALSE(Passes(record, record.tests[1], "[7]", kTolerance));
  EXPECT_FALSE(Passes(record, record.tests[0], "", kTolerance));
  EXPECT_FALSE(Passes(record, record.tests[0], "7 7", kTolerance));

  const CodeRecord tests = Parse(R"({"fn_name":"f","tests":[{"input":[3],"output":[7]}]})");
  EXPECT_TRUE(Passes(tests, tests.tests[0], "[7]", kTolerance));
  EXPECT_FALSE(Passes(tests, tests.tests[0], "7", kTolerance));
}

TEST(CodeRecord, ReadsCallsWithLinesOfJson) {
  const CodeRecord record = Parse(
      R"({"fn_name":"f","inputs":["[1, 2]\n\"a\"\n","18446744073709551617"],"outputs":["[7]","\"x\""]})");
  EXPECT_EQ(record.tests[0].input, R"({"function":"f","arguments":[[1,2],"a"]})");
  EXPECT_EQ(record.tests[1].input, R"({"function":"f","arguments":[18446744073709551617]})");
  EXPECT_TRUE(Passes(record, record.tests[0], "[7]", kTolerance));
  EXPECT_FALSE(Passes(record, record.tests[0], "7", kTolerance));
  EXPECT_TRUE(Passes(record, record.tests[1], "\"x\"", kTolerance));
  EXPECT_FALSE(Passes(record, record.tests[1], "\"\\\"x\\\"\"", kTolerance));
}

TEST(CodeRecord, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "is not JSON"},
      {"42", "neither"},
      {"{}", "neither"},
      {"[]", "no tests"},
      {R"({"tests":[]})", "no tests"},
      {R"({"tests":7})", "no list"},
      {R"({"tests":[1]})", "without"},
      {R"({"tests":[{"input":"1"}]})", "without"},
      {R"({"inputs":["1"]})", "neither"},
      {R"({"inputs":["1"],"outputs":[]})", "as many"},
      {R"({"inputs":"1","outputs":"1"})", "as many"},
      {R"({"inputs":[null],"outputs":["1"]})", "no text"},
      {R"({"inputs":[[[1,2]]],"outputs":["1"]})", "list of lists"},
      {R"({"fn_name":7,"inputs":[[1]],"outputs":[1]})", "fn_name"},
      {R"({"fn_name":"f","inputs":[5],"outputs":[1]})", "neither a list of arguments"},
      {R"({"fn_name":"f","inputs":["a b"],"outputs":["1"]})", "argument that is not JSON"},
      {R"({"fn_name":"f","inputs":["1"],"outputs":["a b"]})", "result that is not JSON"},
  };
  for (const auto& [text, message] : cases) {
    const Status status = ParseCodeRecord(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_THAT(status.message(), HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace hone
