#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "app/jsonl.h"
#include "data/json_text.h"
#include "reward/verifier.h"

namespace hone {
namespace {

struct Options {
  std::string reward, input, output;
};

// An answer may be written as the JSON that it is, or as a string that holds it.
StatusOr<std::string> AnswerText(const nlohmann::json& line, const std::string& where) {
  const auto found = line.find("answer");
  if (found == line.end()) return absl::InvalidArgumentError(where + ": \"answer\" is missing");
  return found->is_string() ? found->get<std::string>() : found->dump();
}

StatusOr<std::string> GradeLine(const Verifier& verifier, const nlohmann::json& line,
                                const std::string& where) {
  HONE_RETURN_IF_ERROR(CheckKeys(line, {"completion", "answer", "prompt"}, where));
  HONE_ASSIGN_OR_RETURN(const std::string completion, StringField(line, "completion", where));
  HONE_ASSIGN_OR_RETURN(const std::string answer, AnswerText(line, where));
  std::string prompt;
  if (line.contains("prompt")) {
    HONE_ASSIGN_OR_RETURN(prompt, StringField(line, "prompt", where));
  }
  const Verdict verdict = verifier.Judge(prompt, completion, answer);
  std::string out = absl::StrCat("{\"status\":\"", Name(verdict.outcome), "\",\"reward\":");
  AppendJsonNumber(verdict.reward, &out);
  absl::StrAppend(&out, ",\"detail\":");
  AppendJsonString(verdict.detail, &out);
  return out + "}";
}

Status Grade(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Verifier> verifier, MakeVerifier(options.reward));
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  HONE_RETURN_IF_ERROR(
      ReadJsonl(options.input, [&](const nlohmann::json& line, const std::string& where) -> Status {
        HONE_ASSIGN_OR_RETURN(const std::string out, GradeLine(*verifier, line, where));
        return output.Write(out);
      }));
  return output.Commit();
}

}  // namespace

void AddGrade(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("grade", "judge completions by a reward's rule");
  app->footer(
      "In: {\"completion\", \"answer\", \"prompt\"?} a line. Out: {\"status\", \"reward\", "
      "\"detail\"}, with\nstatus correct, incorrect, unparseable, timeout or error.\n\n"
      "Example:\n  echo '{\"completion\": \"<answer>3*8</answer>\", \"answer\": {\"numbers\": [3, "
      "8], \"target\": 24}}' | \\\n    hone grade --reward countdown --input - --output -");
  auto o = std::make_shared<Options>();
  app->add_option("--reward", o->reward, "the rule: countdown, format, math or number")->required();
  app->add_option("--input", o->input, "JSON lines; - for stdin")->required();
  app->add_option("--output", o->output, "JSON lines; - for stdout")->required();
  app->callback([o, action] { *action = [o] { return Grade(*o); }; });
}

}  // namespace hone
