// The values of a template: Python's, as far as Jinja shows them. Lists and dicts never change once
// made; only namespaces do.
#ifndef HONE_MODEL_TEMPLATE_VALUE_H_
#define HONE_MODEL_TEMPLATE_VALUE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace hone::jinja {

class Value;
using List = std::vector<Value>;
using Dict = std::vector<std::pair<Value, Value>>;  // in order of insertion, each key once

struct Loop;
struct Macro;

// namespace(…): owned by the interpreter, so that one may hold itself.
struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;
};

class Value {
 public:
  struct None {};
  struct Undefined {
    std::shared_ptr<const std::string> what;  // for messages: "'x' is undefined"
  };
  // A generator is what map() and its kin return: it is always true and has no length.
  enum class SequenceType { kList, kTuple, kGenerator };
  // How much a value holds: lists and dicts inside one another, and elements and bytes together,
  // counted as often as they would be printed.
  struct Extent {
    int depth = 0;
    size_t weight = 1;
  };
  struct Sequence {
    List items;
    SequenceType type;
    Extent extent;
  };
  struct Mapping {
    Dict entries;
    Extent extent;
  };
  // A function by name, or a method of `receiver`.
  struct Function {
    std::string name;
    std::shared_ptr<const Value> receiver;
  };

  Value() : data_(Undefined{}) {}
  static Value MakeUndefined(std::string what);
  static Value MakeNone() { return Value(None{}); }
  static Value Bool(bool value) { return Value(value); }
  static Value Int(int64_t value) { return Value(value); }
  static Value Float(double value) { return Value(value); }
  static Value String(std::string value);
  static Value MakeList(List items);
  static Value MakeTuple(List items);
  static Value MakeGenerator(List items);
  static Value MakeDict(Dict entries);
  static Value MakeFunction(std::string name);
  static Value MakeMethod(std::string name, const Value& receiver);
  static Value Of(Namespace* value) { return Value(value); }
  static Value Of(const Macro* value) { return Value(value); }
  static Value Of(std::shared_ptr<Loop> value) { return Value(std::move(value)); }
  // Key order is kept; strings are repaired to valid UTF-8. Fails for an integer beyond 64 bits.
  static StatusOr<Value> FromJson(const nlohmann::ordered_json& json);

  bool is_undefined() const { return Is<Undefined>(); }
  bool is_none() const { return Is<None>(); }
  bool is_bool() const { return Is<bool>(); }
  bool is_int() const { return Is<int64_t>(); }  // not for booleans
  bool is_float() const { return Is<double>(); }
  bool is_number() const { return is_bool() || is_int() || is_float(); }
  bool is_string() const { return Is<std::shared_ptr<const std::string>>(); }
  bool is_sequence() const { return Is<std::shared_ptr<const Sequence>>(); }  // of any type
  bool is_tuple() const { return HasType(SequenceType::kTuple); }
  bool is_generator() const { return HasType(SequenceType::kGenerator); }
  bool is_dict() const { return Is<std::shared_ptr<const Mapping>>(); }

  // Each only for a value of that kind; integer() and real() also for booleans.
  const std::string& string() const { return *Get<std::shared_ptr<const std::string>>(); }
  const Sequence& sequence() const { return *Get<std::shared_ptr<const Sequence>>(); }
  const List& items() const { return sequence().items; }
  const Dict& dict() const { return Get<std::shared_ptr<const Mapping>>()->entries; }
  int64_t integer() const { return is_bool() ? Get<bool>() : Get<int64_t>(); }
  double real() const { return is_float() ? Get<double>() : static_cast<double>(integer()); }
  // Null for a value of another kind.
  const Function* function() const;
  Namespace* name_space() const;
  const Macro* macro() const;
  Loop* loop() const;

  Extent extent() const;
  bool Truth() const;
  // The class as Python names it, "str".
  absl::string_view TypeName() const;
  // Of an undefined value: "'x' is undefined".
  std::string UndefinedMessage() const;

 private:
  using Data = std::variant<Undefined, None, bool, int64_t, double,
                            std::shared_ptr<const std::string>, std::shared_ptr<const Sequence>,
                            std::shared_ptr<const Mapping>, std::shared_ptr<const Function>,
                            Namespace*, const Macro*, std::shared_ptr<Loop>>;
  explicit Value(Data data) : data_(std::move(data)) {}
  template <typename T>
  bool Is() const {
    return std::holds_alternative<T>(data_);
  }
  template <typename T>
  const T& Get() const {
    return std::get<T>(data_);
  }

  bool HasType(SequenceType type) const { return is_sequence() && sequence().type == type; }
  static Value MakeSequence(List items, SequenceType type);

  Data data_;
};

// `loop` inside a for.
struct Loop {
  List items;
  Value::Extent extent;  // of all items together
  size_t index = 0;
  bool asked = false;
  List changed;  // what loop.changed() was last asked about
};

// Python's ==. Its cost is bounded by the weights, and for dicts by their sizes' product.
bool Equal(const Value& a, const Value& b);
// The value under `key`, or null.
const Value* Find(const Dict& dict, const Value& key);
const Value* Find(const Dict& dict, absl::string_view key);

// Python's str() and repr(). Fails for values that have no stable text (functions, namespaces).
StatusOr<std::string> Str(const Value& value);
StatusOr<std::string> Repr(const Value& value);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_VALUE_H_
