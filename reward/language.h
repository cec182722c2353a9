// The language reward, R1's language consistency: the share of the completion's words, its thoughts
// included, that are of the target language (DeepSeek-R1, arXiv 2501.12948, section 2.3.2: the
// proportion of target language words).
//
// Words are runs of letters of one script; of scripts without spaces (Chinese, Japanese, Thai) each
// letter is one. Left out: code between ``` or `, formulas (of them only Latin and Greek letters,
// what else stands in \text{} counts), commands, tags, addresses, names with digits or underscores,
// and single Latin or Greek letters. A language with a script of its own is known by it: Chinese is
// Han, Japanese is kana, and Han where at least one letter in twenty is kana. Languages in the
// Latin script are told apart by their commonest words (function_words.h), twenty words at a time:
// those count for the target if no other language has more of its words among them. Without any
// they count for it too, if they are fewer than ten.
//
// Known limits: languages that share a script other than Latin are not told apart, nor Latin ones
// without a list; foreign words among twenty pass as words of the target.
//   correct      reward 1: all words are of the language
//   incorrect    reward in [0, 1): the share
//   unparseable  reward 0: no words
#ifndef HONE_REWARD_LANGUAGE_H_
#define HONE_REWARD_LANGUAGE_H_

#include <memory>

#include "reward/verifier.h"

namespace hone {

// InvalidArgument for a language that is not known.
StatusOr<std::unique_ptr<Verifier>> MakeLanguageVerifier(const LanguageSpec& spec);

}  // namespace hone

#endif  // HONE_REWARD_LANGUAGE_H_
