#include "model/chat_template.h"

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::CivilSecond kNow(2026, 3, 9, 14, 5, 7);

const ordered_json& Chat() {
  static const auto& chat = *new ordered_json(ordered_json::parse(R"([
      {"role": "system", "content": "Be brief."}, {"role": "user", "content": "3 + 4?"}])"));
  return chat;
}

class ChatTemplateTest : public ::testing::Test {
 protected:
  ChatTemplateTest() { std::filesystem::remove_all(folder_); }

  void Put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_);
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, text).ok());
  }

  StatusOr<std::string> Render(const std::string& source, const ordered_json& chat = Chat()) {
    Put("chat_template.jinja", source);
    HONE_ASSIGN_OR_RETURN(const ChatTemplate chat_template, ChatTemplate::Load(folder_, kNow));
    return chat_template.Render(chat, /*add_generation_prompt=*/true);
  }

  std::string Error(const std::string& source) {
    const auto text = Render(source);
    EXPECT_FALSE(text.ok()) << source << ": " << *text;
    EXPECT_THAT(std::string(text.status().message()), HasSubstr("chat_template.jinja: line "));
    return std::string(text.status().message());
  }

  const std::string folder_ = ::testing::TempDir() + "chat_template_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ChatTemplateTest, RendersMessagesAndTheGenerationPrompt) {
  EXPECT_EQ(*Render("{% for m in messages %}\n"
                    "<{{ m.role }}>{{ m['content'] }}</>\n"
                    "{% endfor %}\n"
                    "{% if add_generation_prompt %}<assistant>{% endif %}"),
            "<system>Be brief.</>\n<user>3 + 4?</>\n<assistant>");
}

TEST_F(ChatTemplateTest, TheFileGoesBeforeTheConfiguration) {
  EXPECT_EQ(ChatTemplate::Load(folder_, kNow).status().code(), absl::StatusCode::kNotFound);
  Put("tokenizer_config.json", R"({"chat_template": "config", "bos_token": "<s>",
      "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null})");
  EXPECT_EQ(*ChatTemplate::Load(folder_, kNow)->Render(Chat(), true), "config");
  EXPECT_EQ(*Render("{{ bos_token }}{{ eos_token }}{{ pad_token is defined }}"), "<s></s>False");
}

TEST_F(ChatTemplateTest, TakesTheDefaultOfSeveral) {
  Put("tokenizer_config.json", R"({"chat_template": [{"name": "tool_use", "template": "no"},
      {"name": "default", "template": "yes"}]})");
  EXPECT_EQ(*ChatTemplate::Load(folder_, kNow)->Render(Chat(), true), "yes");
  Put("tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": "no"}]})");
  EXPECT_THAT(std::string(ChatTemplate::Load(folder_, kNow).status().message()),
              AllOf(HasSubstr("tokenizer_config.json"), HasSubstr("default")));
}

TEST_F(ChatTemplateTest, VariablesGoBeforeSpecialTokens) {
  Put("tokenizer_config.json", R"({"bos_token": "<s>"})");
  Put("chat_template.jinja", "{{ bos_token }}{{ tools | tojson }}{{ thinking }}");
  const auto chat_template = ChatTemplate::Load(folder_, kNow);
  EXPECT_EQ(*chat_template->Render(Chat(), true), "<s>null");
  EXPECT_EQ(*chat_template->Render(Chat(), true,
                                   {{"bos_token", "X"}, {"tools", {1}}, {"thinking", false}}),
            "X[1]False");
}

TEST_F(ChatTemplateTest, TheDateIsTheOneGiven) {
  EXPECT_EQ(*Render("{{ strftime_now('%d %b %Y %H:%M:%S') }}"), "09 Mar 2026 14:05:07");
}

TEST_F(ChatTemplateTest, NullsAreAbsentAndReasoningHasTwoNames) {
  const ordered_json chat =
      ordered_json::parse(R"([{"role": "assistant", "content": null, "reasoning": "why"}])");
  EXPECT_EQ(*Render("{{ messages | tojson }}", chat),
            R"([{"thinking": "why", "role": "assistant", "reasoning": "why", )"
            R"("reasoning_content": "why"}])");
}

TEST_F(ChatTemplateTest, RefusesWhatIsNoChat) {
  for (const char* chat : {"[]", "{}", "[1]", "\"text\""}) {
    const auto text = Render("x", ordered_json::parse(chat));
    EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument) << chat;
  }
}

