#include "model/tokenizer/tokenizer.h"

#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/bpe.h"
#include "model/tokenizer/byte_level.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/tokenizer_json.h"
#include "model/tokenizer/utf8.h"

namespace hone {
namespace {

// Ids above this would make the tables of ids needlessly large; no vocabulary comes near.
constexpr int32_t kMaxId = 1 << 24;

struct TokenText {
  std::string bytes;  // empty: no such id
  bool special = false;
};

StatusOr<std::vector<BpeMerge>> ResolveMerges(const TokenizerSpec& spec, const std::string& file) {
  std::vector<BpeMerge> merges;
  merges.reserve(spec.merges.size());
  for (const auto& [left, right] : spec.merges) {
    const auto left_id = spec.vocab.find(left);
    const auto right_id = spec.vocab.find(right);
    const auto merged_id = spec.vocab.find(absl::StrCat(left, right));
    if (left_id == spec.vocab.end() || right_id == spec.vocab.end() ||
        merged_id == spec.vocab.end()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": the merge of \"", left, "\" and \"",
                                                     right,
                                                     "\" needs tokens that the vocabulary "
                                                     "lacks"));
    }
    merges.push_back({left_id->second, right_id->second, merged_id->second});
  }
  return merges;
}

StatusOr<BpeModel> MakeBpeModel(const TokenizerSpec& spec, const std::string& file) {
  BpeModel model;
  int num_missing = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const auto it = spec.vocab.find(ByteCharacters()[byte]);
    model.byte_ids[byte] = it == spec.vocab.end() ? -1 : it->second;
    if (it == spec.vocab.end()) ++num_missing;
  }
  HONE_ASSIGN_OR_RETURN(model.merges, ResolveMerges(spec, file));
  for (const auto& [token, id] : spec.vocab) {
    if (std::optional<std::string> bytes = CharactersToBytes(token)) {
      model.tokens.emplace_back(*std::move(bytes), id);
    }
  }
  model.ignore_merges = spec.ignore_merges;
  model.unk_id = spec.unk_id;
  model.fuse_unk = spec.fuse_unk;
  if (num_missing > 0 && spec.unk_id < 0) {
    LogWarning(absl::StrCat(file, ": the vocabulary has no token for ", num_missing,
                            " of the 256 bytes; encoding leaves them out of a text without a word, "
                            "as PyPI's tokenizers does"));
  }
  return model;
}

// What an id decodes to. An entry with a character that stands for no byte means itself, as in
// the reference implementation; that goes for added tokens too.
std::string DecodedBytes(const std::string& token) {
  std::optional<std::string> bytes = CharactersToBytes(token);
  return bytes.has_value() ? *std::move(bytes) : token;
}

}  // namespace

struct Tokenizer::State {
  State(PreTokenizer pre, BpeModel model) : pre_tokenizer(std::move(pre)), bpe(std::move(model)) {}

  Status EncodePlain(absl::string_view text, std::vector<int32_t>* tokens) const;
  // The normalised text without the raw added tokens.
  Status EncodeNormalized(absl::string_view text, std::vector<int32_t>* tokens) const;

  std::string json;
  std::string file;
  bool nfc = false;
  AddedTokenMatcher raw_added;         // looked for in the text as it comes
  AddedTokenMatcher normalized_added;  // looked for in what is left, normalised
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  std::vector<int32_t> prefix, suffix;
  std::vector<TokenText> texts;  // by id
  absl::flat_hash_map<std::string, int32_t> ids;
};

StatusOr<Tokenizer> Tokenizer::Load(const std::string& path) {
  HONE_ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  return FromJson(json, path);
}

