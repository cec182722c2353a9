#include "reward/procedural/check.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reward/number_text.h"
#include "reward/shown.h"

namespace hone {

Verdict Correct(std::string detail) {
  return {.outcome = Outcome::kCorrect, .reward = 1, .detail = std::move(detail)};
}

Verdict Incorrect(std::string detail) {
  return {.outcome = Outcome::kIncorrect, .reward = 0, .detail = std::move(detail)};
}

Verdict Unparseable(absl::string_view text, absl::string_view wanted) {
  return {.outcome = Outcome::kUnparseable,
          .reward = 0,
          .detail = absl::StrCat("the answer \"", Shown(text), "\" is not ", wanted)};
}

StatusOr<int64_t> IntegerMember(const nlohmann::json& record, const char* key) {
  const auto member = record.find(key);
  if (member == record.end() || !member->is_number_integer() ||
      (member->is_number_unsigned() && member->get<uint64_t>() > uint64_t{INT64_MAX})) {
    return absl::InvalidArgumentError(absl::StrCat("`", key, "` must be a whole number"));
  }
  return member->get<int64_t>();
}

StatusOr<std::string> TextMember(const nlohmann::json& record, const char* key) {
  const auto member = record.find(key);
  if (member == record.end() || !member->is_string() ||
      member->get_ref<const std::string&>().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("`", key, "` must be a text"));
  }
  return member->get<std::string>();
}

Verdict CheckInteger(int64_t wanted, absl::string_view text) {
  const StatusOr<NumberText> found = ReadAnswer(text);
  if (!found.ok()) {
    return {.outcome = Outcome::kUnparseable,
            .reward = 0,
            .detail = absl::StrCat("the answer \"", Shown(text), "\": ", found.status().message())};
  }
  const std::string shown = Shown(found->value.ToString());
  if (found->percent) return Incorrect(absl::StrCat(shown, "%, wanted ", wanted));
  const bool negative = wanted < 0;
  const uint64_t size = negative ? -static_cast<uint64_t>(wanted) : static_cast<uint64_t>(wanted);
  if (found->value != ExactNumber(negative, absl::StrCat(size), 0, 1)) {
    return Incorrect(absl::StrCat(shown, ", wanted ", wanted));
  }
  return Correct(shown);
}

absl::string_view Bare(absl::string_view text) {
  constexpr std::pair<absl::string_view, absl::string_view> kEnclosures[] = {
      {"\"", "\""}, {"'", "'"}, {"`", "`"},       {"**", "**"},       {"$", "$"},
      {"“", "”"},   {"‘", "’"}, {"\\text{", "}"}, {"\\texttt{", "}"}, {"\\boxed{", "}"}};
  for (bool found = true; found;) {
    found = false;
    for (const auto& [open, close] : kEnclosures) {
      if (text.size() < open.size() + close.size() || !absl::StartsWith(text, open) ||
          !absl::EndsWith(text, close)) {
        continue;
      }
      const absl::string_view inner =
          text.substr(open.size(), text.size() - open.size() - close.size());
      if (absl::StrContains(inner, close)) continue;  // as in \text{ff}_{16}
      text = absl::StripAsciiWhitespace(inner);
      found = true;
    }
  }
  return text;
}

}  // namespace hone
