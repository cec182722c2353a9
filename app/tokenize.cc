#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/command.h"
#include "app/jsonl.h"
#include "app/model_folder.h"
#include "data/json_text.h"

namespace hone {
namespace {

struct Options {
  std::string model, input = "-", output = "-";
  bool decode = false;
  bool add_special_tokens = false;
};

StatusOr<std::string> EncodeLine(const Tokenizer& tokenizer, const Options& options,
                                 const nlohmann::json& line, const std::string& where) {
  if (!line.is_string()) {
    return absl::InvalidArgumentError(where + ": a JSON string is wanted, e.g. \"some text\"");
  }
  const StatusOr<std::vector<int32_t>> tokens =
      tokenizer.Encode(line.get_ref<const std::string&>(), options.add_special_tokens);
  if (!tokens.ok()) return Annotate(tokens.status(), where);
  std::string out;
  AppendTokenIds(*tokens, &out);
  return out;
}

StatusOr<std::string> DecodeLine(const Tokenizer& tokenizer, const nlohmann::json& line,
                                 const std::string& where) {
  HONE_ASSIGN_OR_RETURN(const std::vector<int32_t> tokens, TokenIds(line, where));
  for (const int32_t token : tokens) {
    if (token < tokenizer.vocab_size()) continue;
    return absl::InvalidArgumentError(absl::StrCat(where, ": the tokenizer has no token ", token,
                                                   "; the largest is ",
                                                   tokenizer.vocab_size() - 1));
  }
  std::string out;
  AppendJsonString(tokenizer.Decode(tokens, /*skip_special=*/false), &out);
  return out;
}

Status Tokenize(const Options& options) {
  HONE_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadTokenizerFolder(options.model));
  HONE_ASSIGN_OR_RETURN(LineFile output, LineFile::Create(options.output));
  HONE_RETURN_IF_ERROR(
      ReadJsonl(options.input, [&](const nlohmann::json& line, const std::string& where) -> Status {
        HONE_ASSIGN_OR_RETURN(const std::string out,
                              options.decode ? DecodeLine(tokenizer, line, where)
                                             : EncodeLine(tokenizer, options, line, where));
        return output.Write(out);
      }));
  return output.Commit();
}

}  // namespace

void AddTokenize(CLI::App* root, Action* action) {
  CLI::App* app = root->add_subcommand("tokenize", "text to token ids, and back");
  app->footer(
      "One JSON string a line in, one JSON array of ids a line out; the reverse with --decode.\n\n"
      "Example:\n  echo '\"3 + 4\"' | hone tokenize --model DIR");
  auto o = std::make_shared<Options>();
  app->add_option("--model", o->model, "a folder with tokenizer.json")->required();
  app->add_flag("--decode", o->decode, "ids to text");
  app->add_flag("--add-special-tokens", o->add_special_tokens,
                "add what the tokenizer puts around a text");
  app->add_option("--input", o->input, "- for stdin")->capture_default_str();
  app->add_option("--output", o->output, "- for stdout")->capture_default_str();
  app->callback([o, action] { *action = [o] { return Tokenize(*o); }; });
}

}  // namespace hone
