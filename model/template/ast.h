// A parsed template.
#ifndef HONE_MODEL_TEMPLATE_AST_H_
#define HONE_MODEL_TEMPLATE_AST_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/template/value.h"

namespace hone::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Expression {
  enum class Kind {
    kConstant,     // value
    kName,         // name
    kList,         // children
    kTuple,        // children
    kDict,         // children: key, value, key, value, …
    kAttribute,    // child.name
    kItem,         // child[child]
    kSlice,        // child[child:child:child], null where left out
    kCall,         // children: the function, then its arguments; keywords
    kFilter,       // child | name(more children, keywords)
    kTest,         // child is name(more children, keywords)
    kNot,          // not child
    kUnary,        // name (+ or -), child
    kBinary,       // child name child, name one of + - * / // % ** ~
    kCompare,      // child operators[0] child operators[1] child …
    kAnd,          // child and child
    kOr,           // child or child
    kConditional,  // children: condition, then, else (null where left out)
  };
  Kind kind = Kind::kConstant;
  int line = 0;
  int height = 1;  // longest way down, itself included
  std::string name;
  Value value;
  std::vector<ExpressionPtr> children;
  std::vector<std::string> operators;
  std::vector<std::pair<std::string, ExpressionPtr>> keywords;
};

struct Statement;
using Body = std::vector<Statement>;

// A macro's parameters are followed by the defaults of the last of them.
struct Macro {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<ExpressionPtr> defaults;
  Body body;
};

struct Statement {
  enum class Kind {
    kText,      // text
    kPrint,     // expression
    kIf,        // branches in order, otherwise
    kFor,       // targets in expression if condition: body, otherwise
    kSet,       // targets = expression
    kSetBlock,  // targets[0] = body, through the filters of expression if there is one
    kMacro,     // macro
    kFilter,    // body through the filters of expression
    kWith,      // bindings, body: a scope of its own
    kBreak,
    kContinue,
  };
  // What is assigned to: a name, or an attribute of a namespace.
  struct Target {
    std::string name;
    std::string attribute;  // empty: the name itself
  };
  struct Branch {
    ExpressionPtr condition;
    Body body;
  };
  Kind kind = Kind::kText;
  int line = 0;
  std::string text;
  ExpressionPtr expression;
  ExpressionPtr condition;
  std::vector<Target> targets;
  bool unpack = false;  // the value is a sequence of one element for each target
  std::vector<std::pair<std::string, ExpressionPtr>> bindings;
  std::vector<Branch> branches;
  Body body;
  Body otherwise;
  std::unique_ptr<Macro> macro;
};

// Of the filters that a block goes through, the innermost child is a kName with this name.
inline constexpr char kBlockText[] = "{block}";

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_AST_H_
