#include "config/schema.h"

#include <optional>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/experiment.h"
#include "config/nearest.h"
#include "config/scalar.h"

namespace hone {
namespace {

template <typename T>
concept HasVariants = requires {
  T::Names();
};

template <typename T>
struct Collect {
  static Schema From() {
    if constexpr (HasVariants<T>) {
      Schema schema;
      for (const std::string& name : T::Names()) {
        T defaults;
        defaults.name = name;
        schema.variants.push_back({name, "", "", From(defaults)});
      }
      const Schema plain = From(T());
      schema.kind = plain.kind;
      schema.bare_name = plain.bare_name;
      schema.keys = plain.keys;
      return schema;
    } else {
      return From(T());
    }
  }

  static Schema From(T defaults) {
    Schema schema;
    if constexpr (!kIsScalar<T>) {
      schema.kind = Schema::Kind::kStruct;
      if constexpr (std::is_same_v<T, AlgorithmSpec>) {
        schema.bare_name = Schema::BareName::kAlgorithmPreset;
      } else if constexpr (HasVariants<T>) {
        schema.bare_name = Schema::BareName::kNameKey;
      }
      auto collect = [&schema](const char* name, auto& value, const char* meaning) {
        SchemaKey key{name, meaning, "", Collect<std::decay_t<decltype(value)>>::From()};
        using Value = std::decay_t<decltype(value)>;
        if constexpr (kIsScalar<Value> || kIsOptionalScalar<Value>) {
          key.default_value = WriteScalar(value);
        }
        if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
          key.default_value = absl::StrCat("[", absl::StrJoin(value, ", "), "]");
        }
        schema.keys.push_back(std::move(key));
      };
      defaults.Fields(collect);
    }
    return schema;
  }
};

template <typename T>
struct Collect<std::optional<T>> : Collect<T> {};

template <typename T>
struct Collect<std::vector<T>> {
  static Schema From() {
    Schema schema;
    schema.kind = Schema::Kind::kList;
    schema.element.push_back(Collect<T>::From());
    return schema;
  }
};

}  // namespace

const SchemaKey* Schema::Find(absl::string_view key) const {
  for (const SchemaKey& known : keys) {
    if (known.name == key) return &known;
  }
  return nullptr;
}

const Schema* Schema::Variant(absl::string_view name) const {
  if (variants.empty()) return this;
  for (const SchemaKey& variant : variants) {
    if (variant.name == name) return &variant.schema;
  }
  return nullptr;
}

std::vector<std::string> Schema::VariantNames() const {
  std::vector<std::string> names;
  for (const SchemaKey& variant : variants) names.push_back(variant.name);
  return names;
}

std::vector<std::string> Schema::KeyNames() const {
  std::vector<std::string> names;
  for (const SchemaKey& key : keys) names.push_back(key.name);
  return names;
}

std::string Schema::FindBelow(absl::string_view key) const {
  for (const SchemaKey& block : keys) {
    if (block.schema.Find(key) != nullptr) return absl::StrCat(block.name, ".", key);
  }
  for (const SchemaKey& block : keys) {
    const std::string below = block.schema.FindBelow(key);
    if (!below.empty()) return absl::StrCat(block.name, ".", below);
  }
  return "";
}

const Schema& AlgorithmSchema() {
  static const Schema* const schema = new Schema(Collect<AlgorithmSpec>::From());
  return *schema;
}

const Schema& ExperimentSchema() {
  static const Schema* const schema = new Schema(Collect<Experiment>::From());
  return *schema;
}

const Schema& VerifierSchema() {
  static const Schema* const schema = new Schema(Collect<VerifierSpec>::From());
  return *schema;
}

const Schema& SourceSchema() {
  static const Schema* const schema = new Schema(Collect<SourceSpec>::From());
  return *schema;
}

std::string SuggestKey(const Schema& schema, absl::string_view key) {
  const std::vector<std::string> names = schema.KeyNames();
  if (NearestOf(key, names).empty()) {
    const std::string below = schema.FindBelow(key);
    if (!below.empty()) return absl::StrCat("; did you mean `", below, "`?");
  }
  return Suggestion(key, names);
}

}  // namespace hone
