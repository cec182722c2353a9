// The safetensors format: 8 bytes of header length (little endian), a JSON header, tensor bytes.
// The reader makes every check of the reference implementation (and of fuzzers): see
// safetensors.cc.
#ifndef HONE_MODEL_SAFETENSORS_H_
#define HONE_MODEL_SAFETENSORS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/file.h"
#include "base/status.h"

namespace hone {

enum class DType { kF32, kBF16, kF16, kF64, kI64, kI32, kI16, kI8, kU8, kBool };
absl::string_view Name(DType dtype);  // as in the header: "F32", "BF16", …
int64_t SizeOf(DType dtype);          // bytes

// Where a tensor lies in the data part of a file.
struct TensorEntry {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // bytes from the start of the data part
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
};

// Parses and checks the JSON header for a data part of `data_bytes` bytes.
StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view json, uint64_t data_bytes);

// The header for tensors laid out one after the other in the given order.
struct NamedTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  const void* data = nullptr;  // not owned; may be null for MakeSafetensorsHeader
};
std::string MakeSafetensorsHeader(absl::Span<const NamedTensor> tensors,
                                  const std::map<std::string, std::string>& metadata);

// One file, mapped. Views into it are valid while it lives.
class SafetensorsFile {
 public:
  // Errors (InvalidArgument) name the file and the check that failed.
  static StatusOr<SafetensorsFile> Open(const std::string& path);

  const SafetensorsHeader& header() const { return header_; }
  absl::string_view Bytes(const TensorEntry& entry) const;

 private:
  MappedFile file_;
  SafetensorsHeader header_;
  uint64_t data_offset_ = 0;
};

// Writes atomically (base/file.h). The header is padded with spaces to a multiple of 8 bytes.
Status WriteSafetensors(const std::string& path, absl::Span<const NamedTensor> tensors,
                        const std::map<std::string, std::string>& metadata);

}  // namespace hone

#endif  // HONE_MODEL_SAFETENSORS_H_
