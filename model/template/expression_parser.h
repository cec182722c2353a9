// Expressions of a template, by Jinja's precedence.
#ifndef HONE_MODEL_TEMPLATE_EXPRESSION_PARSER_H_
#define HONE_MODEL_TEMPLATE_EXPRESSION_PARSER_H_

#include "base/status.h"
#include "model/template/ast.h"
#include "model/template/token_stream.h"

namespace hone::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream* tokens) : tokens_(*tokens) {}

  StatusOr<ExpressionPtr> Expression();
  // One expression, or several with commas between, which make a tuple.
  StatusOr<ExpressionPtr> Tuple();
  // Like Expression(), but an "if" that follows is left alone.
  StatusOr<ExpressionPtr> WithoutCondition();
  // The filters of "{% filter a | b(1) %}", around a kName called kBlockText. With `piped`, a "|"
  // must stand before the first.
  StatusOr<ExpressionPtr> FiltersOfBlock(bool piped);

 private:
  using Kind = Expression::Kind;

  class Depth;

  StatusOr<ExpressionPtr> Make(Kind kind, std::string name, std::vector<ExpressionPtr> children);
  StatusOr<ExpressionPtr> Checked(ExpressionPtr node);
  StatusOr<ExpressionPtr> Constant(Value value);

  StatusOr<ExpressionPtr> Conditional();
  StatusOr<ExpressionPtr> Or();
  StatusOr<ExpressionPtr> And();
  StatusOr<ExpressionPtr> Not();
  StatusOr<ExpressionPtr> Compare();
  StatusOr<ExpressionPtr> Sum();
  StatusOr<ExpressionPtr> Concatenation();
  StatusOr<ExpressionPtr> Product();
  StatusOr<ExpressionPtr> Power();
  StatusOr<ExpressionPtr> Unary(bool with_filters);
  StatusOr<ExpressionPtr> Primary();
  StatusOr<ExpressionPtr> Number();
  StatusOr<ExpressionPtr> ListLiteral();
  StatusOr<ExpressionPtr> DictLiteral();
  StatusOr<ExpressionPtr> Parenthesized();
  StatusOr<ExpressionPtr> Postfix(ExpressionPtr node);
  StatusOr<ExpressionPtr> Dot(ExpressionPtr node);
  StatusOr<ExpressionPtr> Subscript(ExpressionPtr node);
  StatusOr<ExpressionPtr> FiltersAndTests(ExpressionPtr node);
  StatusOr<ExpressionPtr> Filter(ExpressionPtr node);
  StatusOr<ExpressionPtr> Test(ExpressionPtr node);
  StatusOr<ExpressionPtr> Call(Kind kind, std::string name, ExpressionPtr first);

  TokenStream& tokens_;
  int depth_ = 0;
};

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_EXPRESSION_PARSER_H_
