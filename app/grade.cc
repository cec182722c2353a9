#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "app/grade_line.h"
#include "app/jsonl.h"
#include "config/load.h"
#include "data/json_text.h"
#include "reward/verifier.h"

namespace hone {
namespace {

struct Options {
  std::string reward, input, output;
  bool explain = false;
};

std::string Judged(const Verifier& verifier, const GradeLine& line, bool explain) {
  const Verdict verdict =
      verifier.JudgeTerm(line.prompt, line.completion, line.answer,
                         {.first = std::nullopt, .completion_tokens = line.completion_tokens});
  std::string out = absl::StrCat("{\"status\":\"", Name(verdict.outcome), "\",\"reward\":");
  AppendJsonNumber(verdict.reward, &out);
  absl::StrAppend(&out, ",\"detail\":");
  AppendJsonString(verdict.detail, &out);
  if (explain) {
    const char* separator = ",\"explanation\":{";
    for (const auto& [step, text] : verifier.Explain(line.prompt, line.completion, line.answer)) {
      absl::StrAppend(&out, separator);
      AppendJsonString(step, &out);
      out += ":";
      // How it was compared is the verdict's detail; this one knows the number of tokens.
      AppendJsonString(step == "compared" ? verdict.detail : text, &out);
      separator = ",";
    }
    out += "}";
  }
  return out + "}";
}

Status Grade(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const VerifierSpec spec, ParseVerifier(options.reward, "--reward"));
  HONE_ASSIGN_OR_RETURN(const std::unique_ptr<Verifier> verifier, MakeVerifier(spec));
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  HONE_RETURN_IF_ERROR(
      ReadJsonl(options.input, [&](const nlohmann::json& line, const std::string& where) -> Status {
        HONE_ASSIGN_OR_RETURN(const GradeLine read, ReadGradeLine(line, where));
        return output.Write(Judged(*verifier, read, options.explain));
      }));
  return output.Commit();
}

}  // namespace

void AddGrade(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("grade", "judge completions by a reward's rule");
  app->footer(
      "In: {\"completion\", \"answer\", \"prompt\"?, \"completion_tokens\"?} a line. Out: "
      "{\"status\", \"reward\",\n\"detail\"}, with status correct, incorrect, unparseable, "
      "timeout or error; with --explain,\n\"explanation\" too: what was found, as what it was "
      "read, and how it was compared.\n\n"
      "Example:\n  echo '{\"completion\": \"<answer>3*8</answer>\", \"answer\": {\"numbers\": [3, "
      "8], \"target\": 24}}' | \\\n    hone grade --reward countdown --input - --output -");
  auto o = std::make_shared<Options>();
  app->add_option("--reward", o->reward, kRewardHelp)->required();
  app->add_option("--input", o->input, "JSON lines; - for stdin")->required();
  app->add_option("--output", o->output, "JSON lines; - for stdout")->required();
  app->add_flag("--explain", o->explain, "add what led to each verdict");
  app->callback([o, action] { *action = [o] { return Grade(*o); }; });
}

}  // namespace hone
