#include "data/dataset.h"

#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/hash.h"
#include "data/example.h"
#include "data/r1_zero.h"
#include "data/record_file.h"
#include "data/shuffle.h"
#include "data/utf8.h"

namespace hone {
namespace {

// Tags in a stream's top byte; the pass over the data in the lower ones.
constexpr uint64_t kTrainStream = uint64_t{0xD1} << 56;
constexpr uint64_t kDemonstrationStream = uint64_t{0xD2} << 56;

constexpr int64_t kMaxNamed = 10;  // bad answers in a message

// Why records are left out.
struct Counts {
  int64_t read = 0, filtered = 0, empty = 0, repeated = 0, shared = 0, bad = 0;
  std::vector<std::string> named;  // place and reason of the first bad answers
};

std::string Note(const std::string& path, const Counts& counts) {
  std::string note;
  const auto add = [&](int64_t count, absl::string_view why) {
    if (count > 0) absl::StrAppend(&note, note.empty() ? "" : ", ", count, " ", why);
  };
  add(counts.filtered, "by the filters");
  add(counts.empty, "with an empty prompt or answer");
  add(counts.repeated, "that stood there before");
  add(counts.shared, "whose prompt is held out");
  add(counts.bad, "whose answer the reward cannot judge by");
  if (note.empty()) return "";
  return absl::StrCat(path, ": of ", counts.read, " records, left out are ", note);
}

class Dataset : public Task {
 public:
  Dataset(const DataSpec& spec, const PromptTools& tools) : spec_(spec), tools_(tools) {}

  Status Load() {
    HONE_RETURN_IF_ERROR(MakeChecks());
    if (!spec_.heldout_path.empty()) HONE_RETURN_IF_ERROR(LoadHeldout());
    if (!spec_.path.empty()) HONE_RETURN_IF_ERROR(LoadTraining());
    std::sort(heldout_.begin(), heldout_.end());
    seen_.clear();
    heldout_hashes_.clear();
    return absl::OkStatus();
  }

  StatusOr<Problem> TrainProblem(uint64_t seed, uint64_t index) const override {
    const uint64_t size = train_.size();
    HONE_ASSIGN_OR_RETURN(
        const Example example,
        Read(*train_file_,
             train_[ShuffledIndex(seed, kTrainStream | index / size, index % size, size)]));
    return MakeProblem(spec_, tools_, example);
  }

  StatusOr<Demonstration> MakeDemonstration(uint64_t seed, uint64_t index) const override {
    HONE_ASSIGN_OR_RETURN(const Example example, Shuffled(seed, index));
    HONE_ASSIGN_OR_RETURN(Problem problem, MakeProblem(spec_, tools_, example));
    return Demonstration{std::move(problem.prompt), MakeCompletion(spec_, example),
                         problem.add_special_tokens};
  }

  int64_t num_demonstrations() const override { return static_cast<int64_t>(train_.size()); }

  StatusOr<std::string> SampleText(uint64_t seed, uint64_t index) const override {
    HONE_ASSIGN_OR_RETURN(const Example example, Shuffled(seed, index));
    HONE_ASSIGN_OR_RETURN(const Problem problem, MakeProblem(spec_, tools_, example));
    const std::string completion = MakeCompletion(spec_, example);
    return absl::StrCat(problem.prompt, completion.empty() ? example.answer : completion);
  }

  int64_t num_heldout() const override { return static_cast<int64_t>(heldout_.size()); }
  StatusOr<Problem> HeldoutProblem(int64_t index) const override {
    const RecordFile& file = heldout_file_ ? *heldout_file_ : *train_file_;
    HONE_ASSIGN_OR_RETURN(const Example example, Read(file, heldout_[index].second));
    return MakeProblem(spec_, tools_, example);
  }

  VerifierSpec reward() const override { return spec_.reward; }
  std::vector<std::string> added_tokens() const override {
    return spec_.prompt_template == "r1_zero" ? R1ZeroTags() : std::vector<std::string>();
  }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  static StatusOr<std::unique_ptr<RecordFile>> Open(const std::string& path, const DataSpec& spec) {
    HONE_ASSIGN_OR_RETURN(RecordFile file, RecordFile::Open(path, UsedFields(spec)));
    return std::make_unique<RecordFile>(std::move(file));
  }

