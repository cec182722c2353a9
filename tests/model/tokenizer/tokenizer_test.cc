#include "model/tokenizer/tokenizer.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer/byte_level.h"
#include "model/tokenizer/utf8.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Bytes 0 … 255 in vocabulary order, then merges of "ab", "abc", "Ġa"; added tokens follow.
json File() {
  json vocab;
  int id = 0;
  for (const uint8_t byte : BytesByCharacter()) vocab[ByteCharacters()[byte]] = id++;
  vocab["ab"] = 256;
  vocab["abc"] = 257;
  vocab["Ġa"] = 258;
  json file = json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "decoder": {"type": "ByteLevel"}, "post_processor": null,
    "added_tokens": [
      {"id": 259, "content": "<end>", "special": true, "normalized": false},
      {"id": 260, "content": "<end>!", "special": false, "normalized": false}],
    "model": {"type": "BPE", "merges": [["a", "b"], ["ab", "c"], "Ġ a"]}})");
  file["model"]["vocab"] = vocab;
  return file;
}

Tokenizer Load(const json& file) {
  auto tokenizer = Tokenizer::FromJson(file.dump(), "t.json");
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return *std::move(tokenizer);
}

// The error when `patch` (JSON merge patch) is applied to the file.
std::string ErrorWith(const char* patch) {
  json file = File();
  file.merge_patch(json::parse(patch));
  const auto tokenizer = Tokenizer::FromJson(file.dump(), "t.json");
  EXPECT_FALSE(tokenizer.ok()) << patch;
  EXPECT_THAT(std::string(tokenizer.status().message()), HasSubstr("t.json"));
  return std::string(tokenizer.status().message());
}

TEST(Tokenizer, MergesByRank) {
  const Tokenizer tokenizer = Load(File());
  EXPECT_THAT(*tokenizer.Encode("abc", false), ElementsAre(257));
  // "Ġa" has the last rank: "ab" wins first.
  EXPECT_THAT(*tokenizer.Encode(" abc ac", false), ElementsAre(220, 257, 258, 66));
  EXPECT_EQ(tokenizer.vocab_size(), 261);
  EXPECT_EQ(tokenizer.TokenId("Ġa"), 258);
  EXPECT_EQ(tokenizer.TokenId("<end>"), 259);
  EXPECT_EQ(tokenizer.TokenId("zz"), -1);
  EXPECT_THAT(*tokenizer.Encode("", true), ElementsAre());
}

TEST(Tokenizer, LongWordsMergeLikeShortOnes) {
  const Tokenizer tokenizer = Load(File());
  std::string text;
  std::vector<int32_t> expected;
  for (int i = 0; i < 5000; ++i) {
    text += "abcab";
    expected.insert(expected.end(), {257, 256});
  }
  EXPECT_EQ(*tokenizer.Encode(text, false), expected);
}

TEST(Tokenizer, AddedTokensAreLeftmostLongest) {
  const Tokenizer tokenizer = Load(File());
  EXPECT_THAT(*tokenizer.Encode("<end>ab<end>!<end", false),
              ElementsAre(259, 256, 260, 27, 68, 77, 67));
  EXPECT_EQ(tokenizer.Decode({259, 256, 260}, true), "ab<end>!");
  EXPECT_EQ(tokenizer.Decode({259, 256, 260}, false), "<end>ab<end>!");
}

TEST(Tokenizer, DecodeRepairsUtf8AndSkipsUnknownIds) {
  const Tokenizer tokenizer = Load(File());
  const auto euro = *tokenizer.Encode("€", false);
  ASSERT_EQ(euro.size(), 3);
  EXPECT_EQ(tokenizer.Decode(euro, false), "€");
  EXPECT_EQ(tokenizer.Decode({euro[0], euro[1]}, false), "\uFFFD");
  EXPECT_EQ(tokenizer.Decode({euro[1], euro[2]}, false), "\uFFFD\uFFFD");
  EXPECT_EQ(tokenizer.Decode({-1, 256, 261, 1 << 30}, false), "ab");
}

TEST(Tokenizer, EncodesBrokenUtf8AsTheReplacementCharacter) {
  const Tokenizer tokenizer = Load(File());
  EXPECT_EQ(*tokenizer.Encode("a\xffz", false), *tokenizer.Encode("a\uFFFDz", false));
  EXPECT_EQ(*tokenizer.Encode("\xE2\x82", false), *tokenizer.Encode("\uFFFD", false));
}

