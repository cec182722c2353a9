#include "reward/choice_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "reward/final_answer.h"
#include "reward/math/vocabulary.h"

namespace hone {
namespace {

constexpr size_t kMaxSearchedBytes = 1 << 16;
constexpr int kAllLetters = 26;
constexpr int kMaxFillers = 10;
constexpr size_t kMaxSentenceBytes = 256;

// Without emphasis and LaTeX's fonts; full-width punctuation as ASCII's.
std::string Plain(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::StrContains("$*{}`", c)) continue;
    if (c != '\\') {
      plain.push_back(c);
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && absl::ascii_isalpha(text[end])) ++end;
    const absl::string_view name = text.substr(i + 1, end - i - 1);
    if (name.empty()) {  // \( and the like
      plain.push_back(' ');
      ++i;
      continue;
    }
    i = end - 1;
    const bool font = math::IsTextCommand(name) || math::IsFontCommand(name) || name == "boxed" ||
                      math::IsLayout(name);
    if (!font) absl::StrAppend(&plain, "\\", name, " ");
  }
  return absl::StrReplaceAll(plain, {{"（", "("},
                                     {"）", ")"},
                                     {"：", ":"},
                                     {"。", "."},
                                     {"，", ","},
                                     {"、", ","},
                                     {"\u00a0", " "}});
}

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '\'' || c == '_' || c == '\\'; }

absl::string_view SkipSpace(absl::string_view text) {
  return absl::StripLeadingAsciiWhitespace(text);
}

// The word that the text begins with: letters of ASCII.
absl::string_view FirstWord(absl::string_view text) {
  size_t end = 0;
  while (end < text.size() && absl::ascii_isalpha(text[end])) ++end;
  return text.substr(0, end);
}

bool IsOneOf(absl::string_view word, absl::Span<const absl::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](absl::string_view one) { return absl::EqualsIgnoreCase(one, word); });
}

// One letter at the beginning of a text.
struct Letter {
  char letter = 0;
  absl::string_view rest;
  bool marked = false;  // (B), B. or B): surely a choice
};

// Whether "A" or "I" before `rest` is a word of a sentence.
bool IsWordOfSentence(char letter, absl::string_view rest) {
  constexpr std::array<absl::string_view, 14> kGoOn = {"because", "since", "as",  "is",  "for",
                                                       "and",     "or",    "but", "due", "with",
                                                       "which",   "not",   "so",  "by"};
  if (letter != 'A' && letter != 'I') return false;
  if (rest.empty() || !absl::ascii_isspace(rest[0])) return false;
  const absl::string_view next = FirstWord(SkipSpace(rest));
  return next.size() > 1 && !IsOneOf(next, kGoOn);
}

std::optional<Letter> LetterAt(absl::string_view text) {
  text = SkipSpace(text);
  for (const absl::string_view word : {"option", "choice", "letter", "answer"}) {
    if (absl::StartsWithIgnoreCase(text, word) && text.size() > word.size() &&
        !absl::ascii_isalpha(text[word.size()])) {
      text = SkipSpace(text.substr(word.size()));
    }
  }
  const bool opened = !text.empty() && absl::StrContains("([\"'", text[0]);
  const char open = opened ? text[0] : '\0';
  if (opened) text = SkipSpace(text.substr(1));
  if (text.empty() || !absl::ascii_isalpha(text[0])) return std::nullopt;
  Letter found{absl::ascii_toupper(text[0]), text.substr(1)};
  const bool lower = absl::ascii_islower(text[0]);
  absl::string_view rest = SkipSpace(found.rest);
  if (opened) {
    const char close = open == '(' ? ')' : open == '[' ? ']' : open;
    if (rest.empty() || rest[0] != close) return std::nullopt;
    found.rest = rest.substr(1);
    found.marked = true;
    return found;
  }
  if (!found.rest.empty() && IsWordByte(found.rest[0])) return std::nullopt;
  found.marked = !found.rest.empty() && absl::StrContains(".):", found.rest[0]);
  // b alone, or b. and b); not the b of a formula or of a sentence.
  if (lower && !rest.empty() && !found.marked) return std::nullopt;
  if (!found.marked && IsWordOfSentence(found.letter, found.rest)) return std::nullopt;
  return found;
}

void AddLetter(char letter, std::string* letters) {
  if (!absl::StrContains(*letters, letter)) letters->push_back(letter);
}

// Takes ", ", "and", "or", "/" and the like; false if the text begins with none.
bool TakeJoin(absl::string_view* text) {
  absl::string_view rest = SkipSpace(*text);
  bool joined = false;
  for (bool more = true; more;) {
    more = false;
    for (const absl::string_view join : {",", ";", "/", "&", "+", "和", "或", "及"}) {
      if (absl::ConsumePrefix(&rest, join)) more = true;
    }
    if (IsOneOf(FirstWord(rest), {"and", "or", "maybe", "perhaps", "possibly", "also"})) {
      rest.remove_prefix(FirstWord(rest).size());
      more = true;
    }
    rest = SkipSpace(rest);
    joined = joined || more;
  }
  if (joined) *text = rest;
  return joined;
}

