#include "data/procedural/procedural_task.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "base/philox.h"
#include "data/countdown.h"
#include "data/procedural/arithmetic.h"
#include "data/procedural/base_conversion.h"
#include "data/procedural/boolean_logic.h"
#include "data/procedural/calendar.h"
#include "data/procedural/exercise.h"
#include "data/procedural/shortest_path.h"
#include "data/procedural/string_manipulation.h"
#include "data/procedural/sudoku.h"
#include "data/r1_zero.h"

namespace hone {
namespace {

// Tags in a stream's top byte, as in countdown.cc.
constexpr uint64_t kTrainStream = uint64_t{0xB1} << 56;
constexpr uint64_t kDemonstrationStream = uint64_t{0xB2} << 56;
constexpr uint64_t kHeldoutSeed = 0x70726f6365647572;

constexpr uint64_t kHeldoutShare = 8;  // one in so many
// Draws for each problem that is held out, before there are too few: 8 are needed where problems
// seldom repeat.
constexpr uint64_t kMaxDraws = 64;

// Half of the demonstrations are hasty, the others patient, as Countdown's.
constexpr float kHasty = 0.5f;
constexpr int kHastyTries = 2;
constexpr int kPatientTries = 8;

std::string DemonstrationText(const Exercise& exercise, Random* random) {
  const int most = random->Uniform() < kHasty ? kHastyTries : kPatientTries;
  const int patience = 1 + static_cast<int>(random->Below(most));
  std::string text;
  absl::flat_hash_set<std::string> answers;
  for (int tries = 1;; ++tries) {
    const Attempt attempt = exercise.attempt(random);
    const bool again = !answers.insert(attempt.answer).second;
    const bool done = attempt.success.value_or(again);
    const bool compared = attempt.success.has_value() || tries > 1;
    absl::StrAppend(&text, attempt.steps, done ? "!" : compared ? "x" : "", "\n");
    if (done || tries == patience) return R1ZeroCompletion(text, attempt.answer);
  }
}

class ProceduralTask : public Task {
 public:
  static StatusOr<std::unique_ptr<Task>> Make(const ProceduralSpec& spec, DrawExercise draw) {
    auto task = std::make_unique<ProceduralTask>(spec, std::move(draw));
    HONE_RETURN_IF_ERROR(task->HoldOut(spec.family.heldout));
    return task;
  }

  ProceduralTask(const ProceduralSpec& spec, DrawExercise draw)
      : name_(spec.name),
        r1_zero_(spec.family.prompt_template == "r1_zero"),
        holds_out_(spec.family.heldout > 0),
        draw_(std::move(draw)) {}

  StatusOr<Problem> TrainProblem(uint64_t seed, uint64_t index) const override {
    Random random(seed, kTrainStream | index);
    return MakeProblem(DrawTraining(&random));
  }

  StatusOr<Demonstration> MakeDemonstration(uint64_t seed, uint64_t index) const override {
    Random random(seed, kDemonstrationStream | index);
    const Exercise exercise = DrawTraining(&random);
    return Demonstration{.prompt = MakeProblem(exercise).prompt,
                         .completion = DemonstrationText(exercise, &random)};
  }

  int64_t num_heldout() const override { return static_cast<int64_t>(heldout_.size()); }
  StatusOr<Problem> HeldoutProblem(int64_t index) const override { return heldout_[index]; }

  VerifierSpec reward() const override { return {"procedural"}; }

  std::vector<std::string> added_tokens() const override { return R1ZeroTags(); }

 private:
  Problem MakeProblem(const Exercise& exercise) const {
    return {.prompt = r1_zero_ ? R1ZeroPrompt(exercise.question) : ShortPrompt(exercise.brief),
            .answer = absl::StrCat("{\"task\":\"", name_, "\",", exercise.record, "}")};
  }

  bool IsHeldout(const Exercise& exercise) const {
    return holds_out_ && Hash64(absl::StrCat(name_, ":", exercise.key)) % kHeldoutShare == 0;
  }

  Exercise DrawTraining(Random* random) const {  // HoldOut() has seen that there are some
    Exercise exercise = draw_(random);
    while (IsHeldout(exercise)) exercise = draw_(random);
    return exercise;
  }

  Status HoldOut(int count) {
    if (count == 0) return absl::OkStatus();
    bool trains = false;
    absl::flat_hash_set<std::string> keys;
    const uint64_t most = kMaxDraws * (static_cast<uint64_t>(count) + 1);
    for (uint64_t i = 0; i < most && !(trains && num_heldout() == count); ++i) {
      Random random(kHeldoutSeed, i);
      const Exercise exercise = draw_(&random);
      const bool held = IsHeldout(exercise);
      trains = trains || !held;
      if (held && num_heldout() < count && keys.insert(exercise.key).second) {
        heldout_.push_back(MakeProblem(exercise));
      }
    }
    if (trains && num_heldout() == count) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "task ", name_, ": heldout is ", count, ", but ", most, " problems of this difficulty had ",
        num_heldout(), " different ones to hold out", trains ? "" : " and none to train on",
        ": lower heldout or widen the problems"));
  }

  std::string name_;
  bool r1_zero_;
  bool holds_out_;
  DrawExercise draw_;
  std::vector<Problem> heldout_;
};

// The problems of a name; empty for an unknown one.
DrawExercise Family(const ProceduralSpec& spec) {
  // The function with its own part of the spec.
  const auto of = [](auto draw, const auto& own) -> DrawExercise {
    return [draw, own](Random* random) { return draw(own, random); };
  };
  if (spec.name == "arithmetic") return of(DrawArithmetic, spec.arithmetic);
  if (spec.name == "base_conversion") return of(DrawBaseConversion, spec.base_conversion);
  if (spec.name == "boolean_logic") return of(DrawBooleanLogic, spec.boolean_logic);
  if (spec.name == "calendar") return of(DrawCalendar, spec.calendar);
  if (spec.name == "shortest_path") return of(DrawShortestPath, spec.shortest_path);
  if (spec.name == "string_manipulation") {
    return of(DrawStringManipulation, spec.string_manipulation);
  }
  if (spec.name == "sudoku") return of(DrawSudoku, spec.sudoku);
  return nullptr;
}

}  // namespace

StatusOr<std::unique_ptr<Task>> MakeProcedural(const ProceduralSpec& spec) {
  if (spec.name == "countdown") return MakeCountdown(spec.countdown);
  DrawExercise draw = Family(spec);
  if (draw == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("unknown procedural task \"", spec.name, "\""));
  }
  return ProceduralTask::Make(spec, std::move(draw));
}

}  // namespace hone
