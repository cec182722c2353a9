// The writing systems that letters belong to, by Unicode's blocks.
#ifndef HONE_REWARD_SCRIPT_H_
#define HONE_REWARD_SCRIPT_H_

#include <cstdint>

namespace hone {

enum class Script {
  kOther,
  kLatin,
  kGreek,
  kCyrillic,
  kArmenian,
  kHebrew,
  kArabic,
  kDevanagari,
  kBengali,
  kTamil,
  kTelugu,
  kThai,
  kGeorgian,
  kHangul,
  kKana,
  kHan,
};

// kOther for a letter of any other script. Only meant for letters.
Script ScriptOf(int32_t code_point);

// Whether words stand without spaces between them, so that each letter counts for itself.
inline bool IsUnspaced(Script script) {
  return script == Script::kHan || script == Script::kKana || script == Script::kThai;
}

}  // namespace hone

#endif  // HONE_REWARD_SCRIPT_H_
