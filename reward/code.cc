#include "reward/code.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reward/code/code_block.h"
#include "reward/code/code_record.h"
#include "reward/sandbox/sandbox.h"
#include "reward/shown.h"

namespace hone {
namespace {

constexpr absl::string_view kPythonMarks[] = {"python", "py", "python3"};
constexpr absl::string_view kCppMarks[] = {"cpp", "c++", "cc", "cxx"};
constexpr size_t kMaxCodeBytes = 65536;
constexpr size_t kMaxHowBytes = 240;  // of how a program ended, in a verdict's detail

std::string ShownHow(absl::string_view how) {
  return absl::Utf8SafeCHexEscape(how.substr(0, kMaxHowBytes));
}

// One test's result.
struct TestResult {
  bool passed = false;
  std::string what;        // for people
  double cpu_seconds = 0;  // all that it had, for one that ran out of it
  double wall_seconds = 0;
  bool waited = false;  // ended by the wall clock
};

class CodeVerifier : public Verifier {
 public:
  CodeVerifier(CodeLanguage language, const CodeSpec& spec, Sandbox sandbox)
      : language_(language), spec_(spec), sandbox_(std::move(sandbox)) {}

  Verdict Judge(absl::string_view, absl::string_view completion,
                absl::string_view answer) const override {
    return JudgeProgram(completion, answer, nullptr);
  }

  Explanation Explain(absl::string_view, absl::string_view completion,
                      absl::string_view answer) const override {
    Explanation steps;
    if (const auto code = Code(completion)) steps.emplace_back("program", std::string(*code));
    const Verdict verdict = JudgeProgram(completion, answer, &steps);
    steps.emplace_back("compared", verdict.detail);
    return steps;
  }

  Status CheckAnswer(absl::string_view answer) const override { return Record(answer).status(); }

  std::string Vote(absl::string_view completion) const override {
    return std::string(absl::StripAsciiWhitespace(Code(completion).value_or("")));
  }

 private:
  absl::Span<const absl::string_view> Marks() const {
    return language_ == CodeLanguage::kPython ? absl::MakeConstSpan(kPythonMarks)
                                              : absl::MakeConstSpan(kCppMarks);
  }
  std::optional<absl::string_view> Code(absl::string_view completion) const {
    return LastCodeBlock(completion, Marks());
  }

  StatusOr<CodeRecord> Record(absl::string_view answer) const {
    StatusOr<CodeRecord> record = ParseCodeRecord(answer);
    if (record.ok() && language_ == CodeLanguage::kCpp && !record->function.empty()) {
      return absl::InvalidArgumentError(
          "the record has \"fn_name\": cpp judges stdin and stdout alone");
    }
    return record;
  }

  // `steps`, if any, get a line for each test.
  Verdict JudgeProgram(absl::string_view completion, absl::string_view answer,
                       Explanation* steps) const {
    const StatusOr<CodeRecord> record = Record(answer);
    if (!record.ok()) return Error(record.status());
    const std::optional<absl::string_view> code = Code(completion);
    if (!code) {
      return {.outcome = Outcome::kUnparseable,
              .detail = absl::StrCat("no closed ```", Marks().front(), " block")};
    }
    if (code->size() > kMaxCodeBytes) {
      return Incorrect(absl::StrCat("the program has more than ", kMaxCodeBytes, " bytes"));
    }
    Program program;
    if (language_ == CodeLanguage::kPython) {
      StatusOr<Program> loaded = sandbox_.Load(*code);
      if (!loaded.ok()) return Error(loaded.status());
      program = *std::move(loaded);
    } else {
      StatusOr<std::pair<Program, Execution>> compiled = sandbox_.Compile(*code);
      if (!compiled.ok()) return Error(compiled.status());
      if (compiled->second.ending != Ending::kFinished) {
        return Incorrect(absl::StrCat("does not compile: ", ShownHow(compiled->second.how)));
      }
      program = std::move(compiled->first);
    }
    return RunTests(*record, program, steps);
  }

