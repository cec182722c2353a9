#include "config/remote_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hone {
namespace {

using ::testing::HasSubstr;

RemoteUrl Parse(const std::string& text) {
  const StatusOr<RemoteUrl> url = ParseRemoteUrl(text);
  EXPECT_TRUE(url.ok()) << text << ": " << url.status();
  return url.value_or(RemoteUrl());
}

TEST(RemoteUrl, Parts) {
  RemoteUrl url = Parse("http://judge.example:8000/a/b?c=d:1@2");
  EXPECT_FALSE(url.grpc);
  EXPECT_EQ(url.host, "judge.example");
  EXPECT_EQ(url.port, 8000);
  EXPECT_EQ(url.path, "/a/b?c=d:1@2");
  EXPECT_EQ(Parse("http://localhost:80").path, "/");
  EXPECT_EQ(Parse("http://localhost:80?a=b").path, "/?a=b");
  EXPECT_EQ(Parse("http://[::1]:65535/").host, "::1");
  url = Parse("grpc://127.0.0.1:1");
  EXPECT_TRUE(url.grpc);
  EXPECT_EQ(url.host, "127.0.0.1");
  EXPECT_EQ(url.port, 1);
  EXPECT_EQ(Parse("grpc://[fe80::1]:50051/").host, "fe80::1");
}

TEST(RemoteUrl, WhatIsNoneIsRefusedWithTheReason) {
  const struct {
    const char* url;
    const char* reason;
  } cases[] = {
      {"", "is missing"},
      {"127.0.0.1:8000", "must begin with http:// or grpc://"},
      {"HTTP://a:1", "must begin with http:// or grpc://"},
      {"https://a:1", "is encrypted"},
      {"http://", "has no valid host"},
      {"http://:1", "has no valid host"},
      {"http://user@host:1", "has no valid host"},
      {"http://[::1:1/", "has no valid host"},
      {"http://[host]:1", "has no valid host"},
      {"http://a", "needs a port"},
      {"http://a/", "needs a port"},
      {"http://a:", "needs a port"},
      {"http://a:0", "needs a port"},
      {"http://a:65536", "needs a port"},
      {"http://a:+1", "needs a port"},
      {"http://a:1x", "needs a port"},
      {"http://[::1]", "needs a port"},
      {"http://[::1]x:1", "needs a port"},
      {"http://a:1/#x", "has a fragment"},
      {"http://a:1/b c", "characters other than visible ASCII"},
      {"http://a:1/\r\nX: y", "characters other than visible ASCII"},
      {"http://\xc3\xa4:1", "characters other than visible ASCII"},
      {"grpc://a:1/score", "has a path"},
  };
  for (const auto& one : cases) {
    const Status status = ParseRemoteUrl(one.url).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << one.url << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr(one.reason)) << one.url;
    EXPECT_THAT(status.message(), HasSubstr("http://127.0.0.1:8000/score")) << one.url;
  }
}

}  // namespace
}  // namespace hone
