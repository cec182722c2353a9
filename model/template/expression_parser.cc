#include "model/template/expression_parser.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hone::jinja {
namespace {

constexpr int kMaxNesting = 50;  // brackets and the like inside one another
constexpr int kMaxHeight = 200;  // of a tree, which long chains make too

using TokenKind = Token::Kind;

std::vector<ExpressionPtr> Children(ExpressionPtr a, ExpressionPtr b) {
  std::vector<ExpressionPtr> children;
  children.push_back(std::move(a));
  children.push_back(std::move(b));
  return children;
}

std::vector<ExpressionPtr> Children(ExpressionPtr a) {
  std::vector<ExpressionPtr> children;
  children.push_back(std::move(a));
  return children;
}

bool IsComparison(const Token& token) {
  return token.kind == TokenKind::kOperator &&
         (token.text == "==" || token.text == "!=" || token.text == "<" || token.text == "<=" ||
          token.text == ">" || token.text == ">=");
}

}  // namespace

class ExpressionParser::Depth {
 public:
  explicit Depth(int* depth) : depth_(depth) { ++*depth_; }
  ~Depth() { --*depth_; }

 private:
  int* depth_;
};

StatusOr<ExpressionPtr> ExpressionParser::Checked(ExpressionPtr node) {
  for (const ExpressionPtr& child : node->children) {
    if (child != nullptr) node->height = std::max(node->height, child->height + 1);
  }
  for (const auto& [name, child] : node->keywords) {
    node->height = std::max(node->height, child->height + 1);
  }
  if (node->height > kMaxHeight) {
    return tokens_.Error(absl::StrCat("an expression of more than ", kMaxHeight, " steps"));
  }
  return node;
}

StatusOr<ExpressionPtr> ExpressionParser::Make(Kind kind, std::string name,
                                               std::vector<ExpressionPtr> children) {
  auto node = std::make_unique<jinja::Expression>();
  node->kind = kind;
  node->line = tokens_.line();
  node->name = std::move(name);
  node->children = std::move(children);
  return Checked(std::move(node));
}

StatusOr<ExpressionPtr> ExpressionParser::Constant(Value value) {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr node, Make(Kind::kConstant, "", {}));
  node->value = std::move(value);
  return node;
}

StatusOr<ExpressionPtr> ExpressionParser::Expression() { return Conditional(); }

StatusOr<ExpressionPtr> ExpressionParser::WithoutCondition() { return Or(); }

StatusOr<ExpressionPtr> ExpressionParser::Tuple() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr first, Expression());
  if (!tokens_.IsOperator(",")) return first;
  std::vector<ExpressionPtr> items = Children(std::move(first));
  while (tokens_.SkipOperator(",")) {
    if (tokens_.IsOperator(")") || tokens_.IsKind(TokenKind::kBlockEnd) ||
        tokens_.IsKind(TokenKind::kPrintEnd)) {
      break;
    }
    HONE_ASSIGN_OR_RETURN(ExpressionPtr item, Expression());
    items.push_back(std::move(item));
  }
  return Make(Kind::kTuple, "", std::move(items));
}

StatusOr<ExpressionPtr> ExpressionParser::Conditional() {
  const Depth depth(&depth_);
  if (depth_ > kMaxNesting) {
    return tokens_.Error(absl::StrCat("brackets nested deeper than ", kMaxNesting));
  }
  HONE_ASSIGN_OR_RETURN(ExpressionPtr node, Or());
  while (tokens_.SkipName("if")) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr condition, Or());
    ExpressionPtr otherwise;
    if (tokens_.SkipName("else")) {
      HONE_ASSIGN_OR_RETURN(otherwise, Conditional());
    }
    std::vector<ExpressionPtr> children = Children(std::move(condition), std::move(node));
    children.push_back(std::move(otherwise));
    HONE_ASSIGN_OR_RETURN(node, Make(Kind::kConditional, "", std::move(children)));
  }
  return node;
}

StatusOr<ExpressionPtr> ExpressionParser::Or() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr left, And());
  while (tokens_.SkipName("or")) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr right, And());
    HONE_ASSIGN_OR_RETURN(left, Make(Kind::kOr, "", Children(std::move(left), std::move(right))));
  }
  return left;
}

StatusOr<ExpressionPtr> ExpressionParser::And() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr left, Not());
  while (tokens_.SkipName("and")) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr right, Not());
    HONE_ASSIGN_OR_RETURN(left, Make(Kind::kAnd, "", Children(std::move(left), std::move(right))));
  }
  return left;
}

