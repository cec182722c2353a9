#include "model/template/interpreter.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "model/template/arguments.h"
#include "model/template/budget.h"
#include "model/template/filters.h"
#include "model/template/methods.h"
#include "model/template/operators.h"
#include "model/template/value_tests.h"

namespace hone::jinja {
namespace {

// Some seconds of work, and less than that many bytes of memory.
constexpr size_t kBudget = size_t{1} << 28;
constexpr int kMaxDepth = 400;      // of evaluations inside one another; macros may recur
constexpr int kMaxValueDepth = 64;  // of lists and dicts inside one another
constexpr size_t kMaxValueWeight = size_t{1} << 26;
constexpr int64_t kMaxRange = 100'000;

constexpr absl::string_view kFunctions[] = {"range", "dict", "namespace", "raise_exception",
                                            "strftime_now"};

class Interpreter {
 public:
  Interpreter(const Variables& variables, absl::CivilSecond now)
      : variables_(variables), now_(now), budget_(kBudget), scopes_(1) {}

  StatusOr<std::string> Run(const Body& body) {
    const StatusOr<Flow> flow = Execute(body);
    if (flow.ok()) return std::move(out_);
    return Annotate(flow.status(), absl::StrCat("line ", line_));
  }

 private:
  using Scope = std::vector<std::pair<std::string, Value>>;
  using Kind = Expression::Kind;
  enum class Flow { kNext, kBreak, kContinue };

  // --- Names ---

  static const Value* FindIn(const Scope& scope, absl::string_view name) {
    for (auto it = scope.rbegin(); it != scope.rend(); ++it) {
      if (it->first == name) return &it->second;
    }
    return nullptr;
  }

  Value Lookup(const std::string& name) const {
    for (size_t i = scopes_.size(); i-- > macro_base_;) {
      if (const Value* found = FindIn(scopes_[i], name)) return *found;
    }
    if (const Value* found = FindIn(scopes_[0], name)) return *found;
    if (const Value* found = FindIn(variables_, name)) return *found;
    if (std::find(std::begin(kFunctions), std::end(kFunctions), name) != std::end(kFunctions)) {
      return Value::MakeFunction(name);
    }
    return Value::MakeUndefined(absl::StrCat("'", name, "'"));
  }

  void Set(const std::string& name, Value value) {
    for (auto& [known, held] : scopes_.back()) {
      if (known == name) {
        held = std::move(value);
        return;
      }
    }
    scopes_.back().emplace_back(name, std::move(value));
  }

  Status Assign(const Statement::Target& target, Value value) {
    if (target.attribute.empty()) {
      Set(target.name, std::move(value));
      return absl::OkStatus();
    }
    Namespace* space = Lookup(target.name).name_space();
    if (space == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", target.name, "' is no namespace, so it has no attributes to set"));
    }
    return SetAttribute(space, target.attribute, std::move(value));
  }

  static Status SetAttribute(Namespace* space, const std::string& name, Value value) {
    if (absl::StartsWith(name, "_")) {
      return absl::InvalidArgumentError(
          absl::StrCat("a namespace cannot have the attribute '", name, "'"));
    }
    for (auto& [known, held] : space->attributes) {
      if (known == name) {
        held = std::move(value);
        return absl::OkStatus();
      }
    }
    space->attributes.emplace_back(name, std::move(value));
    return absl::OkStatus();
  }

  Status AssignAll(const Statement& statement, const Value& value) {
    if (!statement.unpack) return Assign(statement.targets[0], value);
    HONE_ASSIGN_OR_RETURN(const List parts, Elements(value, &budget_));
    if (parts.size() != statement.targets.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(parts.size(), " values for ", statement.targets.size(), " variables"));
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      HONE_RETURN_IF_ERROR(Assign(statement.targets[i], parts[i]));
    }
    return absl::OkStatus();
  }

  // --- Statements ---

  Status Enter(int line) {
    line_ = line;
    if (depth_ >= kMaxDepth) {
      return absl::ResourceExhaustedError("macros or expressions are nested too deeply");
    }
    return budget_.Spend(Budget::kStep);
  }

  Status Write(absl::string_view text) {
    HONE_RETURN_IF_ERROR(budget_.Spend(text.size()));
    absl::StrAppend(&out_, text);
    return absl::OkStatus();
  }

