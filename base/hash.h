// Checksums: SHA-256 for manifests, CRC-32C (Castagnoli) for TensorBoard records.
#ifndef HONE_BASE_HASH_H_
#define HONE_BASE_HASH_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view data);

// Of a whole file, read piece by piece. Errors name the path.
StatusOr<std::string> Sha256OfFile(const std::string& path);

// The first 64 bits of SHA-256, big end first.
uint64_t Hash64(absl::string_view data);

uint32_t Crc32c(absl::string_view data);

// Mixes a 64-bit number so that neighbours become unrelated (the finaliser of SplitMix64).
uint64_t Mix64(uint64_t x);

}  // namespace hone

#endif  // HONE_BASE_HASH_H_
