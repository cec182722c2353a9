#include "reward/math/named.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "reward/math/expand.h"

namespace hone::math {
namespace {

bool IsName(Ref node) {
  switch (node->kind) {
    case Kind::kSymbol:
    case Kind::kOpaque:
    case Kind::kText:
      return true;
    case Kind::kConstant:
      return node->text == "e" || node->text == "i";
    case Kind::kFunction:
      return node->text == "abs" && IsName(node->args[0]);
    case Kind::kTuple:
    case Kind::kRatio:
    case Kind::kList:
      return std::all_of(node->args.begin(), node->args.end(), IsName);
    case Kind::kUnit:  // \angle A \text{ of the triangle}
      return IsName(node->args[0]);
    case Kind::kMultiply: {
      // AB, NO/BO, P(x): a product that begins with a capital.
      const Ref first = node->args[0];
      const bool capital = first->kind == Kind::kSymbol && absl::ascii_isupper(first->text[0]);
      const Ref last = node->args.back();
      if (last->kind == Kind::kOpaque && last->text == "angle") return true;  // m\angle A
      if (!capital && (first->kind != Kind::kMultiply || !IsName(first))) return false;
      return std::all_of(node->args.begin(), node->args.end(), [](Ref part) {
        if (part->kind == Kind::kPower) {
          return IsName(part->args[0]) && IsNumber(part->args[1], -1);
        }
        return IsName(part);
      });
    }
    default:
      return false;
  }
}

bool IsConstant(Ref node, Budget* budget) {
  std::vector<std::string> symbols;
  CollectSymbols(node, budget, &symbols);
  return symbols.empty();
}

bool IsAllEquals(const std::string& relations) {
  return relations.find_first_not_of(kEquals) == std::string::npos;
}

}  // namespace

Named SplitName(Ref node, Budget* budget) {
  Named result{nullptr, "", node, node};
  if (node->kind != Kind::kChain) return result;
  std::string relations = node->text;
  std::vector<Ref> parts = node->args;
  if (relations[0] == kAbout) relations[0] = kEquals;
  // What stands behind ≈ only repeats it less exactly.
  const size_t about = relations.find(kAbout);
  if (about != std::string::npos) {
    relations.resize(about);
    parts.resize(about + 1);
  }
  const bool element = relations == std::string(1, kElement);
  if (!IsAllEquals(relations) && !element) return result;
  if (IsName(parts.front())) {
    result.name = parts.front();
    result.value = parts.back();
  } else if (element) {
    return result;
  } else if (IsName(parts.back()) && parts.size() == 2 && IsConstant(parts.front(), budget)) {
    result.name = parts.back();
    result.value = parts.front();
  } else if (IsConstant(parts.back(), budget) &&
             (parts.size() > 2 || IsConstant(parts.front(), budget))) {
    result.value = parts.back();
  }
  if (result.name != nullptr) result.key = Key(result.name, budget);
  return result;
}

std::vector<Named> SplitAnswer(Ref node, Arena* arena) {
  std::vector<Named> parts;
  if (node == nullptr || !arena->budget()->Spend(1)) return parts;
  const Named named = SplitName(node, arena->budget());
  if (named.value->kind == Kind::kList || named.value->kind == Kind::kSet) {
    for (const Ref arg : named.value->args) {
      for (Named& part : SplitAnswer(arg, arena)) {
        // \{1, 2\} of x = \{1, 2\} belong to x.
        if (part.name == nullptr && named.name != nullptr && named.name->kind != Kind::kList) {
          part.name = named.name;
          part.key = named.key;
        }
        parts.push_back(std::move(part));
      }
    }
    return parts;
  }
  const std::vector<Ref> values = ExpandSigns(named.value, arena);
  for (const Ref value : values) {
    parts.push_back({named.name, named.key, value, values.size() == 1 ? named.whole : value});
  }
  return parts;
}

}  // namespace hone::math
