#include "base/metrics.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

TEST(MetricsRegistry, WritesTheTextFormat) {
  MetricsRegistry registry;
  registry.GetGauge("hone_b", "Depth of a queue.").Set(2.5);
  registry.GetCounter("hone_a_total", "Things.", {{"kind", "y"}}).Add(3);
  registry.GetCounter("hone_a_total", "Things.", {{"kind", "x"}, {"where", "here"}}).Add();
  EXPECT_EQ(registry.Text(),
            "# HELP hone_a_total Things.\n"
            "# TYPE hone_a_total counter\n"
            "hone_a_total{kind=\"x\",where=\"here\"} 1\n"
            "hone_a_total{kind=\"y\"} 3\n"
            "# HELP hone_b Depth of a queue.\n"
            "# TYPE hone_b gauge\n"
            "hone_b 2.5\n");
}

TEST(MetricsRegistry, AHistogramIsCumulativeAndItsBoundsAreInclusive) {
  MetricsRegistry registry;
  Histogram& histogram =
      registry.GetHistogram("hone_seconds", "Time.", {0.1, 1, 10}, {{"reward", "math"}});
  for (const double value : {0.1, 0.5, 0.25, 10.0, 11.0}) histogram.Observe(value);
  EXPECT_EQ(registry.Text(),
            "# HELP hone_seconds Time.\n"
            "# TYPE hone_seconds histogram\n"
            "hone_seconds_bucket{reward=\"math\",le=\"0.1\"} 1\n"
            "hone_seconds_bucket{reward=\"math\",le=\"1\"} 3\n"
            "hone_seconds_bucket{reward=\"math\",le=\"10\"} 4\n"
            "hone_seconds_bucket{reward=\"math\",le=\"+Inf\"} 5\n"
            "hone_seconds_sum{reward=\"math\"} 21.85\n"
            "hone_seconds_count{reward=\"math\"} 5\n");
}

TEST(MetricsRegistry, OneNameAndLabelsIsOneInstrument) {
  MetricsRegistry registry;
  EXPECT_EQ(&registry.GetCounter("hone_total", "", {{"a", "1"}}),
            &registry.GetCounter("hone_total", "", {{"a", "1"}}));
  EXPECT_NE(&registry.GetCounter("hone_total", "", {{"a", "1"}}),
            &registry.GetCounter("hone_total", "", {{"a", "2"}}));
  EXPECT_EQ(&registry.GetHistogram("hone_seconds", "", {1}),
            &registry.GetHistogram("hone_seconds", "", {1}));
  EXPECT_DEATH(registry.GetGauge("hone_total", ""), "hone_total is asked for as two kinds");
}

TEST(MetricsRegistry, EscapesWhatWouldBreakALine) {
  MetricsRegistry registry;
  registry.GetGauge("hone_g", "a\\b\nc", {{"v", "say \"hi\"\\\n"}}).Set(1);
  EXPECT_EQ(registry.Text(),
            "# HELP hone_g a\\\\b\\nc\n"
            "# TYPE hone_g gauge\n"
            "hone_g{v=\"say \\\"hi\\\"\\\\\\n\"} 1\n");
}

TEST(MetricsRegistry, WritesNumbersThatReadBackAsTheSame) {
  MetricsRegistry registry;
  Gauge& gauge = registry.GetGauge("g", "");
  for (const double value : {0.1, 1.0 / 3, 123456789012.0, -1e300, 5e-324}) {
    gauge.Set(value);
    const std::string text = registry.Text();
    EXPECT_EQ(std::strtod(text.c_str() + text.rfind(' '), nullptr), value) << text;
  }
  gauge.Set(INFINITY);
  EXPECT_THAT(registry.Text(), HasSubstr("\ng +Inf\n"));
  gauge.Set(-INFINITY);
  EXPECT_THAT(registry.Text(), HasSubstr("\ng -Inf\n"));
  gauge.Set(NAN);
  EXPECT_THAT(registry.Text(), HasSubstr("\ng NaN\n"));
}

TEST(MetricsRegistry, CollectorsRunBeforeEachExposition) {
  MetricsRegistry registry;
  Gauge& gauge = registry.GetGauge("g", "");
  registry.AddCollector([&gauge] { gauge.Add(1); });
  EXPECT_THAT(registry.Text(), HasSubstr("\ng 1\n"));
  EXPECT_THAT(registry.Text(), HasSubstr("\ng 2\n"));
}

TEST(MetricsRegistry, NothingIsLostBetweenThreads) {
  constexpr int kThreads = 4, kTimes = 20'000;
  MetricsRegistry registry;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&registry] {
      for (int n = 0; n < kTimes; ++n) {
        registry.GetCounter("hone_total", "").Add();
        registry.GetHistogram("hone_seconds", "", {0.5}).Observe(n % 2);
      }
    });
  }
  registry.Text();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.GetCounter("hone_total", "").value(), kThreads * kTimes);
  const Histogram& histogram = registry.GetHistogram("hone_seconds", "", {0.5});
  EXPECT_EQ(histogram.count(0), kThreads * kTimes / 2);
  EXPECT_EQ(histogram.count(1), kThreads * kTimes / 2);
  EXPECT_EQ(histogram.sum(), kThreads * kTimes / 2);
}

}  // namespace
}  // namespace hone
