#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hone {
namespace {

// Builds the tree from the parser's events. Refuses by throwing YAML::ParserException, which ends
// the parse as a syntax error does; so the parser never recurses deeper than the tree may be.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(int override_index) : override_index_(override_index) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      throw YAML::ParserException(
          mark, "this does not continue what is above it: wrong indentation, or a second document");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Add(mark, YamlNode());
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(mark, 1); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    const bool is_key = !open_.empty() && open_.back().node.is_map() && !open_.back().has_key;
    if (is_key) {
      OpenKey(mark, value);
      return;
    }
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.quoted = tag == "!";
    node.text = value;
    Add(mark, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

  YamlNode TakeRoot() { return std::move(root_); }

  YamlPlace Place(const YAML::Mark& mark) const {
    return {mark.line + 1, mark.column + 1, override_index_};
  }

  // Where the innermost list or map that is still open begins.
  YamlPlace OpenPlace() const { return open_.empty() ? YamlPlace() : open_.back().start; }

 private:
  struct Container {
    YamlNode node;
    YamlPlace start;
    absl::flat_hash_map<std::string, YamlPlace> keys;
    bool has_key = false;  // maps: the last key waits for its value
    YamlPlace key_place;
  };

  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    throw YAML::ParserException(mark, "anchors and aliases are not allowed; write the value out");
  }

  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw YAML::ParserException(mark, absl::StrCat("the tag ", Quote(tag), " is not allowed"));
  }

  void OpenKey(const YAML::Mark& mark, const std::string& key) {
    Container& map = open_.back();
    const auto [first, is_new] = map.keys.emplace(key, Place(mark));
    if (!is_new) {
      throw YAML::ParserException(
          mark, absl::StrCat("the key ", Quote(key), " is here twice, first in line ",
                             first->second.line));
    }
    map.node.keys.push_back(key);
    map.has_key = true;
    map.key_place = Place(mark);
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    RefuseAsKey(mark);
    if (open_.size() == kMaxYamlDepth) {
      throw YAML::ParserException(
          mark, absl::StrCat("nested too deeply (more than ", kMaxYamlDepth, " levels)"));
    }
    open_.emplace_back();
    open_.back().node.kind = kind;
    open_.back().start = Place(mark);
    open_.back().node.place = Place(mark);
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Attach(std::move(node));
  }

  void Add(const YAML::Mark& mark, YamlNode node) {
    RefuseAsKey(mark);
    node.place = Place(mark);
    Attach(std::move(node));
  }

  void RefuseAsKey(const YAML::Mark& mark) {
    if (open_.empty() || !open_.back().node.is_map() || open_.back().has_key) return;
    throw YAML::ParserException(mark, "a key must be a word");
  }

  void Attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Container& parent = open_.back();
    if (parent.node.is_map()) {
      node.place = parent.key_place;
      parent.has_key = false;
    }
    parent.node.items.push_back(std::move(node));
  }

  const int override_index_;
  int documents_ = 0;
  std::vector<Container> open_;
  YamlNode root_;
};

// Length of the UTF-8 sequence at the start of `text`, 0 if it is not one.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xed && byte(1) > 0x9f;
  const bool beyond = byte(0) == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

// yaml-cpp replaces what is not UTF-8 in silence and takes the byte 4 for the end of the file.
Status CheckText(absl::string_view text, const YamlSource& source, int override_index) {
  YamlPlace place{1, 1, override_index};
  if (text.size() > kMaxYamlBytes) {
    return source.Error(place, absl::StrCat("larger than ", kMaxYamlBytes, " bytes"));
  }
  while (!text.empty()) {
    const unsigned char c = text[0];
    const size_t length = Utf8Length(text);
    if (length == 0) return source.Error(place, "not UTF-8 text");
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
      return source.Error(place, absl::StrCat("a control character (byte ", c, ")"));
    }
    place.column += length;
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    }
    text.remove_prefix(length);
  }
  return absl::OkStatus();
}

}  // namespace

std::string Quote(absl::string_view text) {
  constexpr size_t kLongest = 60;
  if (text.size() <= kLongest) return absl::StrCat("`", text, "`");
  size_t end = kLongest;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole characters
  return absl::StrCat("`", text.substr(0, end), "…`");
}

const YamlNode* YamlNode::Find(absl::string_view key) const {
  const auto it = std::find(keys.begin(), keys.end(), key);
  return it == keys.end() ? nullptr : &items[it - keys.begin()];
}

YamlNode* YamlNode::Find(absl::string_view key) {
  return const_cast<YamlNode*>(std::as_const(*this).Find(key));
}

std::string YamlNode::Describe() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a map";
    case Kind::kScalar:
      break;
  }
  return absl::StrCat(quoted ? "the quoted string " : "", Quote(text));
}

std::string YamlSource::Where(const YamlPlace& place) const {
  if (place.override_index >= 0) {
    return absl::StrCat("override ", Quote(overrides[place.override_index]));
  }
  return absl::StrCat(name, ":", place.line, ":", place.column);
}

Status YamlSource::Error(const YamlPlace& place, absl::string_view message) const {
  return absl::InvalidArgumentError(absl::StrCat(Where(place), ": ", message));
}

StatusOr<YamlNode> ParseYaml(const std::string& text, const YamlSource& source,
                             int override_index) {
  HONE_RETURN_IF_ERROR(CheckText(text, source, override_index));
  TreeBuilder builder(override_index);
  std::istringstream stream(text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    std::string message = e.msg;
    if (absl::EndsWith(message, "flow not found")) {
      const YamlPlace open = builder.OpenPlace();
      message = absl::StrCat("a `,` or closing bracket is missing in the list or map from line ",
                             open.line, ", column ", open.column);
    } else if (message == "illegal map value") {
      message =
          "a `: ` where no key can be; quote a text that contains it, or check the indentation";
    } else if (message == "end of map not found" || message == "end of sequence not found") {
      absl::StrAppend(&message, " (is the indentation right?)");
    }
    return source.Error(builder.Place(e.mark), message);
  }
  return builder.TakeRoot();
}

}  // namespace hone
