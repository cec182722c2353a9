#include "reward/math/fraction.h"

#include <flint/fmpz.h>

#include <cmath>
#include <cstdlib>

namespace hone::math {
namespace {

constexpr double kLog2Of10 = 3.3219280948873626;

// FLINT keeps large numbers in a pool for each thread, which the thread hands back when it ends.
struct PoolOfThread {
  PoolOfThread() = default;
  PoolOfThread(const PoolOfThread&) = delete;
  PoolOfThread& operator=(const PoolOfThread&) = delete;
  ~PoolOfThread() { flint_cleanup(); }
};

void KeepPool() {
  static thread_local const PoolOfThread pool;
  static_cast<void>(&pool);
}

// Products of numbers of n words cost somewhat less than n^2 steps.
bool SpendOn(int64_t bits, Budget* budget) {
  const int64_t words = bits / 64 + 1;
  return budget->Spend(words < 32 ? words : words * 8);
}

}  // namespace

std::optional<Fraction> Fraction::FromDigits(absl::string_view digits, int64_t exponent, int base,
                                             Budget* budget) {
  KeepPool();
  const double bits =
      (static_cast<double>(digits.size()) + std::abs(static_cast<double>(exponent))) * kLog2Of10;
  if (bits > kMaxFractionBits || !SpendOn(static_cast<int64_t>(4 * bits), budget)) {
    return std::nullopt;
  }
  Fraction value;
  if (digits.size() <= 17 && base == 10) {
    int64_t small = 0;
    for (const char c : digits) small = 10 * small + (c - '0');
    fmpq_set_si(value.value_, small, 1);
  } else if (fmpz_set_str(fmpq_numref(value.value_), std::string(digits).c_str(), base) != 0) {
    return std::nullopt;
  }
  if (exponent == 0) return value;
  Fraction power(10);
  fmpq_pow_si(power.value_, power.value_, exponent);
  fmpq_mul(value.value_, value.value_, power.value_);
  return value;
}

std::optional<Fraction> Fraction::Add(const Fraction& a, const Fraction& b, Budget* budget) {
  const int64_t bits = a.bits() + b.bits();
  if (bits > kMaxFractionBits || !SpendOn(bits, budget)) return std::nullopt;
  Fraction sum;
  fmpq_add(sum.value_, a.value_, b.value_);
  return sum;
}

std::optional<Fraction> Fraction::Multiply(const Fraction& a, const Fraction& b, Budget* budget) {
  const int64_t bits = a.bits() + b.bits();
  if (bits > kMaxFractionBits || !SpendOn(bits, budget)) return std::nullopt;
  Fraction product;
  fmpq_mul(product.value_, a.value_, b.value_);
  return product;
}

std::optional<Fraction> Fraction::Power(const Fraction& base, const Fraction& exponent,
                                        Budget* budget) {
  if (!exponent.is_integer()) {
    // a^(p/q) = (the q-th root of a)^p for a that is not negative.
    Fraction degree, power;
    fmpz_set(fmpq_numref(degree.value_), fmpq_denref(exponent.value_));
    fmpz_set(fmpq_numref(power.value_), fmpq_numref(exponent.value_));
    const std::optional<int64_t> n = degree.ToInt();
    if (!n || base.sign() < 0) return std::nullopt;
    const std::optional<Fraction> root = Root(base, *n, budget);
    return root ? Power(*root, power, budget) : std::nullopt;
  }
  if (base.is_one() || exponent.is_zero()) return Fraction(1);
  const std::optional<int64_t> n = exponent.ToInt();
  if (base.is_zero())
    return exponent.sign() > 0 ? std::optional<Fraction>(Fraction()) : std::nullopt;
  if (base == Fraction(-1)) {
    return Fraction(fmpz_is_even(fmpq_numref(exponent.value_)) != 0 ? 1 : -1);
  }
  if (!n || std::llabs(*n) > kMaxFractionBits) return std::nullopt;
  const int64_t bits = base.bits() * std::llabs(*n);
  if (bits > kMaxFractionBits || !SpendOn(2 * bits, budget)) return std::nullopt;
  Fraction power;
  fmpq_pow_si(power.value_, base.value_, *n);
  return power;
}

std::optional<Fraction> Fraction::Root(const Fraction& value, int64_t n, Budget* budget) {
  if (n < 2 || n > kMaxFractionBits || (value.sign() < 0 && n % 2 == 0)) return std::nullopt;
  if (!SpendOn(8 * value.bits(), budget)) return std::nullopt;
  Fraction root;
  for (const bool upper : {true, false}) {
    fmpz* target = upper ? fmpq_numref(root.value_) : fmpq_denref(root.value_);
    const fmpz* source = upper ? fmpq_numref(value.value_) : fmpq_denref(value.value_);
    if (fmpz_root(target, source, static_cast<slong>(n)) == 0) return std::nullopt;
  }
  return root;
}

std::optional<Fraction> Fraction::Factorial(const Fraction& n, Budget* budget) {
  const std::optional<int64_t> number = n.ToInt();
  if (!number || *number < 0 || *number > 5000) return std::nullopt;
  if (!budget->Spend(*number * (1 + *number / 100))) return std::nullopt;
  Fraction result;
  fmpz_fac_ui(fmpq_numref(result.value_), static_cast<ulong>(*number));
  return result;
}

std::optional<Fraction> Fraction::Binomial(const Fraction& n, const Fraction& k, Budget* budget) {
  const std::optional<int64_t> a = n.ToInt(), b = k.ToInt();
  if (!a || !b || *a < 0 || *a > 10000 || *b < 0) return std::nullopt;
  if (!budget->Spend(*a * (1 + *a / 100))) return std::nullopt;
  Fraction result;
  fmpz_bin_uiui(fmpq_numref(result.value_), static_cast<ulong>(*a), static_cast<ulong>(*b));
  return result;
}

Fraction Fraction::Negated() const {
  Fraction result;
  fmpq_neg(result.value_, value_);
  return result;
}

Fraction Fraction::Inverse() const {
  Fraction result;
  fmpq_inv(result.value_, value_);
  return result;
}

Fraction Fraction::Floor() const {
  Fraction result;
  fmpz_fdiv_q(fmpq_numref(result.value_), fmpq_numref(value_), fmpq_denref(value_));
  return result;
}

Fraction Fraction::Ceiling() const { return Negated().Floor().Negated(); }

bool Fraction::Terminates() const {
  fmpz_t rest, factor;
  fmpz_init_set(rest, fmpq_denref(value_));
  fmpz_init(factor);
  for (const ulong prime : {2, 5}) {
    fmpz_set_ui(factor, prime);
    fmpz_remove(rest, rest, factor);
  }
  const bool terminates = fmpz_is_one(rest) != 0;
  fmpz_clear(rest);
  fmpz_clear(factor);
  return terminates;
}

std::optional<int64_t> Fraction::ToInt() const {
  if (!is_integer() || fmpz_fits_si(fmpq_numref(value_)) == 0) return std::nullopt;
  return fmpz_get_si(fmpq_numref(value_));
}

std::string Fraction::ToString() const {
  char* text = fmpq_get_str(nullptr, 10, value_);
  std::string copy = text;
  flint_free(text);
  return copy;
}

}  // namespace hone::math
