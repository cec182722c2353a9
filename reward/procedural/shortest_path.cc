#include "reward/procedural/shortest_path.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "reward/procedural/check.h"

namespace hone {
namespace {

using Edges = std::map<std::pair<char, char>, int64_t>;  // both ways

// A node's name; 0 for what is none.
char NodeOf(const nlohmann::json& name) {
  if (!name.is_string()) return 0;
  const std::string& text = name.get_ref<const std::string&>();
  return text.size() == 1 && absl::ascii_isupper(text[0]) ? text[0] : 0;
}

StatusOr<Edges> ReadEdges(const nlohmann::json& record) {
  constexpr int64_t kMaxLength = int64_t{1} << 32;  // so that no path's sum overflows
  const Status bad = absl::InvalidArgumentError(
      "`edges` must be a list of [node, node, length] with capital letters and whole numbers above "
      "0");
  const auto list = record.find("edges");
  if (list == record.end() || !list->is_array() || list->empty()) return bad;
  Edges edges;
  for (const auto& edge : *list) {
    if (!edge.is_array() || edge.size() != 3 || !edge[2].is_number_unsigned()) return bad;
    const char a = NodeOf(edge[0]), b = NodeOf(edge[1]);
    const uint64_t length = edge[2].get<uint64_t>();
    if (a == 0 || b == 0 || length == 0 || length > uint64_t{kMaxLength}) return bad;
    // Of parallel edges the shortest counts.
    for (const auto& pair : {std::pair(a, b), std::pair(b, a)}) {
      const auto [place, is_new] = edges.emplace(pair, length);
      if (!is_new) place->second = std::min(place->second, static_cast<int64_t>(length));
    }
  }
  return edges;
}

StatusOr<char> NodeMember(const nlohmann::json& record, const char* key) {
  const auto member = record.find(key);
  const char node = member == record.end() ? 0 : NodeOf(*member);
  if (node == 0) {
    return absl::InvalidArgumentError(absl::StrCat("`", key, "` must be a capital letter"));
  }
  return node;
}

// The letters of a path, empty for what is none: single letters with separators, or letters alone.
std::string ReadPath(absl::string_view text) {
  const std::string plain = absl::StrReplaceAll(
      text, {{"→", " "}, {"⟶", " "}, {"–", " "}, {"—", " "}, {"\\rightarrow", " "}, {"\\to", " "}});
  const std::vector<std::string> words =
      absl::StrSplit(plain, absl::ByAnyChar(" \t\r\n,;->=[]()\"'`*$"), absl::SkipEmpty());
  std::string path;
  for (const std::string& word : words) {
    if (word.size() > 1 && words.size() > 1) return "";
    absl::StrAppend(&path, absl::AsciiStrToUpper(word));
  }
  return std::all_of(path.begin(), path.end(), absl::ascii_isalpha) ? path : "";
}

}  // namespace

StatusOr<Verdict> CheckShortestPath(const nlohmann::json& record, absl::string_view text) {
  HONE_ASSIGN_OR_RETURN(const Edges edges, ReadEdges(record));
  HONE_ASSIGN_OR_RETURN(const char from, NodeMember(record, "from"));
  HONE_ASSIGN_OR_RETURN(const char to, NodeMember(record, "to"));
  HONE_ASSIGN_OR_RETURN(const int64_t wanted, IntegerMember(record, "length"));

  const std::string path = ReadPath(text);
  if (path.empty()) return Unparseable(text, "a path of nodes");
  if (path.front() != from || path.back() != to) {
    return Incorrect(absl::StrCat("a path from ", path.substr(0, 1), " to ",
                                  path.substr(path.size() - 1), ", wanted one from ",
                                  std::string(1, from), " to ", std::string(1, to)));
  }
  int64_t length = 0;
  for (size_t i = 1; i < path.size(); ++i) {
    const auto edge = edges.find({path[i - 1], path[i]});
    if (edge == edges.end()) {
      return Incorrect(
          absl::StrCat("there is no edge ", path.substr(i - 1, 1), "-", path.substr(i, 1)));
    }
    length += edge->second;
  }
  const std::string found = absl::StrCat("a path of length ", length);
  if (length != wanted) return Incorrect(absl::StrCat(found, ", wanted ", wanted));
  return Correct(found);
}

}  // namespace hone
