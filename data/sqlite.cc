#include "data/sqlite.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace hone {
namespace {

constexpr int kBusyMilliseconds = 10'000;

Status Error(const std::string& path, sqlite3* db, int code) {
  const std::string message =
      absl::StrCat(path, ": ", db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_UNIQUE
                 ? absl::AlreadyExistsError(message)
                 : absl::InvalidArgumentError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat(message, ": free some space, the run can then resume"));
    case SQLITE_IOERR:  // also where the file of its shared memory cannot grow
      return absl::UnavailableError(absl::StrCat(
          message, " (SQLite code ", sqlite3_extended_errcode(db),
          "): the disk may be full or failing; once it is mended, the run can resume"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return absl::PermissionDeniedError(
          absl::StrCat(message, ": the file and its folder must be writable"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat(message, ": another process has held it for ",
                                                 kBusyMilliseconds / 1000, " s"));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return absl::DataLossError(message);
    default:
      return absl::InternalError(absl::StrCat(message, " (SQLite code ", code, ")"));
  }
}

}  // namespace

SqliteStatement& SqliteStatement::Bind(int parameter, int64_t value) {
  bind_result_ |= sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, double value) {
  bind_result_ |= sqlite3_bind_double(statement_.get(), parameter, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, absl::string_view value) {
  bind_result_ |= sqlite3_bind_text(statement_.get(), parameter, value.data(),
                                    static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

StatusOr<bool> SqliteStatement::Step() {
  sqlite3_stmt* statement = statement_.get();
  if (std::exchange(bind_result_, SQLITE_OK) != SQLITE_OK) {
    return absl::InternalError(
        absl::StrCat(*path_, ": cannot bind values to ", sqlite3_sql(statement)));
  }
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  const Status status =
      code == SQLITE_DONE ? absl::OkStatus() : Error(*path_, sqlite3_db_handle(statement), code);
  sqlite3_reset(statement);
  if (!status.ok()) return status;
  return false;
}

Status SqliteStatement::Run() { return Step().status(); }

std::string SqliteStatement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  return text != nullptr ? reinterpret_cast<const char*>(text) : "";
}

StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path) {
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  // SQLite gives a handle for the message also when it fails; the object closes it.
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path, db));
  if (code != SQLITE_OK) return Error(path, db, code);
  sqlite3_busy_timeout(db, kBusyMilliseconds);
  return database;
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(db_); }

Status SqliteDatabase::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(path_, db_, code);
}

StatusOr<SqliteStatement> SqliteDatabase::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return Error(path_, db_, code);
  return SqliteStatement(&path_, statement);
}

Status SqliteDatabase::Transaction(const std::function<Status()>& body) {
  // IMMEDIATE takes the write lock now: a transaction that starts with a read could fail later.
  HONE_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  // A failure such as a full disk may have rolled back already.
  if (!status.ok() && sqlite3_get_autocommit(db_) == 0) {
    Execute("ROLLBACK").IgnoreError();
  }
  return status;
}

}  // namespace hone