// The letters of "B", "B and C", "(A), (B)", "A. Paris or B. Rome".
std::string LettersAt(absl::string_view text, int num_choices) {
  std::string letters;
  std::optional<Letter> one = LetterAt(text);
  if (!one) return letters;
  AddLetter(one->letter, &letters);
  absl::string_view rest = one->rest;
  while (TakeJoin(&rest)) {
    one = LetterAt(rest);
    if (!one) break;
    AddLetter(one->letter, &letters);
    rest = one->rest;
  }
  // Behind the choice's own words: "(A) Paris or (B) Rome".
  const absl::string_view sentence = rest.substr(0, std::min(rest.find('\n'), kMaxSentenceBytes));
  for (const absl::string_view join : {" and ", " or ", ", ", "/", " & "}) {
    for (size_t at = sentence.find(join); at != sentence.npos; at = sentence.find(join, at + 1)) {
      absl::string_view behind = sentence.substr(at);
      if (!TakeJoin(&behind)) continue;
      one = LetterAt(behind);
      if (one && one->marked && one->letter < 'A' + num_choices) AddLetter(one->letter, &letters);
    }
  }
  return letters;
}

// "A D", "(A)(D)", "A | D": capitals with nothing but signs around them. Empty for less than two.
std::string SpacedLetters(absl::string_view text) {
  std::string letters;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!absl::ascii_isalnum(text[i])) continue;
    const bool alone = i + 1 == text.size() || !absl::ascii_isalnum(text[i + 1]);
    if (!absl::ascii_isupper(text[i]) || !alone) return "";
    AddLetter(text[i], &letters);
    ++i;
  }
  return letters.size() > 1 ? letters : "";
}

// BC or ACD: capitals in order, and nothing else.
std::string GluedLetters(absl::string_view text) {
  const absl::string_view word = absl::StripAsciiWhitespace(text);
  if (word.size() < 2 || word.size() > kAllLetters) return "";
  for (size_t i = 0; i < word.size(); ++i) {
    if (!absl::ascii_isupper(word[i]) || (i > 0 && word[i] <= word[i - 1])) return "";
  }
  return word.back() <= 'J' ? std::string(word) : "";
}

bool InRange(const std::string& letters, int num_choices) {
  return !letters.empty() &&
         std::all_of(letters.begin(), letters.end(), [&](char c) { return c < 'A' + num_choices; });
}

// What stands behind the words that lead from "answer" or "option" to the letter.
absl::string_view SkipFillers(absl::string_view text, bool* says_is) {
  constexpr std::array<absl::string_view, 26> kFillers = {
      "is",      "be",        "would", "should",  "must",     "will",     "to",
      "this",    "the",       "that",  "problem", "my",       "final",    "best",
      "right",   "correct",   "most",  "likely",  "question", "probably", "definitely",
      "clearly", "therefore", "thus",  "indeed",  "here"};
  for (int i = 0; i < kMaxFillers; ++i) {
    text = SkipSpace(text);
    if (text.empty()) break;
    if (absl::StrContains(":=-,", text[0])) {
      *says_is = *says_is || text[0] == ':' || text[0] == '=';
      text.remove_prefix(1);
      continue;
    }
    bool taken = false;
    for (const absl::string_view word : {"是", "为", "選", "选", "项"}) {
      taken = taken || absl::ConsumePrefix(&text, word);
    }
    if (taken) {
      *says_is = true;
      continue;
    }
    const absl::string_view word = FirstWord(text);
    const bool ends = word.size() == text.size() || !IsWordByte(text[word.size()]);
    if (word.size() < 2 || !ends || !IsOneOf(word, kFillers)) break;
    *says_is = *says_is || IsOneOf(word, {"is", "be"});
    text.remove_prefix(word.size());
  }
  return text;
}

// The letters behind the trigger, if it begins at `at`.
std::string BehindTrigger(absl::string_view text, size_t at, int num_choices) {
  struct Trigger {
    absl::string_view word;
    bool needs_is;  // "option B" is no choice, "the option is B" is one
  };
  constexpr std::array<Trigger, 10> kTriggers = {{{"answer", false},
                                                  {"choose", false},
                                                  {"select", false},
                                                  {"pick", false},
                                                  {"go with", false},
                                                  {"答案", false},
                                                  {"选", false},
                                                  {"選", false},
                                                  {"option", true},
                                                  {"choice", true}}};
  for (const Trigger& trigger : kTriggers) {
    const absl::string_view here = text.substr(at);
    if (!absl::StartsWithIgnoreCase(here, trigger.word)) continue;
    const absl::string_view behind = here.substr(trigger.word.size());
    const bool ascii = absl::ascii_isalpha(trigger.word[0]);
    if (ascii &&
        ((at > 0 && IsWordByte(text[at - 1])) || (!behind.empty() && IsWordByte(behind[0])))) {
      continue;
    }
    bool says_is = false;
    const std::string letters = LettersAt(SkipFillers(behind, &says_is), num_choices);
    if (InRange(letters, num_choices) && (says_is || !trigger.needs_is)) return letters;
  }
  return "";
}

