#include "model/tokenizer/character_class.h"

#include <map>
#include <string>

#include "model/tokenizer/character_table.h"

namespace hone {

const CharacterTable& CharacterTable::Get() {
  static const auto& table = *new CharacterTable();
  return table;
}

CharacterTable::CharacterTable() {
  std::map<std::string, uint32_t> known;
  std::string page(size_t{1} << kPageBits, '\0');
  int run = 0;
  for (uint32_t number = 0; number < kNumPages; ++number) {
    for (uint32_t i = 0; i < page.size(); ++i) {
      const uint32_t point = (number << kPageBits) + i;
      while (run + 1 < kNumCharacterRuns && kCharacterRuns[run + 1] >> 8 <= point) ++run;
      page[i] = static_cast<char>(kCharacterRuns[run] & 0xff);
    }
    const auto [place, is_new] = known.emplace(page, static_cast<uint32_t>(pages_.size()));
    if (is_new) pages_.insert(pages_.end(), page.begin(), page.end());
    page_begin_[number] = place->second;
  }
}

}  // namespace hone
