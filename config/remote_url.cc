#include "config/remote_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace hone {
namespace {

Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what,
                   "; an address looks like http://127.0.0.1:8000/score or "
                   "grpc://127.0.0.1:50051"));
}

bool IsHostCharacter(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_'; }
bool IsIpv6Character(char c) { return absl::ascii_isxdigit(c) || c == ':' || c == '.'; }

// Takes the host off the front of "host:port".
Status TakeHost(absl::string_view* authority, std::string* host) {
  const bool bracketed = absl::ConsumePrefix(authority, "[");
  const size_t end = authority->find(bracketed ? ']' : ':');
  *host = std::string(authority->substr(0, end));
  const bool closed = !bracketed || end != absl::string_view::npos;
  const bool valid =
      closed && !host->empty() &&
      std::all_of(host->begin(), host->end(), bracketed ? IsIpv6Character : IsHostCharacter);
  if (!valid) return Bad("has no valid host");
  authority->remove_prefix(std::min(authority->size(), host->size() + (bracketed ? 1 : 0)));
  return absl::OkStatus();
}

}  // namespace

StatusOr<RemoteUrl> ParseRemoteUrl(absl::string_view url) {
  RemoteUrl parsed;
  if (url.empty()) return Bad("is missing");
  // A blank or a line's end within the path would end the request's first line.
  if (!std::all_of(url.begin(), url.end(), absl::ascii_isgraph)) {
    return Bad("has characters other than visible ASCII: write them as %XX");
  }
  if (absl::StartsWith(url, "https://")) {
    return Bad("is encrypted, which is not supported: ask a service on a closed network");
  }
  parsed.grpc = absl::ConsumePrefix(&url, "grpc://");
  if (!parsed.grpc && !absl::ConsumePrefix(&url, "http://")) {
    return Bad("must begin with http:// or grpc://");
  }
  const size_t path = url.find_first_of("/?#");
  absl::string_view authority = url.substr(0, path);
  const absl::string_view rest = path == absl::string_view::npos ? "" : url.substr(path);
  HONE_RETURN_IF_ERROR(TakeHost(&authority, &parsed.host));
  if (!absl::ConsumePrefix(&authority, ":") || authority.empty() || authority.size() > 5 ||
      !std::all_of(authority.begin(), authority.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(authority, &parsed.port) || parsed.port < 1 || parsed.port > 65535) {
    return Bad("needs a port from 1 to 65535 behind its host");
  }
  if (absl::StrContains(rest, '#')) return Bad("has a fragment, #…, which no service is sent");
  if (parsed.grpc && !rest.empty() && rest != "/") return Bad("has a path, which gRPC has none of");
  parsed.path = absl::StartsWith(rest, "/") ? std::string(rest) : absl::StrCat("/", rest);
  return parsed;
}

}  // namespace hone
