#include "reward/code/code_block.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr absl::string_view kMarks[] = {"python", "py"};

std::optional<std::string> Find(absl::string_view completion) {
  const auto block = LastCodeBlock(completion, kMarks);
  if (!block) return std::nullopt;
  return std::string(*block);
}

TEST(LastCodeBlock, TakesTheLastOneOfTheLanguage) {
  EXPECT_THAT(Find("```python\na\n```"), Optional(Eq("a\n")));
  EXPECT_THAT(Find("x\n```python\na\n```\nor\n```py\nb\nc\n```\nend"), Optional(Eq("b\nc\n")));
  EXPECT_THAT(Find("```python\na\n```\n```cpp\nb\n```\n```\nc\n```"), Optional(Eq("a\n")));
  EXPECT_THAT(Find("```Python title=x\na\n```"), Optional(Eq("a\n")));
  EXPECT_THAT(Find("  ```python\r\na\r\n  ```\r\n"), Optional(Eq("a\r\n")));
  EXPECT_THAT(Find("```python\n```"), Optional(Eq("")));
}

TEST(LastCodeBlock, ElseTheLastOneWithoutAMark) {
  EXPECT_THAT(Find("```\na\n```\n```\nb\n```\n```text\nc\n```"), Optional(Eq("b\n")));
  EXPECT_EQ(Find("```cpp\na\n```"), std::nullopt);
  EXPECT_EQ(Find("```pythonic\na\n```"), std::nullopt);
}

TEST(LastCodeBlock, LooksInTheAnswerAlone) {
  const std::string thought = "<think>```python\na\n```</think>";
  EXPECT_EQ(Find(thought + "print(1)"), std::nullopt);
  EXPECT_THAT(Find(thought + "\n```python\nb\n```"), Optional(Eq("b\n")));
  EXPECT_THAT(Find(thought + "<answer>```python\nb\n```</answer>\n```python\nc\n```"),
              Optional(Eq("b\n")));
  EXPECT_EQ(Find(thought + "```python\na\n```\n<answer>5</answer>"), std::nullopt);
}

TEST(LastCodeBlock, FencesAreLines) {
  EXPECT_EQ(Find(""), std::nullopt);
  EXPECT_EQ(Find("```python"), std::nullopt);
  EXPECT_EQ(Find("```python\nprint(1)"), std::nullopt);           // cut off
  EXPECT_EQ(Find("```python print(1) ```"), std::nullopt);        // inline
  EXPECT_EQ(Find("see ```python\nprint(1)\n```"), std::nullopt);  // opens a block at its end
  EXPECT_THAT(Find("````python\n```\na\n````"), Optional(Eq("```\na\n")));
  EXPECT_THAT(Find("```python\ns = '```'\n```"), Optional(Eq("s = '```'\n")));
  EXPECT_THAT(Find("```python\na\n```\n```python\nb"), Optional(Eq("a\n")));
  EXPECT_EQ(Find(std::string(1 << 22, '`')), std::nullopt);
}

}  // namespace
}  // namespace hone
