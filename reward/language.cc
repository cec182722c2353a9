#include "reward/language.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reward/function_words.h"
#include "reward/prose.h"
#include "reward/script.h"

namespace hone {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr size_t kWordsAtATime = 20;
constexpr size_t kFewWords = 10;
constexpr int64_t kKanaShare = 20;  // Japanese has one kana in so many letters at least

struct OwnScript {
  absl::string_view language;
  Script script;
};
constexpr OwnScript kOwnScripts[] = {
    {"ar", Script::kArabic},     {"bg", Script::kCyrillic}, {"bn", Script::kBengali},
    {"el", Script::kGreek},      {"fa", Script::kArabic},   {"he", Script::kHebrew},
    {"hi", Script::kDevanagari}, {"hy", Script::kArmenian}, {"ja", Script::kKana},
    {"ka", Script::kGeorgian},   {"ko", Script::kHangul},   {"ru", Script::kCyrillic},
    {"ta", Script::kTamil},      {"te", Script::kTelugu},   {"th", Script::kThai},
    {"uk", Script::kCyrillic},   {"zh", Script::kHan},
};

std::string LowerCase(absl::string_view word) {
  std::string lower;
  for (size_t i = 0; i < word.size();) {
    int32_t c = 0;
    const utf8proc_ssize_t bytes =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(word.data() + i),
                         static_cast<utf8proc_ssize_t>(word.size() - i), &c);
    if (bytes <= 0) break;
    std::array<utf8proc_uint8_t, 4> buffer;
    const utf8proc_ssize_t size = utf8proc_encode_char(utf8proc_tolower(c), buffer.data());
    lower.append(reinterpret_cast<const char*>(buffer.data()), static_cast<size_t>(size));
    i += static_cast<size_t>(bytes);
  }
  return lower;
}

// Whether these words pass for the language: see the header.
bool PassFor(Languages language, absl::Span<const Languages> words) {
  std::array<int, kNumLanguages> counts{};
  int wanted = 0;
  for (const Languages of_word : words) {
    wanted += (of_word & language) != 0 ? 1 : 0;
    for (int i = 0; i < kNumLanguages; ++i) counts[i] += static_cast<int>((of_word >> i) & 1);
  }
  if (wanted == 0 && *std::max_element(counts.begin(), counts.end()) == 0) {
    return words.size() < kFewWords;
  }
  return wanted == *std::max_element(counts.begin(), counts.end());
}

// How many of the words, in the Latin script, are of the language.
int64_t CountLatin(Languages language, const std::vector<Languages>& words) {
  int64_t count = 0;
  for (size_t begin = 0; begin < words.size();) {
    size_t size = std::min(kWordsAtATime, words.size() - begin);
    if (words.size() - begin - size < kFewWords) size = words.size() - begin;
    if (PassFor(language, absl::MakeConstSpan(words).subspan(begin, size))) {
      count += static_cast<int64_t>(size);
    }
    begin += size;
  }
  return count;
}

struct Counts {
  int64_t target = 0, all = 0;
};

class LanguageVerifier : public Verifier {
 public:
  LanguageVerifier(std::string language, Script script)
      : language_(std::move(language)), script_(script), bit_(LanguageBit(language_)) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const Counts counts = Count(ProseWords(completion.substr(0, kMaxBytes)));
    if (counts.all == 0) return {.outcome = Outcome::kUnparseable, .detail = "no words"};
    return {
        .outcome = counts.target == counts.all ? Outcome::kCorrect : Outcome::kIncorrect,
        .reward = static_cast<double>(counts.target) / static_cast<double>(counts.all),
        .detail = absl::StrFormat("%d of %d words in `%s`", counts.target, counts.all, language_)};
  }

 private:
  Counts Count(const std::vector<Piece>& words) const {
    Counts counts;
    counts.all = std::ssize(words);
    std::vector<Languages> latin;
    int64_t han = 0;
    for (const Piece& word : words) {
      if (word.script == script_) ++counts.target;
      if (word.script == Script::kHan) ++han;
      if (script_ == Script::kLatin && word.script == Script::kLatin) {
        latin.push_back(LanguagesOfWord(LowerCase(word.text)));
      }
    }
    if (script_ == Script::kLatin) counts.target = CountLatin(bit_, latin);
    const bool japanese = script_ == Script::kKana && counts.target * kKanaShare >= han;
    if (japanese && counts.target > 0) counts.target += han;
    return counts;
  }

  const std::string language_;
  const Script script_;
  const Languages bit_;  // of a language in the Latin script
};

}  // namespace

StatusOr<std::unique_ptr<Verifier>> MakeLanguageVerifier(const LanguageSpec& spec) {
  if (LanguageBit(spec.language) != 0) {
    return std::make_unique<LanguageVerifier>(spec.language, Script::kLatin);
  }
  for (const OwnScript& own : kOwnScripts) {
    if (own.language == spec.language) {
      return std::make_unique<LanguageVerifier>(spec.language, own.script);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the reward `language` does not know the language `", spec.language, "`"));
}

}  // namespace hone
