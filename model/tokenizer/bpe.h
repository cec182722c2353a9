// Byte-pair merges: the pair of the lowest rank first, the leftmost of equals.
// Thread safety: const methods may be called from several threads; nothing changes once made.
#ifndef HONE_MODEL_TOKENIZER_BPE_H_
#define HONE_MODEL_TOKENIZER_BPE_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/tokenizer/flat_table.h"

namespace hone {

struct BpeMerge {
  int32_t left = 0;
  int32_t right = 0;
  int32_t merged = 0;
};

struct BpeModel {
  std::array<int32_t, 256> byte_ids;  // the token of each byte, -1 where the vocabulary has none
  std::vector<BpeMerge> merges;       // in the order of rank
  std::vector<std::pair<std::string, int32_t>> tokens;  // all others, as bytes
  bool ignore_merges = false;  // a word that is a token becomes it, whatever the merges say
  int32_t unk_id = -1;         // stands for a byte without a token; -1: it is dropped
  bool fuse_unk = false;       // one for a run of such bytes
};

class Bpe {
 public:
  explicit Bpe(BpeModel model);

  // Appends the tokens of one pre-token.
  void Encode(absl::string_view word, std::vector<int32_t>* tokens) const;

 private:
  struct Merge {
    uint32_t rank;  // kNoRank: the pair does not merge
    int32_t merged;
  };
  static constexpr uint32_t kNoRank = UINT32_MAX;

  Merge Find(int32_t left, int32_t right) const;
  std::vector<int32_t> Symbols(absl::string_view word) const;
  void MergeAll(std::vector<int32_t>* symbols) const;
  void MergeShort(std::vector<int32_t>* symbols) const;
  void MergeLong(std::vector<int32_t>* symbols) const;

  BpeModel model_;
  PairTable<Merge> merges_;
  // Words whose tokens are known: those that the merges make one token of, most words of a text.
  WordTable words_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_BPE_H_
