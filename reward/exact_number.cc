#include "reward/exact_number.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

__extension__ using Uint128 = unsigned __int128;

// The longest text without an exponent.
constexpr int64_t kMaxPlainZeros = 30;

void MultiplyBy(uint32_t factor, std::string* digits) {
  uint32_t carry = 0;
  for (size_t i = digits->size(); i-- > 0;) {
    const uint32_t product = static_cast<uint32_t>((*digits)[i] - '0') * factor + carry;
    (*digits)[i] = static_cast<char>('0' + product % 10);
    carry = product / 10;
  }
  if (carry > 0) digits->insert(0, absl::StrCat(carry));
}

// Divides, leading zeros dropped, and returns the remainder.
uint64_t DivideBy(uint64_t divisor, std::string* digits) {
  Uint128 rest = 0;
  for (char& digit : *digits) {
    rest = rest * 10 + static_cast<uint64_t>(digit - '0');
    digit = static_cast<char>('0' + static_cast<int>(rest / divisor));
    rest %= divisor;
  }
  digits->erase(0, std::min(digits->find_first_not_of('0'), digits->size()));
  return static_cast<uint64_t>(rest);
}

}  // namespace

ExactNumber::ExactNumber(bool negative, std::string digits, int64_t exponent, uint64_t denominator)
    : negative_(negative),
      digits_(std::move(digits)),
      exponent_(exponent),
      denominator_(denominator) {
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  if (digits_.empty()) {
    *this = ExactNumber();
    return;
  }
  StripTrailingZeros();
  // 1/2 = 5/10 and 1/5 = 2/10: factors that the denominator shares with 10 become a power of 10.
  for (const uint64_t factor : {2, 5}) {
    for (; denominator_ % factor == 0; denominator_ /= factor, --exponent_) {
      MultiplyBy(static_cast<uint32_t>(10 / factor), &digits_);
    }
  }
  StripTrailingZeros();
  std::string quotient = digits_;
  const uint64_t common = std::gcd(DivideBy(denominator_, &quotient), denominator_);
  DivideBy(common, &digits_);
  denominator_ /= common;
}

void ExactNumber::StripTrailingZeros() {
  const size_t size = digits_.find_last_not_of('0') + 1;
  exponent_ += static_cast<int64_t>(digits_.size() - size);
  digits_.resize(size);
}

ExactNumber ExactNumber::Shifted(int64_t n) const {
  ExactNumber shifted = *this;
  if (digits_ != "0") shifted.exponent_ += n;
  return shifted;
}

std::string ExactNumber::ToString() const {
  const int64_t size = static_cast<int64_t>(digits_.size());
  std::string text = negative_ ? "-" : "";
  if (exponent_ >= 0 && exponent_ <= kMaxPlainZeros) {
    absl::StrAppend(&text, digits_, std::string(exponent_, '0'));
  } else if (exponent_ < 0 && exponent_ >= -size - kMaxPlainZeros) {
    const int64_t zeros = std::max<int64_t>(0, -exponent_ - size + 1);
    const std::string all = absl::StrCat(std::string(zeros, '0'), digits_);
    const absl::string_view view = all;
    const size_t point = all.size() + exponent_;
    absl::StrAppend(&text, view.substr(0, point), ".", view.substr(point));
  } else {
    absl::StrAppend(&text, digits_, "e", exponent_);
  }
  if (denominator_ > 1) absl::StrAppend(&text, "/", denominator_);
  return text;
}

}  // namespace hone
