// Guesses how a sample goes on, from where its last tokens have stood before: in its own text, in
// its prompt, or in what the other samples of its group have so far. A guess is only ever a
// proposal: the engine draws each token itself and keeps a draft as far as it is what was drawn.
// Thread safety: none; the engine's thread owns it.
#ifndef HONE_ROLLOUT_ENGINE_DRAFT_INDEX_H_
#define HONE_ROLLOUT_ENGINE_DRAFT_INDEX_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace hone {

class DraftIndex {
 public:
  // So many last tokens must agree.
  static constexpr int64_t kContext = 3;

  // Learns the tokens of `text` that are new since the last call for this source, which numbers the
  // texts of a group from 0. A text only grows.
  void Learn(int source, absl::Span<const int32_t> text);

  // Puts up to `max` tokens into `draft` that followed the text's last tokens where they stood most
  // recently; returns how many.
  int Propose(absl::Span<const int32_t> text, int max, int32_t* draft) const;

 private:
  struct Place {
    int32_t source;
    int32_t position;  // of the token that followed
  };

  std::vector<std::vector<int32_t>> texts_;             // [sources]
  absl::flat_hash_map<uint64_t, Place> continuations_;  // by the tokens before
};

}  // namespace hone

#endif  // HONE_ROLLOUT_ENGINE_DRAFT_INDEX_H_
