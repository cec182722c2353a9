// Sudoku of 4 × 4: {"puzzle":"1.3434..2.434.21"}. Every complete grid that keeps the given digits
// and has 1 to 4 in each row, column and box is right. Sixteen digits in the order of rows,
// whatever layout stands between them: white space, commas, bars, slashes, hyphens, brackets.
//   incorrect    sixteen digits, but no solution
//   unparseable  more or fewer digits, or other characters
#ifndef HONE_REWARD_PROCEDURAL_SUDOKU_H_
#define HONE_REWARD_PROCEDURAL_SUDOKU_H_

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "reward/verifier.h"

namespace hone {

// See check.h.
StatusOr<Verdict> CheckSudoku(const nlohmann::json& record, absl::string_view text);

}  // namespace hone

#endif  // HONE_REWARD_PROCEDURAL_SUDOKU_H_