std::string BehindLastTrigger(absl::string_view text, int num_choices) {
  for (size_t at = text.size(); at-- > 0;) {
    std::string letters = BehindTrigger(text, at, num_choices);
    if (!letters.empty()) return letters;
  }
  return "";
}

// The letters that lines begin with.
std::string LeadingLetters(absl::string_view text, int num_choices) {
  std::string letters;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::optional<Letter> one = LetterAt(line);
    if (!one || one->letter >= 'A' + num_choices) continue;
    const bool alone = absl::StripAsciiWhitespace(one->rest).empty();
    if (one->marked || alone) AddLetter(one->letter, &letters);
  }
  return letters;
}

// The capitals that stand alone in the last line.
std::string LoneLetters(absl::string_view text, int num_choices) {
  text = absl::StripTrailingAsciiWhitespace(text);
  const size_t begin = text.rfind('\n');
  const absl::string_view line = begin == text.npos ? text : text.substr(begin + 1);
  std::string letters;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c < 'A' || c >= 'A' + num_choices) continue;
    if (i > 0 && (IsWordByte(line[i - 1]) || line[i - 1] == '-')) continue;
    const absl::string_view rest = line.substr(i + 1);
    if (!rest.empty() && (IsWordByte(rest[0]) || rest[0] == '-')) continue;
    if (!IsWordOfSentence(c, rest)) AddLetter(c, &letters);
  }
  return letters;
}

// A text as choices are compared: without emphasis, case, and punctuation at its ends.
std::string Bare(absl::string_view text) {
  std::string bare = absl::AsciiStrToLower(Plain(text));
  absl::RemoveExtraAsciiWhitespace(&bare);
  const size_t begin = bare.find_first_not_of(" .,;:!\"'");
  if (begin == std::string::npos) return "";
  return bare.substr(begin, bare.find_last_not_of(" .,;:!\"'") + 1 - begin);
}

// The letter of the one choice whose text this is; empty if none is, or several are.
std::string LetterOfText(absl::string_view text, const std::vector<std::string>& texts) {
  const std::string bare = Bare(text);
  std::string letters;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!bare.empty() && bare == Bare(texts[i])) letters.push_back(static_cast<char>('A' + i));
  }
  return letters.size() == 1 ? letters : "";
}

ChosenLetters FindInProse(absl::string_view plain, int num_choices,
                          const std::vector<std::string>& texts) {
  if (std::string letters = BehindLastTrigger(plain, num_choices); !letters.empty()) {
    return {std::move(letters), "behind \"answer is\""};
  }
  const absl::string_view said = AfterAnswerIs(plain).value_or(plain);
  if (std::string letter = LetterOfText(said, texts); !letter.empty()) {
    return {std::move(letter), "a choice's text"};
  }
  if (std::string letters = LeadingLetters(plain, num_choices); letters.size() == 1) {
    return {std::move(letters), "a line's beginning"};
  }
  return {LoneLetters(plain, num_choices), "the last line"};
}

}  // namespace

ChosenLetters ReadChoice(absl::string_view text, int num_choices) {
  std::string plain = Plain(text.substr(0, kMaxSearchedBytes));
  std::string letters = GluedLetters(plain);
  if (letters.empty()) letters = SpacedLetters(plain);
  if (letters.empty()) letters = LettersAt(plain, num_choices);
  return {std::move(letters), "the whole text"};
}

ChosenLetters FindChoice(absl::string_view completion, int num_choices,
                         const std::vector<std::string>& texts) {
  absl::string_view said = AfterThinking(completion);
  const std::optional<std::string> mark = LastMarkText(said);
  if (mark) {
    ChosenLetters read = ReadChoice(*mark, num_choices);
    read.where = "the last mark";
    if (!read.letters.empty()) return read;
    if (std::string letter = LetterOfText(*mark, texts); !letter.empty()) {
      return {std::move(letter), "a choice's text in the last mark"};
    }
    said = *mark;
  }
  if (said.size() > kMaxSearchedBytes) said.remove_prefix(said.size() - kMaxSearchedBytes);
  return FindInProse(Plain(said), num_choices, texts);
}

}  // namespace hone