TEST(Tokenizer, NormalizesToNfc) {
  json file = File();
  file["normalizer"] = {{"type", "NFC"}};
  const Tokenizer tokenizer = Load(file);
  EXPECT_EQ(*tokenizer.Encode("e\u0301", false), *tokenizer.Encode("é", false));
  EXPECT_NE(*Load(File()).Encode("e\u0301", false), *Load(File()).Encode("é", false));
}

TEST(Tokenizer, IgnoreMergesTakesWholeWords) {
  json file = File();
  file["model"]["vocab"]["xyz"] = 261;
  EXPECT_EQ(Load(file).Encode("xyz", false)->size(), 3);
  file["model"]["ignore_merges"] = true;
  EXPECT_THAT(*Load(file).Encode("xyz", false), ElementsAre(261));
}

TEST(Tokenizer, TemplateAddsSpecialTokens) {
  json file = File();
  file["post_processor"] = json::parse(R"({"type": "Sequence", "processors": [
    {"type": "ByteLevel"},
    {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<end>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<end>", "type_id": 0}}],
     "pair": [], "special_tokens": {"<end>": {"id": "<end>", "ids": [259], "tokens": ["<end>"]}}}]})");
  EXPECT_THAT(*Load(file).Encode("ab", true), ElementsAre(259, 256, 259));
  EXPECT_THAT(*Load(file).Encode("ab", false), ElementsAre(256));
}

TEST(Tokenizer, AByteWithoutATokenIsLeftOutOrUnknown) {
  json file = File();
  file["model"]["vocab"].erase("z");
  EXPECT_EQ(*Load(file).Encode("xzzy", false), *Load(file).Encode("xy", false));
  file["model"]["unk_token"] = "ab";
  const int32_t x = Load(file).TokenId("x"), y = Load(file).TokenId("y");
  EXPECT_THAT(*Load(file).Encode("xzzy", false), ElementsAre(x, 256, 256, y));
  file["model"]["fuse_unk"] = true;
  EXPECT_THAT(*Load(file).Encode("xzzyz", false), ElementsAre(x, 256, y, 256));
}

TEST(Tokenizer, AddedTokensTakeBlanksAndAvoidWords) {
  json file = File();
  file["added_tokens"] = json::parse(R"([
      {"id": 259, "content": "<l>", "lstrip": true, "normalized": false},
      {"id": 260, "content": "<r>", "rstrip": true, "normalized": false},
      {"id": 261, "content": "word", "single_word": true, "normalized": false}])");
  const Tokenizer tokenizer = Load(file);
  const int32_t a = tokenizer.TokenId("a"), blank = tokenizer.TokenId("Ġ");
  EXPECT_THAT(*tokenizer.Encode("a \n\u00a0<l> ", false), ElementsAre(a, 259, blank));
  EXPECT_THAT(*tokenizer.Encode(" <r> \u3000a", false), ElementsAre(blank, 260, a));
  // What one has taken, the next one cannot.
  EXPECT_THAT(*tokenizer.Encode("<r>  <l>", false), ElementsAre(260, 259));
  EXPECT_THAT(*tokenizer.Encode("word", false), ElementsAre(261));
  for (const char* text : {"words", "aword", "éword", "word\u0301", "1word", "word_"}) {
    EXPECT_THAT(*tokenizer.Encode(text, false), Not(Contains(261))) << text;
  }
}

TEST(Tokenizer, APrefixBlankGoesBeforeEachStretchOfText) {
  json file = File();
  file["pre_tokenizer"]["add_prefix_space"] = true;
  const Tokenizer tokenizer = Load(file);
  EXPECT_EQ(*tokenizer.Encode("ab<end>ab", false), *Load(File()).Encode(" ab<end> ab", false));
  EXPECT_EQ(*tokenizer.Encode(" ab", false), *Load(File()).Encode(" ab", false));
  EXPECT_THAT(*tokenizer.Encode("", false), ElementsAre());
}

TEST(Tokenizer, NfcLeavesAloneWhatTheReferenceDoesNotKnow) {
  json file = File();
  file["normalizer"] = {{"type", "NFC"}};
  const Tokenizer tokenizer = Load(file);
  // U+0316 has a lower class than U+0301; U+1AC4 came later and stays in its place.
  EXPECT_EQ(*tokenizer.Encode("x\u0301\u0316", false),
            *Load(File()).Encode("x\u0316\u0301", false));
  EXPECT_EQ(*tokenizer.Encode("x\u1ac4\u0316", false),
            *Load(File()).Encode("x\u1ac4\u0316", false));
}

