// A rational number of any size, exactly: ± digits × 10^exponent / denominator, in the one form
// that is in lowest terms. So equal numbers have equal parts, and nothing is ever expanded:
// 1e999999999 costs as little as 1.
#ifndef HONE_REWARD_EXACT_NUMBER_H_
#define HONE_REWARD_EXACT_NUMBER_H_

#include <cstdint>
#include <string>

namespace hone {

class ExactNumber {
 public:
  ExactNumber() = default;  // 0
  // `digits`: decimal digits only, any number of them. `denominator` is not 0. Time: proportional
  // to the digits.
  ExactNumber(bool negative, std::string digits, int64_t exponent, uint64_t denominator);

  // The number times 10^n.
  ExactNumber Shifted(int64_t n) const;

  // One text for each number: "18", "-1.5", "7/3", "1e999999999".
  std::string ToString() const;

  friend bool operator==(const ExactNumber&, const ExactNumber&) = default;

 private:
  void StripTrailingZeros();

  bool negative_ = false;
  std::string digits_ = "0";  // no zero at either end, but for 0 itself
  int64_t exponent_ = 0;
  uint64_t denominator_ = 1;  // shares no factor with 10 nor with the digits
};

}  // namespace hone

#endif  // HONE_REWARD_EXACT_NUMBER_H_
