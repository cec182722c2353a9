#include "reward/procedural.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr const char* kArithmetic = R"({"task":"arithmetic","value":-1234})";
constexpr const char* kBinary = R"({"task":"base_conversion","value":10,"base":2})";
constexpr const char* kHexadecimal = R"({"task":"base_conversion","value":177,"base":16})";  // b1
constexpr const char* kDecimal = R"({"task":"base_conversion","value":1234,"base":10})";
constexpr const char* kBoolean =
    R"({"task":"boolean_logic","variables":["p","q"],"formula":["xor","p",["not",["not","q"]]]})";
constexpr const char* kWeekday = R"({"task":"calendar","weekday":"Tuesday"})";
constexpr const char* kDate = R"({"task":"calendar","date":"2024-02-29"})";
constexpr const char* kDays = R"({"task":"calendar","days":1500})";
constexpr const char* kPath =
    R"({"task":"shortest_path","edges":[["A","B",1],["B","D",2],["C","A",2],["C","D",1],["A","D",4]],)"
    R"("from":"A","to":"D","length":3})";
constexpr const char* kString = R"({"task":"string_manipulation","text":"olleh"})";
constexpr const char* kSudoku = R"({"task":"sudoku","puzzle":"1.3434..2.434.21"})";
// Any of several solutions will do.
constexpr const char* kEmptySudoku = R"({"task":"sudoku","puzzle":"................"})";
constexpr const char* kCountdown = R"({"task":"countdown","numbers":[3,5,8],"target":23})";

Verdict Judge(absl::string_view completion, absl::string_view record) {
  return MakeProceduralVerifier()->Judge("<answer>no</answer>", completion, record);
}

Verdict JudgeAnswer(absl::string_view answer, absl::string_view record) {
  return Judge(absl::StrCat("hm</think> <answer>", answer, "</answer>"), record);
}

void Expect(Outcome wanted, absl::string_view record, const std::vector<std::string>& answers) {
  for (const std::string& answer : answers) {
    const Verdict verdict = JudgeAnswer(answer, record);
    EXPECT_EQ(verdict.outcome, wanted) << answer << " of " << record << ": " << verdict.detail;
    EXPECT_EQ(verdict.reward, wanted == Outcome::kCorrect ? 1 : 0);
    EXPECT_FALSE(verdict.detail.empty());
    EXPECT_LT(verdict.detail.size(), 400u);
  }
}

TEST(Procedural, Arithmetic) {
  Expect(Outcome::kCorrect, kArithmetic, {"-1234", "-1,234", " -1234.0\n", "2 * 3 - 1240 = -1234"});
  Expect(Outcome::kIncorrect, kArithmetic, {"1234", "-1234.5", "-12340", "-1234%", "0"});
  Expect(Outcome::kUnparseable, kArithmetic, {"", "-1234 or 1234", "2 * 3 - 1240", "none"});
}

TEST(Procedural, BaseConversion) {
  Expect(
      Outcome::kCorrect, kBinary,
      {"1010", "0b1010", "0B1010", "00001010", "10 10", "10_10", "1010_2", "1010_{2}", "(1010)_2",
       "1010₂", "\\text{1010}_{2}", "$1010_2$", "1010 (base 2)", "1010 base 2", "`1010`", "1 010"});
  Expect(Outcome::kIncorrect, kBinary, {"1011", "10100", "0", "0b0", std::string(4000, '1')});
  Expect(Outcome::kUnparseable, kBinary,
         {"", "1010 or 1011", "0x1010", "0o12", "a", "2", "-1010", "1010.", "1010_16", "0b", "_2",
          "1010₁₆", "base 2", "10__10", "10  10", "101 0", "1 0 10"});
  // In base 16 the letter b is a digit: 0b1 is a number like any other.
  Expect(Outcome::kCorrect, kHexadecimal, {"b1", "B1", "0xb1", "0XB1", "0b1", "b1₁₆", "B1_{16}"});
  Expect(Outcome::kIncorrect, kHexadecimal, {"177", "1b"});
  Expect(Outcome::kCorrect, kDecimal, {"1234", "1,234", "1234.0", "1234_10", "1 234"});
  Expect(Outcome::kIncorrect, kDecimal, {"12345", "123"});
  Expect(Outcome::kUnparseable, kDecimal, {"4d2", "12 or 1234"});
}

TEST(Procedural, BooleanLogicTakesEveryAssignmentThatHolds) {
  Expect(Outcome::kCorrect, kBoolean,
         {"p = true, q = false", "q=true p=false", "p: T; q: F", "P is True and Q is False",
          "p=1\nq=0", R"({"p": true, "q": false})", "p true q false", "`p = true, q = false`"});
  Expect(Outcome::kIncorrect, kBoolean,
         {"p = true, q = true", "p = false, q = false", "p = true", "p = true, p = true",
          "p = true, q = false, r = true", "p = true, q = false, p = false",
          "p = true, q = false, q = true"});
  Expect(Outcome::kUnparseable, kBoolean,
         {"", "true", "p", "p and not q", "p = true, q", "p = maybe, q = false", "p q = true",
          "p = true or p = false, q = true", "p xor q", "(p) != (q)"});
}