  Verdict RunTests(const CodeRecord& record, const Program& program, Explanation* steps) const {
    const size_t num_tests = record.tests.size();
    size_t num_passed = 0;
    double cpu_seconds = 0, wall_seconds = 0;
    std::string failure;
    for (size_t i = 0; i < num_tests; ++i) {
      const StatusOr<TestResult> result = RunTest(record, record.tests[i], program);
      if (!result.ok()) return Error(result.status());
      if (steps != nullptr) steps->emplace_back(absl::StrCat("test ", i + 1), result->what);
      num_passed += result->passed;
      cpu_seconds += result->cpu_seconds;
      if (!result->passed && failure.empty()) {
        failure = absl::StrCat("; test ", i + 1, ": ", result->what);
      }
      if (!result->passed && spec_.credit == "all") break;
      // Programs that sleep a little in each test must not hold a core for as long as they like.
      wall_seconds += result->wall_seconds;
      const bool waited = result->waited || wall_seconds >= spec_.total_wall_seconds();
      if (i + 1 < num_tests && (waited || cpu_seconds >= spec_.total_seconds)) {
        absl::StrAppend(&failure, "; the tests behind test ", i + 1,
                        " were not run: ", waited ? "it waited" : "out of total_seconds");
        break;
      }
    }
    Verdict verdict = {.outcome = num_passed == num_tests ? Outcome::kCorrect : Outcome::kIncorrect,
                       .detail = absl::StrCat(num_passed, " of ", num_tests, " tests", failure)};
    const double share = static_cast<double>(num_passed) / static_cast<double>(num_tests);
    if (spec_.credit == "fraction" || num_passed == num_tests) verdict.reward = share;
    return verdict;
  }

  StatusOr<TestResult> RunTest(const CodeRecord& record, const CodeTest& test,
                               const Program& program) const {
    const Limits limits = {.cpu_seconds = spec_.time_seconds,
                           .wall_seconds = static_cast<double>(spec_.wall_seconds),
                           .memory_bytes = static_cast<uint64_t>(spec_.memory_mb) << 20,
                           .output_bytes = static_cast<uint64_t>(spec_.output_mb) << 20};
    const bool calls = !record.function.empty();
    HONE_ASSIGN_OR_RETURN(const Execution done, sandbox_.Run(program, calls, test.input, limits));
    TestResult result;
    const bool exhausted = done.ending == Ending::kOutOfTime;
    result.cpu_seconds = exhausted ? spec_.time_seconds : done.cpu_seconds;
    result.wall_seconds = done.wall_seconds;
    result.waited = done.ending == Ending::kWaitedTooLong;
    if (done.ending != Ending::kFinished) {
      result.what = ShownHow(done.how);
    } else if (Passes(record, test, done.output, spec_.float_tolerance)) {
      result.passed = true;
      result.what = "passed";
    } else {
      std::string wanted = test.output;
      if (calls) AppendJsonValue(test.result, &wanted);
      result.what = absl::StrCat(calls ? "gave " : "printed ", Shown(done.output), ", wanted ",
                                 Shown(wanted));
    }
    return result;
  }

  static Verdict Incorrect(std::string detail) {
    return {.outcome = Outcome::kIncorrect, .detail = std::move(detail)};
  }
  static Verdict Error(const Status& status) {
    const bool late = absl::IsDeadlineExceeded(status);
    return {.outcome = late ? Outcome::kTimeout : Outcome::kError,
            .detail = absl::StrCat("code: ", status.message())};
  }

  const CodeLanguage language_;
  const CodeSpec spec_;
  const Sandbox sandbox_;
};

}  // namespace

StatusOr<std::unique_ptr<Verifier>> MakeCodeVerifier(CodeLanguage language, const CodeSpec& spec) {
  HONE_ASSIGN_OR_RETURN(
      Sandbox sandbox,
      Sandbox::Make(language == CodeLanguage::kPython ? CellKind::kPython : CellKind::kNative));
  return std::make_unique<CodeVerifier>(language, spec, std::move(sandbox));
}

}  // namespace hone
