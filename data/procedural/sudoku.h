// Sudoku of 4 × 4 with one solution. Written as rows with dots for blanks: 1.34/34../2.43/4.21
//   record   "puzzle":"1.3434..2.434.21"
//   key      the puzzle with its digits renamed in the order of their appearance
//   attempt  always the cell with the fewest candidates; a guess where there are several, a failure
//            where there is none: r1c2=2,r2c4=2,…
#ifndef HONE_DATA_PROCEDURAL_SUDOKU_H_
#define HONE_DATA_PROCEDURAL_SUDOKU_H_

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

Exercise DrawSudoku(const SudokuSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_SUDOKU_H_
