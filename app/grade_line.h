// The lines that `hone grade` and `hone bench reward` read.
#ifndef HONE_APP_GRADE_LINE_H_
#define HONE_APP_GRADE_LINE_H_

#include <cstdint>
#include <string>

#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone {

// What --reward takes.
inline constexpr char kRewardHelp[] =
    "the rule, as an experiment's `reward:` has it: a name, or YAML with keys of its own";

struct GradeLine {
  std::string prompt;  // may be empty
  std::string completion;
  std::string answer;              // the problem's record as text
  int64_t completion_tokens = -1;  // -1: not known
};

// From {"completion", "answer", "prompt"?, "completion_tokens"?}; an answer may be written as the
// JSON that it is, or as a string that holds it. InvalidArgument names `where` and the key.
StatusOr<GradeLine> ReadGradeLine(const nlohmann::json& line, const std::string& where);

}  // namespace hone

#endif  // HONE_APP_GRADE_LINE_H_
