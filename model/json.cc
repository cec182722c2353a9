#include "model/json.h"

#include <exception>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

// Leaves the parser from inside its callback; never leaves ParseJson.
struct Refused : std::exception {
  explicit Refused(std::string r) : reason(std::move(r)) {}
  std::string reason;
};

}  // namespace

StatusOr<nlohmann::json> ParseJson(absl::string_view text, const JsonLimits& limits,
                                   const std::string& what) {
  using Event = nlohmann::json::parse_event_t;
  if (text.size() > limits.max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", text.size(),
                                                   " bytes of JSON, more than the ",
                                                   limits.max_bytes, " that are read"));
  }
  // The parser below takes a NUL for the end of the text; JSON has none anywhere.
  if (absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": not valid JSON: it has a NUL byte"));
  }
  std::vector<std::unordered_set<std::string>> keys;  // of each open object
  const auto check = [&](int depth, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= limits.max_depth) {
        throw Refused(absl::StrCat("JSON nested deeper than ", limits.max_depth, " levels"));
      }
      if (event == Event::object_start) keys.emplace_back();
    } else if (event == Event::object_end) {
      keys.pop_back();
    } else if (event == Event::key) {
      const std::string& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) {
        throw Refused(absl::StrCat("the key \"", key, "\" stands twice in one object"));
      }
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), check);
  } catch (const Refused& refused) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", refused.reason));
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": not valid JSON: ", error.what()));
  }
}

}  // namespace hone
