#include "reward/math/evaluate.h"

#include <acb_hypgeom.h>
#include <arb_hypgeom.h>

#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace hone::math {
namespace {

// Beyond 2^(2^32) nothing is written out, not even as a ball.
constexpr double kMaxExponentBits = 4294967296.0;

std::optional<Fraction> ExactFunction(const Node& node, Budget* budget) {
  std::vector<Fraction> args;
  for (const Ref arg : node.args) {
    std::optional<Fraction> value = Exact(arg, budget);
    if (!value) return std::nullopt;
    args.push_back(*std::move(value));
  }
  if (args.empty()) return std::nullopt;
  const std::string& name = node.text;
  if (name == "sqrt") return Fraction::Root(args[0], 2, budget);
  if (name == "root" && args.size() == 2) {
    const std::optional<int64_t> degree = args[1].ToInt();
    return degree ? Fraction::Root(args[0], *degree, budget) : std::nullopt;
  }
  if (name == "factorial") return Fraction::Factorial(args[0], budget);
  if (name == "binomial" && args.size() == 2) return Fraction::Binomial(args[0], args[1], budget);
  if (name == "abs") return args[0].sign() < 0 ? args[0].Negated() : args[0];
  if (name == "floor") return args[0].Floor();
  if (name == "ceil") return args[0].Ceiling();
  if (name == "max" || name == "min") {
    Fraction best = args[0];
    for (const Fraction& value : args) {
      if (name == "max" ? best < value : value < best) best = value;
    }
    return best;
  }
  if ((name == "gcd" || name == "lcm") && budget->Spend(1000)) {
    Fraction result = args[0];
    for (const Fraction& value : args) {
      if (!value.is_integer() || value.bits() > 4096 || result.bits() > 4096) return std::nullopt;
      fmpz* into = fmpq_numref(result.get());
      if (name == "gcd") {
        fmpz_gcd(into, into, fmpq_numref(value.get()));
      } else {
        fmpz_lcm(into, into, fmpq_numref(value.get()));
      }
    }
    return result.is_integer() ? std::optional<Fraction>(result) : std::nullopt;
  }
  return std::nullopt;
}

// Digits in a base: at most those below the base.
std::optional<Fraction> ExactBased(const Node& node, Budget* budget) {
  const std::optional<int64_t> base = node.args[0]->number.ToInt();
  for (const char c : node.text) {
    if (c - '0' >= *base) return std::nullopt;
  }
  return Fraction::FromDigits(node.text, 0, static_cast<int>(*base), budget);
}

// Reaches into a tree at one point.
class Evaluator {
 public:
  Evaluator(const Point& point, Budget* budget)
      : point_(point), bits_(point.precision_bits), budget_(budget) {}

  std::optional<Ball> Value(Ref node) {
    if (!budget_->Spend(2 + bits_ / 64)) return std::nullopt;
    std::optional<Ball> value = Raw(*node);
    return value && value->finite() ? std::move(value) : std::nullopt;
  }

 private:
  bool SpendOnFunction() { return budget_->Spend(int64_t{bits_} * (2 + bits_ / 128)); }

  std::optional<Ball> Raw(const Node& node) {
    switch (node.kind) {
      case Kind::kNumber:
        return Ball::FromFraction(node.number, bits_);
      case Kind::kBased: {
        const std::optional<Fraction> value = ExactBased(node, budget_);
        if (!value) return std::nullopt;
        return Ball::FromFraction(*value, bits_);
      }
      case Kind::kSymbol:
        return Variable(node.text);
      case Kind::kText:
        return std::nullopt;
      case Kind::kOpaque: {
        const std::string key = Key(&node, budget_);
        if (key.empty()) return std::nullopt;
        return Variable(key);
      }
      case Kind::kConstant:
        return Constant(node.text);
      case Kind::kAdd:
      case Kind::kMultiply:
        return Fold(node);
      case Kind::kPower:
        return Power(*node.args[0], *node.args[1]);
      case Kind::kFunction:
        return Function(node);
      case Kind::kUnit:
        return Quantity(node);
      case Kind::kRatio:
        return Ratio(node);
      default:
        return std::nullopt;
    }
  }

  Ball Variable(const std::string& name) const {
    uint64_t hash = point_.seed;
    for (const char c : name) hash = Mix64(hash ^ static_cast<unsigned char>(c));
    const auto low = static_cast<int64_t>(hash & 0xfffff);
    switch (point_.region) {
      case Point::Region::kAnywhere:
        return Ball::FromFraction(Fraction(low - 0x80000, 0x1ffff), bits_);  // ±4
      case Point::Region::kPositive:
        return Ball::FromFraction(Fraction(low + 0x10001, 0x2ffff), bits_);  // 1/3 … 6
      case Point::Region::kUnit:
        return Ball::FromFraction(Fraction(low + 1, 0x100003), bits_);  // 0 … 1
      case Point::Region::kInteger:
        return Ball::FromFraction(Fraction(2 + low % 29), bits_);
    }
    return {};
  }

