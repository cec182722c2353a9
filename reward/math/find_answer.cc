#include "reward/math/find_answer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reward/final_answer.h"

namespace hone::math {
namespace {

constexpr auto kNone = absl::string_view::npos;
constexpr size_t kMaxPlainRecord = 400;
constexpr size_t kMaxPlainAnswer = 400;
constexpr size_t kMaxWordsOfAnswer = 60;

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

std::optional<absl::string_view> FirstNumberText(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!absl::ascii_isdigit(text[i])) continue;
    const size_t end = std::min(text.find_first_of(" \t\r\n", i), text.size());
    if (const auto number = LastNumberText(text.substr(0, end))) return number;
    i = end;
  }
  return std::nullopt;
}

// The first of either.
std::optional<FoundAnswer> FirstQuantity(absl::string_view text, absl::string_view where) {
  const auto formula = FindFormulas(text).first;
  const auto number = FirstNumberText(text);
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

// What stands in a mark other than a box.
FoundAnswer InMark(absl::string_view mark, const std::function<bool(absl::string_view)>& reads) {
  const absl::string_view inner = absl::StripAsciiWhitespace(mark);
  if (inner.empty() || reads(inner)) return FoundAnswer{std::string(inner), "the last mark"};
  // Prose between the tags.
  if (auto phrase = InPhrase(inner, reads)) return *std::move(phrase);
  if (const auto formula = FindFormulas(inner).last) {
    return FoundAnswer{std::string(*formula), "the last formula between the tags"};
  }
  return FoundAnswer{std::string(inner), "the last mark"};
}

// Of the given mark: a box in it is taken instead, with those before it that belong to it.
std::optional<FoundAnswer> FromMark(absl::string_view text,
                                    const std::optional<absl::string_view>& mark,
                                    const std::function<bool(absl::string_view)>& reads) {
  if (!mark) return std::nullopt;
  if (auto boxes = BoxesOfMark(text, *mark)) return FoundAnswer{*std::move(boxes), "\\boxed{}"};
  return InMark(*mark, reads);
}

std::optional<FoundAnswer> Boxed(absl::string_view text) {
  const std::vector<absl::string_view> boxes = Boxes(text);
  if (boxes.empty()) return std::nullopt;
  return FoundAnswer{JoinedBoxes(text, boxes), "\\boxed{}"};
}

std::optional<FoundAnswer> Marked(absl::string_view text,
                                  const std::function<bool(absl::string_view)>& reads) {
  return FromMark(text, LastMarkedAnswer(text), reads);
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

std::optional<FoundAnswer> Whole(absl::string_view text,
                                 const std::function<bool(absl::string_view)>& reads) {
  const absl::string_view whole = absl::StripAsciiWhitespace(text);
  if (whole.empty() || whole.size() > kMaxPlainAnswer || !reads(whole)) return std::nullopt;
  return FoundAnswer{std::string(whole), "the whole text"};
}

std::optional<FoundAnswer> Unmarked(absl::string_view text,
                                    const std::function<bool(absl::string_view)>& reads) {
  if (auto phrase = InPhrase(text, reads)) return phrase;
  if (auto whole = Whole(text, reads)) return whole;
  return LastQuantity(text);
}

// ----- places -----

// Where the first box ends, with those that follow and belong to it. npos: no box.
size_t FirstBoxEnd(absl::string_view text) {
  const std::vector<absl::string_view> boxes = Boxes(text);
  if (boxes.empty()) return kNone;
  const auto end_of = [&](size_t i) {
    return static_cast<size_t>(boxes[i].data() + boxes[i].size() - text.data()) + 1;
  };
  size_t last = 0;
  while (last + 1 < boxes.size()) {
    const size_t begin = static_cast<size_t>(boxes[last + 1].data() - text.data()) -
                         absl::string_view("\\boxed{").size();
    if (begin >= end_of(last) && !JoinsBoxes(text.substr(end_of(last), begin - end_of(last))))
      break;
    ++last;
  }
  return end_of(last);
}

size_t FirstTagEnd(absl::string_view text) {
  constexpr absl::string_view kClose = "</answer>";
  const size_t open = text.find("<answer>");
  const size_t close = open == kNone ? kNone : text.find(kClose, open);
  return close == kNone ? kNone : close + kClose.size();
}

size_t FirstHashEnd(absl::string_view text) {
  const size_t at = text.find("####");
  return at == kNone ? kNone : std::min(text.find('\n', at), text.size());
}

size_t FirstPhraseEnd(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::ascii_tolower(text[i]) != 'a') continue;
    for (const absl::string_view phrase : {"answer is", "answer:"}) {
      if (!absl::StartsWithIgnoreCase(text.substr(i), phrase)) continue;
      return std::min(text.find("\n\n", i), text.size());
    }
  }
  return kNone;
}

// The text up to the end of the first candidate; all of it where there is none.
absl::string_view UpToFirst(Place place, absl::string_view text) {
  switch (place) {
    case Place::kMark:
      return text.substr(0, std::min({FirstBoxEnd(text), FirstTagEnd(text), FirstHashEnd(text)}));
    case Place::kBoxed:
      return text.substr(0, FirstBoxEnd(text));
    case Place::kAnswerTag:
      return text.substr(0, FirstTagEnd(text));
    case Place::kHash:
      return text.substr(0, FirstHashEnd(text));
    case Place::kPhrase:
      return text.substr(0, FirstPhraseEnd(text));
    default:
      return text;
  }
}

std::optional<FoundAnswer> AsAnswer(const std::optional<absl::string_view>& text,
                                    absl::string_view where) {
  if (!text) return std::nullopt;
  return FoundAnswer{std::string(*text), where};
}

std::optional<FoundAnswer> FindIn(Place place, bool first, absl::string_view text,
                                  const std::function<bool(absl::string_view)>& reads) {
  if (first) text = UpToFirst(place, text);
  switch (place) {
    case Place::kMark: {
      auto marked = Marked(text, reads);
      auto final = marked && !first ? BehindMark(text, reads) : std::nullopt;
      return final ? final : marked;
    }
    case Place::kBoxed:
      return Boxed(text);
    case Place::kAnswerTag:
      return FromMark(text, LastAnswerTag(text), reads);
    case Place::kHash:
      return FromMark(text, LastHashes(text), reads);
    case Place::kPhrase:
      return InPhrase(text, reads);
    case Place::kWhole:
      return Whole(text, reads);
    case Place::kFormula: {
      const Formulas formulas = FindFormulas(text);
      return first ? AsAnswer(formulas.first, "the first formula")
                   : AsAnswer(formulas.last, "the last formula");
    }
    case Place::kNumber:
      return first ? AsAnswer(FirstNumberText(text), "the first number")
                   : AsAnswer(LastNumberText(text), "the last number");
    case Place::kLast:
      return first ? FirstQuantity(text, "the first formula or number") : LastQuantity(text);
  }
  return std::nullopt;
}

}  // namespace

std::optional<FoundAnswer> FindAnswer(absl::string_view completion, const Extraction& extraction,
                                      const std::function<bool(absl::string_view)>& reads) {
  absl::string_view text = AfterThinking(completion);
  if (text.size() > kMaxSearchedBytes) text.remove_prefix(text.size() - kMaxSearchedBytes);
  for (const Place place : extraction.places) {
    if (auto found = FindIn(place, extraction.first, text, reads)) return found;
  }
  return std::nullopt;
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

}  // namespace hone::math
