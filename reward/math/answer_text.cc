#include "reward/math/answer_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "reward/final_answer.h"
#include "reward/math/vocabulary.h"

namespace hone::math {
namespace {

constexpr auto kNone = absl::string_view::npos;
constexpr size_t kMaxBetweenBoxes = 40;
constexpr size_t kMaxWordlessBetweenBoxes = 12;
constexpr int kMaxOuterBraces = 4;
constexpr size_t kMaxPlainRecord = 400;
constexpr size_t kMaxPlainAnswer = 400;
constexpr size_t kMaxWordsOfAnswer = 60;

// ----- boxes -----

// Whether what stands between two boxes makes one answer of them.
bool Joins(absl::string_view between) {
  if (between.size() > kMaxBetweenBoxes) return false;
  for (const absl::string_view end : {". ", "\n\n", ".\n", ":"}) {
    if (absl::StrContains(between, end)) return false;
  }
  const bool words = std::any_of(between.begin(), between.end(), absl::ascii_isalpha);
  if (!words) return between.size() <= kMaxWordlessBetweenBoxes;
  if (absl::StrContains(between, ",") || absl::StrContains(between, "\\quad")) return true;
  for (const absl::string_view word : {"and", "or"}) {
    const size_t at = between.find(word);
    if (at == kNone) continue;
    const bool begins = at == 0 || !absl::ascii_isalpha(between[at - 1]);
    const size_t end = at + word.size();
    if (begins && (end == between.size() || !absl::ascii_isalpha(between[end]))) return true;
  }
  return false;
}

// The answer that ends with the given box: with those before it that belong to it.
std::string JoinedBoxes(absl::string_view text, const std::vector<absl::string_view>& boxes) {
  size_t first = boxes.size() - 1;
  while (first > 0) {
    const char* before = boxes[first - 1].data() + boxes[first - 1].size() + 1;
    const char* begin = boxes[first].data() - absl::string_view("\\boxed{").size();
    if (before > begin) break;  // one within the other
    if (!Joins(absl::string_view(before, static_cast<size_t>(begin - before)))) break;
    --first;
  }
  std::string joined;
  for (size_t i = first; i < boxes.size(); ++i) {
    absl::StrAppend(&joined, i == first ? "" : " , ", boxes[i]);
  }
  return joined;
}

// ----- formulas -----

struct Delimiter {
  absl::string_view open, close;
  bool lines;  // may span lines
};
constexpr std::array<Delimiter, 4> kDelimiters = {
    {{"$$", "$$", true}, {"\\[", "\\]", true}, {"\\(", "\\)", false}, {"$", "$", false}}};

// Where the formula that opened before `from` closes. npos if it does not; then *open_until is how
// far nothing closes, so that no other search goes the same way.
size_t FindClose(absl::string_view text, size_t from, const Delimiter& delimiter,
                 size_t* open_until) {
  if (from < *open_until) return kNone;
  size_t i = from;
  for (; i < text.size(); ++i) {
    if (absl::StartsWith(text.substr(i), delimiter.close)) return i;
    if (text[i] == '\\') ++i;
    if (i < text.size() && text[i] == '\n' && !delimiter.lines) break;
  }
  *open_until = i;
  return kNone;
}

// The first and the last formula of a text.
struct Formulas {
  std::optional<absl::string_view> first, last;
};

Formulas FindFormulas(absl::string_view text) {
  Formulas formulas;
  size_t i = 0;
  std::array<size_t, kDelimiters.size()> open_until{};
  while (i < text.size()) {
    if (text[i] != '$' && text[i] != '\\') {
      ++i;
      continue;
    }
    size_t next = text[i] == '\\' ? i + 2 : i + 1;
    for (size_t k = 0; k < kDelimiters.size(); ++k) {
      const Delimiter& delimiter = kDelimiters[k];
      if (!absl::StartsWith(text.substr(i), delimiter.open)) continue;
      const size_t begin = i + delimiter.open.size();
      const size_t close = FindClose(text, begin, delimiter, &open_until[k]);
      if (close == kNone) {
        next = begin;
        break;
      }
      const size_t end = close + delimiter.close.size();
      const absl::string_view inner = absl::StripAsciiWhitespace(text.substr(begin, close - begin));
      // $5 and $10 are money.
      const bool money = delimiter.close == "$" && end < text.size() &&
                         absl::ascii_isdigit(text[end]) && begin < text.size() &&
                         absl::ascii_isdigit(text[begin]);
      if (money) {
        next = begin;
        break;
      }
      if (!inner.empty()) {
        formulas.last = inner;
        if (!formulas.first) formulas.first = inner;
      }
      next = end;
      break;
    }
    i = next;
  }
  return formulas;
}

// ----- numbers -----

bool IsNumberChar(char c) { return absl::ascii_isdigit(c) || absl::StrContains(".,/^*+-()=", c); }

// The last number with what is glued to it, 2/3 or 1,000.99 or (1, 2); with a percent sign behind.
std::optional<absl::string_view> LastNumberText(absl::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    while (end > 0 && !absl::ascii_isdigit(text[end - 1])) --end;
    if (end == 0) return std::nullopt;
    size_t begin = end;
    while (begin > 0) {
      const char c = text[begin - 1];
      if (IsNumberChar(c)) {
        --begin;
        continue;
      }
      // 1 000
      const bool group = c == ' ' && begin >= 2 && absl::ascii_isdigit(text[begin - 2]) &&
                         end - begin == 3 &&
                         std::all_of(text.begin() + static_cast<int64_t>(begin),
                                     text.begin() + static_cast<int64_t>(end), absl::ascii_isdigit);
      if (!group) break;
      --begin;
    }
    // Digits behind a letter are part of a name.
    if (begin > 0 && (absl::ascii_isalpha(text[begin - 1]) || text[begin - 1] == '_')) {
      const bool glued = absl::ascii_isdigit(text[begin]);
      if (glued) {
        end = begin;
        continue;
      }
    }
    while (begin < end && absl::StrContains(",/^*=)", text[begin])) ++begin;
    absl::string_view number = text.substr(begin, end - begin);
    const size_t equals = number.rfind('=');
    if (equals != kNone) number.remove_prefix(equals + 1);
    size_t after = end;
    if (absl::StrContains(number, "(")) {
      while (after < text.size() && text[after] == ')') ++after;
    }
    if (after < text.size() && (absl::ascii_isalpha(text[after]) && after == end) &&
        text.substr(after, 2) != "m\xc2" && absl::ascii_isupper(text[after])) {
      end = begin;  // 2A
      continue;
    }
    absl::string_view rest = text.substr(after);
    const size_t spaces = std::min(rest.find_first_not_of(' '), rest.size());
    for (const absl::string_view sign : {"%", "percent", "pct"}) {
      if (absl::StartsWith(rest.substr(spaces), sign)) after += spaces + sign.size();
    }
    return text.substr(static_cast<size_t>(number.data() - text.data()),
                       after - static_cast<size_t>(number.data() - text.data()));
  }
  return std::nullopt;
}

// ----- phrases -----

// To the end of the sentence: a full stop before a space or the end, or a new line.
absl::string_view Sentence(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  while (absl::ConsumePrefix(&text, "**") || absl::ConsumePrefix(&text, ":")) {
    text = absl::StripLeadingAsciiWhitespace(text);
  }
  bool formula = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$') formula = !formula;
    if (absl::StartsWith(text.substr(i), "\\[") || absl::StartsWith(text.substr(i), "\\(")) {
      formula = true;
    }
    if (absl::StartsWith(text.substr(i), "\\]") || absl::StartsWith(text.substr(i), "\\)")) {
      formula = false;
    }
    if (formula) continue;
    if (text[i] == '\n') return text.substr(0, i);
    const bool stop = text[i] == '.' && (i + 1 == text.size() || absl::ascii_isspace(text[i + 1]));
    if (stop) return text.substr(0, i);
  }
  return text;
}

