// The parser's way through its tokens, and the parts of the grammar that are apart in
// parser_functions.cc and parser_brackets.cc. Internal to the parser.
#ifndef HONE_REWARD_MATH_PARSER_STATE_H_
#define HONE_REWARD_MATH_PARSER_STATE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "reward/math/lexer.h"
#include "reward/math/node.h"

namespace hone::math {

class Parser {
 public:
  Parser(std::vector<Token> tokens, Arena* arena) : tokens_(std::move(tokens)), arena_(arena) {}

  Ref ParseAll();

 private:
  using Type = Token::Type;

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[at_ + ahead < tokens_.size() ? at_ + ahead : tokens_.size() - 1];
  }
  const Token& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool AtSign(char sign, size_t ahead = 0) const {
    return Peek(ahead).type == Type::kSign && Peek(ahead).text[0] == sign;
  }
  bool AtCommand(absl::string_view name, size_t ahead = 0) const {
    return Peek(ahead).type == Type::kCommand && Peek(ahead).text == name;
  }
  bool TakeSign(char sign);
  bool TakeCommand(absl::string_view name);
  bool AtEnd() const { return Peek().type == Type::kEnd; }

  // parser.cc
  Ref ParseAnswer();  // up to whatever cannot go on
  Ref ParseItem();
  Ref ParseSets();
  Ref ParseRatio();
  Ref ParseSum();
  Ref ParseProduct();
  Ref ParsePower(bool as_argument);
  Ref ParsePostfix(Ref base, bool as_argument);
  Ref ParseSubscript(Ref base);
  Ref ParseExponent(Ref base);
  Ref AttachText(Ref quantity, const std::string& words);
  Ref Mixed(Ref whole);
  bool TakeSeparator(char* separator);
  bool StartsFactor(bool as_argument) const;
  bool AtUnit() const;

  // parser_functions.cc
  Ref ParseCommand(bool as_argument);
  Ref ParseFunction(const std::string& name);
  Ref ParseFunctionArgument();
  Ref ParseArgument();  // {…}, or one token
  Ref ParseFraction();
  Ref ParseRoot();
  Ref ParseBigOperator(const std::string& name);
  Ref ParseRepeating(Ref bar);
  Ref ParseNamedSet(absl::string_view name);
  Ref ParseMarked(const std::string& name);

  // parser_brackets.cc
  Ref ParsePrimary(bool as_argument);
  Ref ParseBracket(char open);
  Ref ParseGroup();
  Ref ParseSet();
  Ref ParseBars();
  Ref ParseRounding(absl::string_view close, absl::string_view function);
  Ref ParseMatrix(const std::string& environment);
  Ref ParseNumber();
  Ref ParseSymbol(const std::string& name);

  std::vector<Token> tokens_;
  size_t at_ = 0;
  Arena* arena_;
  int depth_ = 0;
  bool bars_close_ = false;  // a bar here ends something: it opens no absolute value
  bool reversed_ = false;    // between [ or ] and its end, where [ opens nothing new
};

}  // namespace hone::math

#endif  // HONE_REWARD_MATH_PARSER_STATE_H_
