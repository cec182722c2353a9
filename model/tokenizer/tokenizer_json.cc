#include "model/tokenizer/tokenizer_json.h"

#include <initializer_list>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/json.h"

namespace hone {
namespace {

using nlohmann::json;

// The large vocabularies in use take some 30 MB.
constexpr size_t kMaxBytes = size_t{100} << 20;

// Errors within one part of the file, e.g. "model.merges".
struct Part {
  std::string file;
  std::string name;

  Part Sub(absl::string_view field) const {
    return {file, name.empty() ? std::string(field) : absl::StrCat(name, ".", field)};
  }
  Status Error(absl::string_view problem) const {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": ", name.empty() ? "" : absl::StrCat("\"", name, "\" "), problem));
  }
};

// Null stands for "not set" in these files.
const json* Find(const json& object, const char* field) {
  const auto it = object.find(field);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

StatusOr<std::string> TypeOf(const json& object, const Part& part) {
  if (!object.is_object()) return part.Error("is not an object");
  const json* type = Find(object, "type");
  if (type == nullptr || !type->is_string()) return part.Error("has no \"type\"");
  return type->get<std::string>();
}

StatusOr<bool> Bool(const json& object, const char* field, bool missing, const Part& part) {
  const json* value = Find(object, field);
  if (value == nullptr) return missing;
  if (!value->is_boolean()) return part.Sub(field).Error("is neither true nor false");
  return value->get<bool>();
}

// Settings whose other values are not built.
Status ExpectFalse(const json& object, std::initializer_list<const char*> fields,
                   const Part& part) {
  for (const char* field : fields) {
    HONE_ASSIGN_OR_RETURN(const bool set, Bool(object, field, false, part));
    if (set) return part.Sub(field).Error("is true, which is not supported");
  }
  return absl::OkStatus();
}

StatusOr<int32_t> Id(const json& value, const Part& part) {
  if (!value.is_number_unsigned() ||
      value.get<uint64_t>() >= static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
    return part.Error(absl::StrCat("is ", value.dump(), ", not a token id"));
  }
  return value.get<int32_t>();
}

Status ReadNormalizer(const json& root, const Part& part, TokenizerSpec* spec) {
  const json* normalizer = Find(root, "normalizer");
  if (normalizer == nullptr) return absl::OkStatus();
  HONE_ASSIGN_OR_RETURN(const std::string type, TypeOf(*normalizer, part));
  json steps = json::array({*normalizer});
  if (type == "Sequence") steps = normalizer->value("normalizers", json());
  if (!steps.is_array()) return part.Error("is not a sequence");
  for (const json& step : steps) {
    HONE_ASSIGN_OR_RETURN(const std::string step_type, TypeOf(step, part));
    if (step_type != "NFC") {
      return part.Error(absl::StrCat("has the type ", step_type, "; supported: NFC or null"));
    }
    spec->nfc = true;
  }
  return absl::OkStatus();
}

StatusOr<SplitPattern> ReadSplit(const json& step, const Part& part) {
  const json* pattern = Find(step, "pattern");
  const json* regex =
      pattern != nullptr && pattern->is_object() ? Find(*pattern, "Regex") : nullptr;
  if (regex == nullptr || !regex->is_string()) {
    return part.Sub("pattern").Error("is not a Regex, which alone is supported");
  }
  HONE_ASSIGN_OR_RETURN(const bool invert, Bool(step, "invert", false, part));
  const json behavior = step.value("behavior", json());
  // Isolated keeps matches and the text between them, whichever of the two is the delimiter.
  if (behavior == "Isolated") return SplitPattern{regex->get<std::string>(), false};
  if (behavior == "Removed" && invert) return SplitPattern{regex->get<std::string>(), true};
  return part.Sub("behavior")
      .Error(absl::StrCat("is ", behavior.dump(),
                          "; supported: \"Isolated\", or \"Removed\" inverted"));
}

Status ReadPreTokenizer(const json& root, const Part& part, TokenizerSpec* spec) {
  const json* pre_tokenizer = Find(root, "pre_tokenizer");
  if (pre_tokenizer == nullptr) {
    return part.Error("is null; supported: ByteLevel, or a Sequence that ends in it");
  }
  HONE_ASSIGN_OR_RETURN(const std::string type, TypeOf(*pre_tokenizer, part));
  json steps = json::array({*pre_tokenizer});
  if (type == "Sequence") steps = pre_tokenizer->value("pretokenizers", json());
  if (!steps.is_array() || steps.empty()) return part.Error("is an empty sequence");
  for (size_t i = 0; i < steps.size(); ++i) {
    HONE_ASSIGN_OR_RETURN(const std::string step, TypeOf(steps[i], part));
    const bool last = i + 1 == steps.size();
    if (last && step == "ByteLevel") {
      HONE_ASSIGN_OR_RETURN(spec->pre_tokenizer.add_prefix_space,
                            Bool(steps[i], "add_prefix_space", true, part));
      HONE_ASSIGN_OR_RETURN(spec->pre_tokenizer.gpt2_split,
                            Bool(steps[i], "use_regex", true, part));
    } else if (!last && step == "Split") {
      HONE_ASSIGN_OR_RETURN(SplitPattern split, ReadSplit(steps[i], part));
      spec->pre_tokenizer.splits.push_back(std::move(split));
    } else {
      return part.Error(absl::StrCat("has the step ", step, " at place ", i,
                                     "; supported: Split steps, then one ByteLevel"));
    }
  }
  return absl::OkStatus();
}

Status ReadTemplate(const json& processor, const Part& part, TokenizerSpec* spec) {
  const json* single = Find(processor, "single");
  if (single == nullptr || !single->is_array()) return part.Sub("single").Error("is missing");
  bool after_text = false;
  for (const json& item : *single) {
    if (item.is_object() && item.contains("Sequence") && !after_text) {
      after_text = true;
      continue;
    }
    const json::json_pointer name("/SpecialToken/id");
    if (!item.is_object() || !item.contains(name) || !item[name].is_string()) {
      return part.Sub("single").Error(absl::StrCat("has the unsupported item ", item.dump()));
    }
    const std::string token = item[name].get<std::string>();
    const json tokens = processor.value("special_tokens", json::object());
    const auto special = tokens.find(token);
    if (special == tokens.end() || !special->is_object() || !special->contains("ids") ||
        !(*special)["ids"].is_array()) {
      return part.Sub("special_tokens").Error(absl::StrCat("lacks the ids of ", token));
    }
    for (const json& value : (*special)["ids"]) {
      HONE_ASSIGN_OR_RETURN(const int32_t id, Id(value, part.Sub("special_tokens")));
      (after_text ? spec->suffix : spec->prefix).push_back(id);
    }
  }
  if (!after_text) return part.Sub("single").Error("has no place for the text");
  return absl::OkStatus();
}

Status ReadPostProcessor(const json& root, const Part& part, TokenizerSpec* spec) {
  const json* processor = Find(root, "post_processor");
  if (processor == nullptr) return absl::OkStatus();
  HONE_ASSIGN_OR_RETURN(const std::string type, TypeOf(*processor, part));
  json steps = json::array({*processor});
  if (type == "Sequence") steps = processor->value("processors", json());
  if (!steps.is_array()) return part.Error("is not a sequence");
  bool templated = false;
  for (const json& step : steps) {
    HONE_ASSIGN_OR_RETURN(const std::string step_type, TypeOf(step, part));
    // ByteLevel only moves offsets into the text, which are not kept.
    if (step_type == "ByteLevel") continue;
    if (step_type != "TemplateProcessing" || templated) {
      return part.Error(absl::StrCat("has the step ", step_type,
                                     "; supported: ByteLevel and one TemplateProcessing"));
    }
    templated = true;
    HONE_RETURN_IF_ERROR(ReadTemplate(step, part, spec));
  }
  return absl::OkStatus();
}

Status ReadDecoder(const json& root, const Part& part) {
  const json* decoder = Find(root, "decoder");
  if (decoder == nullptr) return part.Error("is null; supported: ByteLevel");
  HONE_ASSIGN_OR_RETURN(const std::string type, TypeOf(*decoder, part));
  if (type != "ByteLevel") {
    return part.Error(absl::StrCat("has the type ", type, "; supported: ByteLevel"));
  }
  return absl::OkStatus();
}

Status ReadMerges(const json& model, const Part& part, TokenizerSpec* spec) {
  const json* merges = Find(model, "merges");
  if (merges == nullptr || !merges->is_array()) return part.Error("is not an array");
  spec->merges.reserve(merges->size());
  for (const json& merge : *merges) {
    if (merge.is_string()) {
      const std::vector<std::string> sides =
          absl::StrSplit(merge.get_ref<const std::string&>(), ' ');
      if (sides.size() == 2) {
        spec->merges.emplace_back(sides[0], sides[1]);
        continue;
      }
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      spec->merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
      continue;
    }
    return part.Error(absl::StrCat("has the entry ", merge.dump(), ", which is no pair"));
  }
  return absl::OkStatus();
}

Status ReadUnk(const json& model, const Part& part, TokenizerSpec* spec) {
  HONE_ASSIGN_OR_RETURN(spec->fuse_unk, Bool(model, "fuse_unk", false, part));
  const json* unk = Find(model, "unk_token");
  if (unk == nullptr) return absl::OkStatus();
  if (!unk->is_string()) return part.Sub("unk_token").Error("is not a string");
  const auto found = spec->vocab.find(unk->get_ref<const std::string&>());
  if (found != spec->vocab.end()) spec->unk_id = found->second;
  return absl::OkStatus();
}

Status ReadModel(const json& root, const Part& part, TokenizerSpec* spec) {
  const json* model = Find(root, "model");
  if (model == nullptr) return part.Error("is missing");
  HONE_ASSIGN_OR_RETURN(const std::string type, TypeOf(*model, part));
  if (type != "BPE") return part.Error(absl::StrCat("has the type ", type, "; supported: BPE"));
  HONE_RETURN_IF_ERROR(ExpectFalse(*model, {"byte_fallback"}, part));
  const json* dropout = Find(*model, "dropout");
  if (dropout != nullptr && *dropout != 0.0) {
    return part.Sub("dropout").Error("is set: it would make encoding random");
  }
  for (const char* field : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json* value = Find(*model, field);
    if (value != nullptr && *value != "") {
      return part.Sub(field).Error(absl::StrCat("is ", value->dump(), "; supported: none"));
    }
  }
  HONE_ASSIGN_OR_RETURN(spec->ignore_merges, Bool(*model, "ignore_merges", false, part));

  const Part vocab_part = part.Sub("vocab");
  const json* vocab = Find(*model, "vocab");
  if (vocab == nullptr || !vocab->is_object()) return vocab_part.Error("is not an object");
  spec->vocab.reserve(vocab->size());
  for (const auto& [token, value] : vocab->items()) {
    HONE_ASSIGN_OR_RETURN(spec->vocab[token], Id(value, vocab_part.Sub(token)));
  }
  HONE_RETURN_IF_ERROR(ReadUnk(*model, part, spec));
  return ReadMerges(*model, part.Sub("merges"), spec);
}

Status ReadAddedTokens(const json& root, const Part& part, TokenizerSpec* spec) {
  const json* tokens = Find(root, "added_tokens");
  if (tokens == nullptr) return absl::OkStatus();
  if (!tokens->is_array()) return part.Error("is not an array");
  for (const json& token : *tokens) {
    const json* content = token.is_object() ? Find(token, "content") : nullptr;
    if (content == nullptr || !content->is_string() || *content == "") {
      return part.Error(absl::StrCat("has an entry without content: ", token.dump()));
    }
    AddedToken added;
    added.content = content->get<std::string>();
    const Part entry = part.Sub(added.content);
    HONE_ASSIGN_OR_RETURN(added.id, Id(token.value("id", json()), entry.Sub("id")));
    HONE_ASSIGN_OR_RETURN(added.single_word, Bool(token, "single_word", false, entry));
    HONE_ASSIGN_OR_RETURN(added.lstrip, Bool(token, "lstrip", false, entry));
    HONE_ASSIGN_OR_RETURN(added.rstrip, Bool(token, "rstrip", false, entry));
    HONE_ASSIGN_OR_RETURN(added.special, Bool(token, "special", false, entry));
    HONE_ASSIGN_OR_RETURN(added.normalized, Bool(token, "normalized", true, entry));
    spec->added.push_back(std::move(added));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<TokenizerSpec> ParseTokenizerJson(const std::string& text, const std::string& file) {
  JsonLimits limits;
  limits.max_bytes = kMaxBytes;
  HONE_ASSIGN_OR_RETURN(const json root, ParseJson(text, limits, file));
  const Part whole{file, ""};
  if (!root.is_object()) return whole.Error("is not a JSON object");
  TokenizerSpec spec;
  // `truncation` and `padding` are left alone: transformers resets them on every call too.
  HONE_RETURN_IF_ERROR(ReadNormalizer(root, whole.Sub("normalizer"), &spec));
  HONE_RETURN_IF_ERROR(ReadPreTokenizer(root, whole.Sub("pre_tokenizer"), &spec));
  HONE_RETURN_IF_ERROR(ReadPostProcessor(root, whole.Sub("post_processor"), &spec));
  HONE_RETURN_IF_ERROR(ReadDecoder(root, whole.Sub("decoder")));
  HONE_RETURN_IF_ERROR(ReadModel(root, whole.Sub("model"), &spec));
  HONE_RETURN_IF_ERROR(ReadAddedTokens(root, whole.Sub("added_tokens"), &spec));
  return spec;
}

}  // namespace hone
