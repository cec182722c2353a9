// The keys of an experiment as data, collected from the structs' Fields().
#ifndef HONE_CONFIG_SCHEMA_H_
#define HONE_CONFIG_SCHEMA_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hone {

struct SchemaKey;

// What a value may be. Scalars are checked where they are read (scalar.h).
struct Schema {
  enum class Kind { kScalar, kStruct, kList };

  // Blocks that may be written as a bare name, e.g. `algorithm: grpo`.
  enum class BareName { kNone, kNameKey, kAlgorithmPreset };

  Kind kind = Kind::kScalar;
  BareName bare_name = BareName::kNone;
  std::vector<SchemaKey> keys;  // structs, in order; with variants: those of the default name
  std::vector<Schema> element;  // lists: the one schema of every element

  // Structs whose keys depend on their key `name`: one schema for each name, the default first.
  std::vector<SchemaKey> variants;

  const SchemaKey* Find(absl::string_view key) const;
  // The schema of a block with this `name`; null for an unknown one. Without variants: this one.
  const Schema* Variant(absl::string_view name) const;
  std::vector<std::string> VariantNames() const;
  std::vector<std::string> KeyNames() const;

  // The path of the first key of this name inside the blocks below: "optimizer.lr" for "lr".
  std::string FindBelow(absl::string_view key) const;
};

struct SchemaKey {
  std::string name;
  std::string meaning;
  std::string default_value;  // of scalars and lists of texts, as YAML
  Schema schema;
};

const Schema& ExperimentSchema();
const Schema& SourceSchema();     // of SourceSpec
const Schema& VerifierSchema();   // of VerifierSpec
const Schema& AlgorithmSchema();  // of an `algorithm:` block alone

// For an unknown key of a block: "; did you mean `x`?" with the nearest key, else with the same
// key in a block below, else the valid keys.
std::string SuggestKey(const Schema& schema, absl::string_view key);

}  // namespace hone

#endif  // HONE_CONFIG_SCHEMA_H_
