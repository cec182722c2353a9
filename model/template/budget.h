// What a template may spend. A step of the interpreter and each byte or element that it makes or
// looks through cost a little, so neither time nor memory can grow without end.
#ifndef HONE_MODEL_TEMPLATE_BUDGET_H_
#define HONE_MODEL_TEMPLATE_BUDGET_H_

#include <cstddef>

#include "absl/status/status.h"
#include "base/status.h"

namespace hone::jinja {

class Budget {
 public:
  explicit Budget(size_t units) : left_(units) {}

  // ResourceExhausted when there is less left.
  Status Spend(size_t units) {
    if (units > left_) {
      left_ = 0;
      return absl::ResourceExhaustedError(
          "the template does more work than any chat needs; is a loop or a text growing?");
    }
    left_ -= units;
    return absl::OkStatus();
  }

  static constexpr size_t kStep = 16;     // one expression or statement
  static constexpr size_t kElement = 32;  // one element of a list or dict; a byte of text costs 1

 private:
  size_t left_;
};

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_BUDGET_H_