StatusOr<ExpressionPtr> ExpressionParser::Not() {
  int negations = 0;
  while (tokens_.SkipName("not")) ++negations;
  HONE_ASSIGN_OR_RETURN(ExpressionPtr node, Compare());
  for (; negations > 0; --negations) {
    HONE_ASSIGN_OR_RETURN(node, Make(Kind::kNot, "", Children(std::move(node))));
  }
  return node;
}

StatusOr<ExpressionPtr> ExpressionParser::Compare() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr first, Sum());
  std::vector<ExpressionPtr> sides = Children(std::move(first));
  std::vector<std::string> operators;
  while (true) {
    if (IsComparison(tokens_.current())) {
      operators.push_back(tokens_.Take().text);
    } else if (tokens_.SkipName("in")) {
      operators.emplace_back("in");
    } else if (tokens_.IsName("not") && tokens_.FollowedByName("in")) {
      tokens_.Take();
      tokens_.Take();
      operators.emplace_back("not in");
    } else {
      break;
    }
    HONE_ASSIGN_OR_RETURN(ExpressionPtr side, Sum());
    sides.push_back(std::move(side));
  }
  if (operators.empty()) return std::move(sides[0]);
  HONE_ASSIGN_OR_RETURN(ExpressionPtr node, Make(Kind::kCompare, "", std::move(sides)));
  node->operators = std::move(operators);
  return node;
}

StatusOr<ExpressionPtr> ExpressionParser::Sum() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr left, Concatenation());
  while (tokens_.IsOperator("+") || tokens_.IsOperator("-")) {
    const std::string op = tokens_.Take().text;
    HONE_ASSIGN_OR_RETURN(ExpressionPtr right, Concatenation());
    HONE_ASSIGN_OR_RETURN(left,
                          Make(Kind::kBinary, op, Children(std::move(left), std::move(right))));
  }
  return left;
}

StatusOr<ExpressionPtr> ExpressionParser::Concatenation() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr left, Product());
  while (tokens_.SkipOperator("~")) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr right, Product());
    HONE_ASSIGN_OR_RETURN(left,
                          Make(Kind::kBinary, "~", Children(std::move(left), std::move(right))));
  }
  return left;
}

StatusOr<ExpressionPtr> ExpressionParser::Product() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr left, Power());
  while (tokens_.IsOperator("*") || tokens_.IsOperator("/") || tokens_.IsOperator("//") ||
         tokens_.IsOperator("%")) {
    const std::string op = tokens_.Take().text;
    HONE_ASSIGN_OR_RETURN(ExpressionPtr right, Power());
    HONE_ASSIGN_OR_RETURN(left,
                          Make(Kind::kBinary, op, Children(std::move(left), std::move(right))));
  }
  return left;
}

StatusOr<ExpressionPtr> ExpressionParser::Power() {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr left, Unary(/*with_filters=*/true));
  while (tokens_.SkipOperator("**")) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr right, Unary(/*with_filters=*/true));
    HONE_ASSIGN_OR_RETURN(left,
                          Make(Kind::kBinary, "**", Children(std::move(left), std::move(right))));
  }
  return left;
}

StatusOr<ExpressionPtr> ExpressionParser::Unary(bool with_filters) {
  const Depth depth(&depth_);
  if (depth_ > kMaxNesting) return tokens_.Error("too many signs in a row");
  ExpressionPtr node;
  if (tokens_.IsOperator("-") || tokens_.IsOperator("+")) {
    const std::string op = tokens_.Take().text;
    HONE_ASSIGN_OR_RETURN(ExpressionPtr operand, Unary(/*with_filters=*/false));
    HONE_ASSIGN_OR_RETURN(node, Make(Kind::kUnary, op, Children(std::move(operand))));
  } else {
    HONE_ASSIGN_OR_RETURN(node, Primary());
  }
  HONE_ASSIGN_OR_RETURN(node, Postfix(std::move(node)));
  if (!with_filters) return node;
  return FiltersAndTests(std::move(node));
}

