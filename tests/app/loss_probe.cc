// For loss_oracle.py: evaluates each line of stdin as `hone loss` does a file. An error becomes
// {"error": …}.
#include <iostream>
#include <string>

#include "app/jsonl.h"
#include "app/loss_batch.h"

int main() {
  const hone::Status status = hone::ReadJsonl(
      "-", [](const nlohmann::json& input, const std::string& where) -> hone::Status {
        const auto output = hone::EvaluateLossBatch(input, where);
        std::cout << (output.ok() ? *output
                                  : nlohmann::json{{"error", output.status().message()}}.dump())
                  << "\n";
        return absl::OkStatus();
      });
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
