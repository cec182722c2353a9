#include "cluster/roll_call.h"

#include <algorithm>
#include <deque>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace hone {
namespace {

// So many ranks are told of one by one.
constexpr size_t kToldOf = 3;
constexpr size_t kRanksBytes = kStatementBytes / 2;

// "rank 2", "ranks 1, 3"
template <typename Ranks>
std::string Name(const Ranks& ranks) {
  return absl::StrCat(ranks.size() == 1 ? "rank " : "ranks ", absl::StrJoin(ranks, ", "));
}

}  // namespace

std::string Encode(const Statement& statement) {
  std::string bytes;
  for (const int rank : statement.waits_for) {
    if (bytes.size() > kRanksBytes) break;
    absl::StrAppend(&bytes, rank, " ");
  }
  return absl::StrCat(bytes, "\n", statement.operation).substr(0, kStatementBytes);
}

Statement DecodeStatement(absl::string_view bytes) {
  const std::vector<absl::string_view> parts = absl::StrSplit(bytes, absl::MaxSplits('\n', 1));
  if (parts.size() != 2) return {};
  Statement statement{.operation = std::string(parts[1])};
  for (const absl::string_view word : absl::StrSplit(parts[0], ' ', absl::SkipEmpty())) {
    int rank = 0;
    if (!absl::SimpleAtoi(word, &rank)) return {};
    statement.waits_for.push_back(rank);
  }
  return statement;
}

std::string DescribeAbsence(int rank, const Statement& own, const std::map<int, Statement>& heard,
                            absl::string_view within) {
  std::set<int> seen = {rank}, missing, elsewhere;
  std::vector<std::string> told;
  std::deque<int> next(own.waits_for.begin(), own.waits_for.end());
  for (; !next.empty(); next.pop_front()) {
    const int peer = next.front();
    if (!seen.insert(peer).second) continue;
    const auto it = heard.find(peer);
    if (it == heard.end()) {
      missing.insert(peer);
      continue;
    }
    const Statement& said = it->second;
    if (said.operation.empty()) {
      missing.insert(peer);
      told.push_back(absl::StrCat("; rank ", peer, " is at work"));
    } else if (said.operation != own.operation) {
      elsewhere.insert(peer);
      told.push_back(absl::StrCat("; rank ", peer, " waits for ", Name(said.waits_for), " in ",
                                  said.operation));
    }
    next.insert(next.end(), said.waits_for.begin(), said.waits_for.end());
  }
  if (missing.empty()) missing = elsewhere;  // each waits for another
  if (missing.empty()) return absl::StrCat("not done", within, ", but all ranks are in it");
  std::string text =
      absl::StrCat(Name(missing), missing.size() == 1 ? " has" : " have", " not arrived", within);
  for (size_t i = 0; i < std::min(told.size(), kToldOf); ++i) text += told[i];
  if (told.size() > kToldOf) absl::StrAppend(&text, "; and ", told.size() - kToldOf, " more");
  return text;
}

}  // namespace hone