// The last formula or number, whichever stands later.
std::optional<FoundAnswer> LastQuantity(absl::string_view text) {
  const auto formula = FindFormulas(text).last;
  const auto number = LastNumberText(text);
  if (number && (!formula || number->data() > formula->data() + formula->size())) {
    return FoundAnswer{std::string(*number), "the last number"};
  }
  if (formula) return FoundAnswer{std::string(*formula), "the last formula"};
  return std::nullopt;
}

// The first of either.
std::optional<FoundAnswer> FirstQuantity(absl::string_view text, absl::string_view where) {
  const auto formula = FindFormulas(text).first;
  std::optional<absl::string_view> number;
  for (size_t i = 0; i < text.size() && !number; ++i) {
    if (!absl::ascii_isdigit(text[i])) continue;
    const size_t end = std::min(text.find_first_of(" \t\r\n", i), text.size());
    number = LastNumberText(text.substr(0, end));
    i = end;
  }
  if (formula && (!number || formula->data() <= number->data() + number->size())) {
    return FoundAnswer{std::string(*formula), where};
  }
  if (number) return FoundAnswer{std::string(*number), where};
  return std::nullopt;
}

std::optional<FoundAnswer> InPhrase(absl::string_view text,
                                    const std::function<bool(absl::string_view)>& reads) {
  const std::optional<absl::string_view> after = AfterAnswerIs(text);
  if (!after) return std::nullopt;
  const absl::string_view sentence = Sentence(*after);
  constexpr absl::string_view kWhere = "behind \"answer is\"";
  const absl::string_view bare = absl::StripSuffix(absl::StripPrefix(sentence, "**"), "**");
  if (!bare.empty() && reads(bare)) return FoundAnswer{std::string(bare), kWhere};
  const size_t is = bare.rfind(" is ");
  if (is != kNone && reads(bare.substr(is + 4))) {
    return FoundAnswer{std::string(bare.substr(is + 4)), kWhere};
  }
  if (auto quantity = FirstQuantity(sentence, kWhere)) return quantity;
  if (bare.empty() || bare.size() > kMaxWordsOfAnswer) return std::nullopt;
  return FoundAnswer{std::string(bare), kWhere};
}

