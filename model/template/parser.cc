#include "model/template/parser.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/template/expression_parser.h"
#include "model/template/lexer.h"
#include "model/template/token_stream.h"

namespace hone::jinja {
namespace {

using Kind = Statement::Kind;
using TokenKind = Token::Kind;
using Names = std::initializer_list<absl::string_view>;

constexpr int kMaxNesting = 50;  // of blocks

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)), expressions_(&tokens_) {}

  StatusOr<Body> Run() {
    HONE_ASSIGN_OR_RETURN(Body body, Until({}));
    if (!tokens_.IsKind(TokenKind::kEnd)) {
      return tokens_.Unexpected("a statement: nothing is open here");
    }
    return body;
  }

 private:
  // Up to a tag that begins with one of `ends`, or the template's end; the current token is then
  // the tag's name.
  StatusOr<Body> Until(Names ends) {
    if (++nesting_ > kMaxNesting) {
      return tokens_.Error(absl::StrCat("blocks nested deeper than ", kMaxNesting));
    }
    Body body;
    while (!tokens_.IsKind(TokenKind::kEnd)) {
      if (tokens_.IsKind(TokenKind::kText)) {
        Statement text = Make(Kind::kText);
        text.text = tokens_.Take().text;
        body.push_back(std::move(text));
        continue;
      }
      if (tokens_.IsKind(TokenKind::kPrintBegin)) {
        tokens_.Take();
        Statement print = Make(Kind::kPrint);
        HONE_ASSIGN_OR_RETURN(print.expression, expressions_.Tuple());
        HONE_RETURN_IF_ERROR(tokens_.Expect(TokenKind::kPrintEnd, "\"}}\""));
        body.push_back(std::move(print));
        continue;
      }
      HONE_RETURN_IF_ERROR(tokens_.Expect(TokenKind::kBlockBegin, "\"{%\""));
      if (tokens_.IsNameOf(ends) || EndsAnything()) break;
      HONE_ASSIGN_OR_RETURN(Statement statement, Block());
      body.push_back(std::move(statement));
    }
    --nesting_;
    return body;
  }

  bool EndsAnything() const {
    return tokens_.IsNameOf({"else", "elif"}) ||
           (tokens_.IsKind(TokenKind::kName) && absl::StartsWith(tokens_.current().text, "end"));
  }

  Statement Make(Kind kind) const {
    Statement statement;
    statement.kind = kind;
    statement.line = tokens_.line();
    return statement;
  }

  Status TagEnd() { return tokens_.Expect(TokenKind::kBlockEnd, "\"%}\""); }

  // "endX" and the end of its tag.
  Status Close(absl::string_view name) {
    HONE_RETURN_IF_ERROR(tokens_.ExpectName(name));
    return TagEnd();
  }

  StatusOr<Statement> Block() {
    const int line = tokens_.line();
    HONE_ASSIGN_OR_RETURN(const std::string name, tokens_.TakeName("a statement"));
    if (name == "if") return If();
    if (name == "for") return For();
    if (name == "set") return Set();
    if (name == "macro") return MacroBlock();
    if (name == "filter") return FilterBlock();
    if (name == "with") return With();
    if (name == "generation") return Scope("endgeneration");
    if (name == "break" || name == "continue") {
      if (loops_ == 0) return tokens_.Error(absl::StrCat("\"", name, "\" outside a loop"));
      Statement statement = Make(name == "break" ? Kind::kBreak : Kind::kContinue);
      HONE_RETURN_IF_ERROR(TagEnd());
      return statement;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("line ", line, ": the statement \"", name,
                     "\" is not supported; there are if, for, set, macro, filter, with, "
                     "generation, break, continue and raw"));
  }

  StatusOr<Statement> If() {
    Statement statement = Make(Kind::kIf);
    do {
      Statement::Branch branch;
      HONE_ASSIGN_OR_RETURN(branch.condition, expressions_.Tuple());
      HONE_RETURN_IF_ERROR(TagEnd());
      HONE_ASSIGN_OR_RETURN(branch.body, Until({"elif", "else", "endif"}));
      statement.branches.push_back(std::move(branch));
    } while (tokens_.SkipName("elif"));
    if (tokens_.SkipName("else")) {
      HONE_RETURN_IF_ERROR(TagEnd());
      HONE_ASSIGN_OR_RETURN(statement.otherwise, Until({"endif"}));
    }
    HONE_RETURN_IF_ERROR(Close("endif"));
    return statement;
  }

  // "a", "a, b" or "(a, b)"; an attribute of a namespace only where `attributes` may stand.
  Status Targets(bool attributes, Statement* statement) {
    const bool bracket = tokens_.SkipOperator("(");
    do {
      if (!statement->targets.empty()) {
        statement->unpack = true;
        if (!tokens_.IsKind(TokenKind::kName)) break;
      }
      Statement::Target target;
      HONE_ASSIGN_OR_RETURN(target.name, tokens_.TakeName("a variable"));
      if (attributes && tokens_.SkipOperator(".")) {
        HONE_ASSIGN_OR_RETURN(target.attribute, tokens_.TakeName("an attribute's name"));
      }
      statement->targets.push_back(std::move(target));
    } while (tokens_.SkipOperator(","));
    return bracket ? tokens_.ExpectOperator(")") : absl::OkStatus();
  }

  StatusOr<Statement> For() {
    Statement statement = Make(Kind::kFor);
    HONE_RETURN_IF_ERROR(Targets(/*attributes=*/false, &statement));
    HONE_RETURN_IF_ERROR(tokens_.ExpectName("in"));
    HONE_ASSIGN_OR_RETURN(statement.expression, LoopItems());
    if (tokens_.SkipName("if")) {
      HONE_ASSIGN_OR_RETURN(statement.condition, expressions_.Expression());
    }
    if (tokens_.IsName("recursive")) return tokens_.Error("recursive loops are not supported");
    HONE_RETURN_IF_ERROR(TagEnd());
    ++loops_;
    HONE_ASSIGN_OR_RETURN(statement.body, Until({"else", "endfor"}));
    --loops_;
    if (tokens_.SkipName("else")) {
      HONE_RETURN_IF_ERROR(TagEnd());
      HONE_ASSIGN_OR_RETURN(statement.otherwise, Until({"endfor"}));
    }
    HONE_RETURN_IF_ERROR(Close("endfor"));
    return statement;
  }

  // What a for goes through: its "if" belongs to the loop.
  StatusOr<ExpressionPtr> LoopItems() {
    HONE_ASSIGN_OR_RETURN(ExpressionPtr first, expressions_.WithoutCondition());
    if (!tokens_.IsOperator(",")) return first;
    auto tuple = std::make_unique<Expression>();
    tuple->kind = Expression::Kind::kTuple;
    tuple->line = tokens_.line();
    tuple->children.push_back(std::move(first));
    while (tokens_.SkipOperator(",")) {
      HONE_ASSIGN_OR_RETURN(ExpressionPtr item, expressions_.WithoutCondition());
      tuple->children.push_back(std::move(item));
    }
    return tuple;
  }

  StatusOr<Statement> Set() {
    Statement statement = Make(Kind::kSet);
    HONE_RETURN_IF_ERROR(Targets(/*attributes=*/true, &statement));
    if (tokens_.SkipOperator("=")) {
      HONE_ASSIGN_OR_RETURN(statement.expression, expressions_.Tuple());
      HONE_RETURN_IF_ERROR(TagEnd());
      return statement;
    }
    statement.kind = Kind::kSetBlock;
    if (statement.unpack) return tokens_.Unexpected("\"=\"");
    if (tokens_.IsOperator("|")) {
      HONE_ASSIGN_OR_RETURN(statement.expression, expressions_.FiltersOfBlock(/*piped=*/true));
    }
    HONE_RETURN_IF_ERROR(TagEnd());
    HONE_ASSIGN_OR_RETURN(statement.body, Until({"endset"}));
    HONE_RETURN_IF_ERROR(Close("endset"));
    return statement;
  }

  StatusOr<Statement> MacroBlock() {
    // A macro sees the template's variables, not those of a loop around it.
    if (loops_ > 0 || in_macro_) {
      return tokens_.Error("a macro inside a loop or a macro is not supported");
    }
    Statement statement = Make(Kind::kMacro);
    auto macro = std::make_unique<Macro>();
    HONE_ASSIGN_OR_RETURN(macro->name, tokens_.TakeName("the macro's name"));
    HONE_RETURN_IF_ERROR(tokens_.ExpectOperator("("));
    while (!tokens_.SkipOperator(")")) {
      if (!macro->parameters.empty()) HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      HONE_ASSIGN_OR_RETURN(std::string parameter, tokens_.TakeName("a parameter"));
      macro->parameters.push_back(std::move(parameter));
      if (tokens_.SkipOperator("=")) {
        HONE_ASSIGN_OR_RETURN(ExpressionPtr value, expressions_.Expression());
        macro->defaults.push_back(std::move(value));
      } else if (!macro->defaults.empty()) {
        return tokens_.Error("a parameter without a default after one with a default");
      }
    }
    HONE_RETURN_IF_ERROR(TagEnd());
    in_macro_ = true;
    HONE_ASSIGN_OR_RETURN(macro->body, Until({"endmacro"}));
    in_macro_ = false;
    HONE_RETURN_IF_ERROR(tokens_.ExpectName("endmacro"));
    tokens_.SkipName(macro->name);
    HONE_RETURN_IF_ERROR(TagEnd());
    statement.macro = std::move(macro);
    return statement;
  }

  StatusOr<Statement> FilterBlock() {
    Statement statement = Make(Kind::kFilter);
    HONE_ASSIGN_OR_RETURN(statement.expression, expressions_.FiltersOfBlock(/*piped=*/false));
    HONE_RETURN_IF_ERROR(TagEnd());
    HONE_ASSIGN_OR_RETURN(statement.body, Until({"endfilter"}));
    HONE_RETURN_IF_ERROR(Close("endfilter"));
    return statement;
  }

  StatusOr<Statement> With() {
    Statement statement = Make(Kind::kWith);
    while (!tokens_.IsKind(TokenKind::kBlockEnd)) {
      if (!statement.bindings.empty()) HONE_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      HONE_ASSIGN_OR_RETURN(std::string name, tokens_.TakeName("a variable"));
      HONE_RETURN_IF_ERROR(tokens_.ExpectOperator("="));
      HONE_ASSIGN_OR_RETURN(ExpressionPtr value, expressions_.Expression());
      statement.bindings.emplace_back(std::move(name), std::move(value));
    }
    HONE_RETURN_IF_ERROR(TagEnd());
    HONE_ASSIGN_OR_RETURN(statement.body, Until({"endwith"}));
    HONE_RETURN_IF_ERROR(Close("endwith"));
    return statement;
  }

  StatusOr<Statement> Scope(absl::string_view end) {
    Statement statement = Make(Kind::kWith);
    HONE_RETURN_IF_ERROR(TagEnd());
    HONE_ASSIGN_OR_RETURN(statement.body, Until({end}));
    HONE_RETURN_IF_ERROR(Close(end));
    return statement;
  }

  TokenStream tokens_;
  ExpressionParser expressions_;
  int nesting_ = 0;
  int loops_ = 0;
  bool in_macro_ = false;
};

}  // namespace

StatusOr<Body> Parse(absl::string_view source) {
  HONE_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(source));
  return Parser(std::move(tokens)).Run();
}

}  // namespace hone::jinja