StatusOr<ExpressionPtr> ExpressionParser::Primary() {
  switch (tokens_.current().kind) {
    case TokenKind::kName: {
      const std::string name = tokens_.Take().text;
      if (name == "true" || name == "True") return Constant(Value::Bool(true));
      if (name == "false" || name == "False") return Constant(Value::Bool(false));
      if (name == "none" || name == "None") return Constant(Value::MakeNone());
      return Make(Kind::kName, name, {});
    }
    case TokenKind::kString: {
      std::string text;
      while (tokens_.IsKind(TokenKind::kString)) text += tokens_.Take().text;
      return Constant(Value::String(std::move(text)));
    }
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return Number();
    default:
      if (tokens_.SkipOperator("(")) return Parenthesized();
      if (tokens_.SkipOperator("[")) return ListLiteral();
      if (tokens_.SkipOperator("{")) return DictLiteral();
      return tokens_.Unexpected("an expression");
  }
}

StatusOr<ExpressionPtr> ExpressionParser::Number() {
  const Token token = tokens_.Take();
  if (token.kind == TokenKind::kFloat) {
    double value = 0;
    if (absl::SimpleAtod(token.text, &value)) return Constant(Value::Float(value));
  } else {
    int64_t value = 0;
    if (absl::SimpleAtoi(token.text, &value)) return Constant(Value::Int(value));
  }
  return tokens_.Error(absl::StrCat("the number ", token.text, " is out of range"));
}

StatusOr<ExpressionPtr> ExpressionParser::Parenthesized() {
  if (tokens_.SkipOperator(")")) return Make(Kind::kTuple, "", {});
  HONE_ASSIGN_OR_RETURN(ExpressionPtr inside, Tuple());
  HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(")"));
  return inside;
}

StatusOr<ExpressionPtr> ExpressionParser::ListLiteral() {
  std::vector<ExpressionPtr> items;
  while (!tokens_.SkipOperator("]")) {
    if (!items.empty()) {
      HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      if (tokens_.SkipOperator("]")) break;
    }
    HONE_ASSIGN_OR_RETURN(ExpressionPtr item, Expression());
    items.push_back(std::move(item));
  }
  return Make(Kind::kList, "", std::move(items));
}

StatusOr<ExpressionPtr> ExpressionParser::DictLiteral() {
  std::vector<ExpressionPtr> entries;
  while (!tokens_.SkipOperator("}")) {
    if (!entries.empty()) {
      HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      if (tokens_.SkipOperator("}")) break;
    }
    HONE_ASSIGN_OR_RETURN(ExpressionPtr key, Expression());
    HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(":"));
    HONE_ASSIGN_OR_RETURN(ExpressionPtr value, Expression());
    entries.push_back(std::move(key));
    entries.push_back(std::move(value));
  }
  return Make(Kind::kDict, "", std::move(entries));
}

StatusOr<ExpressionPtr> ExpressionParser::Postfix(ExpressionPtr node) {
  while (true) {
    if (tokens_.SkipOperator(".")) {
      HONE_ASSIGN_OR_RETURN(node, Dot(std::move(node)));
    } else if (tokens_.SkipOperator("[")) {
      HONE_ASSIGN_OR_RETURN(node, Subscript(std::move(node)));
    } else if (tokens_.IsOperator("(")) {
      HONE_ASSIGN_OR_RETURN(node, Call(Kind::kCall, "", std::move(node)));
    } else {
      return node;
    }
  }
}

StatusOr<ExpressionPtr> ExpressionParser::Dot(ExpressionPtr node) {
  if (tokens_.IsKind(TokenKind::kInteger)) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr index, Number());
    return Make(Kind::kItem, "", Children(std::move(node), std::move(index)));
  }
  HONE_ASSIGN_OR_RETURN(const std::string name, tokens_.TakeName("an attribute's name"));
  return Make(Kind::kAttribute, name, Children(std::move(node)));
}

StatusOr<ExpressionPtr> ExpressionParser::Subscript(ExpressionPtr node) {
  std::vector<ExpressionPtr> parts(1);
  while (!tokens_.IsOperator("]") && parts.size() <= 3) {
    if (tokens_.SkipOperator(":")) {
      parts.emplace_back();
    } else if (parts.back() == nullptr) {
      HONE_ASSIGN_OR_RETURN(parts.back(), Expression());
    } else {
      return tokens_.Unexpected("\"]\"");
    }
  }
  HONE_RETURN_IF_ERROR(tokens_.ExpectOperator("]"));
  if (parts.size() == 1) {
    if (parts[0] == nullptr) return tokens_.Error("nothing stands between \"[\" and \"]\"");
    return Make(Kind::kItem, "", Children(std::move(node), std::move(parts[0])));
  }
  if (parts.size() > 3) return tokens_.Error("a slice has at most three parts");
  parts.resize(3);
  std::vector<ExpressionPtr> children = Children(std::move(node));
  for (ExpressionPtr& part : parts) children.push_back(std::move(part));
  return Make(Kind::kSlice, "", std::move(children));
}

