#include "reward/exact.h"

#include <utf8proc.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "data/utf8.h"
#include "reward/equals_itself.h"
#include "reward/final_answer.h"
#include "reward/shown.h"

namespace hone {
namespace {

constexpr size_t kMaxAnswerBytes = 1 << 16;

// Composed, and case-folded if that is wanted.
std::string Composed(absl::string_view text, bool fold_case) {
  const std::string valid = ToValidUtf8(text);
  int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  if (fold_case) options |= UTF8PROC_CASEFOLD;
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
                   static_cast<utf8proc_ssize_t>(valid.size()), &mapped,
                   static_cast<utf8proc_option_t>(options));
  std::string composed =
      size < 0 ? valid
               : std::string(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size));
  std::free(mapped);
  return composed;
}

bool IsSpace(int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return (c < 0x80 && absl::ascii_isspace(static_cast<unsigned char>(c))) || c == 0x85 ||
         category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

bool IsPunctuation(absl::string_view character) {
  int32_t c = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(character.data()),
                   static_cast<utf8proc_ssize_t>(character.size()), &c);
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

size_t FirstBytes(absl::string_view text) {
  size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
  return bytes;
}

size_t LastBytes(absl::string_view text) {
  size_t bytes = 1;
  while (bytes < text.size() &&
         (static_cast<unsigned char>(text[text.size() - bytes]) & 0xC0) == 0x80) {
    ++bytes;
  }
  return bytes;
}

// -5, .5 and 5% keep what they begin or end with: it says which number it is.
absl::string_view WithoutPunctuation(absl::string_view word) {
  while (!word.empty()) {
    const size_t bytes = FirstBytes(word);
    if (!IsPunctuation(word.substr(0, bytes))) break;
    const bool of_number = word.size() > 1 && absl::StrContains("-.", word[0]) &&
                           (absl::ascii_isdigit(word[1]) || word[1] == '.');
    if (of_number) break;
    word.remove_prefix(bytes);
  }
  while (!word.empty()) {
    const size_t bytes = LastBytes(word);
    if (!IsPunctuation(word.substr(word.size() - bytes))) break;
    const bool of_number =
        word.size() > 1 && word.back() == '%' && absl::ascii_isdigit(word[word.size() - 2]);
    if (of_number) break;
    word.remove_suffix(bytes);
  }
  return word;
}

class ExactVerifier : public Verifier {
 public:
  explicit ExactVerifier(const ExactSpec& spec) : spec_(spec) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const std::string wanted_text = FinalAnswer(answer), found_text = FinalAnswer(completion);
    const std::string wanted = Normal(wanted_text);
    if (wanted.empty() || wanted_text.size() > kMaxAnswerBytes) {
      return {.outcome = Outcome::kError,
              .detail = absl::StrCat("exact: the problem's answer is ",
                                     wanted.empty() ? "empty" : "too long")};
    }
    if (found_text.empty()) return {.outcome = Outcome::kUnparseable, .detail = "no answer"};
    if (found_text.size() > kMaxAnswerBytes) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat("the answer is longer than ", kMaxAnswerBytes, " bytes")};
    }
    const std::string found = Normal(found_text);
    if (found != wanted) {
      return {.outcome = Outcome::kIncorrect,
              .detail = absl::StrCat("\"", Shown(found), "\", wanted \"", Shown(wanted), "\"")};
    }
    return {.outcome = Outcome::kCorrect,
            .reward = 1,
            .detail = absl::StrCat("\"", Shown(found), "\"")};
  }

  Status CheckAnswer(absl::string_view answer) const override {
    return CheckEqualsItself(*this, answer);
  }

  std::string Vote(absl::string_view completion) const override {
    const std::string found = FinalAnswer(completion);
    return found.size() > kMaxAnswerBytes ? "" : Normal(found);
  }

 private:
  std::string Normal(absl::string_view text) const {
    const std::string composed = Composed(text, spec_.ignore_case);
    std::string spaced;
    for (absl::string_view rest = composed; !rest.empty();) {
      const size_t bytes = FirstBytes(rest);
      int32_t c = 0;
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                       static_cast<utf8proc_ssize_t>(bytes), &c);
      if (IsSpace(c)) {
        spaced += ' ';
      } else {
        spaced.append(rest.data(), bytes);
      }
      rest.remove_prefix(bytes);
    }
    std::vector<absl::string_view> words;
    for (absl::string_view word : absl::StrSplit(spaced, ' ', absl::SkipEmpty())) {
      if (spec_.ignore_punctuation) word = WithoutPunctuation(word);
      if (!word.empty()) words.push_back(word);
    }
    return absl::StrJoin(words, " ");
  }

  const ExactSpec spec_;
};

}  // namespace

std::unique_ptr<Verifier> MakeExactVerifier(const ExactSpec& spec) {
  return std::make_unique<ExactVerifier>(spec);
}

}  // namespace hone
