#include "reward/math/expand.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace hone::math {
namespace {

constexpr size_t kMaxSigns = 3;
constexpr int64_t kMaxMatrixPower = 16;

void CountSigns(Ref node, Budget* budget, size_t* count, bool* tied) {
  if (!budget->Spend(1)) return;
  if (node->kind == Kind::kPlusMinus) {
    ++*count;
    if (node->text == "-") *tied = true;
  }
  for (const Ref arg : node->args) CountSigns(arg, budget, count, tied);
}

// `signs`: a bit for each sign in order, taken from the front; all the same bit if tied.
Ref WithSigns(Ref node, unsigned signs, bool tied, unsigned* next, Arena* arena) {
  std::vector<Ref> args;
  for (const Ref arg : node->args) args.push_back(WithSigns(arg, signs, tied, next, arena));
  if (node->kind == Kind::kPlusMinus) {
    const bool minus = ((signs >> (tied ? 0 : (*next)++)) & 1) != 0;
    if (args[0] == nullptr || args[1] == nullptr) return nullptr;
    const bool negate = minus != (node->text == "-");
    return arena->Add(args[0], negate ? arena->Negate(args[1]) : args[1]);
  }
  if (args.empty()) return node;
  if (node->kind == Kind::kMatrix) {
    return arena->Matrix(std::move(args), node->number.ToInt().value_or(1));
  }
  return arena->Make(node->kind, std::move(args), node->text);
}

bool HasMatrix(Ref node, Budget* budget) {
  if (!budget->Spend(1)) return false;
  return node->kind == Kind::kMatrix ||
         std::any_of(node->args.begin(), node->args.end(),
                     [&](Ref arg) { return HasMatrix(arg, budget); });
}

size_t Columns(Ref matrix) { return static_cast<size_t>(matrix->number.ToInt().value_or(1)); }
size_t Rows(Ref matrix) { return matrix->args.size() / Columns(matrix); }

Ref AddMatrices(Ref a, Ref b, Arena* arena) {
  if (a->kind != Kind::kMatrix || b->kind != Kind::kMatrix || Columns(a) != Columns(b) ||
      a->args.size() != b->args.size()) {
    return nullptr;
  }
  std::vector<Ref> entries;
  for (size_t i = 0; i < a->args.size(); ++i) {
    entries.push_back(arena->Add(a->args[i], b->args[i]));
  }
  return arena->Matrix(std::move(entries), static_cast<int64_t>(Columns(a)));
}

Ref MultiplyMatrices(Ref a, Ref b, Arena* arena) {
  if (a->kind != Kind::kMatrix && b->kind != Kind::kMatrix) return arena->Multiply(a, b);
  if (a->kind != Kind::kMatrix) std::swap(a, b);
  std::vector<Ref> entries;
  if (b->kind != Kind::kMatrix) {
    for (const Ref entry : a->args) entries.push_back(arena->Multiply(b, entry));
    return arena->Matrix(std::move(entries), static_cast<int64_t>(Columns(a)));
  }
  if (Columns(a) != Rows(b)) return nullptr;
  for (size_t i = 0; i < Rows(a); ++i) {
    for (size_t j = 0; j < Columns(b); ++j) {
      std::vector<Ref> terms;
      for (size_t k = 0; k < Columns(a); ++k) {
        terms.push_back(arena->Multiply(a->args[i * Columns(a) + k], b->args[k * Columns(b) + j]));
      }
      entries.push_back(arena->Make(Kind::kAdd, std::move(terms)));
    }
  }
  return arena->Matrix(std::move(entries), static_cast<int64_t>(Columns(b)));
}

// By the first row; of at most 4 rows.
Ref Determinant(const std::vector<Ref>& entries, size_t n, Arena* arena) {
  if (n == 0 || n > 4) return nullptr;
  if (n == 1) return entries[0];
  std::vector<Ref> terms;
  for (size_t column = 0; column < n; ++column) {
    std::vector<Ref> minor;
    for (size_t i = 1; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        if (j != column) minor.push_back(entries[i * n + j]);
      }
    }
    const Ref inner = Determinant(minor, n - 1, arena);
    if (inner == nullptr) return nullptr;
    const Ref term = arena->Multiply(entries[column], inner);
    terms.push_back(column % 2 == 0 ? term : arena->Negate(term));
  }
  return arena->Make(Kind::kAdd, std::move(terms));
}

Ref Evaluated(Ref node, Arena* arena) {
  if (!HasMatrix(node, arena->budget()) || node->kind == Kind::kMatrix) return node;
  std::vector<Ref> args;
  for (const Ref arg : node->args) {
    args.push_back(Evaluated(arg, arena));
    if (args.back() == nullptr) return nullptr;
  }
  if (node->kind == Kind::kAdd || node->kind == Kind::kMultiply) {
    Ref total = args[0];
    for (size_t i = 1; i < args.size() && total != nullptr; ++i) {
      total = node->kind == Kind::kAdd ? AddMatrices(total, args[i], arena)
                                       : MultiplyMatrices(total, args[i], arena);
    }
    return total;
  }
  if (node->kind == Kind::kPower && args[0]->kind == Kind::kMatrix) {
    const std::optional<int64_t> n =
        args[1]->kind == Kind::kNumber ? args[1]->number.ToInt() : std::nullopt;
    if (!n || *n < 1 || *n > kMaxMatrixPower || Rows(args[0]) != Columns(args[0])) {
      return arena->Make(Kind::kOpaque, std::move(args), "power");
    }
    Ref power = args[0];
    for (int64_t i = 1; i < *n && power != nullptr; ++i) {
      power = MultiplyMatrices(power, args[0], arena);
    }
    return power;
  }
  if (node->kind == Kind::kFunction && node->text == "det" && args[0]->kind == Kind::kMatrix) {
    const size_t n = Columns(args[0]);
    return Rows(args[0]) == n ? Determinant(args[0]->args, n, arena) : nullptr;
  }
  return arena->Make(node->kind, std::move(args), node->text);
}

}  // namespace

std::vector<Ref> ExpandSigns(Ref node, Arena* arena) {
  size_t count = 0;
  bool tied = false;
  CountSigns(node, arena->budget(), &count, &tied);
  if (count == 0) return {node};
  if (count > kMaxSigns) return {};
  std::vector<Ref> values;
  const unsigned choices = tied ? 2 : 1U << count;
  for (unsigned signs = 0; signs < choices; ++signs) {
    unsigned next = 0;
    const Ref value = WithSigns(node, signs, tied, &next, arena);
    if (value == nullptr) return {};
    values.push_back(value);
  }
  return values;
}

Ref EvaluateMatrices(Ref node, Arena* arena) { return Evaluated(node, arena); }

}  // namespace hone::math
