#include "reward/prose.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace hone {
namespace {

constexpr auto kNone = absl::string_view::npos;

struct Delimiter {
  absl::string_view open, close;
  bool lines;  // may span lines
  bool code;   // nothing in it is of a language; else a formula
};
constexpr std::array<Delimiter, 8> kDelimiters = {{{"```", "```", true, true},
                                                   {"`", "`", false, true},
                                                   {"$$", "$$", true, false},
                                                   {"\\[", "\\]", true, false},
                                                   {"\\(", "\\)", true, false},
                                                   {"$", "$", false, false},
                                                   {"\\begin{", "\\end{", true, false},
                                                   {"\\boxed{", "}", false, false}}};

// Splits a text at its delimiters. Invariant: for each delimiter no place is searched twice.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) {}

  std::vector<Piece> Words() {
    size_t begin = 0, i = 0;
    while (i < text_.size()) {
      const size_t next = text_.find_first_of("`$\\", i);
      if (next == kNone) break;
      size_t end = next;
      const Delimiter* delimiter = OpensAt(next, &end);
      if (delimiter == nullptr) {
        i = next + 1;
        continue;
      }
      AddProse(text_.substr(begin, next - begin));
      if (!delimiter->code) AddFormula(text_.substr(next, end - next));
      begin = i = end;
    }
    AddProse(text_.substr(begin));
    return std::move(words_);
  }

 private:
  // The delimiter that opens here and closes, with the end of its closing in *end.
  const Delimiter* OpensAt(size_t at, size_t* end) {
    for (size_t k = 0; k < kDelimiters.size(); ++k) {
      const Delimiter& delimiter = kDelimiters[k];
      if (!absl::StartsWith(text_.substr(at), delimiter.open)) continue;
      const size_t from = at + delimiter.open.size();
      if (from < nothing_until_[k]) continue;
      const size_t limit =
          delimiter.lines ? text_.size() : std::min(text_.find('\n', from), text_.size());
      const size_t close = text_.substr(0, limit).find(delimiter.close, from);
      if (close == kNone) {
        nothing_until_[k] = limit;
        continue;
      }
      *end = close + delimiter.close.size();
      if (delimiter.close == "\\end{") *end = std::min(text_.find('}', *end), limit);
      return &delimiter;
    }
    return nullptr;
  }

  static bool IsSymbol(const Piece& word) {
    return word.script == Script::kLatin || word.script == Script::kGreek;
  }

  void AddFormula(absl::string_view formula) {
    for (const Piece& piece : CutIntoPieces(formula)) {
      if (piece.kind == Piece::Kind::kWord && !IsSymbol(piece)) words_.push_back(piece);
    }
  }

  void AddProse(absl::string_view prose) {
    const std::vector<Piece> pieces = CutIntoPieces(prose);
    for (size_t i = 0; i < pieces.size(); ++i) {
      const Piece& piece = pieces[i];
      if (piece.kind != Piece::Kind::kWord) continue;
      if (IsSymbol(piece) && (piece.letters == 1 || IsName(prose, piece))) continue;
      words_.push_back(piece);
    }
  }

  // Part of a tag, a command, an address or an identifier.
  static bool IsName(absl::string_view prose, const Piece& word) {
    const char* const begin = word.text.data();
    const char* const end = begin + word.text.size();
    const auto glues = [](char c) {
      return absl::ascii_isdigit(c) || absl::StrContains("_@/\\", c);
    };
    if (begin > prose.data()) {
      const char before = begin[-1];
      const bool inner =
          before == '.' && begin - 1 > prose.data() && absl::ascii_isalnum(begin[-2]);
      if (glues(before) || before == '<' || inner) return true;
    }
    if (end < prose.data() + prose.size()) {
      const bool inner =
          *end == '.' && end + 1 < prose.data() + prose.size() && absl::ascii_isalnum(end[1]);
      if (glues(*end) || inner || absl::StartsWith({end, 1}, ">")) return true;
      const absl::string_view rest(end, static_cast<size_t>(prose.data() + prose.size() - end));
      if (absl::StartsWith(rest, "://")) return true;
    }
    return false;
  }

  const absl::string_view text_;
  std::array<size_t, kDelimiters.size()> nothing_until_{};  // no closing before
  std::vector<Piece> words_;
};

}  // namespace

std::vector<Piece> ProseWords(absl::string_view text) { return Scanner(text).Words(); }

}  // namespace hone
