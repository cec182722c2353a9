#include "report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "report/axis.h"
#include "report/series.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

Chart OneSeries(std::vector<Point> points) {
  Chart chart;
  chart.title = "Reward";
  chart.series.push_back({"reward", std::move(points), "s0"});
  return chart;
}

TEST(Axis, TicksAreRoundNumbersThatCoverTheRange) {
  const Axis axis = MakeAxis(0.13, 0.87, 5, /*round_out=*/true, Unit::kNumber);
  EXPECT_THAT(axis.labels, ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 1);
}

TEST(Axis, PercentAndLargeAndSmall) {
  EXPECT_THAT(MakeAxis(0, 1, 4, true, Unit::kPercent).labels,
              ElementsAre("0%", "20%", "40%", "60%", "80%", "100%"));
  EXPECT_THAT(MakeAxis(0, 0.02, 2, true, Unit::kPercent).labels, ElementsAre("0%", "1%", "2%"));
  EXPECT_THAT(MakeAxis(0, 20000, 2, true, Unit::kNumber).labels, ElementsAre("0", "10k", "20k"));
  EXPECT_THAT(MakeAxis(0, 1e-4, 2, true, Unit::kNumber).labels, ElementsAre("0", "5e−5", "1e−4"));
  EXPECT_THAT(MakeAxis(-1, 1, 2, true, Unit::kNumber).labels, ElementsAre("−1", "0", "1"));
}

TEST(Axis, StepsAreWhole) {
  EXPECT_THAT(MakeStepAxis(1, 3, 10).labels, ElementsAre("1", "2", "3"));
  EXPECT_THAT(MakeStepAxis(0, 120, 3).labels, ElementsAre("0", "50", "100"));
}

TEST(Axis, SenselessRangesGiveAnAxis) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {0, 0}, {5, 5}, {-3, -3}, {kNan, 1}, {2, 1}, {1e300, 1e300}, {1, 1 + 1e-15}}) {
    const Axis axis = MakeAxis(low, high, 4, true, Unit::kNumber);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_THAT(axis.ticks, Not(IsEmpty()));
    EXPECT_LT(axis.ticks.size(), 20u);
  }
}

TEST(Downsample, KeepsSpikesAndEnds) {
  std::vector<Point> points;
  for (int i = 0; i < 10000; ++i) points.push_back({i * 1.0, i == 5123 ? 99.0 : std::sin(i)});
  const std::vector<Point> kept = Downsample(points, 600);
  EXPECT_LE(kept.size(), 600u);
  EXPECT_TRUE(std::any_of(kept.begin(), kept.end(), [](const Point& p) { return p.y == 99; }));
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(),
                             [](const Point& a, const Point& b) { return a.x < b.x; }));
}

TEST(Downsample, LeavesShortCurvesAndKeepsGaps) {
  const std::vector<Point> few = {{1, 2}, {2, 3}};
  EXPECT_EQ(Downsample(few, 600), few);
  std::vector<Point> points;
  for (int i = 0; i < 1000; ++i) points.push_back({i * 1.0, i == 500 ? kNan : 1.0 * i});
  const std::vector<Point> kept = Downsample(points, 100);
  EXPECT_EQ(std::count_if(kept.begin(), kept.end(), [](const Point& p) { return std::isnan(p.y); }),
            1);
}

TEST(Downsample, ManyGapsDoNotCostTheBound) {
  std::vector<Point> points;
  for (int i = 0; i < 10000; ++i) points.push_back({i * 1.0, i % 2 ? kNan : 1.0});
  EXPECT_LE(Downsample(points, 600).size(), 600u);
  EXPECT_THAT(Downsample(std::vector<Point>(1000, {1, kNan}), 600), IsEmpty());
}

