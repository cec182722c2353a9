// Text cut into words, digits and signs, for the rewards that count.
#ifndef HONE_REWARD_PIECES_H_
#define HONE_REWARD_PIECES_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "reward/script.h"

namespace hone {

struct Piece {
  enum class Kind {
    kWord,  // letters of one script in a row, with their marks; of a script that is written without
            // spaces (IsUnspaced) each letter alone
    kDigit,  // one
    kSign,   // any other character but white space, one; or a byte that is not UTF-8
  };
  Kind kind = Kind::kSign;
  Script script = Script::kOther;  // of a word
  absl::string_view text;
  int letters = 0;  // of a word
};

// In order; white space is left out. A word has at most 32 letters: a longer one is cut.
std::vector<Piece> CutIntoPieces(absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PIECES_H_
