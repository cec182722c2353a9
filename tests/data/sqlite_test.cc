#include "data/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/data/temp_folder.h"

namespace hone {
namespace {

using testing::HasSubstr;

class SqliteTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = SqliteDatabase::Open(path_).value();
    ASSERT_TRUE(
        database_->Execute("CREATE TABLE t (a INTEGER UNIQUE, b REAL NOT NULL, c TEXT)").ok());
  }
  int64_t Count() {
    SqliteStatement query = database_->Prepare("SELECT COUNT(*) FROM t").value();
    EXPECT_TRUE(query.Step().value());
    return query.Int(0);
  }

  TempFolder temp_;
  const std::string path_ = temp_.File("x.sqlite");
  std::unique_ptr<SqliteDatabase> database_;
};

TEST_F(SqliteTest, BindsAndReads) {
  SqliteStatement insert = database_->Prepare("INSERT INTO t VALUES (?,?,?)").value();
  ASSERT_TRUE(insert.Bind(1, int64_t{-5}).Bind(2, 0.5).Bind(3, "it's").Run().ok());
  ASSERT_TRUE(insert.Bind(1, int64_t{6}).Bind(2, 0.5).Bind(3, "b").Run().ok());
  SqliteStatement query = database_->Prepare("SELECT a, c FROM t ORDER BY a").value();
  ASSERT_TRUE(query.Step().value());
  EXPECT_EQ(query.Int(0), -5);
  EXPECT_EQ(query.Text(1), "it's");
  ASSERT_TRUE(query.Step().value());
  EXPECT_FALSE(query.Step().value());
}

TEST_F(SqliteTest, ErrorsHaveCodesAndNameTheFile) {
  SqliteStatement insert = database_->Prepare("INSERT INTO t VALUES (?,?,'')").value();
  ASSERT_TRUE(insert.Bind(1, int64_t{1}).Bind(2, 0.0).Run().ok());
  const Status twice = insert.Bind(1, int64_t{1}).Bind(2, 0.0).Run();
  EXPECT_TRUE(absl::IsAlreadyExists(twice)) << twice;
  EXPECT_THAT(twice.message(), HasSubstr(path_));
  // SQLite keeps a NaN as NULL.
  EXPECT_TRUE(absl::IsInvalidArgument(insert.Bind(1, int64_t{2}).Bind(2, 0.0 / 0.0).Run()));
  EXPECT_TRUE(absl::IsInternal(insert.Bind(9, int64_t{2}).Run()));  // no such parameter
  ASSERT_TRUE(insert.Bind(1, int64_t{2}).Bind(2, 0.0).Run().ok());  // usable after errors
  EXPECT_TRUE(absl::IsInternal(database_->Prepare("SELEKT").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(SqliteDatabase::Open("/no/such/folder/x").status()));
}

TEST_F(SqliteTest, AFailedTransactionLeavesNothing) {
  const Status status = database_->Transaction([&] {
    EXPECT_TRUE(database_->Execute("INSERT INTO t VALUES (1, 1, '')").ok());
    return absl::AbortedError("no");
  });
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_EQ(Count(), 0);
  ASSERT_TRUE(
      database_->Transaction([&] { return database_->Execute("INSERT INTO t VALUES (1, 1, '')"); })
          .ok());
  EXPECT_EQ(Count(), 1);
}

TEST_F(SqliteTest, AFullDiskIsResourceExhausted) {
  // As if the disk had room for what is there and one page more.
  ASSERT_TRUE(database_->Execute("PRAGMA max_page_count = 4").ok());
  const Status status = database_->Transaction(
      [&] { return database_->Execute("INSERT INTO t VALUES (1, 1, zeroblob(100000))"); });
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("free some space"));
  EXPECT_EQ(Count(), 0);
}

}  // namespace
}  // namespace hone
