#include "reward/math/real_set.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "reward/math/expand.h"

namespace hone::math {
namespace {

constexpr size_t kMaxSpans = 64;

class Builder {
 public:
  explicit Builder(Equality* equality) : equality_(equality), arena_(equality->arena()) {}

  std::optional<RealSet> Build(Ref node) {
    switch (node->kind) {
      case Kind::kInterval:
        return Interval(node->args[0], node->args[1], node->text[0] == '[', node->text[1] == ']');
      case Kind::kTuple:
        if (node->args.size() != 2) return std::nullopt;
        return Interval(node->args[0], node->args[1], false, false);
      case Kind::kNamedSet:
        if (node->text == "R") return Everything();
        if (node->text == "empty") return RealSet();
        return std::nullopt;
      case Kind::kUnion:
        return Join(node->args);
      case Kind::kSet:
        return Points(node->args);
      case Kind::kIntersect:
        return Common(node->args);
      case Kind::kDifference:
        return Without(node->args);
      case Kind::kList:
        if (node->text == "&") return Common(node->args);
        if (node->text == "|") return Join(node->args);
        return Excluded(node->args);
      case Kind::kChain:
        return Relation(node);
      default:
        return std::nullopt;
    }
  }

 private:
  Ref Infinity(bool negative) {
    const Ref infinity = arena_->Make(Kind::kConstant, {}, "inf");
    return negative ? arena_->Negate(infinity) : infinity;
  }
  RealSet Everything() { return {{Infinity(true), Infinity(false), false, false}}; }

  std::optional<RealSet> Interval(Ref low, Ref high, bool low_closed, bool high_closed) {
    const std::optional<int> order = equality_->Compare(low, high);
    if (!order) return std::nullopt;
    if (*order > 0 || (*order == 0 && !(low_closed && high_closed))) return RealSet();
    return RealSet{{low, high, low_closed, high_closed}};
  }

  std::optional<RealSet> Points(const std::vector<Ref>& points) {
    RealSet all;
    for (const Ref point : points) {
      if (!equality_->Compare(point, arena_->Integer(0))) return std::nullopt;
      all.push_back({point, point, true, true});
    }
    return Normal(all);
  }

  std::optional<RealSet> Join(const std::vector<Ref>& parts) {
    RealSet all;
    for (const Ref part : parts) {
      const std::optional<RealSet> set = Build(part);
      if (!set) return std::nullopt;
      all.insert(all.end(), set->begin(), set->end());
    }
    return Normal(all);
  }

  std::optional<RealSet> Common(const std::vector<Ref>& parts) {
    std::optional<RealSet> common = Everything();
    for (const Ref part : parts) {
      const std::optional<RealSet> set = Build(part);
      if (!set) return std::nullopt;
      common = Intersect(*common, *set);
      if (!common) return std::nullopt;
    }
    return common;
  }

  std::optional<RealSet> Without(const std::vector<Ref>& parts) {
    std::optional<RealSet> rest = Build(parts[0]);
    for (size_t i = 1; rest && i < parts.size(); ++i) {
      const std::optional<RealSet> set = Build(parts[i]);
      if (!set) return std::nullopt;
      const std::optional<RealSet> complement = Complement(*set);
      if (!complement) return std::nullopt;
      rest = Intersect(*rest, *complement);
    }
    return rest;
  }

  // Of sets in normal form.
  std::optional<RealSet> Complement(const RealSet& set) {
    RealSet gaps;
    Ref low = Infinity(true);
    bool low_closed = false;
    for (const Span& span : set) {
      gaps.push_back({low, span.low, low_closed, !span.low_closed});
      low = span.high;
      low_closed = !span.high_closed;
    }
    gaps.push_back({low, Infinity(false), low_closed, false});
    return Normal(gaps);
  }

  std::optional<RealSet> Intersect(const RealSet& a, const RealSet& b) {
    RealSet both;
    for (const Span& x : a) {
      for (const Span& y : b) {
        const std::optional<int> low = equality_->Compare(x.low, y.low);
        const std::optional<int> high = equality_->Compare(x.high, y.high);
        if (!low || !high || both.size() >= kMaxSpans) return std::nullopt;
        Span span = {*low >= 0 ? x.low : y.low, *high <= 0 ? x.high : y.high, false, false};
        span.low_closed = (*low < 0 || x.low_closed) && (*low > 0 || y.low_closed);
        span.high_closed = (*high > 0 || x.high_closed) && (*high < 0 || y.high_closed);
        both.push_back(span);
      }
    }
    return Normal(both);
  }

  // Ascending, empty spans dropped, what touches merged.
  std::optional<RealSet> Normal(const RealSet& spans) {
    if (spans.size() > kMaxSpans) return std::nullopt;
    RealSet sorted;
    for (const Span& span : spans) {  // insertion: comparisons may fail
      const std::optional<int> order = equality_->Compare(span.low, span.high);
      if (!order) return std::nullopt;
      if (*order > 0 || (*order == 0 && !(span.low_closed && span.high_closed))) continue;
      size_t at = sorted.size();
      for (; at > 0; --at) {
        const std::optional<int> before = equality_->Compare(sorted[at - 1].low, span.low);
        if (!before) return std::nullopt;
        if (*before < 0 || (*before == 0 && sorted[at - 1].low_closed)) break;
      }
      sorted.insert(sorted.begin() + static_cast<int64_t>(at), span);
    }
    RealSet merged;
    for (const Span& span : sorted) {
      if (!merged.empty()) {
        Span& last = merged.back();
        const std::optional<int> gap = equality_->Compare(last.high, span.low);
        if (!gap) return std::nullopt;
        if (*gap > 0 || (*gap == 0 && (last.high_closed || span.low_closed))) {
          const std::optional<int> longer = equality_->Compare(span.high, last.high);
          if (!longer) return std::nullopt;
          if (*longer > 0) {
            last.high = span.high;
            last.high_closed = span.high_closed;
          } else if (*longer == 0) {
            last.high_closed |= span.high_closed;
          }
          continue;
        }
      }
      merged.push_back(span);
    }
    return merged;
  }

