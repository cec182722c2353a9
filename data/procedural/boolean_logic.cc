#include "data/procedural/boolean_logic.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr absl::string_view kVariables = "pqrsuv";  // none that reads as true or false
constexpr absl::string_view kOperators = "&|^";
constexpr float kNegated = 0.25f;
constexpr int kSmallestShare = 4;  // at most one in so many assignments makes a formula true

struct Node {
  char op;       // & | ^ ! or, for a variable, v
  int a, b = 0;  // nodes, both before this one; of !: a alone; of v: the variable's number
};

// Nodes from the inside out; the last one is the formula.
using Formula = std::vector<Node>;

int Negatable(int node, Formula* formula, Random* random) {
  if (random->Uniform() >= kNegated) return node;
  formula->push_back({'!', node});
  return static_cast<int>(formula->size()) - 1;
}

Formula DrawFormula(const BooleanLogicSpec& spec, Random* random) {
  Formula formula;
  std::vector<int> parts;
  for (int i = 0; i <= spec.num_operators; ++i) {
    // Every variable once, then any.
    const int variable =
        i < spec.num_variables ? i : static_cast<int>(random->Below(spec.num_variables));
    formula.push_back({'v', variable});
    parts.push_back(Negatable(static_cast<int>(formula.size()) - 1, &formula, random));
  }
  while (parts.size() > 1) {
    const size_t left = random->Below(parts.size());
    size_t right = random->Below(parts.size() - 1);
    if (right >= left) ++right;
    const char op = kOperators[random->Below(kOperators.size())];
    formula.push_back({op, parts[left], parts[right]});
    parts[left] = Negatable(static_cast<int>(formula.size()) - 1, &formula, random);
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(right));
  }
  return formula;
}

bool Apply(char op, bool a, bool b) {
  switch (op) {
    case '&':
      return a && b;
    case '|':
      return a || b;
    case '^':
      return a != b;
    default:
      return !a;
  }
}

// `values`: a bit for each variable.
bool IsTrue(const Formula& formula, uint32_t values) {
  std::vector<bool> results;
  for (const Node& node : formula) {
    results.push_back(node.op == 'v' ? (values >> node.a & 1) != 0
                                     : Apply(node.op, results[node.a], results[node.b]));
  }
  return results.back();
}

// How a formula is written.
struct Style {
  absl::string_view negation, conjunction, disjunction, exclusion;
};
constexpr Style kBrief = {"!", "&", "|", "^"};
constexpr Style kWords = {"not ", " and ", " or ", " xor "};

absl::string_view Operator(const Style& style, char op) {
  return op == '&' ? style.conjunction : op == '|' ? style.disjunction : style.exclusion;
}

// Every operator of two sides in parentheses, but the outermost. `sorted`: its sides in order.
std::string Write(const Formula& formula, const Style& style, bool sorted) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < formula.size(); ++i) {
    const Node& node = formula[i];
    if (node.op == 'v') {
      texts.emplace_back(1, kVariables[node.a]);
    } else if (node.op == '!') {
      texts.push_back(absl::StrCat(style.negation, texts[node.a]));
    } else {
      std::string a = texts[node.a], b = texts[node.b];
      if (sorted && b < a) std::swap(a, b);
      std::string text = absl::StrCat(a, Operator(style, node.op), b);
      const bool outermost = i + 1 == formula.size();
      texts.push_back(outermost ? std::move(text) : absl::StrCat("(", text, ")"));
    }
  }
  return texts.back();
}

// ["and","p",["not","q"]]
std::string Json(const Formula& formula) {
  std::vector<std::string> texts;
  for (const Node& node : formula) {
    if (node.op == 'v') {
      texts.push_back(absl::StrCat("\"", kVariables.substr(node.a, 1), "\""));
    } else if (node.op == '!') {
      texts.push_back(absl::StrCat("[\"not\",", texts[node.a], "]"));
    } else {
      const absl::string_view name = node.op == '&' ? "and" : node.op == '|' ? "or" : "xor";
      texts.push_back(absl::StrCat("[\"", name, "\",", texts[node.a], ",", texts[node.b], "]"));
    }
  }
  return texts.back();
}

absl::string_view Letter(bool value) { return value ? "T" : "F"; }

Attempt Guess(const Formula& formula, int num_variables, Random* random) {
  Attempt attempt;
  const uint32_t values = random->Below(1u << num_variables);
  for (int i = 0; i < num_variables; ++i) {
    const bool value = (values >> i & 1) != 0;
    absl::StrAppend(&attempt.steps, i ? " " : "", kVariables.substr(i, 1), Letter(value));
    absl::StrAppend(&attempt.answer, i ? ", " : "", kVariables.substr(i, 1), " = ",
                    value ? "true" : "false");
  }
  std::vector<bool> results;
  for (const Node& node : formula) {
    if (node.op == 'v') {
      results.push_back((values >> node.a & 1) != 0);
      continue;
    }
    const bool a = results[node.a], b = results[node.b];
    results.push_back(Apply(node.op, a, b) != Slips(random));
    const std::string op(1, node.op);
    AppendStep(node.op == '!' ? absl::StrCat(op, Letter(a), "=", Letter(results.back()))
                              : absl::StrCat(Letter(a), op, Letter(b), "=", Letter(results.back())),
               &attempt.steps);
  }
  attempt.success = results.back();
  return attempt;
}

}  // namespace

Exercise DrawBooleanLogic(const BooleanLogicSpec& spec, Random* random) {
  const uint32_t num_assignments = 1u << spec.num_variables;
  Formula formula;
  uint32_t solutions = 0;
  do {  // a read-once formula of `and` alone has one solution, so this ends
    formula = DrawFormula(spec, random);
    solutions = 0;
    for (uint32_t values = 0; values < num_assignments; ++values) {
      solutions += IsTrue(formula, values);
    }
  } while (solutions == 0 || solutions > num_assignments / kSmallestShare);
  std::string variables, example;
  for (int i = 0; i < spec.num_variables; ++i) {
    absl::StrAppend(&variables, i ? "," : "", "\"", kVariables.substr(i, 1), "\"");
    absl::StrAppend(&example, i ? ", " : "", kVariables.substr(i, 1), " = true");
  }
  return {.key = Write(formula, kBrief, /*sorted=*/true),
          .brief = absl::StrCat("make ", Write(formula, kBrief, /*sorted=*/false), " true"),
          .question =
              absl::StrCat("Find truth values of the variables that make this formula true: ",
                           Write(formula, kWords, /*sorted=*/false),
                           ". Answer with a value for each variable, in the form ", example, "."),
          .record = absl::StrCat("\"variables\":[", variables, "],\"formula\":", Json(formula)),
          .attempt = [formula, num_variables = spec.num_variables](Random* r) {
            return Guess(formula, num_variables, r);
          }};
}

}  // namespace hone
