#include "data/procedural/string_manipulation.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hone {
namespace {

enum class Kind { kReverse, kRotate, kSort, kSwapEnds, kRemove, kReplace, kRepeatLast };
constexpr int kNumKinds = 7;

struct Operation {
  Kind kind;
  int count = 0;  // kRotate: letters
  char from = 0;  // kRemove, kReplace
  char to = 0;    // kReplace
};

char RandomLetter(Random* random) { return static_cast<char>('a' + random->Below(26)); }

std::string Apply(const Operation& operation, std::string word) {
  switch (operation.kind) {
    case Kind::kReverse:
      std::reverse(word.begin(), word.end());
      break;
    case Kind::kRotate:
      std::rotate(word.begin(), word.begin() + operation.count, word.end());
      break;
    case Kind::kSort:
      std::sort(word.begin(), word.end());
      break;
    case Kind::kSwapEnds:
      std::swap(word.front(), word.back());
      break;
    case Kind::kRemove:
      std::erase(word, operation.from);
      break;
    case Kind::kReplace:
      std::replace(word.begin(), word.end(), operation.from, operation.to);
      break;
    case Kind::kRepeatLast:
      word.push_back(word.back());
      break;
  }
  return word;
}

// As the questions say it, after "…, then ".
std::string Words(const Operation& operation) {
  const std::string from(1, operation.from), to(1, operation.to);
  switch (operation.kind) {
    case Kind::kReverse:
      return "reverse it";
    case Kind::kRotate:
      return operation.count == 1
                 ? "move its first letter to the end"
                 : absl::StrCat("move its first ", operation.count, " letters to the end");
    case Kind::kSort:
      return "sort its letters alphabetically";
    case Kind::kSwapEnds:
      return "swap its first and last letters";
    case Kind::kRemove:
      return absl::StrCat("remove every ", from);
    case Kind::kReplace:
      return absl::StrCat("replace every ", from, " by ", to);
    case Kind::kRepeatLast:
      return "append its last letter once more";
  }
  return "";
}

std::string Brief(const Operation& operation) {
  const std::string from(1, operation.from), to(1, operation.to);
  switch (operation.kind) {
    case Kind::kReverse:
      return "reverse";
    case Kind::kRotate:
      return absl::StrCat("rotate ", operation.count);
    case Kind::kSort:
      return "sort";
    case Kind::kSwapEnds:
      return "swap ends";
    case Kind::kRemove:
      return absl::StrCat("remove ", from);
    case Kind::kReplace:
      return absl::StrCat(from, " to ", to);
    case Kind::kRepeatLast:
      return "repeat last";
  }
  return "";
}

// An operation that makes sense for the word; not twice the same kind in a row.
Operation DrawOperation(const std::string& word, const std::vector<Operation>& before,
                        Random* random) {
  while (true) {
    Operation operation{.kind = static_cast<Kind>(random->Below(kNumKinds))};
    if (!before.empty() && before.back().kind == operation.kind) continue;
    const uint32_t length = static_cast<uint32_t>(word.size());
    operation.from = word[random->Below(length)];
    switch (operation.kind) {
      case Kind::kRotate:
        if (length < 2) continue;
        operation.count = 1 + static_cast<int>(random->Below(length - 1));
        return operation;
      case Kind::kRemove:  // something must stay
        if (word.find_first_not_of(operation.from) == std::string::npos) continue;
        return operation;
      case Kind::kReplace:
        do {
          operation.to = RandomLetter(random);
        } while (operation.to == operation.from);
        return operation;
      default:
        return operation;
    }
  }
}

Attempt Work(std::string word, const std::vector<Operation>& operations, Random* random) {
  Attempt attempt;
  for (const Operation& operation : operations) {
    word = Apply(operation, std::move(word));
    if (word.size() > 1 && Slips(random)) {
      const uint32_t at = random->Below(static_cast<uint32_t>(word.size()) - 1);
      std::swap(word[at], word[at + 1]);
    }
    AppendStep(word, &attempt.steps);
  }
  attempt.answer = std::move(word);
  return attempt;
}

}  // namespace

Exercise DrawStringManipulation(const StringManipulationSpec& spec, Random* random) {
  std::string word;
  for (int i = 0; i < spec.word_length; ++i) word.push_back(RandomLetter(random));
  std::vector<Operation> operations;
  std::vector<std::string> words, briefs;
  std::string result = word;
  for (int i = 0; i < spec.num_operations; ++i) {
    operations.push_back(DrawOperation(result, operations, random));
    result = Apply(operations.back(), std::move(result));
    words.push_back(Words(operations.back()));
    briefs.push_back(Brief(operations.back()));
  }
  const std::string brief = absl::StrCat(word, ": ", absl::StrJoin(briefs, ", "));
  return {.key = brief,
          .brief = brief,
          .question = absl::StrCat("Take the word ", word, " and ", absl::StrJoin(words, ", then "),
                                   ". Which word is the result?"),
          .record = absl::StrCat("\"text\":\"", result, "\""),
          .attempt = [word, operations](Random* r) { return Work(word, operations, r); }};
}

}  // namespace hone