  StatusOr<Example> Read(const RecordFile& file, int64_t index) const {
    HONE_ASSIGN_OR_RETURN(const nlohmann::json record, file.Read(index));
    return AtPlace(ReadExample(spec_, record), file, index);
  }

  // Finding the place means counting lines, so it is done for messages only.
  template <typename T>
  static StatusOr<T> AtPlace(StatusOr<T> result, const RecordFile& file, int64_t index) {
    if (!result.ok()) return Annotate(result.status(), file.Place(index));
    return result;
  }

  StatusOr<Example> Shuffled(uint64_t seed, uint64_t index) const {
    const uint64_t size = train_.size();
    return Read(*train_file_,
                train_[ShuffledIndex(seed, kDemonstrationStream, index % size, size)]);
  }

  // Calls `use` with each record of use, and counts the others. `any` sees all that have a prompt.
  Status ForEach(const RecordFile& file, Counts* counts, absl::FunctionRef<void(uint64_t hash)> any,
                 absl::FunctionRef<void(int64_t index, uint64_t hash, const Example&)> use) {
    counts->read = file.size();
    for (int64_t i = 0; i < file.size(); ++i) {
      HONE_ASSIGN_OR_RETURN(const nlohmann::json record, file.Read(i));
      HONE_ASSIGN_OR_RETURN(const Example example, AtPlace(ReadExample(spec_, record), file, i));
      const uint64_t hash = PromptHash(example.question);
      any(hash);
      HONE_ASSIGN_OR_RETURN(const bool passes, AtPlace(Passes(record, example), file, i));
      if (!passes) {
        ++counts->filtered;
      } else if (absl::StripAsciiWhitespace(example.question).empty() ||
                 (!spec_.answer_field.empty() && example.answer.empty())) {
        ++counts->empty;
      } else if (!seen_.insert(Identity(example)).second) {
        ++counts->repeated;
      } else {
        use(i, hash, example);
      }
    }
    return absl::OkStatus();
  }

  static uint64_t Identity(const Example& example) {
    std::string all;
    for (const std::string* part : {&example.question, &example.answer, &example.completion}) {
      absl::StrAppend(&all, part->size(), ":", *part);
    }
    return Hash64(all);
  }

  StatusOr<bool> Passes(const nlohmann::json& record, const Example& example) const {
    HONE_ASSIGN_OR_RETURN(const bool passes, PassesFilters(spec_, record));
    if (!passes) return false;
    const int64_t characters = CountCharacters(example.question);
    if (characters < spec_.min_prompt_chars) return false;
    if (spec_.max_prompt_chars > 0 && characters > spec_.max_prompt_chars) return false;
    if (spec_.max_prompt_tokens == 0 || !tools_.count_tokens) return true;
    HONE_ASSIGN_OR_RETURN(const Problem problem, MakeProblem(spec_, tools_, example));
    HONE_ASSIGN_OR_RETURN(const int64_t tokens, tools_.count_tokens(problem));
    return tokens <= spec_.max_prompt_tokens;
  }

  Status MakeChecks() {
    const AnswerChecks& answers = tools_.answers;
    if (!answers.make || spec_.answer_field.empty()) return absl::OkStatus();
    if (answers.training) {
      HONE_ASSIGN_OR_RETURN(check_training_, answers.make(*answers.training));
    }
    if (answers.heldout) {
      HONE_ASSIGN_OR_RETURN(check_heldout_, answers.make(spec_.reward));
    }
    return absl::OkStatus();
  }

  // Whether the answer passes; else it is counted, and named if it is among the first.
  bool Passes(const AnswerCheck& check, const RecordFile& file, int64_t index,
              const Example& example, Counts* counts) const {
    if (!check) return true;
    const Status status = check(example.answer);
    if (status.ok()) return true;
    if (++counts->bad <= kMaxNamed) {
      counts->named.push_back(absl::StrCat(file.Place(index), ": ", status.message()));
    }
    return false;
  }

  Status CheckBadAnswers(const Counts& counts) const {
    if (counts.bad == 0 || spec_.bad_answers == "skip") return absl::OkStatus();
    const int64_t more = counts.bad - std::ssize(counts.named);
    return absl::InvalidArgumentError(absl::StrCat(
        counts.bad, counts.bad == 1 ? " answer cannot" : " answers cannot",
        " be judged by the reward:\n  ", absl::StrJoin(counts.named, "\n  "),
        more > 0 ? absl::StrCat("\n  and ", more, " more") : "",
        "\nCorrect them, choose another reward, leave them out by data.filters, or set "
        "data.bad_answers: skip"));
  }

