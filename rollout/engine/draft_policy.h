// Whether drafts pay, and how long they should be: from what passes cost and how often drafts were
// right. Only speed depends on it, never a result.
// Thread safety: none; the engine's thread owns it.
#ifndef HONE_ROLLOUT_ENGINE_DRAFT_POLICY_H_
#define HONE_ROLLOUT_ENGINE_DRAFT_POLICY_H_

#include <cstdint>

namespace hone {

class DraftPolicy {
 public:
  static constexpr int kMaxDraft = 7;

  // A pass over so many rows took so long.
  void ObservePass(int64_t rows, double seconds);
  // A guessed token, all before which were right, was right or wrong. Guesses are looked at whether
  // or not they went through the model, so their worth is known before any is paid for.
  void ObserveGuess(bool right);

  // Tokens that each of `drafting` sequences should guess in a pass that has `rows` rows without
  // them; 0 where guessing would not be faster. With a share of right guesses a, k guessed tokens
  // give a + a² + … + aᵏ tokens and cost k rows; passes cost fixed + rows × slope.
  int Length(int64_t rows, int64_t drafting) const;

 private:
  // Seconds of a pass: a line through recent ones, by least squares; both terms 0 or more.
  struct Cost {
    double fixed, slope;
  };
  Cost PassCost() const;

  double weight_ = 0, rows_ = 0, seconds_ = 0, rows_rows_ = 0, rows_seconds_ = 0;  // decayed sums
  double guesses_ = 0, right_ = 0;                                                 // decayed counts
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_DRAFT_POLICY_H_
