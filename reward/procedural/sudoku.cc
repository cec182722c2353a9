#include "reward/procedural/sudoku.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reward/procedural/check.h"

namespace hone {
namespace {

constexpr int kSide = 4, kCells = 16;

// The digits of a grid, row by row; empty when they are not sixteen, or for other characters.
std::string ReadGrid(absl::string_view text) {
  std::string grid;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) {
      grid.push_back(c);
    } else if (!absl::ascii_isspace(c) &&
               absl::string_view(",;|/-+[](){}\\&`$").find(c) == absl::string_view::npos) {
      return "";
    }
  }
  return grid.size() == kCells ? grid : "";
}

// The cells of a unit: rows, columns, then boxes.
int Cell(int unit, int place) {
  const int number = unit % kSide;
  if (unit < kSide) return number * kSide + place;
  if (unit < 2 * kSide) return place * kSide + number;
  return (number / 2 * 2 + place / 2) * kSide + number % 2 * 2 + place % 2;
}

bool IsSolved(const std::string& grid) {
  for (int unit = 0; unit < 3 * kSide; ++unit) {
    unsigned seen = 0;
    for (int place = 0; place < kSide; ++place) seen |= 1u << (grid[Cell(unit, place)] - '0');
    if (seen != 0b11110) return false;
  }
  return true;
}

}  // namespace

StatusOr<Verdict> CheckSudoku(const nlohmann::json& record, absl::string_view text) {
  HONE_ASSIGN_OR_RETURN(const std::string puzzle, TextMember(record, "puzzle"));
  if (puzzle.size() != kCells || puzzle.find_first_not_of(".1234") != std::string::npos) {
    return absl::InvalidArgumentError("`puzzle` must be sixteen of the characters . 1 2 3 4");
  }
  const std::string grid = ReadGrid(text);
  if (grid.empty()) return Unparseable(text, "a grid of sixteen digits");
  for (int cell = 0; cell < kCells; ++cell) {
    if (puzzle[cell] != '.' && puzzle[cell] != grid[cell]) {
      return Incorrect(absl::StrCat(grid, " changes the given digits of ", puzzle));
    }
  }
  if (!IsSolved(grid)) {
    return Incorrect(absl::StrCat(grid, " has a digit twice in a row, a column or a box"));
  }
  return Correct(grid);
}

}  // namespace hone
