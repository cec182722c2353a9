#include "model/template/to_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/template/python_text.h"
#include "model/tokenizer/utf8.h"

namespace hone::jinja {
namespace {

class Writer {
 public:
  Writer(const JsonFormat& format, std::string* out) : format_(format), out_(*out) {}

  Status Write(const Value& value) {
    if (value.is_string()) {
      Quote(value.string());
    } else if (value.is_none()) {
      out_ += "null";
    } else if (value.is_bool()) {
      out_ += value.Truth() ? "true" : "false";
    } else if (value.is_int()) {
      absl::StrAppend(&out_, value.integer());
    } else if (value.is_float()) {
      out_ += Number(value.real());
    } else if (value.is_dict()) {
      return Object(value.dict());
    } else if (value.is_sequence() && !value.is_generator()) {
      return Array(value.items());
    } else {
      return absl::InvalidArgumentError(
          value.is_undefined() ? value.UndefinedMessage()
                               : absl::StrCat("a ", value.TypeName(), " cannot be JSON"));
    }
    return absl::OkStatus();
  }

 private:
  static std::string Number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return FloatRepr(value);
  }

  void NewLine() {
    if (!format_.indent.has_value()) return;
    out_ += '\n';
    for (int i = 0; i < level_; ++i) out_ += *format_.indent;
  }

  Status Array(const List& items) {
    if (items.empty()) {
      out_ += "[]";
      return absl::OkStatus();
    }
    out_ += '[';
    ++level_;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += format_.item_separator;
      NewLine();
      HONE_RETURN_IF_ERROR(Write(items[i]));
    }
    --level_;
    NewLine();
    out_ += ']';
    return absl::OkStatus();
  }

  static StatusOr<std::string> KeyText(const Value& key) {
    if (key.is_string()) return key.string();
    if (key.is_none()) return std::string("null");
    if (key.is_bool()) return std::string(key.Truth() ? "true" : "false");
    if (key.is_int()) return absl::StrCat(key.integer());
    if (key.is_float()) return Number(key.real());
    return absl::InvalidArgumentError(absl::StrCat("a key of JSON is a ", key.TypeName()));
  }

  Status Object(const Dict& dict) {
    if (dict.empty()) {
      out_ += "{}";
      return absl::OkStatus();
    }
    std::vector<std::pair<std::string, const Value*>> entries;
    for (const auto& [key, value] : dict) {
      HONE_ASSIGN_OR_RETURN(std::string text, KeyText(key));
      entries.emplace_back(std::move(text), &value);
    }
    if (format_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    out_ += '{';
    ++level_;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out_ += format_.item_separator;
      NewLine();
      Quote(entries[i].first);
      out_ += format_.key_separator;
      HONE_RETURN_IF_ERROR(Write(*entries[i].second));
    }
    --level_;
    NewLine();
    out_ += '}';
    return absl::OkStatus();
  }

  void Quote(const std::string& text) {
    static constexpr absl::string_view kSpecial = "\"\\\n\r\t\f\b";
    static constexpr absl::string_view kLetters = "\"\\nrtfb";
    out_ += '"';
    absl::string_view rest = text;
    while (!rest.empty()) {
      const absl::string_view character = rest.substr(0, NextUtf8(rest).length);
      const char32_t point = CodePointOf(character);
      if (const size_t at = kSpecial.find(character[0]); at != absl::string_view::npos) {
        out_ += '\\';
        out_ += kLetters[at];
      } else if (point < 0x20 || (format_.ensure_ascii && point > 0x7e)) {
        Escape(point);
      } else {
        absl::StrAppend(&out_, character);
      }
      rest.remove_prefix(character.size());
    }
    out_ += '"';
  }

  void Escape(char32_t point) {
    if (point < 0x10000) {
      absl::StrAppendFormat(&out_, "\\u%04x", static_cast<uint32_t>(point));
      return;
    }
    const uint32_t offset = static_cast<uint32_t>(point) - 0x10000;
    absl::StrAppendFormat(&out_, "\\u%04x\\u%04x", 0xd800 + (offset >> 10),
                          0xdc00 + (offset & 0x3ff));
  }

  const JsonFormat& format_;
  std::string& out_;
  int level_ = 0;
};

}  // namespace

StatusOr<std::string> ToJson(const Value& value, const JsonFormat& format) {
  std::string out;
  HONE_RETURN_IF_ERROR(Writer(format, &out).Write(value));
  return out;
}

}  // namespace hone::jinja