  StatusOr<Flow> Execute(const Body& body) {
    const Depth depth(&depth_);
    for (const Statement& statement : body) {
      HONE_RETURN_IF_ERROR(Enter(statement.line));
      HONE_ASSIGN_OR_RETURN(const Flow flow, Execute(statement));
      if (flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  }

  StatusOr<Flow> Execute(const Statement& statement) {
    switch (statement.kind) {
      case Statement::Kind::kText:
        HONE_RETURN_IF_ERROR(Write(statement.text));
        break;
      case Statement::Kind::kPrint:
        HONE_RETURN_IF_ERROR(Print(*statement.expression));
        break;
      case Statement::Kind::kIf:
        return If(statement);
      case Statement::Kind::kFor:
        return For(statement);
      case Statement::Kind::kSet: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.expression));
        HONE_RETURN_IF_ERROR(AssignAll(statement, value));
        break;
      }
      case Statement::Kind::kSetBlock: {
        HONE_ASSIGN_OR_RETURN(Value text, Capture(statement));
        HONE_RETURN_IF_ERROR(AssignAll(statement, text));
        break;
      }
      case Statement::Kind::kMacro:
        Set(statement.macro->name, Value::Of(statement.macro.get()));
        break;
      case Statement::Kind::kFilter: {
        HONE_ASSIGN_OR_RETURN(const Value text, Capture(statement));
        HONE_ASSIGN_OR_RETURN(const std::string written, TextOf(text, &budget_));
        HONE_RETURN_IF_ERROR(Write(written));
        break;
      }
      case Statement::Kind::kWith:
        return With(statement);
      case Statement::Kind::kBreak:
        return Flow::kBreak;
      case Statement::Kind::kContinue:
        return Flow::kContinue;
    }
    return Flow::kNext;
  }

