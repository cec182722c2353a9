// What a family of procedural problems makes: a problem, and attempts at it for demonstrations.
// A family is one function that draws an Exercise; procedural_task.h makes a task of it.
#ifndef HONE_DATA_PROCEDURAL_EXERCISE_H_
#define HONE_DATA_PROCEDURAL_EXERCISE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/philox.h"

namespace hone {

// One try at a problem, as someone does it who makes mistakes.
struct Attempt {
  std::string steps;            // on one line
  std::string answer;           // as it stands between the tags
  std::optional<bool> success;  // whether it looks right, where that shows without a second try
};

struct Exercise {
  std::string key;       // the same text for what a person would call the same problem
  std::string brief;     // the question of the short prompt
  std::string question;  // the question in words, with the form of the answer
  std::string record;    // members of the JSON object that the verifier reads: "value":42
  std::function<Attempt(Random* random)> attempt;
};

using DrawExercise = std::function<Exercise(Random* random)>;

// Whether to make a mistake here: seldom in one step, often enough in a whole attempt.
bool Slips(Random* random);

// The result of a step as it is written down: now and then off by one or by ten.
int64_t Jotted(int64_t result, Random* random);

// Appends a step behind a comma.
void AppendStep(const std::string& step, std::string* steps);

}  // namespace hone

#endif  // HONE_DATA_PROCEDURAL_EXERCISE_H_
