#include "model/tokenizer/train.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/bpe_trainer.h"
#include "model/tokenizer/byte_level.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/utf8.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::ordered_json;

constexpr int kNumBytes = 256;
// The added tokens in the order of their ids: the end of text first.
StatusOr<std::vector<std::string>> AllAddedTokens(absl::Span<const std::string> added_tokens) {
  std::vector<std::string> all = {std::string(kEndOfText)};
  all.insert(all.end(), added_tokens.begin(), added_tokens.end());
  absl::flat_hash_set<std::string> seen;
  for (const std::string& token : all) {
    if (!seen.insert(token).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the added token \"", token, "\" is given twice"));
    }
    if (token.size() < 2 || token != RepairUtf8(token)) {
      return absl::InvalidArgumentError(absl::StrCat("the added token \"", RepairUtf8(token),
                                                     "\" must be UTF-8 of two bytes or more"));
    }
    // Decoders map an added token's characters to bytes, like those of any other token.
    if (CharactersToBytes(token).value_or(token) != token) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the added token \"", token, "\" has a character that vocabularies use for a byte"));
    }
  }
  return all;
}

// How often each pre-token occurs outside the added tokens.
StatusOr<std::vector<TrainingWord>> CountWords(absl::Span<const std::string> texts,
                                               const std::vector<std::string>& added_tokens) {
  AddedTokenMatcher matcher;
  for (const std::string& token : added_tokens) {
    AddedToken added;
    added.content = token;
    matcher.Add(added, token);
  }
  HONE_ASSIGN_OR_RETURN(const PreTokenizer pre_tokenizer,
                        PreTokenizer::Create({{{std::string(kQwen2Pattern), false}}}));
  absl::flat_hash_map<std::string, int64_t> counts;
  for (const std::string& text : texts) {
    const std::string repaired = RepairUtf8(text);
    for (const AddedTokenMatcher::Piece& piece : matcher.Split(repaired)) {
      if (piece.id >= 0) continue;
      HONE_ASSIGN_OR_RETURN(const PreTokens words, pre_tokenizer.Split(piece.text));
      for (const absl::string_view word : words.pieces) ++counts[word];
    }
  }
  std::array<int32_t, kNumBytes> ids;
  for (int id = 0; id < kNumBytes; ++id) ids[BytesByCharacter()[id]] = id;
  std::vector<TrainingWord> words;
  for (const auto& [text, count] : counts) {
    TrainingWord word{{}, count};
    for (const char c : text) word.symbols.push_back(ids[static_cast<uint8_t>(c)]);
    words.push_back(std::move(word));
  }
  return words;
}

ordered_json ByteLevel() {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", false},
          {"use_regex", false}};
}

// No normaliser: what was decoded encodes again as the same bytes.
ordered_json TokenizerFile(const BpeVocabulary& vocabulary,
                           const std::vector<std::string>& added_tokens) {
  ordered_json vocab = ordered_json::object(), merges = ordered_json::array();
  std::vector<std::string> names;
  for (const std::string& bytes : vocabulary.tokens) names.push_back(BytesToCharacters(bytes));
  nlohmann::ordered_json::object_t& entries = vocab.get_ref<ordered_json::object_t&>();
  for (size_t id = 0; id < names.size(); ++id) entries.emplace_back(names[id], id);
  for (const auto& [left, right] : vocabulary.merges)
    merges.push_back(ordered_json::array({names[left], names[right]}));

  absl::flat_hash_map<std::string, size_t> ids;
  for (size_t id = 0; id < names.size(); ++id) ids[names[id]] = id;
  ordered_json added = ordered_json::array();
  for (const std::string& token : added_tokens) {
    const size_t id = ids.emplace(token, ids.size()).first->second;
    added.push_back({{"id", id},
                     {"content", token},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", token == kEndOfText}});
  }
  const ordered_json split = {{"type", "Split"},
                              {"pattern", {{"Regex", std::string(kQwen2Pattern)}}},
                              {"behavior", "Isolated"},
                              {"invert", false}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer",
           {{"type", "Sequence"}, {"pretokenizers", ordered_json::array({split, ByteLevel()})}}},
          {"post_processor", ByteLevel()},
          {"decoder", ByteLevel()},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocab},
            {"merges", merges}}}};
}

}  // namespace

StatusOr<std::string> TrainTokenizer(const TokenizerInit& spec, absl::Span<const std::string> texts,
                                     absl::Span<const std::string> added_tokens) {
  HONE_ASSIGN_OR_RETURN(const std::vector<std::string> added, AllAddedTokens(added_tokens));
  std::vector<std::string> bytes;
  for (const uint8_t byte : BytesByCharacter()) bytes.emplace_back(1, static_cast<char>(byte));
  if (spec.kind == "char") {
    return TokenizerFile({std::move(bytes), {}}, added).dump(2) + "\n";
  }
  if (spec.kind != "bpe") {
    return absl::InvalidArgumentError(
        absl::StrCat("tokenizer.kind is \"", spec.kind, "\"; supported: char, bpe"));
  }
  const int num_fixed = kNumBytes + static_cast<int>(added.size());
  if (spec.vocab_size < num_fixed) {
    return absl::InvalidArgumentError(absl::StrCat("tokenizer.vocab_size is ", spec.vocab_size,
                                                   "; 256 bytes and ", added.size(),
                                                   " added tokens need at least ", num_fixed));
  }
  HONE_ASSIGN_OR_RETURN(std::vector<TrainingWord> words, CountWords(texts, added));
  const int num_tokens = spec.vocab_size - static_cast<int>(added.size());
  return TokenizerFile(LearnMerges(std::move(bytes), std::move(words), num_tokens), added).dump(2) +
         "\n";
}

}  // namespace hone
