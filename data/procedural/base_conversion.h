// Base conversion: "ff" from base 16 in base 2. Numbers that look the same in both bases are not
// asked for.
//   record   "value":255,"base":2
//   attempt  through base ten: 15*16+15=255, then 255/2=127r1,127/2=63r1,…
#ifndef HONE_DATA_PROCEDURAL_BASE_CONVERSION_H_
#define HONE_DATA_PROCEDURAL_BASE_CONVERSION_H_

#include <cstdint>
#include <string>

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

// The digits of a number, 0 or more, in base 2 to 36; a is 10.
std::string InBase(int64_t value, int base);

Exercise DrawBaseConversion(const BaseConversionSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_BASE_CONVERSION_H_
