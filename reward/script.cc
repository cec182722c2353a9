#include "reward/script.h"

#include <algorithm>
#include <iterator>

namespace hone {
namespace {

struct Block {
  int32_t first, last;
  Script script;
};

// In order.
constexpr Block kBlocks[] = {
    {0x0041, 0x024F, Script::kLatin},    {0x0250, 0x02AF, Script::kLatin},
    {0x0370, 0x03FF, Script::kGreek},    {0x0400, 0x052F, Script::kCyrillic},
    {0x0531, 0x058F, Script::kArmenian}, {0x0591, 0x05FF, Script::kHebrew},
    {0x0600, 0x06FF, Script::kArabic},   {0x0750, 0x077F, Script::kArabic},
    {0x08A0, 0x08FF, Script::kArabic},   {0x0900, 0x097F, Script::kDevanagari},
    {0x0980, 0x09FF, Script::kBengali},  {0x0B80, 0x0BFF, Script::kTamil},
    {0x0C00, 0x0C7F, Script::kTelugu},   {0x0E00, 0x0E7F, Script::kThai},
    {0x10A0, 0x10FF, Script::kGeorgian}, {0x1100, 0x11FF, Script::kHangul},
    {0x1C80, 0x1C8F, Script::kCyrillic}, {0x1E00, 0x1EFF, Script::kLatin},
    {0x1F00, 0x1FFF, Script::kGreek},    {0x2DE0, 0x2DFF, Script::kCyrillic},
    {0x3005, 0x3007, Script::kHan},      {0x3040, 0x30FF, Script::kKana},
    {0x3130, 0x318F, Script::kHangul},   {0x31F0, 0x31FF, Script::kKana},
    {0x3400, 0x4DBF, Script::kHan},      {0x4E00, 0x9FFF, Script::kHan},
    {0xA640, 0xA69F, Script::kCyrillic}, {0xA720, 0xA7FF, Script::kLatin},
    {0xA960, 0xA97F, Script::kHangul},   {0xAC00, 0xD7FF, Script::kHangul},
    {0xF900, 0xFAFF, Script::kHan},      {0xFB00, 0xFB06, Script::kLatin},
    {0xFB1D, 0xFB4F, Script::kHebrew},   {0xFB50, 0xFDFF, Script::kArabic},
    {0xFE70, 0xFEFF, Script::kArabic},   {0xFF21, 0xFF5A, Script::kLatin},
    {0xFF66, 0xFF9D, Script::kKana},     {0xFFA0, 0xFFDC, Script::kHangul},
    {0x20000, 0x323AF, Script::kHan},
};

}  // namespace

Script ScriptOf(int32_t code_point) {
  const Block* block = std::upper_bound(std::begin(kBlocks), std::end(kBlocks), code_point,
                                        [](int32_t c, const Block& one) { return c < one.first; });
  if (block == std::begin(kBlocks)) return Script::kOther;
  --block;
  return code_point <= block->last ? block->script : Script::kOther;
}

}  // namespace hone