std::optional<FoundAnswer> Marked(absl::string_view text,
                                  const std::function<bool(absl::string_view)>& reads) {
  const std::optional<absl::string_view> marked = LastMarkedAnswer(text);
  if (!marked) return std::nullopt;
  const std::vector<absl::string_view> boxes = Boxes(text);
  const bool boxed = !boxes.empty() && boxes.back().data() >= marked->data() &&
                     boxes.back().data() + boxes.back().size() <= marked->data() + marked->size();
  if (boxed) return FoundAnswer{JoinedBoxes(text, boxes), "\\boxed{}"};
  const absl::string_view inner = absl::StripAsciiWhitespace(*marked);
  if (inner.empty() || reads(inner)) return FoundAnswer{std::string(inner), "the last mark"};
  // Prose between the tags.
  if (auto phrase = InPhrase(inner, reads)) return phrase;
  if (const auto formula = FindFormulas(inner).last) {
    return FoundAnswer{std::string(*formula), "the last formula between the tags"};
  }
  return FoundAnswer{std::string(inner), "the last mark"};
}

// "The final answer is 7" behind the last mark corrects it.
std::optional<FoundAnswer> BehindMark(absl::string_view text,
                                      const std::function<bool(absl::string_view)>& reads) {
  const absl::string_view mark = *LastMarkedAnswer(text);
  const absl::string_view rest =
      text.substr(static_cast<size_t>(mark.data() + mark.size() - text.data()));
  const size_t at = rest.find("inal answer is");
  if (at == kNone) return std::nullopt;
  return InPhrase(rest.substr(at), reads);
}

std::optional<FoundAnswer> Unmarked(absl::string_view text,
                                    const std::function<bool(absl::string_view)>& reads) {
  if (auto phrase = InPhrase(text, reads)) return phrase;
  const absl::string_view whole = absl::StripAsciiWhitespace(text);
  if (!whole.empty() && whole.size() <= kMaxPlainAnswer && reads(whole)) {
    return FoundAnswer{std::string(whole), "the whole text"};
  }
  return LastQuantity(text);
}

// ----- compact text -----

// Where the group that the text begins with ends.
size_t FindClosingBrace(absl::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return kNone;
}

std::string WithoutLayout(absl::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::ascii_isspace(c) || c == '$' || c == '~') continue;
    if (c != '\\') {
      compact.push_back(c);
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && absl::ascii_isalpha(text[end])) ++end;
    const absl::string_view name = text.substr(i + 1, end - i - 1);
    if (name.empty()) {
      const char escaped = i + 1 < text.size() ? text[i + 1] : '\0';
      if (escaped == '{' || escaped == '}') compact.push_back('\\');
      if (escaped != '\0' && absl::StrContains("{}%|\\", escaped)) compact.push_back(escaped);
      ++i;
      continue;
    }
    i = end - 1;
    if (IsLayout(name)) continue;
    if (IsTextCommand(name) || IsFontCommand(name)) {
      // \text{odd}: the group that follows stays, without a command or braces.
      const size_t open = text.find_first_not_of(' ', end);
      if (open != kNone && text[open] == '{') {
        const size_t close = text.find_first_of("{}", open + 1);
        if (close != kNone && text[close] == '}') {
          const std::string inner = WithoutLayout(text.substr(open + 1, close - open - 1));
          compact += inner;
          i = close;
        }
      }
      continue;
    }
    const bool fraction = name == "dfrac" || name == "tfrac" || name == "cfrac";
    absl::StrAppend(&compact, "\\", fraction ? absl::string_view("frac") : name);
  }
  return compact;
}

}  // namespace

