// Prints what the library makes of given files, for comparison with the reference implementations:
//   model_oracle_probe safetensors      paths on stdin → "ok" or "err <message>"
//   model_oracle_probe encode FILE 0|1  texts in hexadecimal on stdin → lists of ids; 1 adds
//   special
//                                       ones
//   model_oracle_probe decode FILE 0|1  lists of ids on stdin → texts in hexadecimal, and how the
//                                       streamed text differs, if it does; 1 skips special ones
//   model_oracle_probe render           {"folder", "messages", "add_generation_prompt",
//   "variables"}
//                                       on stdin → {"text"} or {"error"}
//   model_oracle_probe train SPEC       {"kind", "vocab_size", "texts", "added"} → tokenizer.json
// One answer a line; a tokenizer that fails to load ends the program with status 2.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "model/chat_template.h"
#include "model/safetensors.h"
#include "model/tokenizer/decode_stream.h"
#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/train.h"
#include "model/tokenizer/utf8.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::json;

int Fail(const Status& status) {
  std::cerr << status << "\n";
  return 2;
}

int Safetensors() {
  for (std::string path; std::getline(std::cin, path);) {
    const auto file = SafetensorsFile::Open(path);
    std::cout << (file.ok() ? "ok" : "err " + std::string(file.status().message())) << "\n";
  }
  return 0;
}

std::string ToHex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

// As Python prints a list.
void PrintList(const std::vector<int32_t>& ids) {
  std::cout << "[" << absl::StrJoin(ids, ", ") << "]\n";
}

std::vector<int32_t> ParseList(absl::string_view line) {
  std::vector<int32_t> ids;
  for (const absl::string_view part :
       absl::StrSplit(line, absl::ByAnyChar("[], "), absl::SkipEmpty())) {
    int32_t id = 0;
    if (absl::SimpleAtoi(part, &id)) ids.push_back(id);
  }
  return ids;
}

int Encode(const Tokenizer& tokenizer, bool add_special_tokens) {
  for (std::string line; std::getline(std::cin, line);) {
    const auto ids = tokenizer.Encode(absl::HexStringToBytes(line), add_special_tokens);
    if (!ids.ok()) return Fail(ids.status());
    PrintList(*ids);
  }
  return 0;
}

int Decode(const Tokenizer& tokenizer, bool skip_special) {
  DecodeStream stream(&tokenizer, skip_special);
  for (std::string line; std::getline(std::cin, line);) {
    const std::vector<int32_t> ids = ParseList(line);
    const std::string text = tokenizer.Decode(ids, skip_special);
    std::string streamed;
    for (const int32_t id : ids) {
      const std::string part = stream.Add(id);
      if (!IsValidUtf8(part)) std::cout << "a part is not UTF-8: ";
      streamed += part;
    }
    streamed += stream.Finish();
    std::cout << ToHex(text);
    if (streamed != text) std::cout << " but streamed " << ToHex(streamed);
    std::cout << "\n";
  }
  return 0;
}

// The time that the oracle's scripts set their clock to.
constexpr absl::CivilSecond kNow(2026, 3, 9, 14, 5, 7);

StatusOr<std::string> RenderOne(const nlohmann::ordered_json& ask) {
  HONE_ASSIGN_OR_RETURN(const ChatTemplate chat_template, ChatTemplate::Load(ask["folder"], kNow));
  return chat_template.Render(ask["messages"], ask["add_generation_prompt"], ask["variables"]);
}

int Render() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto text = RenderOne(nlohmann::ordered_json::parse(line));
    std::cout << (text.ok() ? json{{"text", *text}}
                            : json{{"error", std::string(text.status().message())}})
              << "\n";
  }
  return 0;
}

int Train(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text.ok()) return Fail(text.status());
  const json spec = json::parse(*text);
  TokenizerInit init;
  init.kind = spec["kind"];
  init.vocab_size = spec["vocab_size"];
  const auto trained = TrainTokenizer(init, spec["texts"].get<std::vector<std::string>>(),
                                      spec["added"].get<std::vector<std::string>>());
  if (!trained.ok()) return Fail(trained.status());
  std::cout << *trained;
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  const std::string mode = arguments.empty() ? "" : arguments[0];
  if (mode == "safetensors") return Safetensors();
  if (mode == "render") return Render();
  if (mode == "train" && arguments.size() == 2) return Train(arguments[1]);
  if ((mode == "encode" || mode == "decode") && arguments.size() == 3) {
    const auto tokenizer = Tokenizer::Load(arguments[1]);
    if (!tokenizer.ok()) return Fail(tokenizer.status());
    const bool flag = arguments[2] == "1";
    return mode == "encode" ? Encode(*tokenizer, flag) : Decode(*tokenizer, flag);
  }
  std::cerr << "usage: model_oracle_probe safetensors | render | encode FILE 0|1 | decode FILE 0|1 "
               "| train "
               "SPEC\n";
  return 2;
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return hone::Main({argv + 1, argv + argc});
}
