#include "model/tokenizer/train.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer/tokenizer.h"
#include "nlohmann/json.hpp"

namespace hone {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TokenizerInit Char() { return {"char", 0}; }
TokenizerInit Bpe(int vocab_size) { return {"bpe", vocab_size}; }

Tokenizer Load(const StatusOr<std::string>& trained) {
  EXPECT_TRUE(trained.ok()) << trained.status();
  auto tokenizer = Tokenizer::FromJson(*trained, "trained");
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return *std::move(tokenizer);
}

TEST(TrainTokenizer, CharGivesOneTokenAByte) {
  const std::string added[] = {"<think>", "</think>"};
  const Tokenizer tokenizer = Load(TrainTokenizer(Char(), {}, added));
  EXPECT_EQ(tokenizer.vocab_size(), 259);
  EXPECT_EQ(tokenizer.TokenId(kEndOfText), 256);
  EXPECT_EQ(tokenizer.TokenId("<think>"), 257);
  EXPECT_EQ(tokenizer.TokenId("</think>"), 258);
  EXPECT_THAT(*tokenizer.Encode("!\"<think>1é", false), ElementsAre(0, 1, 257, 16, 127, 102));
  // Ids that no text has.
  EXPECT_EQ(tokenizer.TokenId("<answer>"), -1);
  // Every byte has its token.
  std::string bytes;
  std::vector<int32_t> ids;
  for (int id = 0; id < 256; ++id) ids.push_back(id);
  for (char c = 0; c < 127; ++c) bytes.push_back(c);
  EXPECT_EQ(tokenizer.Decode(*tokenizer.Encode(bytes, false), false), bytes);
  EXPECT_EQ(tokenizer.Decode(ids, false).substr(0, 3), "!\"#");
}

TEST(TrainTokenizer, OnlyTheEndOfTextIsSpecial) {
  const std::string added[] = {"<think>"};
  const Tokenizer tokenizer = Load(TrainTokenizer(Char(), {}, added));
  const auto ids = *tokenizer.Encode("a<think>b<|endoftext|>", true);
  EXPECT_EQ(tokenizer.Decode(ids, true), "a<think>b");
  EXPECT_EQ(tokenizer.Decode(ids, false), "a<think>b<|endoftext|>");
}

TEST(TrainTokenizer, LearnsTheMostFrequentPairFirst) {
  // "ab" occurs five times, "cd" four, "bc" and "da" less.
  const std::string texts[] = {"abcd abcd ab ab ab cd cd"};
  const json file = json::parse(*TrainTokenizer(Bpe(260), texts, {}));
  EXPECT_EQ(file["model"]["merges"][0], json({"a", "b"}));
  EXPECT_EQ(file["model"]["vocab"]["ab"], 256);
  EXPECT_EQ(file["added_tokens"][0]["id"], 259);
  const Tokenizer tokenizer = Load(TrainTokenizer(Bpe(260), texts, {}));
  EXPECT_EQ(tokenizer.vocab_size(), 260);
}

TEST(TrainTokenizer, TiesGoToTheSmallerPair) {
  const std::string texts[] = {"zy xw zy xw"};
  const json file = json::parse(*TrainTokenizer(Bpe(258), texts, {}));
  EXPECT_EQ(file["model"]["merges"], json::parse(R"([["x", "w"]])"));
}

TEST(TrainTokenizer, RepeatedLettersMergeFromTheLeft) {
  const std::string texts[] = {"aaaaa aaaaa"};
  const json file = json::parse(*TrainTokenizer(Bpe(300), texts, {}));
  EXPECT_EQ(file["model"]["merges"][0], json({"a", "a"}));
  const Tokenizer tokenizer = Load(TrainTokenizer(Bpe(300), texts, {}));
  EXPECT_EQ(tokenizer.Encode("aaaaa", false)->size(), 1);
}

TEST(TrainTokenizer, StopsWhenNoPairOccursTwice) {
  const std::string texts[] = {"abc"};
  EXPECT_EQ(Load(TrainTokenizer(Bpe(1000), texts, {})).vocab_size(), 257);
}

TEST(TrainTokenizer, NeverMergesDigitsOrAddedTokens) {
  std::vector<std::string> texts(50, "1234 <think>1234</think>");
  const std::string added[] = {"<think>", "</think>"};
  const Tokenizer tokenizer = Load(TrainTokenizer(Bpe(400), texts, added));
  EXPECT_EQ(tokenizer.Encode("1234", false)->size(), 4);
  EXPECT_EQ(tokenizer.TokenId("12"), -1);
  EXPECT_EQ(tokenizer.TokenId("th"), -1);
}

TEST(TrainTokenizer, IsAFunctionOfItsArguments) {
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back("the cat " + std::to_string(i * 7919) + " sat on");
  const auto first = TrainTokenizer(Bpe(300), texts, {});
  EXPECT_EQ(*first, *TrainTokenizer(Bpe(300), texts, {}));
  std::reverse(texts.begin(), texts.end());
  EXPECT_EQ(*first, *TrainTokenizer(Bpe(300), texts, {}));
}

TEST(TrainTokenizer, NamesWhatIsWrong) {
  const auto error = [](const TokenizerInit& spec, std::vector<std::string> added) {
    return std::string(TrainTokenizer(spec, {}, added).status().message());
  };
  EXPECT_THAT(error({"word", 0}, {}), HasSubstr("tokenizer.kind is \"word\""));
  EXPECT_THAT(error(Bpe(257), {"<a>"}), HasSubstr("need at least 258"));
  EXPECT_THAT(error(Char(), {"<a>", "<a>"}), HasSubstr("given twice"));
  EXPECT_THAT(error(Char(), {std::string(kEndOfText)}), HasSubstr("given twice"));
  EXPECT_THAT(error(Char(), {""}), HasSubstr("two bytes or more"));
  EXPECT_THAT(error(Char(), {"a"}), HasSubstr("two bytes or more"));
  EXPECT_THAT(error(Char(), {"<\xff>"}), HasSubstr("UTF-8"));
  EXPECT_THAT(error(Char(), {"<é>"}), HasSubstr("a character that vocabularies use for a byte"));
}

}  // namespace
}  // namespace hone
