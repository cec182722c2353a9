#include "app/grade_line.h"

#include "app/jsonl.h"

namespace hone {

StatusOr<GradeLine> ReadGradeLine(const nlohmann::json& line, const std::string& where) {
  HONE_RETURN_IF_ERROR(CheckKeys(line, {"completion", "answer", "prompt"}, where));
  GradeLine read;
  HONE_ASSIGN_OR_RETURN(read.completion, StringField(line, "completion", where));
  const auto answer = line.find("answer");
  if (answer == line.end()) return absl::InvalidArgumentError(where + ": \"answer\" is missing");
  read.answer = answer->is_string() ? answer->get<std::string>() : answer->dump();
  if (line.contains("prompt")) {
    HONE_ASSIGN_OR_RETURN(read.prompt, StringField(line, "prompt", where));
  }
  return read;
}

}  // namespace hone
