#include "data/ledger.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/sqlite.h"

namespace hone {
namespace {

constexpr absl::string_view kFormat = "hone-ledger-1";

// A step stands in every row, so that a resumed run can forget what comes after its checkpoint.
// Recording and consuming a sample are one act: a row of `samples` is both.
constexpr char kSchema[] = R"sql(
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE issued (
    step INTEGER NOT NULL, version INTEGER NOT NULL, prompt INTEGER NOT NULL,
    num_samples INTEGER NOT NULL,
    UNIQUE (version, prompt));
  CREATE INDEX issued_by_step ON issued (step);
  CREATE TABLE samples (
    step INTEGER NOT NULL, version INTEGER NOT NULL, prompt INTEGER NOT NULL,
    sample INTEGER NOT NULL,
    sampled_version INTEGER NOT NULL, outcome TEXT NOT NULL, reward REAL NOT NULL, tokens INTEGER NOT NULL,
    UNIQUE (version, prompt, sample));
  CREATE INDEX samples_by_step ON samples (step);
  CREATE TABLE leases (
    step INTEGER PRIMARY KEY,
    granted INTEGER NOT NULL, lost INTEGER NOT NULL, duplicates INTEGER NOT NULL);
)sql";

// Rows that break the balance: too few or too many samples of an issued prompt, indices outside
// what was asked for, and samples of prompts that nobody asked for.
constexpr char kUnbalanced[] = R"sql(
  SELECT i.version, i.prompt, i.num_samples, COUNT(s.sample)
    FROM issued i LEFT JOIN samples s ON s.version = i.version AND s.prompt = i.prompt
      AND s.sample BETWEEN 0 AND i.num_samples - 1
    GROUP BY i.version, i.prompt HAVING COUNT(s.sample) != i.num_samples
  UNION ALL
  SELECT s.version, s.prompt, 0, COUNT(*)
    FROM samples s LEFT JOIN issued i ON s.version = i.version AND s.prompt = i.prompt
    WHERE i.prompt IS NULL OR s.sample NOT BETWEEN 0 AND i.num_samples - 1
    GROUP BY s.version, s.prompt
)sql";
constexpr int kMaxNamed = 5;

std::string PromptName(uint64_t version, uint64_t prompt) {
  return absl::StrCat("policy version ", version, ", prompt ", prompt);
}