StatusOr<ExpressionPtr> ExpressionParser::FiltersAndTests(ExpressionPtr node) {
  while (true) {
    if (tokens_.SkipOperator("|")) {
      HONE_ASSIGN_OR_RETURN(node, Filter(std::move(node)));
    } else if (tokens_.SkipName("is")) {
      HONE_ASSIGN_OR_RETURN(node, Test(std::move(node)));
    } else if (tokens_.IsOperator("(")) {
      HONE_ASSIGN_OR_RETURN(node, Call(Kind::kCall, "", std::move(node)));
    } else {
      return node;
    }
  }
}

StatusOr<ExpressionPtr> ExpressionParser::Filter(ExpressionPtr node) {
  HONE_ASSIGN_OR_RETURN(const std::string name, tokens_.TakeName("a filter's name"));
  if (tokens_.IsOperator("(")) return Call(Kind::kFilter, name, std::move(node));
  return Make(Kind::kFilter, name, Children(std::move(node)));
}

StatusOr<ExpressionPtr> ExpressionParser::FiltersOfBlock(bool piped) {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr node, Make(Kind::kName, kBlockText, {}));
  if (piped) HONE_RETURN_IF_ERROR(tokens_.ExpectOperator("|"));
  do {
    HONE_ASSIGN_OR_RETURN(node, Filter(std::move(node)));
  } while (tokens_.SkipOperator("|"));
  return node;
}

StatusOr<ExpressionPtr> ExpressionParser::Test(ExpressionPtr node) {
  const bool negated = tokens_.SkipName("not");
  HONE_ASSIGN_OR_RETURN(const std::string name, tokens_.TakeName("a test's name"));
  const TokenKind next = tokens_.current().kind;
  const bool literal = next == TokenKind::kString || next == TokenKind::kInteger ||
                       next == TokenKind::kFloat || tokens_.IsOperator("[") ||
                       tokens_.IsOperator("{");
  // A name after a test is its argument, unless it goes on with the expression or the statement.
  const bool named =
      next == TokenKind::kName && !tokens_.IsNameOf({"else", "or", "and", "is", "if", "in", "not"});
  if (tokens_.IsOperator("(")) {
    HONE_ASSIGN_OR_RETURN(node, Call(Kind::kTest, name, std::move(node)));
  } else if (literal || named) {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr argument, Primary());
    HONE_ASSIGN_OR_RETURN(argument, Postfix(std::move(argument)));
    HONE_ASSIGN_OR_RETURN(node,
                          Make(Kind::kTest, name, Children(std::move(node), std::move(argument))));
  } else {
    HONE_ASSIGN_OR_RETURN(node, Make(Kind::kTest, name, Children(std::move(node))));
  }
  if (!negated) return node;
  return Make(Kind::kNot, "", Children(std::move(node)));
}

StatusOr<ExpressionPtr> ExpressionParser::Call(Kind kind, std::string name, ExpressionPtr first) {
  HONE_ASSIGN_OR_RETURN(ExpressionPtr node,
                        Make(kind, std::move(name), Children(std::move(first))));
  HONE_RETURN_IF_ERROR(tokens_.ExpectOperator("("));
  for (bool some = false; !tokens_.SkipOperator(")"); some = true) {
    if (some) {
      HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      if (tokens_.SkipOperator(")")) break;
    }
    if (tokens_.IsOperator("*") || tokens_.IsOperator("**")) {
      return tokens_.Error("arguments with * or ** are not supported");
    }
    const Token& next = tokens_.following();
    if (tokens_.IsKind(TokenKind::kName) && next.kind == TokenKind::kOperator && next.text == "=") {
      std::string keyword = tokens_.Take().text;
      tokens_.Take();
      HONE_ASSIGN_OR_RETURN(ExpressionPtr value, Expression());
      node->keywords.emplace_back(std::move(keyword), std::move(value));
      continue;
    }
    if (!node->keywords.empty()) return tokens_.Error("a plain argument after a named one");
    HONE_ASSIGN_OR_RETURN(ExpressionPtr value, Expression());
    node->children.push_back(std::move(value));
  }
  return Checked(std::move(node));
}

}  // namespace hone::jinja
