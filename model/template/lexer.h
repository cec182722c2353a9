// A template's text in tokens, with Jinja's rules for white space: one newline at the very end is
// dropped, one after a block or a comment too (trim_blocks), and blanks before them if they stand
// first in their line (lstrip_blocks); "-" at a tag's end takes all white space there, "+" keeps
// it.
#ifndef HONE_MODEL_TEMPLATE_LEXER_H_
#define HONE_MODEL_TEMPLATE_LEXER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone::jinja {

struct Token {
  enum class Kind {
    kText,        // outside tags
    kBlockBegin,  // {%
    kBlockEnd,    // %}
    kPrintBegin,  // {{
    kPrintEnd,    // }}
    kName,
    kString,    // text is the value
    kInteger,   // text is as written, without "_"
    kFloat,     // likewise
    kOperator,  // text is the operator
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;
  int line = 0;
};

// Ends in one kEnd. Errors start with "line N: ".
StatusOr<std::vector<Token>> Tokenize(absl::string_view source);

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_LEXER_H_
