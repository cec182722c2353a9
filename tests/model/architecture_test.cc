#include "model/architecture.h"

#include <algorithm>
#include <string>

#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(ArchitectureTest, EachIsFoundByItsNameAndInOrder) {
  EXPECT_EQ(ArchitectureNames(), "llama, mistral, qwen2, qwen3");
  for (const Architecture* architecture : AllArchitectures()) {
    EXPECT_EQ(FindArchitecture(architecture->name), architecture);
  }
  EXPECT_EQ(FindArchitecture("Qwen3"), nullptr);
  EXPECT_EQ(FindArchitecture(""), nullptr);
}

// config/ may not look into model/, so it has a list of its own.
TEST(ArchitectureTest, AnExperimentMayNameEachOfThemAndNoOther) {
  const std::string yaml =
      "name: x\nmodel: {init: {architecture: NAME}}\nstages:\n  - sft: {task: countdown}\n";
  const auto load = [&](const std::string& name) {
    std::string text = yaml;
    text.replace(text.find("NAME"), 4, name);
    return ParseExperiment(text, "e.yaml", {});
  };
  for (const Architecture* architecture : AllArchitectures()) {
    EXPECT_TRUE(load(architecture->name).ok()) << load(architecture->name).status();
  }
  EXPECT_THAT(std::string(load("gemma").status().message()), testing::HasSubstr("architecture"));
}

}  // namespace
}  // namespace hone