TEST(Procedural, Calendar) {
  Expect(Outcome::kCorrect, kWeekday, {"Tuesday", "tuesday", "TUE", "Tues.", "**Tuesday**"});
  Expect(Outcome::kIncorrect, kWeekday, {"Thursday", "Mon"});
  Expect(Outcome::kUnparseable, kWeekday,
         {"", "Tuesday or Wednesday", "2", "Tu", "2024-03-05", "MondayTuesday"});
  Expect(Outcome::kCorrect, kDate,
         {"2024-02-29", "February 29, 2024", "29.2.2024", "2/29/2024", "29/2/2024", "2024/2/29",
          "Thursday, February 29th, 2024", "2024-02-29.", "\"2024-02-29\""});
  Expect(Outcome::kIncorrect, kDate,
         {"2024-03-01", "2024-02-30", "2023-02-29", "Friday, February 29, 2024", "2024-29-02",
          "1900-02-29", "9999-99-99"});
  Expect(Outcome::kUnparseable, kDate,
         {"", "February 29", "2024-02-29 or 2024-03-01", "Thursday", "29 02 24", "tomorrow"});
  Expect(Outcome::kCorrect, kDays, {"1500", "1,500 days", "1500.0"});
  Expect(Outcome::kIncorrect, kDays, {"1501", "-1500"});
  Expect(Outcome::kUnparseable, kDays, {"", "many", "1500 or 1501"});
}

TEST(Procedural, ShortestPathTakesEveryShortestPath) {
  Expect(Outcome::kCorrect, kPath,
         {"A-B-D", "A-C-D", "A -> B -> D", "A, C, D", "ABD", "a c d", "[A, B, D]", "A→B→D",
          "$A \\to B \\to D$", "A — C — D", "A=>B=>D"});
  Expect(Outcome::kIncorrect, kPath,
         {"A-D", "D-B-A", "A-B", "B-D", "A-B-C-D", "A-B-A-B-D", "A", "D", "A-A-B-D", "A-E-D",
          "A-B-D-D", "A-B-D-C-D", "xyz"});
  Expect(Outcome::kUnparseable, kPath,
         {"", "3", "A-B-D (3)", "A-B-D: 3", "->", "A1B", "A|B|D", "ABD or ACD", "A to B to D",
          "A-BD"});
}

TEST(Procedural, StringManipulation) {
  Expect(Outcome::kCorrect, kString, {"olleh", " olleh\n", "\"olleh\"", "'olleh'", "`olleh`"});
  Expect(Outcome::kIncorrect, kString, {"hello", "OLLEH", "olle", "ollehh"});
  Expect(Outcome::kUnparseable, kString, {"", "o l l e h", "olleh hello", "olleh.", "\"\"", "123"});
}

TEST(Procedural, Sudoku) {
  Expect(Outcome::kCorrect, kSudoku,
         {"1234/3412/2143/4321", "1234341221434321", "1234\n3412\n2143\n4321",
          "1 2 3 4\n3 4 1 2\n2 1 4 3\n4 3 2 1", "[[1,2,3,4],[3,4,1,2],[2,1,4,3],[4,3,2,1]]",
          "|12|34|\n|34|12|\n+--+--+\n|21|43|\n|43|21|"});
  Expect(Outcome::kIncorrect, kSudoku,
         {"1234/3421/2143/4312", "1234/3412/2143/4324", "4321/2143/3412/1234", "1111111111111111",
          "0000000000000000", "9999999999999999"});
  Expect(Outcome::kUnparseable, kSudoku,
         {"", "1.34/34../2.43/4.21", "1234/3412/2143", "1234/3412/2143/43211", "abcd",
          "1234/3412/2143/4321 or 1234/3412/2143/4321", "12343412214343２1"});
  Expect(Outcome::kCorrect, kEmptySudoku, {"1234/3412/2143/4321", "4321/2143/3412/1234"});
  Expect(Outcome::kIncorrect, kEmptySudoku, {"1234/2341/3412/4123"});  // rows and columns, no boxes
}

TEST(Procedural, CountdownInAMixture) {
  Expect(Outcome::kCorrect, kCountdown, {"3*5+8"});
  Expect(Outcome::kIncorrect, kCountdown, {"3*5-8", "23"});
  Expect(Outcome::kUnparseable, kCountdown, {"", "no"});
}

const std::vector<const char*>& Records() {
  static const auto* const records = new std::vector<const char*>{
      kArithmetic, kBinary, kDecimal, kBoolean, kWeekday, kDate, kDays, kPath, kString, kSudoku};
  return *records;
}

TEST(Procedural, WithoutTagsThereIsNoAnswer) {
  for (const char* record : Records()) {
    EXPECT_TRUE(MakeProceduralVerifier()->CheckAnswer(record).ok()) << record;
    for (const char* completion : {"", "Tuesday", "<answer>", "</answer>1<answer>", "<answer>1",
                                   "<answer></answer>", "<answer> \n </answer>"}) {
      EXPECT_EQ(Judge(completion, record).outcome, Outcome::kUnparseable) << completion;
    }
  }
  EXPECT_EQ(Judge("<answer>hello</answer> no: <answer>olleh</answer>", kString).outcome,
            Outcome::kCorrect);
  EXPECT_EQ(Judge("<answer>olleh</answer> no: <answer>hello</answer>", kString).outcome,
            Outcome::kIncorrect);
}