  // x ≠ 3, -3
  std::optional<RealSet> Excluded(const std::vector<Ref>& parts) {
    const Ref first = parts[0];
    if (first->kind != Kind::kChain || first->text != std::string(1, kNotEqual) ||
        !IsVariable(first->args[0])) {
      return std::nullopt;
    }
    std::vector<Ref> points = {first->args[1]};
    points.insert(points.end(), parts.begin() + 1, parts.end());
    const std::optional<RealSet> set = Points(points);
    return set ? Complement(*set) : std::nullopt;
  }

  static bool IsVariable(Ref node) {
    return node->kind == Kind::kSymbol || node->kind == Kind::kOpaque;
  }

  // x < b as a set of x.
  std::optional<RealSet> HalfLine(char relation, Ref bound) {
    switch (relation) {
      case kLess:
      case kAtMost:
        return Interval(Infinity(true), bound, false, relation == kAtMost);
      case kGreater:
      case kAtLeast:
        return Interval(bound, Infinity(false), relation == kAtLeast, false);
      case kEquals:
        return Points({bound});
      case kNotEqual: {
        const std::optional<RealSet> point = Points(ExpandSigns(bound, arena_));
        return point ? Complement(*point) : std::nullopt;
      }
      default:
        return std::nullopt;
    }
  }

  static char Flipped(char relation) {
    switch (relation) {
      case kLess:
        return kGreater;
      case kGreater:
        return kLess;
      case kAtMost:
        return kAtLeast;
      case kAtLeast:
        return kAtMost;
      default:
        return relation;
    }
  }

  std::optional<RealSet> Relation(Ref chain) {
    if (chain->text == "e") {
      return IsVariable(chain->args[0]) ? Build(chain->args[1]) : std::nullopt;
    }
    if (chain->args.size() > 3) return std::nullopt;
    // The part with the variable.
    size_t at = 0;
    int parts_with_symbols = 0;
    for (size_t i = 0; i < chain->args.size(); ++i) {
      std::vector<std::string> symbols;
      CollectSymbols(chain->args[i], equality_->budget(), &symbols);
      if (symbols.empty()) continue;
      at = i;
      ++parts_with_symbols;
    }
    if (parts_with_symbols != 1 || (chain->args.size() == 3 && at != 1)) return std::nullopt;
    Ref variable = chain->args[at];
    bool negated = false, absolute = false;
    if (variable->kind == Kind::kMultiply && variable->args.size() == 2 &&
        IsNumber(variable->args[0], -1)) {
      negated = true;
      variable = variable->args[1];
    }
    if (variable->kind == Kind::kFunction && variable->text == "abs" && !negated) {
      absolute = true;
      variable = variable->args[0];
    }
    if (!IsVariable(variable)) return std::nullopt;
    std::optional<RealSet> set = Everything();
    for (size_t i = 0; i < chain->args.size(); ++i) {
      if (i == at) continue;
      char relation = i < at ? Flipped(chain->text[i]) : chain->text[i - 1];
      Ref bound = chain->args[i];
      if (negated) {
        relation = Flipped(relation);
        bound = arena_->Negate(bound);
      }
      if (bound == nullptr) return std::nullopt;
      const std::optional<RealSet> half = HalfLine(relation, bound);
      if (!half) return std::nullopt;
      set = Intersect(*set, *half);
      if (!set) return std::nullopt;
    }
    return absolute ? Mirrored(*set) : set;
  }

  // All x with |x| in the set.
  std::optional<RealSet> Mirrored(const RealSet& set) {
    const RealSet positive = {{arena_->Integer(0), Infinity(false), true, false}};
    std::optional<RealSet> half = Intersect(set, positive);
    if (!half) return std::nullopt;
    RealSet both = *half;
    for (const Span& span : *half) {
      both.push_back({Minus(span.high), Minus(span.low), span.high_closed, span.low_closed});
    }
    return Normal(both);
  }

  // -∞ for ∞: the one form that Compare knows.
  Ref Minus(Ref node) { return arena_->Negate(node); }

  Equality* equality_;
  Arena* arena_;
};

bool IsInequality(Ref node) {
  return node->kind == Kind::kChain &&
         node->text.find_first_of(std::string({kLess, kGreater, kAtMost, kAtLeast, kNotEqual})) !=
             std::string::npos;
}

}  // namespace

std::optional<RealSet> ToRealSet(Ref node, Equality* equality) {
  if (node == nullptr) return std::nullopt;
  return Builder(equality).Build(node);
}

bool IsDefinitelySet(Ref node) {
  switch (node->kind) {
    case Kind::kInterval:
    case Kind::kUnion:
    case Kind::kIntersect:
    case Kind::kDifference:
    case Kind::kNamedSet:
      return true;
    case Kind::kChain:
      return IsInequality(node) || (node->text == "e" && IsDefinitelySet(node->args[1]));
    case Kind::kList:
      return std::any_of(node->args.begin(), node->args.end(), IsInequality);
    default:
      return false;
  }
}

bool SameSet(const RealSet& a, const RealSet& b, Equality* equality) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].low_closed != b[i].low_closed || a[i].high_closed != b[i].high_closed) return false;
    if (equality->Compare(a[i].low, b[i].low) != 0) return false;
    if (equality->Compare(a[i].high, b[i].high) != 0) return false;
  }
  return true;
}

}  // namespace hone::math
