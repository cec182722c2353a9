// What procedural_oracle.py asks. For each JSON line of stdin:
//   {"task": a task as YAML, "count": n, "seed": s} prints n lines {"prompt", "answer",
//     "demonstration"}: training problem i and the i-th demonstration;
//   {"completion", "answer"} prints {"status", "detail"}, judged by the procedural reward.
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "config/load.h"
#include "data/records.h"
#include "data/task.h"
#include "nlohmann/json.hpp"
#include "reward/procedural.h"

namespace {

void Print(const nlohmann::json& line) {
  std::cout << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

bool PrintProblems(const nlohmann::json& in) {
  const auto source =
      hone::ParseSource("task: " + in.at("task").get<std::string>(), "the probe's task", {});
  if (!source.ok()) return std::cerr << source.status() << '\n', false;
  const auto task = hone::MakeTask(*source, hone::TextOnlyTools());
  if (!task.ok()) return std::cerr << task.status() << '\n', false;
  const uint64_t seed = in.at("seed").get<uint64_t>();
  for (uint64_t i = 0; i < in.at("count").get<uint64_t>(); ++i) {
    const hone::Problem problem = (*task)->TrainProblem(seed, i).value();
    const hone::Demonstration shown = (*task)->MakeDemonstration(seed, i).value();
    Print({{"prompt", problem.prompt},
           {"answer", problem.answer},
           {"demonstration", {{"prompt", shown.prompt}, {"completion", shown.completion}}}});
  }
  return true;
}

}  // namespace

int main() {
  const std::unique_ptr<hone::Verifier> verifier = hone::MakeProceduralVerifier();
  std::string text;
  while (std::getline(std::cin, text)) {
    const nlohmann::json in = nlohmann::json::parse(text);
    if (in.contains("task")) {
      if (!PrintProblems(in)) return 1;
      continue;
    }
    const hone::Verdict verdict = verifier->Judge("", in.at("completion").get<std::string>(),
                                                  in.at("answer").get<std::string>());
    Print({{"status", hone::Name(verdict.outcome)}, {"detail", verdict.detail}});
  }
  return 0;
}
