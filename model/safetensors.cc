#include "model/safetensors.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/json.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit

struct DTypeInfo {
  DType dtype;
  absl::string_view name;
  int64_t bytes;
};

// In the order of the enum.
constexpr DTypeInfo kDTypes[] = {{DType::kF32, "F32", 4}, {DType::kBF16, "BF16", 2},
                                 {DType::kF16, "F16", 2}, {DType::kF64, "F64", 8},
                                 {DType::kI64, "I64", 8}, {DType::kI32, "I32", 4},
                                 {DType::kI16, "I16", 2}, {DType::kI8, "I8", 1},
                                 {DType::kU8, "U8", 1},   {DType::kBool, "BOOL", 1}};

Status TensorError(const std::string& name, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("tensor \"", name, "\": ", problem));
}

StatusOr<DType> ParseDType(const std::string& tensor, const json& info) {
  const auto it = info.find("dtype");
  if (it == info.end() || !it->is_string()) return TensorError(tensor, "no \"dtype\" string");
  for (const DTypeInfo& known : kDTypes) {
    if (it->get_ref<const std::string&>() == known.name) return known.dtype;
  }
  return TensorError(tensor, absl::StrCat("unknown dtype ", it->dump()));
}

// Bytes of a tensor of this shape, every product checked.
StatusOr<uint64_t> ShapeBytes(const std::string& tensor, const std::vector<int64_t>& shape,
                              DType dtype) {
  uint64_t bytes = 1;
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) {
      return TensorError(tensor, "the shape's product overflows");
    }
  }
  if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(SizeOf(dtype)), &bytes)) {
    return TensorError(tensor, "the shape's product overflows");
  }
  return bytes;
}

StatusOr<TensorEntry> ParseEntry(const std::string& name, const json& info) {
  if (!info.is_object()) return TensorError(name, "not a JSON object");
  TensorEntry entry;
  HONE_ASSIGN_OR_RETURN(entry.dtype, ParseDType(name, info));

  const auto shape = info.find("shape");
  if (shape == info.end() || !shape->is_array()) return TensorError(name, "no \"shape\" array");
  for (const json& size : *shape) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > uint64_t{INT64_MAX}) {
      return TensorError(name, absl::StrCat("the shape has ", size.dump()));
    }
    entry.shape.push_back(size.get<int64_t>());
  }

  const auto offsets = info.find("data_offsets");
  if (offsets == info.end() || !offsets->is_array() || offsets->size() != 2 ||
      !(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned()) {
    return TensorError(name, "\"data_offsets\" is not a pair of sizes");
  }
  entry.begin = (*offsets)[0].get<uint64_t>();
  entry.end = (*offsets)[1].get<uint64_t>();
  if (entry.end < entry.begin) return TensorError(name, "ends before it begins");

  HONE_ASSIGN_OR_RETURN(const uint64_t bytes, ShapeBytes(name, entry.shape, entry.dtype));
  if (entry.end - entry.begin != bytes) {
    return TensorError(name, absl::StrCat("the shape needs ", bytes, " bytes, the offsets give ",
                                          entry.end - entry.begin));
  }
  return entry;
}

// The tensors must fill the data part: no gap, no overlap, nothing after the last.
Status CheckLayout(const std::map<std::string, TensorEntry>& tensors, uint64_t data_bytes) {
  std::vector<const std::pair<const std::string, TensorEntry>*> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  uint64_t expected = 0;
  for (const auto* tensor : order) {
    if (tensor->second.begin != expected) {
      return TensorError(tensor->first,
                         absl::StrCat("begins at byte ", tensor->second.begin,
                                      tensor->second.begin < expected ? ", inside another tensor"
                                                                      : ", after a gap",
                                      " (the one before ends at ", expected, ")"));
    }
    expected = tensor->second.end;
  }
  if (expected != data_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the tensors end at byte ", expected,
                                                   " of the data, which has ", data_bytes,
                                                   " bytes: the file is cut or has a tail"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view Name(DType dtype) { return kDTypes[static_cast<int>(dtype)].name; }

int64_t SizeOf(DType dtype) { return kDTypes[static_cast<int>(dtype)].bytes; }

StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view text, uint64_t data_bytes) {
  // A byte-order mark or leading blanks would pass the JSON parser.
  if (text.empty() || text.front() != '{') {
    return absl::InvalidArgumentError("the header does not start with '{'");
  }
  JsonLimits limits;
  limits.max_bytes = kMaxHeaderBytes;
  HONE_ASSIGN_OR_RETURN(const json root, ParseJson(text, limits, "header"));
  SafetensorsHeader header;
  for (const auto& [name, info] : root.items()) {
    if (name == "__metadata__") {
      if (!info.is_object()) return absl::InvalidArgumentError("__metadata__ is not an object");
      for (const auto& [key, value] : info.items()) {
        if (!value.is_string()) {
          return absl::InvalidArgumentError(
              absl::StrCat("__metadata__ \"", key, "\" is not a string"));
        }
        header.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    HONE_ASSIGN_OR_RETURN(header.tensors[name], ParseEntry(name, info));
  }
  HONE_RETURN_IF_ERROR(CheckLayout(header.tensors, data_bytes));
  return header;
}

StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  SafetensorsFile result;
  HONE_ASSIGN_OR_RETURN(result.file_, MappedFile::Open(path));
  const uint64_t size = result.file_.size();
  if (size < kLengthBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", size, " bytes, too few for the length of a safetensors header"));
  }
  uint64_t header_bytes = 0;
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | result.file_.data()[i];
  if (header_bytes > kMaxHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": a header of ", header_bytes, " bytes, more than ", kMaxHeaderBytes));
  }
  if (header_bytes > size - kLengthBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": a header of ", header_bytes,
                                                   " bytes in a file of ", size, ": it is cut"));
  }
  result.data_offset_ = kLengthBytes + header_bytes;
  const absl::string_view text(reinterpret_cast<const char*>(result.file_.data()) + kLengthBytes,
                               header_bytes);
  StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader(text, size - result.data_offset_);
  if (!header.ok()) return Annotate(header.status(), path);
  result.header_ = *std::move(header);
  return result;
}

absl::string_view SafetensorsFile::Bytes(const TensorEntry& entry) const {
  return {reinterpret_cast<const char*>(file_.data()) + data_offset_ + entry.begin,
          entry.end - entry.begin};
}

}  // namespace hone
