#include "model/tokenizer/decode_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/tokenizer/utf8.h"

namespace hone {

std::string DecodeStream::Add(int32_t token) {
  absl::StrAppend(&pending_, tokenizer_.TokenBytes(token, skip_special_));
  size_t whole = 0;
  while (whole < pending_.size()) {
    const Utf8Step step = NextUtf8(absl::string_view(pending_).substr(whole));
    if (step.cut) break;
    whole += step.length;
  }
  std::string text = RepairUtf8(absl::string_view(pending_).substr(0, whole));
  pending_.erase(0, whole);
  return text;
}

std::string DecodeStream::Finish() { return RepairUtf8(std::exchange(pending_, {})); }

}  // namespace hone
