// Text that a model wrote may stop inside a character or hold stray bytes; JSON and protobuf
// strings may not.
#ifndef HONE_DATA_UTF8_H_
#define HONE_DATA_UTF8_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace hone {

// `text` with each byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string ToValidUtf8(absl::string_view text);

// Characters of valid UTF-8; else bytes that do not go on with one.
int64_t CountCharacters(absl::string_view text);

}  // namespace hone

#endif  // HONE_DATA_UTF8_H_
