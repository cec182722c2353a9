#include "data/example.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "data/r1_zero.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

nlohmann::json Json(const std::string& text) { return nlohmann::json::parse(text); }

std::string ErrorOf(const DataSpec& spec, const std::string& record) {
  const Status status = ReadExample(spec, Json(record)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(Example, MapsFieldsAlsoNestedOnes) {
  DataSpec spec;
  spec.prompt_field = "problem.text";
  spec.answer_field = "meta.answer.value";
  spec.completion_field = "a.b";
  const auto example = ReadExample(
      spec, Json(R"({"problem":{"text":"q?"},"meta":{"answer":{"value":7}},"a.b":"literal"})"));
  ASSERT_TRUE(example.ok()) << example.status();
  EXPECT_EQ(example->question, "q?");
  EXPECT_EQ(example->answer, "7");
  EXPECT_EQ(example->completion, "literal");
  EXPECT_THAT(UsedFields(spec), testing::IsSupersetOf({"problem", "meta", "a", "a.b"}));
}

TEST(Example, AnswersOfAnyTypeAreText) {
  const DataSpec spec;
  const auto answer = [&](const std::string& value) {
    return ReadExample(spec, Json("{\"prompt\":\"q\",\"answer\":" + value + "}"))->answer;
  };
  EXPECT_EQ(answer("\"a b\""), "a b");
  EXPECT_EQ(answer("18"), "18");
  EXPECT_EQ(answer("1.5"), "1.5");
  EXPECT_EQ(answer("true"), "true");
  EXPECT_EQ(answer("null"), "");
  EXPECT_EQ(answer("{\"numbers\": [3, 8]}"), "{\"numbers\":[3,8]}");
}

TEST(Example, TheAnswerFollowsTheLastMark) {
  DataSpec spec;
  spec.answer_after = "####";
  const auto answer = [&](const std::string& text) {
    return ReadExample(spec, Json("{\"prompt\":\"q\",\"answer\":\"" + text + "\"}"))->answer;
  };
  EXPECT_EQ(answer("a #### 1\\n#### 72 \\n"), "72");
  EXPECT_EQ(answer("####"), "");
  EXPECT_THAT(ErrorOf(spec, R"({"prompt":"q","answer":"72"})"),
              HasSubstr("`answer` has no \"####\""));
}

TEST(Example, WhatIsMissingIsNamed) {
  DataSpec spec;
  EXPECT_THAT(ErrorOf(spec, R"({"question":"q","answer":1})"),
              HasSubstr("no field `prompt`; there are: answer, question"));
  EXPECT_THAT(ErrorOf(spec, R"({"prompt":["q"],"answer":1})"),
              HasSubstr("`prompt` must be a string"));
  spec.prompt_field = "prompt.text";
  EXPECT_THAT(ErrorOf(spec, R"({"prompt":"q","answer":1})"), HasSubstr("leads into no object"));
  EXPECT_THAT(ErrorOf(spec, R"({"prompt":{"x":1},"answer":1})"), HasSubstr("there are: x"));
  spec = DataSpec();
  spec.messages_field = "m";
  for (const char* messages :
       {"1", "[1]", R"([{"role":"user"}])", R"([{"role":1,"content":"x"}])"}) {
    EXPECT_THAT(ErrorOf(spec, std::string("{\"answer\":1,\"m\":") + messages + "}"),
                HasSubstr("list of {role, content}"));
  }
}

TEST(Example, Filters) {
  DataSpec spec;
  spec.filters = {{"level", "5"}, {"kind.easy", "true"}};
  const auto passes = [&](const std::string& record) {
    return PassesFilters(spec, Json(record)).value();
  };
  EXPECT_TRUE(passes(R"({"level":5,"kind":{"easy":true}})"));
  EXPECT_TRUE(passes(R"({"level":"5","kind":{"easy":"true"}})"));
  EXPECT_FALSE(passes(R"({"level":5,"kind":{"easy":false}})"));
  EXPECT_FALSE(passes(R"({"level":50,"kind":{"easy":true}})"));
  EXPECT_FALSE(PassesFilters(spec, Json(R"({"kind":{}})")).ok());
}

TEST(Example, PromptsByTemplate) {
  DataSpec spec;
  Example example{.question = "q?", .messages = {}, .answer = "7", .completion = "c"};
  EXPECT_EQ(MakeProblem(spec, {}, example)->prompt, "q?");
  EXPECT_TRUE(MakeProblem(spec, {}, example)->add_special_tokens);
  spec.prompt_template = "r1_zero";
  EXPECT_EQ(MakeProblem(spec, {}, example)->prompt, R1ZeroPrompt("q?"));
  spec.prompt_template = "chat";
  EXPECT_TRUE(absl::IsInvalidArgument(MakeProblem(spec, {}, example).status()));
}

TEST(Example, ChatFromAQuestionOrFromMessages) {
  PromptTools tools;
  tools.render_chat = [](const std::vector<ChatMessage>& messages) -> StatusOr<std::string> {
    std::string text;
    for (const ChatMessage& message : messages) text += "[" + message.role + ":" + message.content;
    return text;
  };
  DataSpec spec;
  spec.prompt_template = "chat";
  spec.system_prompt = "be brief";
  auto example = ReadExample(spec, Json(R"({"prompt":"q?","answer":7})")).value();
  const auto problem = MakeProblem(spec, tools, example).value();
  EXPECT_EQ(problem.prompt, "[system:be brief[user:q?");
  EXPECT_FALSE(problem.add_special_tokens);
  EXPECT_EQ(example.question, "q?");

  spec = DataSpec();
  spec.prompt_template = "chat";
  spec.messages_field = "m";
  example = ReadExample(spec, Json(R"({"answer":7,"m":[{"role":"user","content":"a"},
      {"role":"assistant","content":"b"},{"role":"user","content":"c"},
      {"role":"assistant","content":"d"}]})"))
                .value();
  EXPECT_EQ(MakeProblem(spec, tools, example)->prompt, "[user:a[assistant:b[user:c");
  EXPECT_EQ(example.completion, "d");
  EXPECT_EQ(example.question, "a\nb\nc");
}

TEST(Example, CompletionsTakeTheFormOfTheirPrompt) {
  DataSpec spec;
  spec.answer_after = "####";
  const Example example{
      .question = "q", .messages = {}, .answer = "72", .completion = "3*24=72\n#### 72"};
  EXPECT_EQ(MakeCompletion(spec, example), "3*24=72\n#### 72");
  spec.prompt_template = "r1_zero";
  EXPECT_EQ(MakeCompletion(spec, example), "3*24=72</think> <answer>72</answer>");
  Example own = example;
  own.completion = "x</think> <answer>72</answer>";
  EXPECT_EQ(MakeCompletion(spec, own), own.completion);
  spec.answer_after = "";
  EXPECT_EQ(MakeCompletion(spec, example), "3*24=72\n#### 72</think> <answer>72</answer>");
}

TEST(TextOnlyTools, JoinTheContents) {
  EXPECT_EQ(*TextOnlyTools().render_chat({{"system", "a"}, {"user", "b"}}), "a\nb\n");
}

}  // namespace
}  // namespace hone
