// Constraints on single values, each with its message. The first that does not hold is kept.
#ifndef HONE_CONFIG_CHECKER_H_
#define HONE_CONFIG_CHECKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

class Checker {
 public:
  // `where` names the place of a dotted path; it must outlive the checker.
  explicit Checker(absl::FunctionRef<std::string(absl::string_view path)> where) : where_(where) {}

  const Status& status() const { return status_; }

  // The general form: records "where: path message" unless `holds`.
  void Require(bool holds, const std::string& path, absl::string_view message);

  void AtLeast(const std::string& path, int64_t value, int64_t low);
  void Between(const std::string& path, int64_t value, int64_t low, int64_t high);
  void MultipleOf(const std::string& path, int64_t value, int64_t unit);

  // Doubles: 0 or more, above 0, from 0 to 1.
  void NotNegative(const std::string& path, double value);
  void Positive(const std::string& path, double value);
  void Fraction(const std::string& path, double value);

  void OneOf(const std::string& path, const std::string& value,
             const std::vector<std::string>& valid);

 private:
  absl::FunctionRef<std::string(absl::string_view path)> where_;
  Status status_;
};

}  // namespace hone

#endif  // HONE_CONFIG_CHECKER_H_