TEST(MovingMean, AveragesNeighboursButNotOverGaps) {
  const std::vector<Point> means =
      MovingMean({{1, 0}, {2, 3}, {3, 6}, {4, kNan}, {5, 100}, {6, 200}}, 3);
  ASSERT_EQ(means.size(), 6u);
  EXPECT_EQ(means[0].y, 1.5);
  EXPECT_EQ(means[1].y, 3);
  EXPECT_EQ(means[2].y, 4.5);
  EXPECT_TRUE(std::isnan(means[3].y));
  EXPECT_EQ(means[4].y, 150);
}

TEST(RenderLines, NothingToDrawGivesNothing) {
  EXPECT_EQ(RenderLines(Chart(), {}), "");
  EXPECT_EQ(RenderLines(OneSeries({{1, kNan}}), {}), "");
}

TEST(RenderLines, HasAccessibleNameTooltipsAndEndLabel) {
  Chart chart = OneSeries({{1, 0.1}, {2, 0.25}, {3, 0.5}});
  chart.description = "Reward over <steps>";
  const std::string svg = RenderLines(chart, {});
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("<title>Reward</title><desc>Reward over &lt;steps&gt;</desc>"));
  EXPECT_THAT(svg, HasSubstr("<title>step 2\nreward 0.25</title>"));
  EXPECT_THAT(svg, HasSubstr("class=\"value s0\">0.5</text>"));
}

TEST(RenderLines, GapsBreakTheLine) {
  const std::string svg =
      RenderLines(OneSeries({{1, 1}, {2, 2}, {3, kNan}, {4, 4}, {5, 5}, {6, kNan}, {7, 7}}), {});
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_EQ(Count(svg, "<circle"), 1);  // the lone point
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(RenderLines, StagesAreShadedAndNamed) {
  Chart chart = OneSeries({{1, 1}, {120, 2}});
  chart.bands = {{0, 60, "sft"}, {60, 120, "<grpo>"}};
  const std::string svg = RenderLines(chart, {});
  EXPECT_EQ(Count(svg, "class=\"band\""), 1);
  EXPECT_THAT(svg, HasSubstr(">sft</text>"));
  EXPECT_THAT(svg, HasSubstr(">&lt;grpo&gt;</text>"));
}

TEST(RenderLines, LabelsDoNotCoverEachOther) {
  Chart chart = OneSeries({{1, 0.5}, {2, 0.5}});
  chart.series.push_back({"other", {{1, 0.5}, {2, 0.501}}, "s1"});
  const std::string svg = RenderLines(chart, {});
  std::vector<double> heights;
  for (size_t at = 0; (at = svg.find("class=\"value", at)) != std::string::npos; ++at) {
    heights.push_back(std::stod(svg.substr(svg.rfind("y=\"", at) + 3)));
  }
  ASSERT_EQ(heights.size(), 2u);
  EXPECT_GE(std::abs(heights[0] - heights[1]), 13);
}

TEST(RenderAreas, StacksToTheWhole) {
  Chart chart;
  chart.unit = Unit::kPercent;
  chart.series.push_back({"correct", {{1, 0.25}, {2, 0.5}}, "correct", Mark::kArea});
  chart.series.push_back({"incorrect", {{1, 0.75}, {2, kNan}}, "incorrect", Mark::kArea});
  const std::string svg = RenderAreas(chart, {340, 180});
  EXPECT_EQ(Count(svg, "<polygon"), 2);
  EXPECT_THAT(svg, HasSubstr("step 1\ncorrect 25.0%\nincorrect 75.0%"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(RenderAreas, OneStepFillsThePlot) {
  Chart chart;
  chart.series.push_back({"correct", {{7, 1.0}}, "correct", Mark::kArea});
  EXPECT_EQ(Count(RenderAreas(chart, {}), "<polygon"), 1);
}

TEST(RenderLegend, NamesSeriesThatAreDrawn) {
  Chart chart = OneSeries({{1, 1}});
  chart.series[0].label = "a & b";
  chart.series.push_back({"empty", {}, "s1"});
  const std::string legend = RenderLegend(chart);
  EXPECT_THAT(legend, HasSubstr("a &amp; b"));
  EXPECT_THAT(legend, Not(HasSubstr("empty")));
}

}  // namespace
}  // namespace hone
