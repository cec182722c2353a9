#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "app/bench.h"
#include "app/model_folder.h"
#include "base/file.h"
#include "data/json_text.h"

namespace hone {
namespace {

constexpr double kMegabyte = 1e6;

struct Options {
  std::string model, input;
  int chunk_bytes = 8192;
  int repeats = 5;
};

// A wrong path is a mistake of the command line.
StatusOr<std::string> ReadInput(const std::string& path) {
  StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return absl::InvalidArgumentError(text.status().message());
  return text;
}

// The text in pieces of at least `bytes`, cut behind newlines.
std::vector<std::string> Chunks(const std::string& text, size_t bytes) {
  std::vector<std::string> chunks;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin + bytes - 1);
    const size_t end = newline == std::string::npos ? text.size() : newline + 1;
    chunks.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return chunks;
}

// Seconds for one copy of the text: no tokenizer can be faster.
double TimeCopy(const std::string& text, std::string* to) {
  const double begin = SecondsNow();
  std::memcpy(to->data(), text.data(), text.size());
  return SecondsNow() - begin;
}

Status BenchTokenizer(const Options& options) {
  const double begin = SecondsNow();
  HONE_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadTokenizerFolder(options.model));
  const double load_seconds = SecondsNow() - begin;
  HONE_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.input));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(options.input, " is empty"));
  const std::vector<std::string> chunks = Chunks(text, options.chunk_bytes);

  std::vector<std::vector<int32_t>> tokens(chunks.size());
  std::string copy(text.size(), '\0');
  std::vector<double> encode_times, decode_times, copy_times;
  size_t num_tokens = 0, decoded_bytes = 0;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const double start = SecondsNow();
    for (size_t i = 0; i < chunks.size(); ++i) {
      HONE_ASSIGN_OR_RETURN(tokens[i], tokenizer.Encode(chunks[i], /*add_special_tokens=*/false));
    }
    encode_times.push_back(SecondsNow() - start);
    const double encoded = SecondsNow();
    decoded_bytes = 0;
    for (const std::vector<int32_t>& ids : tokens) {
      decoded_bytes += tokenizer.Decode(ids, /*skip_special=*/false).size();
    }
    decode_times.push_back(SecondsNow() - encoded);
    copy_times.push_back(TimeCopy(text, &copy));
  }
  for (const std::vector<int32_t>& ids : tokens) num_tokens += ids.size();

  const double megabytes = static_cast<double>(text.size()) / kMegabyte;
  const double encode_rate = megabytes / Median(encode_times);
  const double copy_rate = megabytes / Median(copy_times);
  const double decode_rate = static_cast<double>(decoded_bytes) / kMegabyte / Median(decode_times);
  std::string out = "{\"model\":";
  AppendJsonString(options.model, &out);
  out += ",\"input\":";
  AppendJsonString(options.input, &out);
  absl::StrAppend(&out, ",\"vocab_size\":", tokenizer.vocab_size(), ",\"bytes\":", text.size(),
                  ",\"texts\":", chunks.size(), ",\"tokens\":", num_tokens,
                  ",\"threads\":1,\"repeats\":", options.repeats,
                  ",\"load_seconds\":", load_seconds,
                  ",\"encode_megabytes_per_second\":", encode_rate,
                  ",\"decode_megabytes_per_second\":", decode_rate,
                  ",\"copy_megabytes_per_second\":", copy_rate,
                  ",\"fraction_of_limit\":", encode_rate / copy_rate, "}");
  std::printf("%s\n", out.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddBenchTokenizer(CLI::App* bench, Action* action) {
  CLI::App* app = bench->add_subcommand("tokenizer", "megabytes of text per second of one core");
  app->footer(
      "Encodes the file in pieces of whole lines, then decodes the tokens; loading excluded; the\n"
      "median of --repeats. A megabyte has 10^6 bytes. fraction_of_limit: encoding over copying "
      "the text.\n\n"
      "Example:\n  hone bench tokenizer --model DIR --input README.md");
  auto o = std::make_shared<Options>();
  app->add_option("--model", o->model, "a folder with tokenizer.json")->required();
  app->add_option("--input", o->input, "a text file, UTF-8")->required();
  app->add_option("--chunk-bytes", o->chunk_bytes, "least size of a piece")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  AddRepeatsOption(app, &o->repeats);
  app->callback([o, action] { *action = [o] { return BenchTokenizer(*o); }; });
}

}  // namespace hone
