#include "reward/code/code_record.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/json_text.h"
#include "reward/code/same_output.h"

namespace hone {
namespace {

using Kind = JsonValue::Kind;

Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the record ", what));
}

// A text, a number, or a list of them as lines.
StatusOr<std::string> AsText(const JsonValue& value) {
  switch (value.kind) {
    case Kind::kString:
    case Kind::kInteger:
    case Kind::kFloat:
      return value.text;
    case Kind::kArray: {
      std::string lines;
      for (const JsonValue& item : value.items) {
        if (item.is(Kind::kArray)) return Bad("has a list of lists where lines are wanted");
        HONE_ASSIGN_OR_RETURN(const std::string line, AsText(item));
        absl::StrAppend(&lines, line, "\n");
      }
      return lines;
    }
    default:
      return Bad("has a test whose input or output is no text, and no \"fn_name\"");
  }
}

StatusOr<CodeTest> MakeCall(const std::string& function, const JsonValue& input,
                            const JsonValue& output, bool may_be_wrapped) {
  CodeTest test;
  JsonValue arguments{.kind = Kind::kArray};
  if (input.is(Kind::kArray)) {
    arguments = input;
    test.result = output;
    test.may_be_wrapped = may_be_wrapped;
  } else if (input.is(Kind::kString) && output.is(Kind::kString)) {
    for (const absl::string_view line : absl::StrSplit(input.text, '\n')) {
      if (absl::StripAsciiWhitespace(line).empty()) continue;
      StatusOr<JsonValue> argument = ParseJsonValue(line);
      if (!argument.ok()) return Bad("has an argument that is not JSON");
      arguments.items.push_back(*std::move(argument));
    }
    StatusOr<JsonValue> result = ParseJsonValue(output.text);
    if (!result.ok()) return Bad("has a result that is not JSON");
    test.result = *std::move(result);
  } else {
    return Bad("has a call whose input is neither a list of arguments nor a text with JSON lines");
  }
  test.input = "{\"function\":";
  AppendJsonString(function, &test.input);
  test.input += ",\"arguments\":";
  AppendJsonValue(arguments, &test.input);
  test.input += "}";
  return test;
}

StatusOr<CodeTest> MakeTest(const std::string& function, const JsonValue& input,
                            const JsonValue& output, bool may_be_wrapped) {
  if (!function.empty()) return MakeCall(function, input, output, may_be_wrapped);
  CodeTest test;
  HONE_ASSIGN_OR_RETURN(test.input, AsText(input));
  HONE_ASSIGN_OR_RETURN(test.output, AsText(output));
  return test;
}

}  // namespace

StatusOr<CodeRecord> ParseCodeRecord(absl::string_view text) {
  StatusOr<JsonValue> parsed = ParseJsonValue(text);
  if (!parsed.ok()) return Bad(parsed.status().message());
  CodeRecord record;
  const JsonValue* name = parsed->Find("fn_name");
  if (name != nullptr && !name->is(Kind::kNull)) {
    if (!name->is(Kind::kString)) return Bad("has an \"fn_name\" that is no text");
    record.function = name->text;
  }
  const JsonValue* tests = parsed->is(Kind::kArray) ? &*parsed : parsed->Find("tests");
  const JsonValue* inputs = parsed->Find("inputs");
  const JsonValue* outputs = parsed->Find("outputs");
  if (tests != nullptr) {
    if (!tests->is(Kind::kArray)) return Bad("has \"tests\" that are no list");
    for (const JsonValue& test : tests->items) {
      const JsonValue *input = test.Find("input"), *output = test.Find("output");
      if (input == nullptr || output == nullptr) {
        return Bad("has a test without \"input\" or \"output\"");
      }
      HONE_ASSIGN_OR_RETURN(CodeTest made, MakeTest(record.function, *input, *output, false));
      record.tests.push_back(std::move(made));
    }
  } else if (inputs != nullptr && outputs != nullptr) {
    if (!inputs->is(Kind::kArray) || !outputs->is(Kind::kArray) ||
        inputs->items.size() != outputs->items.size()) {
      return Bad("must have as many \"inputs\" as \"outputs\", in two lists");
    }
    for (size_t i = 0; i < inputs->items.size(); ++i) {
      HONE_ASSIGN_OR_RETURN(CodeTest made, MakeTest(record.function, inputs->items[i],
                                                    outputs->items[i], /*may_be_wrapped=*/true));
      record.tests.push_back(std::move(made));
    }
  } else {
    return Bad("has neither \"tests\" nor \"inputs\" and \"outputs\"");
  }
  if (record.tests.empty()) return Bad("has no tests");
  return record;
}

bool Passes(const CodeRecord& record, const CodeTest& test, absl::string_view given,
            double tolerance) {
  if (record.function.empty()) return SameOutput(given, test.output, tolerance);
  const StatusOr<JsonValue> result = ParseJsonValue(given);
  if (!result.ok()) return false;
  if (SameValue(*result, test.result, tolerance)) return true;
  return test.may_be_wrapped && test.result.is(Kind::kArray) && test.result.items.size() == 1 &&
         SameValue(*result, test.result.items.front(), tolerance);
}

}  // namespace hone
