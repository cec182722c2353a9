#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "config/load.h"
#include "config/scalar.h"

namespace hone {
namespace {

// Visits the fields of a block and appends their lines in YAML's block style.
class Printer {
 public:
  Printer(std::string first_indent, std::string indent, std::string* text)
      : next_indent_(std::move(first_indent)), indent_(std::move(indent)), text_(text) {}

  template <typename T>
  void operator()(const char* key, T& field, const char*) {
    Print(key, field);
  }

  bool printed() const { return printed_; }

 private:
  template <typename T>
  void Print(const char* key, T& field) {
    if constexpr (kIsScalar<T>) {
      Line(absl::StrCat(key, ": ", WriteScalar(field)));
    } else {
      Line(absl::StrCat(key, ":"));
      const std::string deeper = indent_ + "  ";
      Printer printer(deeper, deeper, text_);
      field.Fields(printer);
    }
  }

  // Only a block that is there: in `stages`, the absent ones are the other kinds of stage.
  template <typename T>
  void Print(const char* key, std::optional<T>& field) {
    if constexpr (kIsScalar<T>) {
      Line(absl::StrCat(key, ": ", WriteScalar(field)));
    } else if (field.has_value()) {
      Print(key, *field);
    }
  }

  template <typename T>
  void Print(const char* key, std::vector<T>& field) {
    Line(absl::StrCat(key, field.empty() ? ": []" : ":"));
    for (T& element : field) {
      if constexpr (kIsScalar<T>) {
        absl::StrAppend(text_, indent_, "  - ", WriteScalar(element), "\n");
      } else {
        PrintElement(element);
      }
    }
  }

  template <typename T>
  void PrintElement(T& element) {
    Printer printer(indent_ + "  - ", indent_ + "    ", text_);
    element.Fields(printer);
    if (!printer.printed()) absl::StrAppend(text_, indent_, "  - {}\n");
  }

  void Line(absl::string_view line) {
    absl::StrAppend(text_, next_indent_, line, "\n");
    next_indent_ = indent_;
    printed_ = true;
  }

  std::string next_indent_;  // of a list's element: with the dash
  const std::string indent_;
  std::string* const text_;
  bool printed_ = false;
};

template <typename T>
std::string PrintBlock(T block) {  // a copy: Fields() takes a mutable struct
  std::string text;
  Printer printer("", "", &text);
  block.Fields(printer);
  return text;
}

}  // namespace

std::string ToYaml(const Experiment& experiment) { return PrintBlock(experiment); }

std::string ToYaml(const SourceSpec& source) { return PrintBlock(source); }

std::string ToYaml(const VerifierSpec& verifier) { return PrintBlock(verifier); }

Experiment DecisivePart(Experiment experiment) {
  const TrainerResources trainer = experiment.resources.trainer;
  const bool exact_rollout = experiment.resources.rollout.exact;
  experiment.resources = Resources();
  experiment.checkpoint = CheckpointSpec();
  // Gradients are summed by micro-batches, and these two say how a batch is cut.
  experiment.resources.trainer.micro_batch_tokens = trainer.micro_batch_tokens;
  experiment.resources.trainer.virtual_shards = trainer.virtual_shards;
  // On a GPU sums have another order, unless the engine is exact.
  experiment.resources.trainer.device = trainer.device;
  experiment.resources.rollout.exact = exact_rollout;
  return experiment;
}

std::string ExperimentHash(const Experiment& experiment) {
  return Sha256Hex(ToYaml(DecisivePart(experiment)));
}

}  // namespace hone