  std::optional<Ball> Constant(const std::string& name) {
    Ball ball;
    if (name == "pi") {
      acb_const_pi(ball.get(), bits_);
    } else if (name == "e") {
      arb_const_e(acb_realref(ball.get()), bits_);
    } else if (name == "i") {
      acb_onei(ball.get());
    } else {
      return std::nullopt;
    }
    return ball;
  }

  std::optional<Ball> Fold(const Node& node) {
    Ball total = Ball::FromFraction(Fraction(node.kind == Kind::kAdd ? 0 : 1), bits_);
    for (const Ref arg : node.args) {
      const std::optional<Ball> value = Value(arg);
      if (!value) return std::nullopt;
      if (node.kind == Kind::kAdd) {
        acb_add(total.get(), total.get(), value->get(), bits_);
      } else {
        acb_mul(total.get(), total.get(), value->get(), bits_);
      }
    }
    return total;
  }

  std::optional<Ball> Ratio(const Node& node) {
    if (node.args.size() != 2) return std::nullopt;
    std::optional<Ball> upper = Value(node.args[0]);
    const std::optional<Ball> lower = Value(node.args[1]);
    if (!upper || !lower) return std::nullopt;
    acb_div(upper->get(), upper->get(), lower->get(), bits_);
    return upper;
  }

  std::optional<Ball> Quantity(const Node& node) {
    std::optional<Ball> value = Value(node.args[0]);
    if (!value) return std::nullopt;
    if (node.text == "%") {
      acb_div_si(value->get(), value->get(), 100, bits_);
    } else if (node.text == "degree") {
      Ball pi;
      acb_const_pi(pi.get(), bits_);
      acb_mul(value->get(), value->get(), pi.get(), bits_);
      acb_div_si(value->get(), value->get(), 180, bits_);
    } else {
      return std::nullopt;
    }
    return value;
  }

  std::optional<Ball> Power(const Node& base_node, const Node& exponent_node) {
    std::optional<Ball> base = Value(&base_node);
    if (!base) return std::nullopt;
    const std::optional<Fraction> exact = Exact(&exponent_node, budget_);
    if (exact && *exact == Fraction(-1)) {
      acb_inv(base->get(), base->get(), bits_);
      return base;
    }
    std::optional<Ball> exponent =
        exact ? Ball::FromFraction(*exact, bits_) : Value(&exponent_node);
    if (!exponent || !SpendOnFunction() || !PowerFits(*base, *exponent)) return std::nullopt;
    Ball power;
    if (exact && exact->is_integer()) {
      acb_pow_fmpz(power.get(), base->get(), fmpq_numref(exact->get()), bits_);
      return power;
    }
    // 0^x for x > 0
    if (acb_is_zero(base->get()) != 0) {
      if (arb_is_positive(acb_realref(exponent->get())) == 0) return std::nullopt;
      return power;
    }
    acb_pow(power.get(), base->get(), exponent->get(), bits_);
    return power;
  }

  // Whether |base|^|exponent| stays in sight.
  static bool PowerFits(const Ball& base, const Ball& exponent) {
    mag_t magnitude;
    mag_init(magnitude);
    acb_get_mag(magnitude, exponent.get());
    const double power = mag_get_d(magnitude);
    acb_get_mag(magnitude, base.get());
    const bool known = fmpz_bits(MAG_EXPREF(magnitude)) < 60;
    double log2 = known ? std::abs(static_cast<double>(MAG_EXP(magnitude))) + 1 : INFINITY;
    mag_clear(magnitude);
    if (log2 < 1) log2 = 1;
    return std::isfinite(power) && power * log2 < kMaxExponentBits;
  }

  std::optional<Ball> Function(const Node& node) {
    std::vector<Ball> args;
    for (const Ref arg : node.args) {
      std::optional<Ball> value = arg->kind == Kind::kMatrix ? std::nullopt : Value(arg);
      if (!value) return std::nullopt;
      args.push_back(*std::move(value));
    }
    if (args.empty() || !SpendOnFunction()) return std::nullopt;
    if (args.size() == 1) return OneArgument(node.text, args[0]);
    return Several(node, args);
  }

