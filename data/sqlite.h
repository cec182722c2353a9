// A thin owner of SQLite's C interface: errors as Status that name the file, statements that reset
// themselves.
// Thread safety: none.
#ifndef HONE_DATA_SQLITE_H_
#define HONE_DATA_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace hone {

// A prepared statement. Outlived by its Database.
class SqliteStatement {
 public:
  // Parameters are numbered from 1, columns from 0, as in SQLite. Unsigned values keep their bits:
  // those above 2^63 are negative in the file.
  SqliteStatement& Bind(int parameter, int64_t value);
  SqliteStatement& Bind(int parameter, double value);
  SqliteStatement& Bind(int parameter, absl::string_view value);

  // Runs to the next row: true when there is one, then Int() and Text() read it. After false or an
  // error the statement is ready for new values.
  StatusOr<bool> Step();
  // Runs a statement that gives no rows.
  Status Run();

  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  SqliteStatement(const std::string* path, sqlite3_stmt* statement)
      : path_(path), statement_(statement) {}

  const std::string* path_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int bind_result_ = SQLITE_OK;
};

class SqliteDatabase {
 public:
  // Opens or creates `path`, and waits up to ten seconds where another process holds it.
  static StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);
  ~SqliteDatabase();

  Status Execute(const std::string& sql);
  StatusOr<SqliteStatement> Prepare(absl::string_view sql);
  // All of `body` is kept, or, when it fails, nothing.
  Status Transaction(const std::function<Status()>& body);

 private:
  SqliteDatabase(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}

  const std::string path_;
  sqlite3* db_;
};

}  // namespace hone

#endif  // HONE_DATA_SQLITE_H_