StatusOr<Tokenizer> Tokenizer::FromJson(const std::string& json, const std::string& file) {
  HONE_ASSIGN_OR_RETURN(const TokenizerSpec spec, ParseTokenizerJson(json, file));
  HONE_ASSIGN_OR_RETURN(BpeModel model, MakeBpeModel(spec, file));
  StatusOr<PreTokenizer> pre = PreTokenizer::Create(spec.pre_tokenizer);
  if (!pre.ok()) return Annotate(pre.status(), absl::StrCat(file, ": \"pre_tokenizer\""));
  auto state = std::make_unique<State>(*std::move(pre), std::move(model));
  state->json = json;
  state->file = file;
  state->nfc = spec.nfc;
  state->prefix = spec.prefix;
  state->suffix = spec.suffix;
  state->ids = spec.vocab;
  for (const AddedToken& added : spec.added) {
    const int32_t known = state->ids.emplace(added.content, added.id).first->second;
    if (known != added.id) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": the added token \"", added.content,
                                                     "\" has the ids ", added.id, " and ", known));
    }
    if (added.normalized) {
      state->normalized_added.Add(added, spec.nfc ? NormalizeNfc(added.content) : added.content);
    } else {
      state->raw_added.Add(added, added.content);
    }
  }
  for (const auto& [token, id] : state->ids) {
    if (id > kMaxId) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": the token \"", token, "\" has the id ", id, ", above ", kMaxId));
    }
    if (static_cast<size_t>(id) >= state->texts.size()) state->texts.resize(id + 1);
    if (!state->texts[id].bytes.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": two tokens have the id ", id, "; one is \"", token, "\""));
    }
    state->texts[id].bytes = DecodedBytes(token);
  }
  for (const AddedToken& added : spec.added) {
    if (added.special) state->texts[added.id].special = true;
  }
  for (const std::vector<int32_t>* around : {&spec.prefix, &spec.suffix}) {
    for (const int32_t id : *around) {
      if (static_cast<size_t>(id) >= state->texts.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat(file, ": \"post_processor\" adds the id ", id, ", which no token has"));
      }
    }
  }
  return Tokenizer(std::move(state));
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Status Tokenizer::State::EncodePlain(absl::string_view text, std::vector<int32_t>* tokens) const {
  const StatusOr<PreTokens> words = pre_tokenizer.Split(text);
  if (!words.ok()) return Annotate(words.status(), file);
  for (const absl::string_view word : words->pieces) bpe.Encode(word, tokens);
  return absl::OkStatus();
}

Status Tokenizer::State::EncodeNormalized(absl::string_view text,
                                          std::vector<int32_t>* tokens) const {
  for (const AddedTokenMatcher::Piece& piece : normalized_added.Split(text)) {
    if (piece.id >= 0) {
      tokens->push_back(piece.id);
    } else {
      HONE_RETURN_IF_ERROR(EncodePlain(piece.text, tokens));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::vector<int32_t>> Tokenizer::Encode(absl::string_view text,
                                                 bool add_special_tokens) const {
  if (!IsValidUtf8(text)) return Encode(RepairUtf8(text), add_special_tokens);
  std::vector<int32_t> tokens;
  if (add_special_tokens) tokens = state_->prefix;
  for (const AddedTokenMatcher::Piece& raw : state_->raw_added.Split(text)) {
    if (raw.id >= 0) {
      tokens.push_back(raw.id);
    } else {
      HONE_RETURN_IF_ERROR(state_->nfc ? state_->EncodeNormalized(NormalizeNfc(raw.text), &tokens)
                                       : state_->EncodeNormalized(raw.text, &tokens));
    }
  }
  if (add_special_tokens) {
    tokens.insert(tokens.end(), state_->suffix.begin(), state_->suffix.end());
  }
  return tokens;
}

absl::string_view Tokenizer::TokenBytes(int32_t token, bool skip_special) const {
  // Ids that only pad the model's embedding have no text.
  if (token < 0 || static_cast<size_t>(token) >= state_->texts.size()) return "";
  const TokenText& text = state_->texts[token];
  return skip_special && text.special ? "" : absl::string_view(text.bytes);
}

std::string Tokenizer::Decode(absl::Span<const int32_t> tokens, bool skip_special) const {
  std::string bytes;
  for (const int32_t token : tokens) absl::StrAppend(&bytes, TokenBytes(token, skip_special));
  return IsValidUtf8(bytes) ? bytes : RepairUtf8(bytes);
}

int Tokenizer::vocab_size() const { return static_cast<int>(state_->texts.size()); }

int32_t Tokenizer::TokenId(absl::string_view token) const {
  const auto it = state_->ids.find(token);
  return it == state_->ids.end() ? -1 : it->second;
}

const std::string& Tokenizer::json() const { return state_->json; }

}  // namespace hone