  // Whether |x| < 2^64. Functions of larger arguments take long, or have no digits left.
  static bool Small(const Ball& x) {
    mag_t magnitude;
    mag_init(magnitude);
    acb_get_mag(magnitude, x.get());
    const bool small = mag_cmp_2exp_si(magnitude, 64) < 0;
    mag_clear(magnitude);
    return small;
  }

  std::optional<Ball> Several(const Node& node, const std::vector<Ball>& args);
  std::optional<Ball> OneArgument(const std::string& name, const Ball& x);
  std::optional<Ball> Trigonometric(const std::string& name, const Ball& x);
  std::optional<Ball> Root(const Ball& x, int64_t degree);

  const Point& point_;
  int bits_;
  Budget* budget_;
};

std::optional<Ball> Evaluator::Root(const Ball& x, int64_t degree) {
  Ball root;
  if (degree < 1 || degree > 1 << 20) return std::nullopt;
  if (x.real() && arb_is_nonnegative(acb_realref(x.get())) != 0) {
    arb_root_ui(acb_realref(root.get()), acb_realref(x.get()), static_cast<ulong>(degree), bits_);
  } else if (x.real() && arb_is_negative(acb_realref(x.get())) != 0 && degree % 2 == 1) {
    arb_t positive;
    arb_init(positive);
    arb_neg(positive, acb_realref(x.get()));
    arb_root_ui(acb_realref(root.get()), positive, static_cast<ulong>(degree), bits_);
    arb_neg(acb_realref(root.get()), acb_realref(root.get()));
    arb_clear(positive);
  } else {
    acb_root_ui(root.get(), x.get(), static_cast<ulong>(degree), bits_);
  }
  return root;
}

std::optional<Ball> Evaluator::Several(const Node& node, const std::vector<Ball>& args) {
  const std::string& name = node.text;
  Ball result;
  if (name == "root" && args.size() == 2) {
    const std::optional<Fraction> degree = Exact(node.args[1], budget_);
    if (degree && degree->ToInt()) return Root(args[0], *degree->ToInt());
    acb_inv(result.get(), args[1].get(), bits_);
    acb_pow(result.get(), args[0].get(), result.get(), bits_);
    return result;
  }
  if (name == "log" && args.size() == 2) {
    Ball base;
    acb_log(result.get(), args[0].get(), bits_);
    acb_log(base.get(), args[1].get(), bits_);
    acb_div(result.get(), result.get(), base.get(), bits_);
    return result;
  }
  if (name == "binomial" && args.size() == 2) {
    // Γ(n+1) / (Γ(k+1) Γ(n-k+1))
    if (!budget_->Spend(int64_t{bits_} * 60)) return std::nullopt;
    Ball n, k, rest;
    acb_sub(rest.get(), args[0].get(), args[1].get(), bits_);
    acb_add_ui(n.get(), args[0].get(), 1, bits_);
    acb_add_ui(k.get(), args[1].get(), 1, bits_);
    acb_add_ui(rest.get(), rest.get(), 1, bits_);
    if (!Small(n) || !Small(k) || !Small(rest)) return std::nullopt;
    acb_gamma(result.get(), n.get(), bits_);
    acb_rgamma(k.get(), k.get(), bits_);
    acb_rgamma(rest.get(), rest.get(), bits_);
    acb_mul(result.get(), result.get(), k.get(), bits_);
    acb_mul(result.get(), result.get(), rest.get(), bits_);
    return result;
  }
  if (name != "max" && name != "min") return std::nullopt;
  result = args[0];
  for (const Ball& value : args) {
    if (!value.real()) return std::nullopt;
    arb_ptr into = acb_realref(result.get());
    if (name == "max") {
      arb_max(into, into, acb_realref(value.get()), bits_);
    } else {
      arb_min(into, into, acb_realref(value.get()), bits_);
    }
  }
  return result;
}

std::optional<Ball> Evaluator::Trigonometric(const std::string& name, const Ball& x) {
  using Operation = void (*)(acb_t, const acb_t, slong);
  static constexpr std::pair<const char*, Operation> kOperations[] = {
      {"sin", acb_sin},       {"cos", acb_cos},     {"tan", acb_tan},       {"tg", acb_tan},
      {"cot", acb_cot},       {"ctg", acb_cot},     {"sec", acb_sec},       {"csc", acb_csc},
      {"cosec", acb_csc},     {"sinh", acb_sinh},   {"cosh", acb_cosh},     {"tanh", acb_tanh},
      {"coth", acb_coth},     {"sech", acb_sech},   {"csch", acb_csch},     {"arcsin", acb_asin},
      {"asin", acb_asin},     {"arccos", acb_acos}, {"acos", acb_acos},     {"arctan", acb_atan},
      {"atan", acb_atan},     {"arctg", acb_atan},  {"arcsinh", acb_asinh}, {"asinh", acb_asinh},
      {"arccosh", acb_acosh}, {"acosh", acb_acosh}, {"arctanh", acb_atanh}, {"atanh", acb_atanh}};
  for (const auto& [known, operation] : kOperations) {
    if (name != known) continue;
    Ball value;
    operation(value.get(), x.get(), bits_);
    return value;
  }
  static constexpr std::pair<const char*, Operation> kOfInverse[] = {
      {"arccsc", acb_asin},   {"arcsec", acb_acos},   {"arccot", acb_atan},
      {"arccoth", acb_atanh}, {"arcsech", acb_acosh}, {"arccsch", acb_asinh}};
  for (const auto& [known, operation] : kOfInverse) {
    if (name != known) continue;
    Ball value;
    acb_inv(value.get(), x.get(), bits_);
    operation(value.get(), value.get(), bits_);
    return value;
  }
  return std::nullopt;
}

std::optional<Ball> Evaluator::OneArgument(const std::string& name, const Ball& x) {
  Ball result;
  if (name == "sqrt") return Root(x, 2);
  if (name == "abs") {
    acb_abs(acb_realref(result.get()), x.get(), bits_);
    return result;
  }
  if (name == "ln" || name == "log" || name == "lg") {
    if (acb_contains_zero(x.get()) != 0) return std::nullopt;
    acb_log(result.get(), x.get(), bits_);
    if (name == "lg" || (name == "log" && point_.common_logarithm)) {
      Ball ten;
      arb_log_ui(acb_realref(ten.get()), 10, bits_);
      acb_div(result.get(), result.get(), ten.get(), bits_);
    }
    return result;
  }
  if (!Small(x)) return std::nullopt;
  if (name == "exp") {
    acb_exp(result.get(), x.get(), bits_);
    return result;
  }
  if (name == "factorial") {
    if (!budget_->Spend(int64_t{bits_} * 20)) return std::nullopt;
    acb_add_ui(result.get(), x.get(), 1, bits_);
    acb_gamma(result.get(), result.get(), bits_);
    return result;
  }
  if (name == "floor" || name == "ceil") {
    if (!x.real()) return std::nullopt;
    arb_ptr into = acb_realref(result.get());
    if (name == "floor") {
      arb_floor(into, acb_realref(x.get()), bits_);
    } else {
      arb_ceil(into, acb_realref(x.get()), bits_);
    }
    return result;
  }
  if (name == "sgn" || name == "sign") {
    if (!x.real()) return std::nullopt;
    arb_sgn(acb_realref(result.get()), acb_realref(x.get()));
    return result;
  }
  if (name == "Re" || name == "Im") {
    arb_set(acb_realref(result.get()), name == "Re" ? acb_realref(x.get()) : acb_imagref(x.get()));
    return result;
  }
  if (name == "arg") {
    acb_arg(acb_realref(result.get()), x.get(), bits_);
    return result;
  }
  return Trigonometric(name, x);
}

}  // namespace

