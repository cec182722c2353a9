#include "data/procedural/mixture.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/philox.h"
#include "data/procedural/procedural_task.h"

namespace hone {
namespace {

// Tags in a stream's top byte, as in countdown.cc.
constexpr uint64_t kTrainStream = uint64_t{0xB3} << 56;
constexpr uint64_t kDemonstrationStream = uint64_t{0xB4} << 56;

struct Part {
  std::unique_ptr<Task> task;
  std::string name;
  double weight;
};

class Mixture : public Task {
 public:
  explicit Mixture(std::vector<Part> parts) : parts_(std::move(parts)) {
    for (const Part& part : parts_) total_weight_ += part.weight;
    MergeHeldout();
  }

  StatusOr<Problem> TrainProblem(uint64_t seed, uint64_t index) const override {
    Random random(seed, kTrainStream | index);
    const Part& part = DrawPart(&random);
    return Tagged(part, part.task->TrainProblem(seed, index));
  }

  StatusOr<Demonstration> MakeDemonstration(uint64_t seed, uint64_t index) const override {
    Random random(seed, kDemonstrationStream | index);
    return DrawPart(&random).task->MakeDemonstration(seed, index);
  }

  int64_t num_heldout() const override { return static_cast<int64_t>(heldout_.size()); }
  StatusOr<Problem> HeldoutProblem(int64_t index) const override {
    const auto& [part, its_index] = heldout_[index];
    return Tagged(parts_[part], parts_[part].task->HeldoutProblem(its_index));
  }

  VerifierSpec reward() const override { return {"procedural"}; }

  std::vector<std::string> added_tokens() const override {
    std::vector<std::string> tokens;
    for (const Part& part : parts_) {
      for (std::string& token : part.task->added_tokens()) {
        if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
          tokens.push_back(std::move(token));
        }
      }
    }
    return tokens;
  }

 private:
  const Part& DrawPart(Random* random) const {
    double left = random->Uniform() * total_weight_;
    for (const Part& part : parts_) {
      left -= part.weight;
      if (left < 0) return part;
    }
    return parts_.back();  // what rounding leaves over
  }

  static StatusOr<Problem> Tagged(const Part& part, StatusOr<Problem> problem) {
    if (problem.ok() && part.name == "countdown") {
      problem->answer = absl::StrCat("{\"task\":\"countdown\",", problem->answer.substr(1));
    }
    return problem;
  }

  // Always the part that is furthest behind its weight.
  void MergeHeldout() {
    std::vector<int64_t> taken(parts_.size());
    while (true) {
      int next = -1;
      double furthest = 0;
      for (size_t i = 0; i < parts_.size(); ++i) {
        if (taken[i] == parts_[i].task->num_heldout()) continue;
        const double due = static_cast<double>(taken[i] + 1) / parts_[i].weight;
        if (next < 0 || due < furthest) {
          next = static_cast<int>(i);
          furthest = due;
        }
      }
      if (next < 0) return;
      heldout_.emplace_back(next, taken[next]++);
    }
  }

  std::vector<Part> parts_;
  double total_weight_ = 0;
  std::vector<std::pair<int, int64_t>> heldout_;  // a part, and which of its problems
};

}  // namespace

StatusOr<std::unique_ptr<Task>> MakeMixture(const std::vector<MixturePart>& parts) {
  std::vector<Part> made;
  for (const MixturePart& part : parts) {
    StatusOr<std::unique_ptr<Task>> task = MakeProcedural(part);
    if (!task.ok()) return Annotate(task.status(), "a mixture's part");
    made.push_back({*std::move(task), part.name, part.weight});
  }
  return std::make_unique<Mixture>(std::move(made));
}

}  // namespace hone
