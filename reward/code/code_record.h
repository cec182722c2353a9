// A programming problem's record: the tests that a program must pass. One of
//
//   {"tests": [{"input": …, "output": …}, …]}       or the bare list
//   {"inputs": [… , …], "outputs": [… , …]}         as APPS and TACO have it
//
// each with "fn_name" where a function is to be called, which may be a method of a class Solution.
//
//   without fn_name  input and output are texts: stdin and stdout; a list of texts is lines
//   with fn_name     an input that is a list has the arguments; then the output is the result.
//                    An input that is a text has one argument a line, as JSON; then the output is
//                    the result as JSON, in a text (LiveCodeBench). In "inputs"/"outputs" with
//                    lists, a result in a list of one counts too, as in APPS, which often wraps it.
#ifndef HONE_REWARD_CODE_CODE_RECORD_H_
#define HONE_REWARD_CODE_CODE_RECORD_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "reward/code/json_value.h"

namespace hone {

struct CodeTest {
  std::string input;   // what the program reads; of a call {"function", "arguments"} as JSON
  std::string output;  // without a function: what it must print
  JsonValue result;    // with a function: what it must give
  bool may_be_wrapped = false;  // `result` may be a list with the result in it
};

struct CodeRecord {
  std::string function;  // empty: stdin and stdout
  std::vector<CodeTest> tests;
};

// InvalidArgument says what is wrong with the record. There is at least one test.
StatusOr<CodeRecord> ParseCodeRecord(absl::string_view text);

// Whether what a program gave passes the test.
bool Passes(const CodeRecord& record, const CodeTest& test, absl::string_view given,
            double tolerance);

}  // namespace hone

#endif  // HONE_REWARD_CODE_CODE_RECORD_H_
