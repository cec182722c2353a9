#include "reward/math/node.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hone::math {
namespace {

constexpr int64_t kStepsForNode = 20;

bool IsCommutative(Kind kind) {
  return kind == Kind::kAdd || kind == Kind::kMultiply || kind == Kind::kSet ||
         kind == Kind::kUnion || kind == Kind::kIntersect;
}

// Parts of a sum or product, those of its own kind taken apart.
void Flatten(Ref node, Kind kind, std::vector<Ref>* parts) {
  for (const Ref arg : node->args) {
    if (arg->kind == kind) {
      Flatten(arg, kind, parts);
    } else {
      parts->push_back(arg);
    }
  }
}

// Folds the numbers among the parts of a sum or product into one.
std::optional<Fraction> FoldNumbers(Kind kind, std::vector<Ref>* parts, Budget* budget) {
  Fraction folded(kind == Kind::kAdd ? 0 : 1);
  for (const Ref part : *parts) {
    if (part->kind != Kind::kNumber) continue;
    std::optional<Fraction> next = kind == Kind::kAdd
                                       ? Fraction::Add(folded, part->number, budget)
                                       : Fraction::Multiply(folded, part->number, budget);
    if (!next) return std::nullopt;
    folded = *std::move(next);
  }
  parts->erase(std::remove_if(parts->begin(), parts->end(),
                              [](Ref part) { return part->kind == Kind::kNumber; }),
               parts->end());
  return folded;
}

char Letter(Kind kind) { return static_cast<char>('A' + static_cast<int>(kind)); }

}  // namespace

Node* Arena::New(Kind kind, std::vector<Ref> args, int64_t steps) {
  int depth = 1;
  for (const Ref arg : args) {
    if (arg == nullptr) return nullptr;
    depth = std::max(depth, arg->depth + 1);
  }
  steps += kStepsForNode + static_cast<int64_t>(args.size());
  if (depth > kMaxTreeDepth || !budget_->Spend(steps)) return nullptr;
  Node& node = nodes_.emplace_back();
  node.kind = kind;
  node.depth = depth;
  node.args = std::move(args);
  return &node;
}

Ref Arena::Make(Kind kind, std::vector<Ref> args, std::string text) {
  Node* node = New(kind, std::move(args), static_cast<int64_t>(text.size() / 8));
  if (node != nullptr) node->text = std::move(text);
  return node;
}

Ref Arena::Number(Fraction value, int places) {
  Node* node = New(Kind::kNumber, {}, 0);
  if (node == nullptr) return nullptr;
  node->number = std::move(value);
  node->places = places;
  return node;
}

Ref Arena::Matrix(std::vector<Ref> entries, int64_t columns) {
  Node* node = New(Kind::kMatrix, std::move(entries), 0);
  if (node != nullptr) node->number = Fraction(columns);
  return node;
}

Ref Arena::Negate(Ref a) {
  if (a == nullptr) return nullptr;
  if (a->kind == Kind::kNumber) return Number(a->number.Negated(), a->places);
  return Make(Kind::kMultiply, {Integer(-1), a});
}

Ref Arena::Divide(Ref a, Ref b) {
  if (a == nullptr || b == nullptr) return nullptr;
  if (b->kind == Kind::kNumber && !b->number.is_zero()) {
    const Ref inverse = Number(b->number.Inverse());
    if (a->kind != Kind::kNumber) return Make(Kind::kMultiply, {a, inverse});
    std::optional<Fraction> quotient = Fraction::Multiply(a->number, b->number.Inverse(), budget_);
    if (quotient) return Number(*std::move(quotient));
  }
  return Make(Kind::kMultiply, {a, Make(Kind::kPower, {b, Integer(-1)})});
}

std::string Key(Ref node, Budget* budget) {
  if (node == nullptr || budget->exhausted()) return "";
  if (node->kind == Kind::kNumber) return node->number.ToString();
  if (node->kind == Kind::kSymbol) return node->text;
  std::vector<Ref> parts = node->args;
  std::vector<std::string> keys;
  if (node->kind == Kind::kAdd || node->kind == Kind::kMultiply) {
    parts.clear();
    Flatten(node, node->kind, &parts);
    const int64_t neutral = node->kind == Kind::kAdd ? 0 : 1;
    const std::optional<Fraction> folded = FoldNumbers(node->kind, &parts, budget);
    if (!folded) return "";
    if (*folded != Fraction(neutral) || parts.empty()) keys.push_back(folded->ToString());
  }
  size_t size = 0;
  for (const Ref part : parts) {
    keys.push_back(Key(part, budget));
    size += keys.back().size();
  }
  if (!budget->Spend(static_cast<int64_t>(4 * parts.size() + size / 8 + 1))) return "";
  if (keys.size() == 1 && IsCommutative(node->kind) && node->kind != Kind::kSet) return keys[0];
  if (IsCommutative(node->kind)) std::sort(keys.begin(), keys.end());
  if (node->kind == Kind::kMatrix || node->kind == Kind::kBased) {
    keys.push_back(node->number.ToString());
  }
  return absl::StrCat(std::string(1, Letter(node->kind)), node->text, "(", absl::StrJoin(keys, ","),
                      ")");
}

void CollectSymbols(Ref node, Budget* budget, std::vector<std::string>* symbols) {
  if (node == nullptr || !budget->Spend(2)) return;
  if (node->kind == Kind::kSymbol || node->kind == Kind::kText) symbols->push_back(node->text);
  if (node->kind == Kind::kOpaque) {
    symbols->push_back(Key(node, budget));
    return;
  }
  for (const Ref arg : node->args) CollectSymbols(arg, budget, symbols);
}

bool IsNumber(Ref node, int64_t value) {
  return node->kind == Kind::kNumber && node->number == Fraction(value);
}

}  // namespace hone::math
