#include "reward/repetition.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "base/hash.h"
#include "reward/pieces.h"

namespace hone {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr uint64_t kBase = 0x9E3779B97F4A7C15;  // odd

// The hash of each run of `length` pieces: a polynomial in kBase, modulo 2^64, mixed.
std::vector<uint64_t> RunHashes(const std::vector<Piece>& pieces, size_t length) {
  std::vector<uint64_t> hashes;
  if (pieces.size() < length) return hashes;
  absl::flat_hash_map<absl::string_view, uint64_t> numbers;  // of the pieces, as they come
  std::vector<uint64_t> values;
  values.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    values.push_back(Mix64(numbers.emplace(piece.text, numbers.size() + 1).first->second));
  }
  uint64_t first_power = 1;  // kBase^(length - 1): the weight of the run's first piece
  for (size_t i = 1; i < length; ++i) first_power *= kBase;
  uint64_t hash = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i >= length) hash -= values[i - length] * first_power;
    hash = hash * kBase + values[i];
    if (i + 1 >= length) hashes.push_back(Mix64(hash));
  }
  return hashes;
}

class RepetitionVerifier : public Verifier {
 public:
  explicit RepetitionVerifier(const RepetitionSpec& spec) : spec_(spec) {}

  Verdict Judge(absl::string_view prompt, absl::string_view completion,
                absl::string_view answer) const override {
    const std::vector<uint64_t> runs =
        RunHashes(CutIntoPieces(completion.substr(0, kMaxBytes)), static_cast<size_t>(spec_.ngram));
    const absl::flat_hash_set<uint64_t> different(runs.begin(), runs.end());
    const double repeated = static_cast<double>(runs.size() - different.size());
    const double share = runs.empty() ? 0.0 : repeated / static_cast<double>(runs.size());
    return {.outcome = repeated == 0 ? Outcome::kCorrect : Outcome::kIncorrect,
            .reward = repeated == 0 ? 0.0 : -share,
            .detail = absl::StrFormat("%.1f%% repeated", 100 * share)};
  }

 private:
  const RepetitionSpec spec_;
};

}  // namespace

std::unique_ptr<Verifier> MakeRepetitionVerifier(const RepetitionSpec& spec) {
  return std::make_unique<RepetitionVerifier>(spec);
}

}  // namespace hone