  Status Print(const Expression& expression) {
    HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(expression));
    HONE_ASSIGN_OR_RETURN(const std::string text, TextOf(value, &budget_));
    return Write(text);
  }

  StatusOr<Flow> If(const Statement& statement) {
    for (const Statement::Branch& branch : statement.branches) {
      HONE_ASSIGN_OR_RETURN(const Value condition, Evaluate(*branch.condition));
      if (condition.Truth()) return Execute(branch.body);
    }
    return Execute(statement.otherwise);
  }

  // What the loop goes through: the elements for which its condition holds.
  StatusOr<List> LoopItems(const Statement& statement) {
    HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*statement.expression));
    HONE_ASSIGN_OR_RETURN(List items, Elements(value, &budget_));
    if (statement.condition == nullptr) return items;
    List kept;
    for (Value& item : items) {
      const ScopeGuard scope(&scopes_);
      HONE_RETURN_IF_ERROR(AssignAll(statement, item));
      HONE_ASSIGN_OR_RETURN(const Value holds, Evaluate(*statement.condition));
      if (holds.Truth()) kept.push_back(std::move(item));
    }
    return kept;
  }

  StatusOr<Flow> For(const Statement& statement) {
    auto loop = std::make_shared<Loop>();
    HONE_ASSIGN_OR_RETURN(loop->items, LoopItems(statement));
    loop->extent = Value::MakeList(loop->items).extent();
    Flow flow = Flow::kNext;
    bool completed = false;  // some iteration came to its end
    for (; loop->index < loop->items.size() && flow != Flow::kBreak; ++loop->index) {
      HONE_RETURN_IF_ERROR(budget_.Spend(Budget::kStep));
      const ScopeGuard scope(&scopes_);
      Set("loop", Value::Of(loop));
      HONE_RETURN_IF_ERROR(AssignAll(statement, loop->items[loop->index]));
      HONE_ASSIGN_OR_RETURN(flow, Execute(statement.body));
      completed = completed || flow == Flow::kNext;
    }
    // As in Jinja, else also follows a loop that break or continue cut short every time.
    return completed ? Flow::kNext : Execute(statement.otherwise);
  }

  StatusOr<Flow> With(const Statement& statement) {
    Scope bound;
    for (const auto& [name, expression] : statement.bindings) {
      HONE_ASSIGN_OR_RETURN(Value value, Evaluate(*expression));
      bound.emplace_back(name, std::move(value));
    }
    const ScopeGuard scope(&scopes_);
    scopes_.back() = std::move(bound);
    return Execute(statement.body);
  }

  // The text of a block, through its filters.
  StatusOr<Value> Capture(const Statement& statement) {
    std::string text;
    {
      const ScopeGuard scope(&scopes_);
      HONE_ASSIGN_OR_RETURN(text, TextOfBody(statement.body));
    }
    if (statement.expression == nullptr) return Value::String(std::move(text));
    const ScopeGuard scope(&scopes_);
    Set(kBlockText, Value::String(std::move(text)));
    return Evaluate(*statement.expression);
  }

  StatusOr<std::string> TextOfBody(const Body& body) {
    std::string outer;
    outer.swap(out_);
    HONE_RETURN_IF_ERROR(Execute(body).status());
    outer.swap(out_);
    return outer;
  }

  // --- Expressions ---

  StatusOr<Value> Evaluate(const Expression& e) {
    const Depth depth(&depth_);
    HONE_RETURN_IF_ERROR(Enter(e.line));
    HONE_ASSIGN_OR_RETURN(Value value, EvaluateKind(e));
    const Value::Extent extent = value.extent();
    if (extent.depth > kMaxValueDepth || extent.weight > kMaxValueWeight) {
      return absl::ResourceExhaustedError("a value of the template grows too large");
    }
    return value;
  }

  StatusOr<Value> EvaluateKind(const Expression& e) {
    switch (e.kind) {
      case Kind::kConstant:
        return e.value;
      case Kind::kName:
        return Lookup(e.name);
      case Kind::kList:
      case Kind::kTuple: {
        HONE_ASSIGN_OR_RETURN(List items, EvaluateFrom(e, 0));
        return e.kind == Kind::kList ? Value::MakeList(std::move(items))
                                     : Value::MakeTuple(std::move(items));
      }
      case Kind::kDict:
        return EvaluateDict(e);
      case Kind::kAttribute: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
        return Attribute(value, e.name);
      }
      case Kind::kItem: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
        HONE_ASSIGN_OR_RETURN(const Value key, Evaluate(*e.children[1]));
        return Item(value, key);
      }
      case Kind::kSlice:
        return EvaluateSlice(e);
      case Kind::kCall:
        return Call(e);
      case Kind::kFilter: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
        HONE_ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e));
        return ApplyFilter(e.name, value, arguments, &budget_);
      }
      case Kind::kTest: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
        HONE_ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e));
        HONE_ASSIGN_OR_RETURN(const bool holds, ApplyTest(e.name, value, arguments, &budget_));
        return Value::Bool(holds);
      }
      case Kind::kNot: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
        return Value::Bool(!value.Truth());
      }
      case Kind::kUnary: {
        HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
        if (e.name == "-") return Negate(value);
        HONE_ASSIGN_OR_RETURN(const Value negated, Negate(value));
        return Negate(negated);
      }
      case Kind::kBinary: {
        HONE_ASSIGN_OR_RETURN(const Value left, Evaluate(*e.children[0]));
        HONE_ASSIGN_OR_RETURN(const Value right, Evaluate(*e.children[1]));
        return Binary(e.name, left, right, &budget_);
      }
      case Kind::kCompare:
        return EvaluateComparisons(e);
      case Kind::kAnd:
      case Kind::kOr: {
        HONE_ASSIGN_OR_RETURN(Value left, Evaluate(*e.children[0]));
        if (left.Truth() == (e.kind == Kind::kOr)) return left;
        return Evaluate(*e.children[1]);
      }
      case Kind::kConditional: {
        HONE_ASSIGN_OR_RETURN(const Value condition, Evaluate(*e.children[0]));
        if (condition.Truth()) return Evaluate(*e.children[1]);
        if (e.children[2] == nullptr) return Value::MakeUndefined("the else of an if without one");
        return Evaluate(*e.children[2]);
      }
    }
    return Value();
  }

  StatusOr<List> EvaluateFrom(const Expression& e, size_t first) {
    List values;
    for (size_t i = first; i < e.children.size(); ++i) {
      HONE_ASSIGN_OR_RETURN(Value value, Evaluate(*e.children[i]));
      values.push_back(std::move(value));
    }
    return values;
  }

  StatusOr<Arguments> EvaluateArguments(const Expression& e) {
    Arguments arguments;
    HONE_ASSIGN_OR_RETURN(arguments.positional, EvaluateFrom(e, 1));
    for (const auto& [name, child] : e.keywords) {
      HONE_ASSIGN_OR_RETURN(Value value, Evaluate(*child));
      arguments.named.emplace_back(name, std::move(value));
    }
    return arguments;
  }

  static void Put(Value key, Value value, Dict* dict) {
    for (auto& [known, held] : *dict) {
      if (Equal(known, key)) {
        held = std::move(value);
        return;
      }
    }
    dict->emplace_back(std::move(key), std::move(value));
  }

  StatusOr<Value> EvaluateDict(const Expression& e) {
    Dict dict;
    for (size_t i = 0; i < e.children.size(); i += 2) {
      HONE_ASSIGN_OR_RETURN(Value key, Evaluate(*e.children[i]));
      HONE_ASSIGN_OR_RETURN(Value value, Evaluate(*e.children[i + 1]));
      HONE_RETURN_IF_ERROR(CheckKey(key));
      HONE_RETURN_IF_ERROR(budget_.Spend(dict.size()));
      Put(std::move(key), std::move(value), &dict);
    }
    return Value::MakeDict(std::move(dict));
  }

  StatusOr<Value> EvaluateSlice(const Expression& e) {
    HONE_ASSIGN_OR_RETURN(const Value value, Evaluate(*e.children[0]));
    std::optional<int64_t> parts[3];
    for (int i = 0; i < 3; ++i) {
      if (e.children[i + 1] == nullptr) continue;
      HONE_ASSIGN_OR_RETURN(const Value part, Evaluate(*e.children[i + 1]));
      if (part.is_none()) continue;
      HONE_ASSIGN_OR_RETURN(parts[i], IntOf(part, 0));
    }
    return Slice(value, parts[0], parts[1], parts[2].value_or(1), &budget_);
  }

  StatusOr<Value> EvaluateComparisons(const Expression& e) {
    HONE_ASSIGN_OR_RETURN(Value left, Evaluate(*e.children[0]));
    for (size_t i = 0; i < e.operators.size(); ++i) {
      HONE_ASSIGN_OR_RETURN(Value right, Evaluate(*e.children[i + 1]));
      HONE_ASSIGN_OR_RETURN(const bool holds, Compare(e.operators[i], left, right, &budget_));
      if (!holds) return Value::Bool(false);
      left = std::move(right);
    }
    return Value::Bool(true);
  }

  // --- Calls ---

  StatusOr<Value> Call(const Expression& e) {
    HONE_ASSIGN_OR_RETURN(const Value callee, Evaluate(*e.children[0]));
    HONE_ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e));
    if (const Macro* macro = callee.macro()) return CallMacro(*macro, arguments);
    const Value::Function* function = callee.function();
    if (function == nullptr) {
      return absl::InvalidArgumentError(
          callee.is_undefined() ? callee.UndefinedMessage()
                                : absl::StrCat("a ", callee.TypeName(), " cannot be called"));
    }
    if (function->receiver != nullptr) {
      return CallMethod(*function->receiver, function->name, arguments, &budget_);
    }
    if (function->name == "range") return Range(arguments);
    if (function->name == "dict") return MakeDict(arguments);
    if (function->name == "namespace") return MakeNamespace(arguments);
    if (function->name == "strftime_now") return FormatNow(arguments);
    HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind(function->name, {"message"}, 1));
    HONE_ASSIGN_OR_RETURN(const std::string message, TextOf(*bound[0], &budget_));
    return absl::InvalidArgumentError(message);
  }

  StatusOr<Value> CallMacro(const Macro& macro, const Arguments& arguments) {
    const std::vector<absl::string_view> names(macro.parameters.begin(), macro.parameters.end());
    HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind(macro.name, names, 0));
    // The macro sees the template's variables and its own, not those of where it is called.
    const ScopeGuard scope(&scopes_);
    const size_t outer_base = std::exchange(macro_base_, scopes_.size() - 1);
    const size_t num_plain = names.size() - macro.defaults.size();
    for (size_t i = 0; i < names.size(); ++i) {
      Value value = Value::MakeUndefined(absl::StrCat("'", names[i], "'"));
      if (bound[i].has_value()) {
        value = *bound[i];
      } else if (i >= num_plain) {
        HONE_ASSIGN_OR_RETURN(value, Evaluate(*macro.defaults[i - num_plain]));
      }
      Set(macro.parameters[i], std::move(value));
    }
    HONE_ASSIGN_OR_RETURN(std::string text, TextOfBody(macro.body));
    macro_base_ = outer_base;
    return Value::String(std::move(text));
  }

  StatusOr<Value> Range(const Arguments& arguments) {
    HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("range", {"a", "b", "step"}, 1));
    HONE_ASSIGN_OR_RETURN(const int64_t a, IntOf(bound[0], 0));
    HONE_ASSIGN_OR_RETURN(const int64_t b, IntOf(bound[1], 0));
    HONE_ASSIGN_OR_RETURN(const int64_t step, IntOf(bound[2], 1));
    if (step == 0) return absl::InvalidArgumentError("the step of range() is zero");
    const int64_t end = bound[1].has_value() ? b : a;
    List numbers;
    for (int64_t at = bound[1].has_value() ? a : 0; step > 0 ? at < end : at > end;) {
      if (static_cast<int64_t>(numbers.size()) == kMaxRange) {
        return absl::ResourceExhaustedError(
            absl::StrCat("range() has more than ", kMaxRange, " numbers"));
      }
      numbers.push_back(Value::Int(at));
      if (__builtin_add_overflow(at, step, &at)) break;
    }
    HONE_RETURN_IF_ERROR(budget_.Spend(numbers.size() * Budget::kElement));
    return Value::MakeList(std::move(numbers));
  }

  // The entries of dict(mapping or pairs, name=value, …).
  StatusOr<Dict> Entries(const Arguments& arguments) {
    Dict dict;
    if (arguments.positional.size() > 1) {
      return absl::InvalidArgumentError("at most one plain argument can be given");
    }
    for (const Value& value : arguments.positional) {
      if (value.is_dict()) {
        HONE_RETURN_IF_ERROR(budget_.Spend(value.dict().size() * Budget::kElement));
        dict = value.dict();
        continue;
      }
      HONE_ASSIGN_OR_RETURN(const List pairs, Elements(value, &budget_));
      for (const Value& pair : pairs) {
        HONE_ASSIGN_OR_RETURN(const List parts, Elements(pair, &budget_));
        if (parts.size() != 2) return absl::InvalidArgumentError("a dict is made of pairs");
        HONE_RETURN_IF_ERROR(CheckKey(parts[0]));
        HONE_RETURN_IF_ERROR(budget_.Spend(dict.size()));
        Put(parts[0], parts[1], &dict);
      }
    }
    for (const auto& [name, value] : arguments.named) Put(Value::String(name), value, &dict);
    return dict;
  }

  StatusOr<Value> MakeDict(const Arguments& arguments) {
    HONE_ASSIGN_OR_RETURN(Dict dict, Entries(arguments));
    return Value::MakeDict(std::move(dict));
  }

  StatusOr<Value> MakeNamespace(const Arguments& arguments) {
    HONE_ASSIGN_OR_RETURN(Dict dict, Entries(arguments));
    HONE_RETURN_IF_ERROR(budget_.Spend(sizeof(Namespace)));
    Namespace* space = &namespaces_.emplace_back();
    for (auto& [key, value] : dict) {
      HONE_ASSIGN_OR_RETURN(const std::string name, StringOf(key, ""));
      HONE_RETURN_IF_ERROR(SetAttribute(space, name, std::move(value)));
    }
    return Value::Of(space);
  }

  StatusOr<Value> FormatNow(const Arguments& arguments) {
    HONE_ASSIGN_OR_RETURN(const auto bound, arguments.Bind("strftime_now", {"format"}, 1));
    HONE_ASSIGN_OR_RETURN(const std::string format, StringOf(bound[0], ""));
    if (format.empty()) return Value::String("");
    const std::tm time =
        absl::ToTM(absl::FromCivil(now_, absl::UTCTimeZone()), absl::UTCTimeZone());
    char buffer[1024];
    const size_t length = std::strftime(buffer, sizeof(buffer), format.c_str(), &time);
    if (length == 0) return absl::InvalidArgumentError("strftime_now(): the format is too long");
    return Value::String(std::string(buffer, length));
  }

  class Depth {
   public:
    explicit Depth(int* depth) : depth_(depth) { ++*depth_; }
    ~Depth() { --*depth_; }

   private:
    int* depth_;
  };

  class ScopeGuard {
   public:
    explicit ScopeGuard(std::deque<Scope>* scopes) : scopes_(scopes) { scopes_->emplace_back(); }
    ~ScopeGuard() { scopes_->pop_back(); }

   private:
    std::deque<Scope>* scopes_;
  };

  const Variables& variables_;
  const absl::CivilSecond now_;
  Budget budget_;
  std::deque<Namespace> namespaces_;
  std::deque<Scope> scopes_;  // [0]: the template's own
  size_t macro_base_ = 0;     // the innermost macro's scope; those below are its callers'
  std::string out_;
  int line_ = 0;
  int depth_ = 0;
};

}  // namespace

StatusOr<std::string> Run(const Body& body, const Variables& variables, absl::CivilSecond now) {
  return Interpreter(variables, now).Run(body);
}

}  // namespace hone::jinja
