#include "data/zstd_text.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "base/philox.h"

namespace hone {
namespace {

TEST(ZstdTextTest, RoundTripsAllSizes) {
  // Around the decoder's chunk size, where a frame may end with a full chunk.
  const size_t chunk = ZSTD_DStreamOutSize();
  for (const size_t size :
       {size_t{0}, size_t{1}, chunk - 1, chunk, chunk + 1, 2 * chunk, 5 * chunk + 7}) {
    for (const bool repetitive : {true, false}) {
      Random random(size, 0);
      std::string text(size, 'a');
      if (!repetitive) {
        for (char& c : text) c = static_cast<char>(random.Bits());
      }
      const std::string compressed = ZstdCompress(text).value();
      EXPECT_EQ(ZstdDecompress(compressed).value(), text);
      EXPECT_EQ(ZstdDecompress(compressed + compressed).value(), text + text);
    }
  }
}

TEST(ZstdTextTest, DamageIsFound) {
  const std::string compressed = ZstdCompress("some text, some text, some text").value();
  for (size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ZstdDecompress(compressed.substr(0, size)).status())) << size;
  }
  for (size_t i = 0; i < compressed.size(); ++i) {
    std::string damaged = compressed;
    damaged[i] ^= 1;
    const StatusOr<std::string> text = ZstdDecompress(damaged);
    // A changed bit of the header may not matter; a wrong text must never come back.
    if (text.ok()) {
      EXPECT_EQ(*text, "some text, some text, some text") << i;
    }
  }
  EXPECT_TRUE(absl::IsDataLoss(ZstdDecompress("{\"step\": 1}").status()));
}

}  // namespace
}  // namespace hone
