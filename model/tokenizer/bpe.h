// Byte-pair merges: the pair of the lowest rank first, the leftmost of equals.
// Thread safety: const methods may be called from several threads.
#ifndef HONE_MODEL_TOKENIZER_BPE_H_
#define HONE_MODEL_TOKENIZER_BPE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"

namespace hone {

struct BpeMerge {
  int32_t left = 0;
  int32_t right = 0;
  int32_t merged = 0;
};

class Bpe {
 public:
  // `byte_ids`: the token of each byte, -1 where the vocabulary has none. `merges` in the order of
  // rank. `whole_words`: texts that are one token whatever the merges say (ignore_merges).
  Bpe(const std::array<int32_t, 256>& byte_ids, const std::vector<BpeMerge>& merges,
      absl::flat_hash_map<std::string, int32_t> whole_words);

  // Appends the tokens of one pre-token. Fails when it has a byte without a token.
  Status Encode(absl::string_view word, std::vector<int32_t>* tokens) const;

 private:
  struct Merge {
    int32_t rank;
    int32_t merged;
  };
  const Merge* Find(int32_t left, int32_t right) const;
  void MergeShort(std::vector<int32_t>* symbols) const;
  void MergeLong(std::vector<int32_t>* symbols) const;

  std::array<int32_t, 256> byte_ids_;
  absl::flat_hash_map<std::pair<int32_t, int32_t>, Merge> merges_;
  absl::flat_hash_map<std::string, int32_t> whole_words_;

  // Words met before. Filled up to a bound and then left alone: text repeats its frequent words.
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, std::vector<int32_t>> cache_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_BPE_H_
