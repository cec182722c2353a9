#include "model/template/value.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "model/template/python_text.h"
#include "model/tokenizer/utf8.h"

namespace hone::jinja {
namespace {

void Add(const Value::Extent& part, Value::Extent* whole) {
  whole->depth = std::max(whole->depth, part.depth);
  // Far above any limit, and safe from overflow.
  constexpr size_t too_much = size_t{1} << 62;
  whole->weight = std::min(too_much, whole->weight + part.weight);
}

StatusOr<std::string> ReprItems(const List& items) {
  std::string out;
  for (const Value& item : items) {
    if (!out.empty()) out += ", ";
    HONE_ASSIGN_OR_RETURN(const std::string text, Repr(item));
    out += text;
  }
  return out;
}

}  // namespace

Value Value::MakeUndefined(std::string what) {
  return Value(Undefined{std::make_shared<const std::string>(std::move(what))});
}

Value Value::String(std::string value) {
  return Value(std::make_shared<const std::string>(std::move(value)));
}

Value Value::MakeSequence(List items, SequenceType type) {
  Extent extent;
  for (const Value& item : items) Add(item.extent(), &extent);
  ++extent.depth;
  return Value(std::make_shared<const Sequence>(Sequence{std::move(items), type, extent}));
}

Value Value::MakeList(List items) { return MakeSequence(std::move(items), SequenceType::kList); }

Value Value::MakeTuple(List items) { return MakeSequence(std::move(items), SequenceType::kTuple); }

Value Value::MakeGenerator(List items) {
  return MakeSequence(std::move(items), SequenceType::kGenerator);
}

Value Value::MakeDict(Dict entries) {
  Extent extent;
  for (const auto& [key, value] : entries) {
    Add(key.extent(), &extent);
    Add(value.extent(), &extent);
  }
  ++extent.depth;
  return Value(std::make_shared<const Mapping>(Mapping{std::move(entries), extent}));
}

Value Value::MakeFunction(std::string name) {
  return Value(std::make_shared<const Function>(Function{std::move(name), nullptr}));
}

Value Value::MakeMethod(std::string name, const Value& receiver) {
  return Value(std::make_shared<const Function>(
      Function{std::move(name), std::make_shared<const Value>(receiver)}));
}

StatusOr<Value> Value::FromJson(const nlohmann::ordered_json& json) {
  using Type = nlohmann::ordered_json::value_t;
  switch (json.type()) {
    case Type::boolean:
      return Bool(json.get<bool>());
    case Type::number_unsigned:
      if (json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return absl::InvalidArgumentError(
            absl::StrCat("the integer ", json.dump(), " needs more than 64 bits"));
      }
      return Int(json.get<int64_t>());
    case Type::number_integer:
      return Int(json.get<int64_t>());
    case Type::number_float:
      return Float(json.get<double>());
    case Type::string:
      return String(RepairUtf8(json.get_ref<const std::string&>()));
    case Type::array: {
      List items;
      for (const auto& element : json) {
        HONE_ASSIGN_OR_RETURN(Value item, FromJson(element));
        items.push_back(std::move(item));
      }
      return MakeList(std::move(items));
    }
    case Type::object: {
      Dict entries;
      for (const auto& [key, element] : json.items()) {
        HONE_ASSIGN_OR_RETURN(Value item, FromJson(element));
        entries.emplace_back(String(RepairUtf8(key)), std::move(item));
      }
      return MakeDict(std::move(entries));
    }
    default:
      return MakeNone();
  }
}

const Value::Function* Value::function() const {
  const auto* held = std::get_if<std::shared_ptr<const Function>>(&data_);
  return held == nullptr ? nullptr : held->get();
}

Namespace* Value::name_space() const {
  auto* const* held = std::get_if<Namespace*>(&data_);
  return held == nullptr ? nullptr : *held;
}

const Macro* Value::macro() const {
  const auto* held = std::get_if<const Macro*>(&data_);
  return held == nullptr ? nullptr : *held;
}

Loop* Value::loop() const {
  const auto* held = std::get_if<std::shared_ptr<Loop>>(&data_);
  return held == nullptr ? nullptr : held->get();
}

Value::Extent Value::extent() const {
  if (is_string()) return {0, string().size() + 1};
  if (is_sequence()) return sequence().extent;
  if (is_dict()) return Get<std::shared_ptr<const Mapping>>()->extent;
  Extent extent;
  if (const Function* f = function(); f != nullptr && f->receiver != nullptr) {
    Add(f->receiver->extent(), &extent);
    ++extent.depth;
  }
  if (const Loop* l = loop()) return l->extent;
  return extent;
}

bool Value::Truth() const {
  if (is_undefined() || is_none()) return false;
  if (is_float()) return Get<double>() != 0;
  if (is_number()) return integer() != 0;
  if (is_string()) return !string().empty();
  if (is_sequence()) return is_generator() || !items().empty();
  if (is_dict()) return !dict().empty();
  return true;
}

absl::string_view Value::TypeName() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (is_bool()) return "bool";
  if (is_int()) return "int";
  if (is_float()) return "float";
  if (is_string()) return "str";
  if (is_tuple()) return "tuple";
  if (is_generator()) return "generator";
  if (is_sequence()) return "list";
  if (is_dict()) return "dict";
  if (name_space() != nullptr) return "namespace";
  if (loop() != nullptr) return "loop";
  return "function";
}