TEST_F(ChatTemplateTest, ErrorsNameTheLine) {
  EXPECT_THAT(Error("\n\n{{ raise_exception('no ' ~ messages[0].role) }}"),
              HasSubstr("line 3: no system"));
  EXPECT_THAT(Error("a\n{{ nothing.at.all }}"), HasSubstr("line 2: 'nothing' is undefined"));
  EXPECT_THAT(Error("{% if x %}\n{% endfor %}"), AllOf(HasSubstr("line 2"), HasSubstr("endfor")));
  EXPECT_THAT(Error("{% if x %}"), HasSubstr("endif"));
  EXPECT_THAT(Error("{% include 'file' %}"), HasSubstr("include"));
  EXPECT_THAT(Error("{{ 1 | unheard_of }}"), HasSubstr("unheard_of"));
  EXPECT_THAT(Error("{{ 1 is unheard_of }}"), HasSubstr("unheard_of"));
  EXPECT_THAT(Error("{{ 'open }}"), HasSubstr("string has no end"));
  EXPECT_THAT(Error("{{ (1 }}"), HasSubstr("\")\" is missing"));
  EXPECT_THAT(Error("{{ 1 + }}"), HasSubstr("an expression"));
  EXPECT_THAT(Error("{{ 9223372036854775807 + 1 }}"), HasSubstr("64 bits"));
  EXPECT_THAT(Error("{{ 'a' + 1 }}"), HasSubstr("str and int"));
}

TEST_F(ChatTemplateTest, LooksButDoesNotTouch) {
  EXPECT_EQ(*Render("{{ messages.__class__ }}{{ ''.__init__ }}{{ messages.append }}"), "");
  EXPECT_THAT(Error("{{ messages.append(1) }}"), HasSubstr("append"));
  EXPECT_THAT(Error("{{ ''.__class__() }}"), HasSubstr("__class__"));
  EXPECT_THAT(Error("{% set ns = namespace(a=1) %}{% set ns.__init__ = 1 %}"),
              HasSubstr("__init__"));
  EXPECT_THAT(Error("{% set messages[0] = 1 %}"), HasSubstr("line 1"));
}

// Each would take very long, much memory or the whole stack.
TEST_F(ChatTemplateTest, TimeMemoryAndDepthAreBounded) {
  const std::string many = "{% for i in range(100000) %}";
  const std::vector<std::string> sources = {
      many + many + many + "{% endfor %}{% endfor %}{% endfor %}",
      "{% set ns = namespace(s='ab') %}" + many + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "{% set ns = namespace(s=[1]) %}" + many + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}",
      "{% set ns = namespace(s={}) %}" + many + "{% set ns.s = {'a': ns.s} %}{% endfor %}",
      "{% set ns = namespace(s=1) %}" + many + "{% set ns.s = ns.s.x.items %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{{ 'a' * 9000000000000000000 }}",
      "{{ [1] * 9000000000000000000 }}",
      "{{ range(9000000000000000000) }}",
      "{{ 'ab' | center(9000000000000000000) }}",
      "{{ 'ab' | indent(9000000000000000000, true) }}",
      "{{ 'a'.zfill(9000000000000000000) }}",
      "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
      "{{ ('b' * 1000000).join('a' * 1000000) }}",
      "{{ ['a'] * 1000000 | tojson(indent=60) }}" + many + "{{ messages | tojson }}{% endfor %}",
      many + "{{ 'text' * 10000 }}{% endfor %}",
  };
  for (const std::string& source : sources) {
    EXPECT_FALSE(Render(source).ok()) << source;
  }
  const auto deep = [](const std::string& open, const std::string& close) {
    std::string source = "{{ ";
    for (int i = 0; i < 50000; ++i) source += open;
    source += "1";
    for (int i = 0; i < 50000; ++i) source += close;
    return source + " }}";
  };
  for (const std::string& source :
       {deep("(", ")"), deep("[", "]"), deep("-", ""), deep("1 + ", ""), deep("", ".a"),
        deep("not ", ""), deep("", "[0]"), deep("", "|string"), deep("a if b else ", "")}) {
    EXPECT_THAT(Error(source), HasSubstr("line 1"));
  }
  std::string nested;
  for (int i = 0; i < 10000; ++i) nested += "{% if 1 %}";
  EXPECT_THAT(Error(nested), HasSubstr("nested"));
}

TEST_F(ChatTemplateTest, ANamespaceMayHoldItself) {
  EXPECT_EQ(*Render("{% set ns = namespace(a=1) %}{% set ns.me = ns %}{{ ns.me.me.a }}"), "1");
}

TEST_F(ChatTemplateTest, RendersFromSeveralThreads) {
  Put("chat_template.jinja",
      "{% set ns = namespace(n=0) %}{% for i in range(1000) %}"
      "{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}");
  const auto chat_template = ChatTemplate::Load(folder_, kNow);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(chat_template->Render(Chat(), true).value_or(""), "499500"); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hone
