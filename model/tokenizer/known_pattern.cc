#include "model/tokenizer/known_pattern.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "model/tokenizer/character_class.h"

namespace hone {
namespace {

using Class = CharacterClass;

bool IsNewline(char c) { return c == '\r' || c == '\n'; }

class Splitter {
 public:
  Splitter(absl::string_view text, std::vector<absl::string_view>* pieces)
      : table_(CharacterTable::Get()),
        begin_(text.data()),
        end_(text.data() + text.size()),
        pieces_(*pieces) {}

  // kMatch gives the end of the match at a place, or the place itself if there is none.
  template <const char* (Splitter::*kMatch)(const char*) const>
  void Run(bool only_matches) {
    const char* gap = begin_;
    for (const char* at = begin_; at < end_;) {
      const char* stop = (this->*kMatch)(at);
      if (stop == at) {
        at += table_.At(at).length;
        continue;
      }
      if (gap < at && !only_matches) pieces_.emplace_back(gap, at - gap);
      pieces_.emplace_back(at, stop - at);
      gap = at = stop;
    }
    if (gap < end_ && !only_matches) pieces_.emplace_back(gap, end_ - gap);
  }

  const char* Gpt2(const char* at) const {
    if (const char* stop = Contraction(at, /*any_case=*/false); stop != at) return stop;
    const char* run = at;
    if (*at == ' ' && at + 1 < end_ && !IsClass(at + 1, Class::kSpace)) ++run;
    switch (table_.At(run).kind()) {
      case Class::kSpace:
        return Blanks(at, /*lines=*/false);
      case Class::kLetter:
        return While(run, IsLetter);
      case Class::kNumber:
        return While(run, IsNumber);
      default:
        return While(run, IsMarkup);
    }
  }

  // The pattern of Qwen2, and with more digits that of Llama 3.
  template <int kMaxDigits>
  const char* Qwen2(const char* at) const {
    const Character first = table_.At(at);
    const char* next = at + first.length;
    if (first.kind() == Class::kLetter) return While(next, IsLetter);
    if (first.kind() == Class::kNumber) return Digits<kMaxDigits>(at);
    if (const char* stop = Contraction(at, /*any_case=*/true); stop != at) return stop;
    if (!IsNewline(*at) && IsClass(next, Class::kLetter)) return While(next, IsLetter);
    const bool spaced = *at == ' ' && next < end_ && IsMarkup(table_.At(next).kind());
    if (first.kind() == Class::kSpace && !spaced) return Blanks(at, /*lines=*/true);
    return Newlines(While(next, IsMarkup));
  }

  template <int kMaxDigits>
  const char* Digits(const char* at) const {
    for (int i = 0; i < kMaxDigits && IsClass(at, Class::kNumber); ++i) at += table_.At(at).length;
    return at;
  }

  const char* DeepSeekHanKana(const char* at) const {
    // U+3040 to U+30FF and U+4E00 to U+9FA5, whose UTF-8 is in their order.
    while (end_ - at >= 3) {
      const absl::string_view character(at, 3);
      const bool kana = character >= "\u3040" && character <= "\u30ff";
      const bool han = character >= "\u4e00" && character <= "\u9fa5";
      if (!kana && !han) break;
      at += 3;
    }
    return at;
  }

  const char* DeepSeekWords(const char* at) const {
    const Character first = table_.At(at);
    const char* next = at + first.length;
    if (absl::ascii_ispunct(*at) && next < end_ && absl::ascii_isalpha(*next)) {
      while (next < end_ && absl::ascii_isalpha(*next)) ++next;
      return next;
    }
    const Class kind = first.kind();
    if (IsLetterOrMark(kind)) return While(next, IsLetterOrMark);
    if (IsSign(kind)) return Newlines(While(next, IsSign));
    const bool more = next < end_;
    if (more && !IsNewline(*at) && IsLetterOrMark(table_.At(next).kind())) {
      return While(next, IsLetterOrMark);
    }
    if (more && *at == ' ' && IsSign(table_.At(next).kind())) return Newlines(While(next, IsSign));
    return kind == Class::kSpace ? Blanks(at, /*lines=*/true) : at;
  }

