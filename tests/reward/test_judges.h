// Judges for tests that run a reward service in their own process.
#ifndef HONE_TESTS_REWARD_TEST_JUDGES_H_
#define HONE_TESTS_REWARD_TEST_JUDGES_H_

#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "reward/judge_pool.h"

namespace hone {

// Two poisonable judges (poisonable_judge.cc), the same on each call.
inline JudgePool* TestJudges() {
  static MetricsRegistry metrics;
  static const std::unique_ptr<JudgePool> pool = [] {
    auto started = JudgePool::Start({.command = {HONE_TEST_JUDGE}, .num_judges = 2}, &metrics);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? *std::move(started) : nullptr;
  }();
  return pool.get();
}

}  // namespace hone

#endif  // HONE_TESTS_REWARD_TEST_JUDGES_H_
