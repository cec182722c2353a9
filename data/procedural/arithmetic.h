// Arithmetic chains: "7 + 12 * 3 - 5". Products come before sums, and a product has two factors.
//   record   "value":38
//   key      the signed terms in order: sums and products that commute are one problem
//   attempt  12*3=36,7+36=43,43-5=38
#ifndef HONE_DATA_PROCEDURAL_ARITHMETIC_H_
#define HONE_DATA_PROCEDURAL_ARITHMETIC_H_

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

Exercise DrawArithmetic(const ArithmeticSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_ARITHMETIC_H_
