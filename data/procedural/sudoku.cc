#include "data/procedural/sudoku.h"

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr int kSide = 4, kCells = 16;
constexpr int kBitsPerCell = 4;

// Digits 1 to 4 by row and column, 0 for a blank.
using Grid = std::array<uint8_t, kCells>;

// The digits, as bits, that stand in the row, the column or the box of a cell.
uint32_t Seen(const Grid& grid, int cell) {
  const int row = cell / kSide, column = cell % kSide;
  uint32_t seen = 0;
  for (int other = 0; other < kCells; ++other) {
    const int r = other / kSide, c = other % kSide;
    const bool same_box = r / 2 == row / 2 && c / 2 == column / 2;
    if (other != cell && (r == row || c == column || same_box)) seen |= 1u << grid[other];
  }
  return seen & ~1u;
}

void Complete(Grid* grid, int cell, std::vector<Grid>* all) {
  if (cell == kCells) return all->push_back(*grid);
  for (uint8_t digit = 1; digit <= kSide; ++digit) {
    if ((Seen(*grid, cell) >> digit & 1) != 0) continue;
    (*grid)[cell] = digit;
    Complete(grid, cell + 1, all);
  }
  (*grid)[cell] = 0;
}

// All 288 complete grids.
const std::vector<Grid>& AllGrids() {
  static const auto* const grids = [] {
    auto* all = new std::vector<Grid>;
    Grid grid{};
    Complete(&grid, 0, all);
    return all;
  }();
  return *grids;
}

// A grid in 64 bits, so that it is compared at once with each complete one.
uint64_t Packed(const Grid& grid) {
  uint64_t bits = 0;
  for (int cell = 0; cell < kCells; ++cell) bits |= uint64_t{grid[cell]} << (kBitsPerCell * cell);
  return bits;
}

bool HasOneSolution(const Grid& puzzle) {
  static const auto* const packed = [] {
    auto* all = new std::vector<uint64_t>;
    for (const Grid& grid : AllGrids()) all->push_back(Packed(grid));
    return all;
  }();
  uint64_t given = 0;
  for (int cell = 0; cell < kCells; ++cell) {
    if (puzzle[cell] != 0) given |= uint64_t{15} << (kBitsPerCell * cell);
  }
  const uint64_t bits = Packed(puzzle);
  int solutions = 0;
  for (const uint64_t grid : *packed) solutions += ((grid ^ bits) & given) == 0;
  return solutions == 1;
}

// Blanks a complete grid cell by cell, in a random order, wherever one solution stays. False when
// too few cells can be blanked.
bool Blank(int num_blanks, Random* random, Grid* grid) {
  std::array<int, kCells> order{};
  for (int cell = 0; cell < kCells; ++cell) order[cell] = cell;
  random->Shuffle(&order);
  for (const int cell : order) {
    if (num_blanks == 0) break;
    const uint8_t digit = std::exchange((*grid)[cell], 0);
    if (HasOneSolution(*grid)) {
      --num_blanks;
    } else {
      (*grid)[cell] = digit;
    }
  }
  return num_blanks == 0;
}

char CellText(uint8_t digit) { return digit == 0 ? '.' : static_cast<char>('0' + digit); }

std::string Write(const Grid& grid, absl::string_view row_end) {
  std::string text;
  for (int cell = 0; cell < kCells; ++cell) {
    if (cell > 0 && cell % kSide == 0) absl::StrAppend(&text, row_end);
    text.push_back(CellText(grid[cell]));
  }
  return text;
}

std::string Key(Grid grid) {
  std::array<uint8_t, kSide + 1> name{};
  uint8_t next = 1;
  for (uint8_t& digit : grid) {
    if (digit == 0) continue;
    if (name[digit] == 0) name[digit] = next++;
    digit = name[digit];
  }
  return Write(grid, "");
}

// The blank with the fewest candidates and these as bits; -1 without blanks.
std::pair<int, uint32_t> NextCell(const Grid& grid) {
  std::pair<int, uint32_t> best = {-1, 0};
  for (int cell = 0; cell < kCells; ++cell) {
    if (grid[cell] != 0) continue;
    const uint32_t candidates = ~Seen(grid, cell) & 0b11110u;
    if (best.first < 0 || std::popcount(candidates) < std::popcount(best.second)) {
      best = {cell, candidates};
    }
  }
  return best;
}

Attempt Fill(Grid grid, Random* random) {
  Attempt attempt{.steps = "", .answer = "", .success = true};
  while (true) {
    const auto [cell, candidates] = NextCell(grid);
    if (cell < 0) break;
    uint8_t digit = 0;
    if (candidates == 0) attempt.success = false;  // an earlier cell is wrong: the rest is filled
    do {
      digit = static_cast<uint8_t>(1 + random->Below(kSide));
    } while (candidates != 0 && (candidates >> digit & 1) == 0);
    if (Slips(random)) digit = static_cast<uint8_t>(1 + random->Below(kSide));
    grid[cell] = digit;
    AppendStep(absl::StrCat("r", cell / kSide + 1, "c", cell % kSide + 1, "=", digit),
               &attempt.steps);
  }
  attempt.answer = Write(grid, "/");
  return attempt;
}

}  // namespace

Exercise DrawSudoku(const SudokuSpec& spec, Random* random) {
  Grid grid;
  do {
    grid = AllGrids()[random->Below(static_cast<uint32_t>(AllGrids().size()))];
  } while (!Blank(spec.num_blanks, random, &grid));
  const std::string brief = absl::StrCat("sudoku ", Write(grid, "/"));
  return {
      .key = Key(grid),
      .brief = brief,
      .question = absl::StrCat(
          "Solve the sudoku ", Write(grid, "/"),
          " whose 4 rows, 4 columns and 4 boxes of 2 by 2 each have the digits 1 to 4; dots are "
          "blanks. Answer with the four rows in the same form."),
      .record = absl::StrCat("\"puzzle\":\"", Write(grid, ""), "\""),
      .attempt = [grid](Random* r) { return Fill(grid, r); }};
}

}  // namespace hone
