// Tokens one after the other, as the parsers take them.
#ifndef HONE_MODEL_TEMPLATE_TOKEN_STREAM_H_
#define HONE_MODEL_TEMPLATE_TOKEN_STREAM_H_

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/template/lexer.h"

namespace hone::jinja {

class TokenStream {
 public:
  // `tokens` ends in one kEnd.
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& following() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  int line() const { return current().line; }
  // The current token; moves on.
  Token Take() {
    const Token token = current();
    if (token.kind != Token::Kind::kEnd) ++at_;
    return token;
  }

  bool IsKind(Token::Kind kind) const { return current().kind == kind; }
  bool IsOperator(absl::string_view op) const { return Matches(current(), kOperator, op); }
  bool IsName(absl::string_view name) const { return Matches(current(), Token::Kind::kName, name); }
  bool IsNameOf(std::initializer_list<absl::string_view> names) const {
    for (const absl::string_view name : names) {
      if (IsName(name)) return true;
    }
    return false;
  }
  bool FollowedByName(absl::string_view name) const {
    return Matches(following(), Token::Kind::kName, name);
  }
  bool SkipOperator(absl::string_view op) { return Skip(IsOperator(op)); }
  bool SkipName(absl::string_view name) { return Skip(IsName(name)); }

  Status ExpectOperator(absl::string_view op) {
    return SkipOperator(op) ? absl::OkStatus() : Unexpected(absl::StrCat("\"", op, "\""));
  }
  Status ExpectName(absl::string_view name) {
    return SkipName(name) ? absl::OkStatus() : Unexpected(absl::StrCat("\"", name, "\""));
  }
  Status Expect(Token::Kind kind, absl::string_view wanted) {
    return Skip(IsKind(kind)) ? absl::OkStatus() : Unexpected(wanted);
  }
  StatusOr<std::string> TakeName(absl::string_view wanted) {
    if (!IsKind(Token::Kind::kName)) return Unexpected(wanted);
    return Take().text;
  }

  Status Error(absl::string_view problem) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line(), ": ", problem));
  }
  Status Unexpected(absl::string_view wanted) const {
    return Error(absl::StrCat("found ", Describe(current()), ", not ", wanted));
  }

 private:
  static constexpr Token::Kind kOperator = Token::Kind::kOperator;

  static bool Matches(const Token& token, Token::Kind kind, absl::string_view text) {
    return token.kind == kind && token.text == text;
  }
  static std::string Describe(const Token& token) {
    switch (token.kind) {
      case Token::Kind::kEnd:
        return "the template's end";
      case Token::Kind::kBlockEnd:
        return "the end of the tag";
      case Token::Kind::kPrintEnd:
        return "\"}}\"";
      default:
        return absl::StrCat("\"", token.text, "\"");
    }
  }
  bool Skip(bool matches) {
    if (matches) ++at_;
    return matches;
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace hone::jinja

#endif  // HONE_MODEL_TEMPLATE_TOKEN_STREAM_H_
