// Experiment YAML ⇄ structs. The only place where configuration is parsed.
#ifndef HONE_CONFIG_LOAD_H_
#define HONE_CONFIG_LOAD_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/status.h"
#include "config/experiment.h"

namespace hone {

// Reads and validates an experiment. `overrides` are "a.b.0.c=value" with value in YAML, e.g.
// "stages.1.grpo.optimizer.lr=1e-6"; they are applied in order before validation.
// Errors are InvalidArgument: "file:line:column: key `x` …; did you mean `y`?" (an override is
// named instead of a line). An unreadable file is an error of its own kind.
StatusOr<Experiment> LoadExperiment(const std::string& path,
                                    absl::Span<const std::string> overrides);

// The same from text; `name` stands for the file in messages.
StatusOr<Experiment> ParseExperiment(const std::string& text, const std::string& name,
                                     absl::Span<const std::string> overrides);

// A stage's `task: …` or `data: …` alone, as an experiment would have it. `name` stands for the
// file in messages; paths of overrides begin with task or data.
StatusOr<SourceSpec> ParseSource(const std::string& text, const std::string& name,
                                 absl::Span<const std::string> overrides);

// An `algorithm:` block alone, or a preset's name; YAML, and so JSON too.
StatusOr<AlgorithmSpec> ParseAlgorithm(const std::string& text, const std::string& name);

// A verifier alone, or its name; YAML, and so JSON too. `name` stands for the file in messages.
StatusOr<VerifierSpec> ParseVerifier(const std::string& text, const std::string& name);

// The resolved experiment, every field with its value: parses back to the same structs, and gives
// the same text on every machine. The run folder's experiment.yaml.
std::string ToYaml(const Experiment& experiment);

// A task or data alone, every key with its value: equal texts mean equal problems, as long as the
// files are the same.
std::string ToYaml(const SourceSpec& source);

// A verifier alone, every key with its value: parses back to the same.
std::string ToYaml(const VerifierSpec& verifier);

// What determines the result: all but `checkpoint` and `resources`, of which only
// resources.trainer.micro_batch_tokens and virtual_shards count; the rest has its defaults.
Experiment DecisivePart(Experiment experiment);

// SHA-256 of the decisive part, in hex. Two synchronous runs with equal hashes end in the same bits
// on one rank, and with virtual shards on any number of ranks.
std::string ExperimentHash(const Experiment& experiment);

// A documented listing of every key, its default and meaning, for `hone run --help-config` and
// docs.
std::string DescribeKeys();

}  // namespace hone

#endif  // HONE_CONFIG_LOAD_H_
