#include "app/grade_line.h"

#include <limits>

#include "app/jsonl.h"

namespace hone {

StatusOr<GradeLine> ReadGradeLine(const nlohmann::json& line, const std::string& where) {
  HONE_RETURN_IF_ERROR(
      CheckKeys(line, {"completion", "answer", "prompt", "completion_tokens"}, where));
  GradeLine read;
  HONE_ASSIGN_OR_RETURN(read.completion, StringField(line, "completion", where));
  const auto answer = line.find("answer");
  if (answer == line.end()) return absl::InvalidArgumentError(where + ": \"answer\" is missing");
  read.answer = answer->is_string() ? answer->get<std::string>() : answer->dump();
  if (line.contains("prompt")) {
    HONE_ASSIGN_OR_RETURN(read.prompt, StringField(line, "prompt", where));
  }
  const auto tokens = line.find("completion_tokens");
  if (tokens == line.end()) return read;
  if (!tokens->is_number_unsigned() || *tokens > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(where + ": \"completion_tokens\" must be a whole number");
  }
  read.completion_tokens = tokens->get<int64_t>();
  return read;
}

}  // namespace hone