TEST(Tokenizer, NamesUnsupportedParts) {
  EXPECT_THAT(ErrorWith(R"({"model": {"type": "WordPiece"}})"), HasSubstr("WordPiece"));
  EXPECT_THAT(ErrorWith(R"({"model": {"byte_fallback": true}})"), HasSubstr("byte_fallback"));
  EXPECT_THAT(ErrorWith(R"({"model": {"dropout": 0.1}})"), HasSubstr("dropout"));
  EXPECT_THAT(ErrorWith(R"({"model": {"end_of_word_suffix": "</w>"}})"), HasSubstr("</w>"));
  EXPECT_THAT(ErrorWith(R"({"model": {"merges": ["a b c"]}})"), HasSubstr("a b c"));
  EXPECT_THAT(ErrorWith(R"({"model": {"merges": [["a", "z"]]}})"), HasSubstr("vocabulary lacks"));
  EXPECT_THAT(ErrorWith(R"({"model": {"vocab": {"q": -1}}})"), HasSubstr("not a token id"));
  EXPECT_THAT(ErrorWith(R"({"model": {"vocab": {"q": 2147483646}}})"), HasSubstr("above"));
  EXPECT_THAT(ErrorWith(R"({"model": {"vocab": {"qq": 3}}})"),
              HasSubstr("two tokens have the id 3"));
  EXPECT_THAT(ErrorWith(R"({"normalizer": {"type": "NFKC"}})"), HasSubstr("NFKC"));
  EXPECT_THAT(ErrorWith(R"({"decoder": null})"), HasSubstr("decoder"));
  EXPECT_THAT(ErrorWith(R"({"decoder": {"type": "Metaspace"}})"), HasSubstr("Metaspace"));
  EXPECT_THAT(ErrorWith(R"({"pre_tokenizer": null})"), HasSubstr("pre_tokenizer"));
  EXPECT_THAT(ErrorWith(R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                          {"type": "Digits"}, {"type": "ByteLevel"}]}})"),
              HasSubstr("Digits"));
  EXPECT_THAT(ErrorWith(R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                          {"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated"},
                          {"type": "ByteLevel"}]}})"),
              HasSubstr("\\w"));
  EXPECT_THAT(ErrorWith(R"({"post_processor": {"type": "BertProcessing"}})"),
              HasSubstr("BertProcessing"));
  EXPECT_THAT(ErrorWith(R"({"added_tokens": [{"id": 1, "content": "<x>", "lstrip": 1}]})"),
              HasSubstr("lstrip"));
  EXPECT_THAT(ErrorWith(R"({"added_tokens": [{"id": 900, "content": "<x>"},
                                             {"id": 901, "content": "<x>"}]})"),
              HasSubstr("has the ids"));
  EXPECT_THAT(ErrorWith(R"({"added_tokens": [{"id": 1, "content": "ab"}]})"),
              HasSubstr("has the ids 1 and 256"));
}

TEST(Tokenizer, SeveralThreadsEncodeAtOnce) {
  const Tokenizer tokenizer = Load(File());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string text = "abc" + std::string(i % 60, 'z') + " ab";
        wrong[t] += tokenizer.Decode(*tokenizer.Encode(text, false), false) != text;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

TEST(RepairUtf8, ReplacesMaximalSubparts) {
  const std::string r = "\uFFFD";
  EXPECT_EQ(RepairUtf8("aé€😀"), "aé€😀");
  EXPECT_EQ(RepairUtf8("\x80z"), r + "z");
  EXPECT_EQ(RepairUtf8("\xC0\xAF"), r + r);
  EXPECT_EQ(RepairUtf8("\xE0\x80\x80"), r + r + r);  // overlong
  EXPECT_EQ(RepairUtf8("\xED\xA0\x80"), r + r + r);  // surrogate
  EXPECT_EQ(RepairUtf8("\xF4\x90\x80\x80"), r + r + r + r);
  EXPECT_EQ(RepairUtf8("\xF0\x9F\x98z"), r + "z");
  EXPECT_EQ(RepairUtf8("\xF0\x9F\x98"), r);
}

}  // namespace
}  // namespace hone
