// The repetition reward: a penalty for saying the same again. Of the completion's runs of `ngram`
// pieces in a row (words, digits and signs: reward/pieces.h), the share that stood there before:
//   reward = different runs / runs - 1, from 0 (none was there before) towards -1
// (the n-gram penalty of Yeo et al. 2025, arXiv 2502.03373, as a share). Of a completion longer
// than 1 MiB only the first is looked at. Outcome: `correct` without a repetition, else
// `incorrect`.
#ifndef HONE_REWARD_REPETITION_H_
#define HONE_REWARD_REPETITION_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

std::unique_ptr<Verifier> MakeRepetitionVerifier(const RepetitionSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_REPETITION_H_
