// Judges JSON lines {"completion", "answer", "prompt"?, "settings"?} from stdin by the math reward
// with these keys, and prints
// {"status", "detail", "seconds"} for each: what math_oracle.py compares with math-verify.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "config/load.h"
#include "data/records.h"
#include "nlohmann/json.hpp"
#include "reward/math.h"

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const nlohmann::json in = nlohmann::json::parse(line);
    nlohmann::json settings = in.value("settings", nlohmann::json::object());
    settings["name"] = "math";
    const auto verifier = hone::MakeMathVerifier(hone::ParseVerifier(settings.dump(), "in")->math);
    const auto begin = std::chrono::steady_clock::now();
    const hone::Verdict verdict =
        verifier->Judge(in.value("prompt", ""), in.at("completion").get<std::string>(),
                        in.at("answer").get<std::string>());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    const nlohmann::json out = {{"status", hone::Name(verdict.outcome)},
                                {"detail", verdict.detail},
                                {"seconds", seconds.count()}};
    std::cout << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  }
  return 0;
}
