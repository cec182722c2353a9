#include "data/zstd_text.h"

#include <zstd.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr int kLevel = 3;  // zstd's own default: faster than the disk

struct ContextDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

StatusOr<std::string> ZstdCompress(absl::string_view text) {
  std::unique_ptr<ZSTD_CCtx, ContextDeleter> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string compressed(ZSTD_compressBound(text.size()), '\0');
  const size_t size =
      ZSTD_compress2(context.get(), compressed.data(), compressed.size(), text.data(), text.size());
  if (ZSTD_isError(size)) {
    return absl::InternalError(absl::StrCat("cannot compress: ", ZSTD_getErrorName(size)));
  }
  compressed.resize(size);
  return compressed;
}

StatusOr<std::string> ZstdDecompress(absl::string_view compressed) {
  std::unique_ptr<ZSTD_DCtx, ContextDeleter> context(ZSTD_createDCtx());
  std::string text, chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in = {compressed.data(), compressed.size(), 0};
  size_t hint = 1;  // 0 when a frame has ended and all of it is out
  bool chunk_full = false;
  // After the last input the decoder may still hold output: whatever a full chunk had no room for.
  while (in.pos < in.size || (chunk_full && hint != 0)) {
    ZSTD_outBuffer out = {chunk.data(), chunk.size(), 0};
    hint = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(hint)) {
      return absl::DataLossError(
          absl::StrCat("not Zstandard, or damaged: ", ZSTD_getErrorName(hint)));
    }
    text.append(chunk.data(), out.pos);
    chunk_full = out.pos == out.size;
  }
  if (hint != 0) return absl::DataLossError("Zstandard data is cut short");
  return text;
}

}  // namespace hone
