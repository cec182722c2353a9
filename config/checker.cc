#include "config/checker.h"

#include "absl/strings/str_cat.h"
#include "config/nearest.h"
#include "config/scalar.h"
#include "config/yaml_tree.h"

namespace hone {
namespace {

std::string MustBe(absl::string_view constraint, absl::string_view found) {
  return absl::StrCat("must be ", constraint, ", found ", found);
}

}  // namespace

void Checker::Require(bool holds, const std::string& path, absl::string_view message) {
  if (holds || !status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(where_(path), ": ", path, " ", message));
}

void Checker::AtLeast(const std::string& path, int64_t value, int64_t low) {
  Require(value >= low, path, MustBe(absl::StrCat("at least ", low), absl::StrCat(value)));
}

void Checker::Between(const std::string& path, int64_t value, int64_t low, int64_t high) {
  Require(value >= low && value <= high, path,
          MustBe(absl::StrCat("from ", low, " to ", high), absl::StrCat(value)));
}

void Checker::MultipleOf(const std::string& path, int64_t value, int64_t unit) {
  Require(value % unit == 0, path,
          MustBe(absl::StrCat("a multiple of ", unit), absl::StrCat(value)));
}

void Checker::NotNegative(const std::string& path, double value) {
  Require(value >= 0, path, MustBe("at least 0", WriteScalar(value)));
}

void Checker::Positive(const std::string& path, double value) {
  Require(value > 0, path, MustBe("above 0", WriteScalar(value)));
}

void Checker::Fraction(const std::string& path, double value) {
  Require(value >= 0 && value <= 1, path, MustBe("from 0 to 1", WriteScalar(value)));
}

void Checker::OneOf(const std::string& path, const std::string& value,
                    const std::vector<std::string>& valid) {
  for (const std::string& one : valid) {
    if (value == one) return;
  }
  Require(false, path,
          absl::StrCat("has the unknown value ", Quote(value), Suggestion(value, valid)));
}

}  // namespace hone