 private:
  static bool IsLetter(Class kind) { return kind == Class::kLetter; }
  static bool IsNumber(Class kind) { return kind == Class::kNumber; }
  static bool IsLetterOrMark(Class kind) { return IsLetter(kind) || kind == Class::kMark; }
  static bool IsSign(Class kind) { return kind == Class::kPunctuation || kind == Class::kSymbol; }
  // [^\s\p{L}\p{N}]
  static bool IsMarkup(Class kind) {
    return kind != Class::kSpace && !IsLetter(kind) && !IsNumber(kind);
  }

  template <typename Predicate>
  const char* While(const char* at, Predicate predicate) const {
    while (at < end_) {
      const Character character = table_.At(at);
      if (!predicate(character.kind())) break;
      at += character.length;
    }
    return at;
  }

  bool IsClass(const char* at, Class kind) const {
    return at < end_ && table_.At(at).kind() == kind;
  }

  // Behind 's 't 're 've 'm 'll 'd at `at`, else `at`. In any case, the long s counts as an s.
  const char* Contraction(const char* at, bool any_case) const {
    if (*at != '\'') return at;
    absl::string_view rest(at + 1, end_ - at - 1);
    const auto starts = [&](absl::string_view tail) {
      return any_case ? absl::StartsWithIgnoreCase(rest, tail) : absl::StartsWith(rest, tail);
    };
    for (const absl::string_view tail : {"s", "t", "re", "ve", "m", "ll", "d"}) {
      if (starts(tail)) return at + 1 + tail.size();
    }
    constexpr absl::string_view long_s = "\u017f";
    return any_case && absl::StartsWith(rest, long_s) ? at + 1 + long_s.size() : at;
  }

  // The end of the white space at `at`, less its last character when something else follows and
  // it has more: \s+(?!\S)|\s+. With `lines`, up to its last newline if it has one: \s*[\r\n]+.
  const char* Blanks(const char* at, bool lines) const {
    const char* stop = at;
    const char* last = at;
    const char* after_newline = nullptr;
    while (stop < end_) {
      const Character character = table_.At(stop);
      if (character.kind() != Class::kSpace) break;
      last = stop;
      stop += character.length;
      if (IsNewline(*last)) after_newline = stop;
    }
    if (lines && after_newline != nullptr) return after_newline;
    return stop < end_ && last > at ? last : stop;
  }

  const char* Newlines(const char* at) const {
    while (at < end_ && IsNewline(*at)) ++at;
    return at;
  }

  const CharacterTable& table_;
  const char* const begin_;
  const char* const end_;
  std::vector<absl::string_view>& pieces_;
};

}  // namespace

std::optional<KnownPattern> RecognizePattern(absl::string_view pattern) {
  if (pattern == kGpt2Pattern) return KnownPattern::kGpt2;
  if (pattern == kQwen2Pattern) return KnownPattern::kQwen2;
  if (pattern == kLlama3Pattern) return KnownPattern::kLlama3;
  if (pattern == kDeepSeekDigitsPattern) return KnownPattern::kDeepSeekDigits;
  if (pattern == kDeepSeekHanKanaPattern) return KnownPattern::kDeepSeekHanKana;
  if (pattern == kDeepSeekWordsPattern) return KnownPattern::kDeepSeekWords;
  return std::nullopt;
}

void SplitByKnownPattern(KnownPattern pattern, absl::string_view text, bool only_matches,
                         std::vector<absl::string_view>* pieces) {
  Splitter splitter(text, pieces);
  switch (pattern) {
    case KnownPattern::kGpt2:
      return splitter.Run<&Splitter::Gpt2>(only_matches);
    case KnownPattern::kQwen2:
      return splitter.Run<&Splitter::Qwen2<1>>(only_matches);
    case KnownPattern::kLlama3:
      return splitter.Run<&Splitter::Qwen2<3>>(only_matches);
    case KnownPattern::kDeepSeekDigits:
      return splitter.Run<&Splitter::Digits<3>>(only_matches);
    case KnownPattern::kDeepSeekHanKana:
      return splitter.Run<&Splitter::DeepSeekHanKana>(only_matches);
    case KnownPattern::kDeepSeekWords:
      return splitter.Run<&Splitter::DeepSeekWords>(only_matches);
  }
}

}  // namespace hone
