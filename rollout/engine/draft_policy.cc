#include "rollout/engine/draft_policy.h"

#include <algorithm>

namespace hone {
namespace {

constexpr double kPassMemory = 0.99;    // of one pass to the next
constexpr double kGuessMemory = 0.999;  // of one guess to the next
constexpr double kMinGuesses = 32;
// Guessing must promise so much to be worth the risk that the estimates are off.
constexpr double kMinGain = 1.05;

}  // namespace

void DraftPolicy::ObservePass(int64_t rows, double seconds) {
  const double r = static_cast<double>(rows);
  for (double* sum : {&weight_, &rows_, &seconds_, &rows_rows_, &rows_seconds_}) {
    *sum *= kPassMemory;
  }
  weight_ += 1;
  rows_ += r;
  seconds_ += seconds;
  rows_rows_ += r * r;
  rows_seconds_ += r * seconds;
}

void DraftPolicy::ObserveGuess(bool right) {
  guesses_ = guesses_ * kGuessMemory + 1;
  right_ = right_ * kGuessMemory + (right ? 1 : 0);
}

DraftPolicy::Cost DraftPolicy::PassCost() const {
  const double mean_rows = rows_ / weight_, mean_seconds = seconds_ / weight_;
  // Where all passes had as many rows, nothing is known: then as if all cost came from rows.
  Cost cost{0, mean_seconds / mean_rows};
  const double variance = rows_rows_ / weight_ - mean_rows * mean_rows;
  if (variance < 1e-6 * mean_rows * mean_rows) return cost;
  cost.slope = std::max(0.0, (rows_seconds_ / weight_ - mean_rows * mean_seconds) / variance);
  cost.fixed = std::max(0.0, mean_seconds - cost.slope * mean_rows);
  return cost;
}

int DraftPolicy::Length(int64_t rows, int64_t drafting) const {
  if (guesses_ < kMinGuesses || drafting == 0 || weight_ < 2) return 0;
  const double share = right_ / guesses_;
  const Cost cost = PassCost();
  const double n = static_cast<double>(rows), m = static_cast<double>(drafting);
  int best = 0;
  double best_rate = kMinGain * n / (cost.fixed + cost.slope * n);
  double gained = 0, power = 1;
  for (int k = 1; k <= kMaxDraft; ++k) {
    power *= share;
    gained += power;
    const double rate = (n + m * gained) / (cost.fixed + cost.slope * (n + m * k));
    if (rate > best_rate) {
      best = k;
      best_rate = rate;
    }
  }
  return best;
}

}  // namespace hone
