// One value ⇄ its YAML text.
#ifndef HONE_CONFIG_SCALAR_H_
#define HONE_CONFIG_SCALAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "config/yaml_tree.h"

namespace hone {

// The types of leaves in the experiment's structs.
template <typename T>
inline constexpr bool kIsScalar =
    std::is_same_v<T, bool> || std::is_same_v<T, int> || std::is_same_v<T, uint64_t> ||
    std::is_same_v<T, double> || std::is_same_v<T, std::string>;

// Leaves that may be null, e.g. dual_clip.
template <typename T>
inline constexpr bool kIsOptionalScalar = false;
template <typename T>
inline constexpr bool kIsOptionalScalar<std::optional<T>> = kIsScalar<T>;

// Reads a value. The error's message continues a key: "must be an integer, found `x`".
// Integers may be written as floats that are whole ("1e3"); doubles must be finite; a string may be
// any scalar, as written.
Status ReadScalar(const YamlNode& node, bool* value);
Status ReadScalar(const YamlNode& node, int* value);
Status ReadScalar(const YamlNode& node, uint64_t* value);
Status ReadScalar(const YamlNode& node, double* value);
Status ReadScalar(const YamlNode& node, std::string* value);

// The text that reads back as the same value. Doubles: the shortest such, always with a point, so
// that every YAML reader takes it for a float. Strings: in quotes where they could be anything
// else.
std::string WriteScalar(bool value);
std::string WriteScalar(int value);
std::string WriteScalar(uint64_t value);
std::string WriteScalar(double value);
std::string WriteScalar(const std::string& value);
template <typename T>
std::string WriteScalar(const std::optional<T>& value) {
  return value.has_value() ? WriteScalar(*value) : "null";
}

}  // namespace hone

#endif  // HONE_CONFIG_SCALAR_H_
