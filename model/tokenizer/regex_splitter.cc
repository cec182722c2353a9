#include "model/tokenizer/regex_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr uint32_t kMatchLimit = 10'000'000;
constexpr uint32_t kHeapLimitKib = 64 << 10;

std::string ErrorText(int code) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(code, buffer, sizeof(buffer));
  return reinterpret_cast<const char*>(buffer);
}

Status PatternError(absl::string_view pattern, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("regular expression ", pattern, " ", problem));
}

// The pattern in PCRE2's words. Oniguruma's \s is Unicode's White_Space; PCRE2's adds U+180E.
// Everything else that is let through means the same in both.
StatusOr<std::string> Translate(absl::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size()) return PatternError(pattern, "ends in a backslash");
      const char escaped = pattern[i];
      if (escaped == 's' || escaped == 'S') {
        out += escaped == 's' ? "\\p{White_Space}" : "\\P{White_Space}";
        continue;
      }
      if (absl::ascii_isalnum(escaped) && !absl::StrContains("pPrntdD", std::string(1, escaped))) {
        return PatternError(pattern,
                            absl::StrCat("uses \\", std::string(1, escaped),
                                         "; supported: \\s \\S \\p \\P \\r \\n \\t \\d \\D"));
      }
      out += c;
      out += escaped;
      continue;
    }
    if (in_class && (c == '[' || pattern.substr(i, 2) == "&&")) {
      return PatternError(pattern, "nests character classes, which is not supported");
    }
    if (c == '[') {
      in_class = true;
      // A "]" that stands first in a class is a plain character to PCRE2 only.
      const size_t first = pattern.substr(i + 1, 1) == "^" ? i + 2 : i + 1;
      if (pattern.substr(first, 1) == "]") {
        return PatternError(pattern, "has an unescaped ] first in a character class");
      }
    } else if (c == ']') {
      in_class = false;
    }
    out += c;
  }
  return out;
}

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

}  // namespace

struct RegexSplitter::Program {
  std::string pattern;
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::unique_ptr<pcre2_match_context, FreeContext> context;
};

RegexSplitter::RegexSplitter(std::unique_ptr<Program> program) : program_(std::move(program)) {}
RegexSplitter::RegexSplitter(RegexSplitter&&) noexcept = default;
RegexSplitter& RegexSplitter::operator=(RegexSplitter&&) noexcept = default;
RegexSplitter::~RegexSplitter() = default;

StatusOr<RegexSplitter> RegexSplitter::Compile(absl::string_view pattern) {
  HONE_ASSIGN_OR_RETURN(const std::string translated, Translate(pattern));
  auto program = std::make_unique<Program>();
  program->pattern = std::string(pattern);
  int error = 0;
  PCRE2_SIZE offset = 0;
  // In Oniguruma's Ruby syntax ^ and $ always mean lines.
  program->code.reset(pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr));
  if (program->code == nullptr) return PatternError(pattern, ErrorText(error));
  uint32_t matches_empty = 0;
  pcre2_pattern_info(program->code.get(), PCRE2_INFO_MATCHEMPTY, &matches_empty);
  if (matches_empty != 0) return PatternError(pattern, "matches the empty string");
  // Without JIT (unsupported CPU) matching is slower and means the same.
  pcre2_jit_compile(program->code.get(), PCRE2_JIT_COMPLETE);
  program->context.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(program->context.get(), kMatchLimit);
  pcre2_set_heap_limit(program->context.get(), kHeapLimitKib);
  return RegexSplitter(std::move(program));
}

Status RegexSplitter::Split(absl::string_view text, bool only_matches,
                            std::vector<absl::string_view>* pieces) const {
  const std::unique_ptr<pcre2_match_data, FreeData> match(pcre2_match_data_create(1, nullptr));
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t done = 0;  // bytes in `pieces` already
  while (done < text.size()) {
    int result = pcre2_match(program_->code.get(), subject, text.size(), done, PCRE2_NO_UTF_CHECK,
                             match.get(), program_->context.get());
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
      result = pcre2_match(program_->code.get(), subject, text.size(), done,
                           PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match.get(), program_->context.get());
    }
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) {
      return absl::ResourceExhaustedError(absl::StrCat("the tokenizer's pattern ",
                                                       program_->pattern, " on ", text.size(),
                                                       " bytes of text: ", ErrorText(result)));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    if (bounds[0] > done && !only_matches) pieces->push_back(text.substr(done, bounds[0] - done));
    pieces->push_back(text.substr(bounds[0], bounds[1] - bounds[0]));
    done = bounds[1];
  }
  if (done < text.size() && !only_matches) pieces->push_back(text.substr(done));
  return absl::OkStatus();
}

}  // namespace hone
