#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/parquet.h"

namespace hone {
namespace {

// Of a build without Arrow.
TEST(ParquetAbsent, SaysHowToGoOn) {
  const Status status = ParquetAsJsonLines("a.parquet", {}).status();
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_THAT(status.message(), testing::HasSubstr("a.parquet"));
  EXPECT_THAT(status.message(), testing::HasSubstr("./dev setup"));
  EXPECT_THAT(status.message(), testing::HasSubstr("to_json"));
}

}  // namespace
}  // namespace hone