std::optional<Fraction> Exact(Ref node, Budget* budget) {
  if (node == nullptr || !budget->Spend(1)) return std::nullopt;
  switch (node->kind) {
    case Kind::kNumber:
      return node->number;
    case Kind::kBased:
      return ExactBased(*node, budget);
    case Kind::kAdd:
    case Kind::kMultiply: {
      Fraction total(node->kind == Kind::kAdd ? 0 : 1);
      for (const Ref arg : node->args) {
        const std::optional<Fraction> value = Exact(arg, budget);
        if (!value) return std::nullopt;
        std::optional<Fraction> next = node->kind == Kind::kAdd
                                           ? Fraction::Add(total, *value, budget)
                                           : Fraction::Multiply(total, *value, budget);
        if (!next) return std::nullopt;
        total = *std::move(next);
      }
      return total;
    }
    case Kind::kPower: {
      const std::optional<Fraction> base = Exact(node->args[0], budget);
      if (!base) return std::nullopt;
      const std::optional<Fraction> exponent = Exact(node->args[1], budget);
      return exponent ? Fraction::Power(*base, *exponent, budget) : std::nullopt;
    }
    case Kind::kFunction:
      return ExactFunction(*node, budget);
    case Kind::kUnit: {
      if (node->text != "%") return std::nullopt;
      const std::optional<Fraction> value = Exact(node->args[0], budget);
      return value ? Fraction::Multiply(*value, Fraction(1, 100), budget) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Ball> Enclose(Ref node, const Point& point, Budget* budget) {
  return Evaluator(point, budget).Value(node);
}

}  // namespace hone::math
