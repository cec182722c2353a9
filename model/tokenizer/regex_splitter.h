// Splits text by a regular expression of a tokenizer.json, as its Oniguruma engine would. Character
// classes are those of PCRE2's Unicode version (14 in PCRE2 10.42); to it, later characters are
// unassigned ones.
// Thread safety: const methods may be called from several threads.
#ifndef HONE_MODEL_TOKENIZER_REGEX_SPLITTER_H_
#define HONE_MODEL_TOKENIZER_REGEX_SPLITTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

class RegexSplitter {
 public:
  // Patterns whose meaning could differ between Oniguruma and PCRE2 are refused, as are ones that
  // match the empty string.
  static StatusOr<RegexSplitter> Compile(absl::string_view pattern);

  RegexSplitter(RegexSplitter&&) noexcept;
  RegexSplitter& operator=(RegexSplitter&&) noexcept;
  ~RegexSplitter();

  // Appends the matches and, unless `only_matches`, the stretches between them, in order. `text`
  // must be valid UTF-8. Fails (ResourceExhausted) when a match takes more steps than a sane
  // pattern needs.
  Status Split(absl::string_view text, bool only_matches,
               std::vector<absl::string_view>* pieces) const;

 private:
  struct Program;
  explicit RegexSplitter(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace hone

#endif  // HONE_MODEL_TOKENIZER_REGEX_SPLITTER_H_