class SqliteLedger : public Ledger {
 public:
  static StatusOr<std::unique_ptr<Ledger>> Open(const std::string& path,
                                                const std::string& run_id) {
    HONE_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database, SqliteDatabase::Open(path));
    // Readers (report) do not stop the writer; a crash of the process loses nothing, one of the
    // machine at most the last transactions, never the file.
    HONE_RETURN_IF_ERROR(database->Execute("PRAGMA journal_mode = WAL"));
    HONE_RETURN_IF_ERROR(database->Execute("PRAGMA synchronous = NORMAL"));
    HONE_RETURN_IF_ERROR(CreateOrCheck(database.get(), path, run_id));
    auto prepare = [&database](absl::string_view sql) { return database->Prepare(sql); };
    HONE_ASSIGN_OR_RETURN(SqliteStatement issue, prepare("INSERT INTO issued VALUES (?,?,?,?)"));
    HONE_ASSIGN_OR_RETURN(SqliteStatement consume,
                          prepare("INSERT INTO samples VALUES (?,?,?,?,?,?,?,?)"));
    HONE_ASSIGN_OR_RETURN(
        SqliteStatement count,
        prepare("INSERT INTO leases VALUES (?,?,?,?) ON CONFLICT (step) DO UPDATE SET "
                "granted = granted + excluded.granted, lost = lost + excluded.lost, "
                "duplicates = duplicates + excluded.duplicates"));
    return std::unique_ptr<Ledger>(new SqliteLedger(path, std::move(database), std::move(issue),
                                                    std::move(consume), std::move(count)));
  }

  Status RecordIssued(int64_t step, absl::Span<const Prompt> prompts, int num_samples,
                      uint64_t policy_version) override {
    return database_->Transaction([&]() -> Status {
      for (const Prompt& prompt : prompts) {
        const Status status = issue_.Bind(1, step)
                                  .Bind(2, static_cast<int64_t>(policy_version))
                                  .Bind(3, static_cast<int64_t>(prompt.id))
                                  .Bind(4, int64_t{num_samples})
                                  .Run();
        if (!status.ok()) return Annotate(status, PromptName(policy_version, prompt.id));
      }
      return absl::OkStatus();
    });
  }

  Status RecordConsumed(int64_t step, uint64_t issued_version,
                        absl::Span<const Group> groups) override {
    return database_->Transaction([&]() -> Status {
      for (const Group& group : groups) {
        HONE_RETURN_IF_ERROR(InsertGroup(step, issued_version, group));
      }
      return absl::OkStatus();
    });
  }

  Status CountLease(int64_t step, int64_t granted, int64_t lost, int64_t duplicates) override {
    return count_.Bind(1, step).Bind(2, granted).Bind(3, lost).Bind(4, duplicates).Run();
  }

  Status RollBack(int64_t step) override {
    return database_->Transaction([&]() -> Status {
      for (const char* table : {"issued", "samples", "leases"}) {
        HONE_RETURN_IF_ERROR(
            database_->Execute(absl::StrCat("DELETE FROM ", table, " WHERE step > ", step)));
      }
      return absl::OkStatus();
    });
  }

  StatusOr<LedgerTotals> Totals() override {
    LedgerTotals totals;
    HONE_ASSIGN_OR_RETURN(SqliteStatement query,
                          database_->Prepare("SELECT (SELECT TOTAL(num_samples) FROM issued),"
                                             " (SELECT COUNT(*) FROM samples),"
                                             " (SELECT TOTAL(duplicates) FROM leases),"
                                             " (SELECT TOTAL(granted) FROM leases),"
                                             " (SELECT TOTAL(lost) FROM leases)"));
    HONE_RETURN_IF_ERROR(query.Step().status());
    totals.prompts_issued = query.Int(0);
    totals.samples_recorded = query.Int(1);
    totals.samples_consumed = query.Int(1);
    totals.duplicates_refused = query.Int(2);
    totals.leases_granted = query.Int(3);
    totals.leases_lost = query.Int(4);
    return totals;
  }

  Status CheckBalance() override {
    HONE_ASSIGN_OR_RETURN(SqliteStatement query, database_->Prepare(kUnbalanced));
    std::vector<std::string> named;
    int64_t num_unbalanced = 0;
    while (true) {
      HONE_ASSIGN_OR_RETURN(const bool has_row, query.Step());
      if (!has_row) break;
      ++num_unbalanced;
      if (named.size() == kMaxNamed) continue;
      const std::string prompt = PromptName(query.Int(0), query.Int(1));
      named.push_back(
          query.Int(2) == 0
              ? absl::StrCat(prompt, ": ", query.Int(3), " samples recorded that were never issued")
              : absl::StrCat(prompt, ": ", query.Int(2), " samples issued, ", query.Int(3),
                             " consumed"));
    }
    if (num_unbalanced == 0) return absl::OkStatus();
    if (num_unbalanced > kMaxNamed) {
      named.push_back(absl::StrCat("and ", num_unbalanced - kMaxNamed, " more"));
    }
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " does not balance: ", absl::StrJoin(named, "; ")));
  }

 private:
  SqliteLedger(std::string path, std::unique_ptr<SqliteDatabase> database, SqliteStatement issue,
               SqliteStatement consume, SqliteStatement count)
      : path_(std::move(path)),
        database_(std::move(database)),
        issue_(std::move(issue)),
        consume_(std::move(consume)),
        count_(std::move(count)) {}

  // In one transaction, so that a crash leaves an empty file or a whole ledger.
  static Status CreateOrCheck(SqliteDatabase* database, const std::string& path,
                              const std::string& run_id) {
    return database->Transaction([&]() -> Status {
      HONE_ASSIGN_OR_RETURN(const int64_t num_tables, CountTables(database, "%"));
      if (num_tables == 0) {
        HONE_RETURN_IF_ERROR(database->Execute(kSchema));
        HONE_ASSIGN_OR_RETURN(
            SqliteStatement insert,
            database->Prepare("INSERT INTO meta VALUES ('format', ?), ('run_id', ?)"));
        return insert.Bind(1, kFormat).Bind(2, run_id).Run();
      }
      HONE_ASSIGN_OR_RETURN(const int64_t num_meta, CountTables(database, "meta"));
      if (num_meta == 0) {
        return absl::FailedPreconditionError(
            absl::StrCat(path, " is a database of something else, not a ledger"));
      }
      HONE_ASSIGN_OR_RETURN(const std::string format, ReadMeta(database, "format"));
      if (format != kFormat) {
        return absl::FailedPreconditionError(
            absl::StrCat(path, " has the format \"", format, "\"; this program reads ", kFormat));
      }
      HONE_ASSIGN_OR_RETURN(const std::string owner, ReadMeta(database, "run_id"));
      if (owner != run_id) {
        return absl::FailedPreconditionError(absl::StrCat(path, " is the ledger of the run ", owner,
                                                          ", not of ", run_id,
                                                          ": choose another run folder"));
      }
      return absl::OkStatus();
    });
  }

  static StatusOr<int64_t> CountTables(SqliteDatabase* database, absl::string_view pattern) {
    HONE_ASSIGN_OR_RETURN(
        SqliteStatement query,
        database->Prepare("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
                          " AND name LIKE ?"));
    HONE_RETURN_IF_ERROR(query.Bind(1, pattern).Step().status());
    return query.Int(0);
  }

  static StatusOr<std::string> ReadMeta(SqliteDatabase* database, absl::string_view key) {
    HONE_ASSIGN_OR_RETURN(SqliteStatement query,
                          database->Prepare("SELECT value FROM meta WHERE key = ?"));
    HONE_ASSIGN_OR_RETURN(const bool found, query.Bind(1, key).Step());
    return found ? query.Text(0) : "";
  }

  Status InsertGroup(int64_t step, uint64_t issued_version, const Group& group) {
    if (group.scores.size() != group.completions.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(PromptName(issued_version, group.prompt.id), ": ", group.completions.size(),
                       " completions, ", group.scores.size(), " scores"));
    }
    for (size_t i = 0; i < group.completions.size(); ++i) {
      const Completion& completion = group.completions[i];
      const Status status = consume_.Bind(1, step)
                                .Bind(2, static_cast<int64_t>(issued_version))
                                .Bind(3, static_cast<int64_t>(group.prompt.id))
                                .Bind(4, int64_t{completion.sample_index})
                                .Bind(5, static_cast<int64_t>(group.policy_version))
                                .Bind(6, Name(group.scores[i].outcome))
                                .Bind(7, group.scores[i].reward)
                                .Bind(8, static_cast<int64_t>(completion.tokens.size()))
                                .Run();
      if (!status.ok()) {
        return Annotate(status, absl::StrCat(PromptName(issued_version, group.prompt.id),
                                             ", sample ", completion.sample_index));
      }
    }
    return absl::OkStatus();
  }

  const std::string path_;
  std::unique_ptr<SqliteDatabase> database_;
  // After the database, so that they are finalized before it closes.
  SqliteStatement issue_;
  SqliteStatement consume_;
  SqliteStatement count_;
};

}  // namespace

StatusOr<std::unique_ptr<Ledger>> Ledger::Open(const std::string& path, const std::string& run_id) {
  StatusOr<std::unique_ptr<Ledger>> ledger = SqliteLedger::Open(path, run_id);
  if (absl::IsDataLoss(ledger.status())) {
    return Annotate(ledger.status(),
                    "not a ledger, or a damaged one; move it away or choose another run folder");
  }
  return ledger;
}

}  // namespace hone