std::string Value::UndefinedMessage() const {
  const auto* undefined = std::get_if<Undefined>(&data_);
  const bool named = undefined != nullptr && undefined->what != nullptr;
  return absl::StrCat(named ? *undefined->what : "a value", " is undefined");
}

bool Equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (!a.is_float() && !b.is_float()) return a.integer() == b.integer();
    return a.real() == b.real();
  }
  if (a.is_string() && b.is_string()) return a.string() == b.string();
  if (a.is_sequence() && b.is_sequence()) {
    return a.sequence().type == b.sequence().type &&
           std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                      Equal);
  }
  if (a.is_dict() && b.is_dict()) {
    return a.dict().size() == b.dict().size() &&
           std::all_of(a.dict().begin(), a.dict().end(), [&](const auto& entry) {
             const Value* other = Find(b.dict(), entry.first);
             return other != nullptr && Equal(entry.second, *other);
           });
  }
  if (a.is_none() || a.is_undefined()) {
    return a.is_none() == b.is_none() && a.is_undefined() == b.is_undefined();
  }
  if (a.name_space() != nullptr) return a.name_space() == b.name_space();
  if (a.macro() != nullptr) return a.macro() == b.macro();
  return a.loop() != nullptr && a.loop() == b.loop();
}

const Value* Find(const Dict& dict, const Value& key) {
  for (const auto& [known, value] : dict) {
    if (Equal(known, key)) return &value;
  }
  return nullptr;
}

const Value* Find(const Dict& dict, absl::string_view key) {
  for (const auto& [known, value] : dict) {
    if (known.is_string() && known.string() == key) return &value;
  }
  return nullptr;
}

StatusOr<std::string> Str(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_undefined()) return std::string();
  return Repr(value);
}

StatusOr<std::string> Repr(const Value& value) {
  if (value.is_none()) return std::string("None");
  if (value.is_undefined()) return std::string("Undefined");
  if (value.is_bool()) return std::string(value.Truth() ? "True" : "False");
  if (value.is_int()) return absl::StrCat(value.integer());
  if (value.is_float()) return FloatRepr(value.real());
  if (value.is_string()) return StringRepr(value.string());
  if (value.is_sequence() && !value.is_generator()) {
    HONE_ASSIGN_OR_RETURN(const std::string inside, ReprItems(value.items()));
    if (!value.is_tuple()) return absl::StrCat("[", inside, "]");
    return absl::StrCat("(", inside, value.items().size() == 1 ? ",)" : ")");
  }
  if (value.is_dict()) {
    std::string out = "{";
    for (const auto& [key, item] : value.dict()) {
      HONE_ASSIGN_OR_RETURN(const std::string key_text, Repr(key));
      HONE_ASSIGN_OR_RETURN(const std::string text, Repr(item));
      absl::StrAppend(&out, out.size() > 1 ? ", " : "", key_text, ": ", text);
    }
    return out + "}";
  }
  return absl::InvalidArgumentError(absl::StrCat("a ", value.TypeName(), " has no text"));
}

}  // namespace hone::jinja
