#include "trainer/model_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "model/tokenizer/train.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

class ModelPromptsTest : public testing::Test {
 protected:
  ModelPromptsTest()
      : tokenizer_(Tokenizer::FromJson(
                       TrainTokenizer({.kind = "char"}, {"text"}, {"<think>"}).value(), "test")
                       .value()) {}
  void WriteTemplate(const std::string& text) {
    std::ofstream(folder_.File("chat_template.jinja")) << text;
  }
  TempFolder folder_;
  Tokenizer tokenizer_;
};

TEST_F(ModelPromptsTest, CountsTokensOfTheWholePrompt) {
  const PromptTools tools = ModelPromptTools("", tokenizer_).value();
  EXPECT_EQ(*tools.count_tokens({.prompt = "abc<think>", .answer = ""}), 4);
  EXPECT_FALSE(tools.render_chat);  // a model from nothing has no template
  EXPECT_FALSE(ModelPromptTools(folder_.path(), tokenizer_)->render_chat);
}

TEST_F(ModelPromptsTest, RendersByTheModelsTemplate) {
  WriteTemplate(
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
      "{% if add_generation_prompt %}[assistant]{% endif %}{{ strftime_now('%Y-%m-%d') }}");
  const PromptTools tools = ModelPromptTools(folder_.path(), tokenizer_).value();
  EXPECT_EQ(*tools.render_chat({{"system", "be brief"}, {"user", "hi"}}),
            "[system]be brief\n[user]hi\n[assistant]2025-01-01");
}

TEST_F(ModelPromptsTest, ABrokenTemplateMattersWhenItIsUsed) {
  WriteTemplate("{% for %}");
  const auto tools = ModelPromptTools(folder_.path(), tokenizer_);
  ASSERT_TRUE(tools.ok()) << tools.status();
  EXPECT_EQ(*tools->count_tokens({.prompt = "ab", .answer = ""}), 2);
  EXPECT_THAT(std::string(tools->render_chat({{"user", "hi"}}).status().message()),
              testing::HasSubstr("chat_template.jinja"));
}

}  // namespace
}  // namespace hone