TEST(Procedural, HostileAnswersAreJudgedAtOnce) {
  using namespace std::string_literals;
  for (const char* record : Records()) {
    for (const std::string& answer :
         {std::string(1 << 22, '1'), std::string(1 << 22, '('), std::string(4096, '$'),
          std::string(4096, '`'), "\0"s, "\xff\xfe"s, "1\0"s, std::string(4096, '\xe2'),
          std::string(1000, '9') + "e999999999", "2003^{2002^{2001}}"s, "9**9**9**9"s}) {
      const Verdict verdict = JudgeAnswer(answer, record);
      EXPECT_TRUE(verdict.outcome == Outcome::kUnparseable ||
                  verdict.outcome == Outcome::kIncorrect)
          << record << ": " << verdict.detail;
      EXPECT_LT(verdict.detail.size(), 500u);
    }
  }
}

TEST(Procedural, ABrokenRecordIsOurFailure) {
  for (const char* record :
       {"",
        "42",
        "[]",
        "{}",
        "null",
        R"({"task":"chess"})",
        R"({"task":1})",
        R"({"value":1})",
        R"({"task":"arithmetic"})",
        R"({"task":"arithmetic","value":"1"})",
        R"({"task":"arithmetic","value":1.5})",
        R"({"task":"arithmetic","value":9223372036854775808})",
        R"({"task":"base_conversion","value":1})",
        R"({"task":"base_conversion","value":1,"base":37})",
        R"({"task":"base_conversion","value":1,"base":1})",
        R"({"task":"base_conversion","value":-1,"base":2})",
        R"({"task":"boolean_logic","variables":["p"]})",
        R"({"task":"boolean_logic","variables":[],"formula":"p"})",
        R"({"task":"boolean_logic","variables":["p","p"],"formula":"p"})",
        R"({"task":"boolean_logic","variables":["p"],"formula":"q"})",
        R"({"task":"boolean_logic","variables":["p"],"formula":["nand","p","p"]})",
        R"({"task":"boolean_logic","variables":["p"],"formula":["and","p"]})",
        R"({"task":"boolean_logic","variables":["p"],"formula":[]})",
        R"({"task":"calendar"})",
        R"({"task":"calendar","weekday":"Someday"})",
        R"({"task":"calendar","weekday":"Monday","days":1})",
        R"({"task":"calendar","date":"2024-02-30"})",
        R"({"task":"calendar","date":"1.1.2024"})",
        R"({"task":"shortest_path","edges":[],"from":"A","to":"B","length":1})",
        R"({"task":"shortest_path","edges":[["A","B"]],"from":"A","to":"B","length":1})",
        R"({"task":"shortest_path","edges":[["A","B",-1]],"from":"A","to":"B","length":1})",
        R"({"task":"shortest_path","edges":[["A","BB",1]],"from":"A","to":"B","length":1})",
        R"({"task":"shortest_path","edges":[["A","B",1]],"to":"B","length":1})",
        R"({"task":"string_manipulation","text":""})",
        R"({"task":"sudoku","puzzle":"1234"})",
        R"({"task":"sudoku","puzzle":"5..............."})",
        R"({"task":"countdown"})",
        "\xff"}) {
    for (const char* completion : {"<answer>1</answer>", "none"}) {
      const Verdict verdict = Judge(completion, record);
      EXPECT_EQ(verdict.outcome, Outcome::kError) << record << ": " << verdict.detail;
      EXPECT_THAT(verdict.detail, HasSubstr("answer"));
    }
    EXPECT_TRUE(absl::IsInvalidArgument(MakeProceduralVerifier()->CheckAnswer(record))) << record;
  }
  // A formula too deep to be evaluated.
  const std::string depth(100'000, '[');
  EXPECT_EQ(JudgeAnswer("p=1", absl::StrCat(R"({"task":"boolean_logic","variables":["p"],)",
                                            R"("formula":)", depth))
                .outcome,
            Outcome::kError);
  std::string formula = R"("p")";
  for (int i = 0; i < 1000; ++i) formula = absl::StrCat(R"(["not",)", formula, "]");
  EXPECT_EQ(JudgeAnswer("p=1", absl::StrCat(R"({"task":"boolean_logic","variables":["p"],)",
                                            R"("formula":)", formula, "}"))
                .outcome,
            Outcome::kError);
}

TEST(Procedural, VotesForTheAnswerWithoutCaseAndSpace) {
  const auto verifier = MakeProceduralVerifier();
  EXPECT_EQ(verifier->Vote("<answer>A -> B</answer>"), verifier->Vote("<answer>a->b</answer>"));
  EXPECT_EQ(verifier->Vote("none"), "");
}

}  // namespace
}  // namespace hone
