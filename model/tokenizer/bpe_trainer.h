// Learns byte-pair merges (Sennrich, Haddow, Birch 2016) from counted words.
#ifndef HONE_MODEL_TOKENIZER_BPE_TRAINER_H_
#define HONE_MODEL_TOKENIZER_BPE_TRAINER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hone {

struct TrainingWord {
  std::vector<int32_t> symbols;
  int64_t count = 0;
};

struct BpeVocabulary {
  std::vector<std::string> tokens;                  // bytes, by id
  std::vector<std::pair<int32_t, int32_t>> merges;  // ids, by rank
};

// Merges the most frequent pair, of equals the smaller (left id, then right id), until there are
// `num_tokens` tokens or no pair occurs twice. The order of `words` does not matter.
BpeVocabulary LearnMerges(std::vector<std::string> base_tokens, std::vector<TrainingWord> words,
                          int num_tokens);

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_BPE_TRAINER_H_
