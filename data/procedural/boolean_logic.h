// Boolean logic: values of the variables that make a formula of and, or, xor and not true. At most
// a quarter of all assignments do (at least one does), so guessing seldom helps.
//   record   "variables":["p","q"],"formula":["and","p",["not","q"]]
//   key      the formula with the sides of every operator in order
//   attempt  random values, then the operators from the inside out: p=T,q=F:!F=T,T&T=T
#ifndef HONE_DATA_PROCEDURAL_BOOLEAN_LOGIC_H_
#define HONE_DATA_PROCEDURAL_BOOLEAN_LOGIC_H_

#include "config/procedural_spec.h"
#include "data/procedural/exercise.h"

namespace hone {

Exercise DrawBooleanLogic(const BooleanLogicSpec& spec, Random* random);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_BOOLEAN_LOGIC_H_