std::optional<FoundAnswer> FindAnswer(absl::string_view completion,
                                      const std::function<bool(absl::string_view)>& reads) {
  absl::string_view text = AfterThinking(completion);
  if (text.size() > kMaxSearchedBytes) text.remove_prefix(text.size() - kMaxSearchedBytes);
  if (auto marked = Marked(text, reads)) {
    auto final = BehindMark(text, reads);
    return final ? final : marked;
  }
  return Unmarked(text, reads);
}

FoundAnswer FindWanted(absl::string_view record,
                       const std::function<bool(absl::string_view)>& reads) {
  if (auto marked = Marked(record, reads)) return *std::move(marked);
  const absl::string_view text = absl::StripAsciiWhitespace(record);
  constexpr absl::string_view kWhere = "the whole record";
  if (text.size() <= kMaxPlainRecord && reads(text)) return {std::string(text), kWhere};
  if (text.size() > kMaxPlainRecord || FindFormulas(text).last) {
    if (auto found = Unmarked(text, reads)) return *std::move(found);
  }
  return {std::string(text), kWhere};
}

std::string CompactText(absl::string_view text) {
  std::string compact = WithoutLayout(text);
  while (!compact.empty() && (compact.back() == '.' || compact.back() == ',')) compact.pop_back();
  for (int i = 0; i < kMaxOuterBraces && compact.size() > 2 && compact[0] == '{'; ++i) {
    if (FindClosingBrace(compact) != compact.size() - 1) break;
    compact = compact.substr(1, compact.size() - 2);
  }
  return compact;
}

char ChoiceLetter(absl::string_view text) {
  const std::string compact = CompactText(text);
  absl::string_view rest = compact;
  for (const absl::string_view word :
       {"Choice", "choice", "Option", "option", "Answer", "answer"}) {
    if (absl::ConsumePrefix(&rest, word)) break;
  }
  const bool bracket = absl::ConsumePrefix(&rest, "(");
  if (rest.empty()) return 0;
  const char letter = absl::ascii_toupper(rest[0]);
  if (letter < 'A' || letter > 'J') return 0;
  rest.remove_prefix(1);
  if (bracket && !absl::ConsumePrefix(&rest, ")")) return 0;
  if (rest.empty()) return letter;
  if (bracket) {
    // (C) 12, but not (C) or (D).
    const bool more = absl::StartsWith(rest, "or") || absl::StartsWith(rest, "and") ||
                      absl::StrContains(rest, "(") || rest[0] == ',' || rest[0] == '/';
    return more ? 0 : letter;
  }
  const bool mark = rest[0] == '.' || rest[0] == ')' || rest[0] == ':';
  return mark ? letter : 0;
}

std::optional<absl::string_view> BehindChoice(absl::string_view text) {
  // (C) 12, \textbf{(C)}\ 12, \text{(C) }12
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  for (const absl::string_view open :
       {"\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{", "\\textrm{"}) {
    if (absl::ConsumePrefix(&rest, open)) break;
  }
  rest = absl::StripLeadingAsciiWhitespace(rest);
  if (rest.size() < 4 || rest[0] != '(' || rest[1] < 'A' || rest[1] > 'J' || rest[2] != ')') {
    return std::nullopt;
  }
  rest.remove_prefix(3);
  rest = absl::StripLeadingAsciiWhitespace(rest);
  absl::ConsumePrefix(&rest, "}");
  rest = absl::StripAsciiWhitespace(rest);
  if (rest.empty()) return std::nullopt;
  return rest;
}

char LoneLetter(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const bool leads =
      text.size() > 1 && text[0] >= 'A' && text[0] <= 'J' && absl::StrContains(".):", text[1]);
  if (leads) return text[0];
  for (size_t i = text.size(); i-- > 0;) {
    if (text[i] < 'A' || text[i] > 'J') continue;
    const bool begins = i == 0 || !absl::ascii_isalnum(text[i - 1]);
    const bool ends = i + 1 == text.size() || !absl::ascii_isalnum(text[i + 1]);
    if (begins && ends) return text[i];
  }
  return 0;
}

}  // namespace hone::math