  Status LoadHeldout() {
    HONE_ASSIGN_OR_RETURN(heldout_file_, Open(spec_.heldout_path, spec_));
    Counts counts;
    HONE_RETURN_IF_ERROR(ForEach(
        *heldout_file_, &counts, [&](uint64_t hash) { heldout_hashes_.insert(hash); },
        [&](int64_t index, uint64_t hash, const Example& example) {
          if (!Passes(check_heldout_, *heldout_file_, index, example, &counts)) return;
          heldout_.emplace_back(Mix64(hash), index);
        }));
    HONE_RETURN_IF_ERROR(CheckBadAnswers(counts));
    AddNote(spec_.heldout_path, counts);
    if (!heldout_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(spec_.heldout_path, ": none of its ",
                                                   counts.read, " records is left to be held out"));
  }

  Status LoadTraining() {
    HONE_ASSIGN_OR_RETURN(train_file_, Open(spec_.path, spec_));
    // Only hashes below this are held out; 2^64 times the fraction.
    const double fraction = spec_.heldout_path.empty() ? spec_.heldout_fraction : 0;
    const auto limit = static_cast<uint64_t>(std::ldexp(fraction, 64));
    Counts counts;
    seen_.clear();
    HONE_RETURN_IF_ERROR(ForEach(
        *train_file_, &counts, [](uint64_t) {},
        [&](int64_t index, uint64_t hash, const Example& example) {
          if (heldout_hashes_.contains(hash)) {
            ++counts.shared;
            return;
          }
          const bool held_out = Mix64(hash) < limit;
          const AnswerCheck& check = held_out ? check_heldout_ : check_training_;
          if (!Passes(check, *train_file_, index, example, &counts)) return;
          if (held_out) {
            heldout_.emplace_back(Mix64(hash), index);
          } else {
            train_.push_back(index);
          }
        }));
    HONE_RETURN_IF_ERROR(CheckBadAnswers(counts));
    AddNote(spec_.path, counts);
    if (train_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(spec_.path, ": none of its ", counts.read, " records is left to train on",
                       notes_.empty() ? "" : absl::StrCat(" (", notes_.back(), ")")));
    }
    if (fraction > 0 && heldout_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(spec_.path, ": a heldout_fraction of ",
                                                     fraction, " holds out none of its ",
                                                     counts.read, " records: raise it"));
    }
    return absl::OkStatus();
  }

  void AddNote(const std::string& path, const Counts& counts) {
    const std::string note = Note(path, counts);
    if (!note.empty()) notes_.push_back(note);
  }

  const DataSpec spec_;
  const PromptTools tools_;
  std::unique_ptr<RecordFile> train_file_, heldout_file_;
  std::vector<int64_t> train_;                         // records of train_file_
  std::vector<std::pair<uint64_t, int64_t>> heldout_;  // order, and record of the held-out file
  std::vector<std::string> notes_;
  AnswerCheck check_training_, check_heldout_;  // empty: no check
  // Used only while loading. A collision of 64-bit hashes leaves a record out too many, never lets
  // one slip to the other side.
  absl::flat_hash_set<uint64_t> seen_, heldout_hashes_;
};

}  // namespace

uint64_t PromptHash(absl::string_view question) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_STRIPCC);
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(question.data()),
                   static_cast<utf8proc_ssize_t>(question.size()), &mapped, options);
  // Only text that is not UTF-8 cannot be mapped, and JSON has none.
  const std::string normal =
      size < 0 ? std::string(question) : std::string(reinterpret_cast<const char*>(mapped), size);
  std::free(mapped);
  const std::vector<absl::string_view> words =
      absl::StrSplit(normal, absl::ByAnyChar(" \t\n\v\f\r"), absl::SkipEmpty());
  return Hash64(absl::StrJoin(words, " "));
}

StatusOr<std::unique_ptr<Task>> MakeDataset(const DataSpec& spec, const PromptTools& tools) {
  auto dataset = std::make_unique<Dataset>(spec, tools);
  HONE_RETURN_IF_ERROR(dataset->Load());
  return dataset;
}

}  // namespace hone
