// String manipulation: operations on a word, one after the other: reversed, rotated, sorted, its
// ends swapped, a letter removed or replaced everywhere, the last one repeated. The result is never
// empty.
//   record   "text":"olleh"
//   attempt  the word after each operation
#ifndef HONE_DATA_PROCEDURAL_STRING_MANIPULATION_H_
#define HONE_DATA_PROCEDURAL_STRING_MANIPULATION_H_

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

Exercise DrawStringManipulation(const StringManipulationSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_STRING_MANIPULATION_H_
