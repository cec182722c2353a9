#include "model/tokenizer/decode_stream.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer/byte_level.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

// One token for each byte, its id the byte, and the special token 256.
Tokenizer Bytes() {
  nlohmann::json file = nlohmann::json::parse(R"({
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
    "decoder": {"type": "ByteLevel"},
    "added_tokens": [{"id": 256, "content": "<end>", "special": true, "normalized": false}],
    "model": {"type": "BPE", "vocab": {}, "merges": []}})");
  for (int byte = 0; byte < 256; ++byte) file["model"]["vocab"][ByteCharacters()[byte]] = byte;
  auto tokenizer = Tokenizer::FromJson(file.dump(), "t.json");
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return *std::move(tokenizer);
}

TEST(DecodeStream, GivesOutWholeCharacters) {
  const Tokenizer tokenizer = Bytes();
  DecodeStream stream(&tokenizer, /*skip_special=*/false);
  EXPECT_EQ(stream.Add('a'), "a");
  EXPECT_EQ(stream.Add(0xe2), "");
  EXPECT_EQ(stream.Add(0x82), "");
  EXPECT_EQ(stream.Add(0xac), "€");
  EXPECT_EQ(stream.Add(0xf0), "");
  EXPECT_EQ(stream.Add('b'), "\uFFFDb");  // it broke off
  EXPECT_EQ(stream.Add(0x80), "\uFFFD");
  EXPECT_EQ(stream.Add(0xe2), "");
  EXPECT_EQ(stream.Finish(), "\uFFFD");
  EXPECT_EQ(stream.Finish(), "");
}

TEST(DecodeStream, SpecialTokensGoOrStay) {
  const Tokenizer tokenizer = Bytes();
  DecodeStream shown(&tokenizer, /*skip_special=*/false), skipped(&tokenizer, true);
  EXPECT_EQ(shown.Add(256), "<end>");
  EXPECT_EQ(skipped.Add(256), "");
  EXPECT_EQ(skipped.Add(999), "");
}

TEST(DecodeStream, EqualsTheWholeForEveryFourBytes) {
  const Tokenizer tokenizer = Bytes();
  // One byte of each kind that UTF-8 tells apart.
  const std::vector<int32_t> kinds = {'a',  0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2,
                                      0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5};
  for (const int32_t a : kinds) {
    for (const int32_t b : kinds) {
      for (const int32_t c : kinds) {
        for (const int32_t d : kinds) {
          const std::vector<int32_t> tokens = {a, b, c, d};
          DecodeStream stream(&tokenizer, /*skip_special=*/false);
          std::string text;
          for (const int32_t token : tokens) text += stream.Add(token);
          ASSERT_EQ(text + stream.Finish(), tokenizer.Decode(tokens, false));
        }
      }
    }
  }
}

}  // namespace
}  // namespace hone
