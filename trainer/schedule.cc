#include "trainer/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hone {

double LearningRate(const OptimizerSpec& spec, int64_t step, int64_t total) {
  if (step < spec.warmup_steps) {
    return spec.lr * static_cast<double>(step + 1) / static_cast<double>(spec.warmup_steps);
  }
  const int64_t rest = total - spec.warmup_steps;
  if (spec.schedule == "constant" || rest <= 1) return spec.lr;
  const double x =
      std::min(1.0, static_cast<double>(step - spec.warmup_steps) / static_cast<double>(rest - 1));
  const double left =
      spec.schedule == "cosine" ? 0.5 * (1 + std::cos(std::numbers::pi * x)) : 1 - x;
  return spec.lr * (spec.final_lr_fraction + (1 - spec.final_lr_fraction) * left);
}

}  // namespace hone
