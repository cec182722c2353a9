#include "tests/cluster/ranks.h"

#include <cstdio>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

std::unique_ptr<MpiWorld> world;
std::unique_ptr<Collectives> everybody;

// Rank 0 tells of every test, the others of what fails on them.
class FailuresOnly : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d, %s:%d: %s\n", everybody->world().rank,
                 result.file_name() ? result.file_name() : "?", result.line_number(),
                 result.summary());
  }
};

}  // namespace

MpiWorld& TestWorld() { return *world; }
Collectives& Everybody() { return *everybody; }

}  // namespace hone

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  auto started = hone::MpiWorld::Start({.timeout_seconds = 60});
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.status().ToString().c_str());
    return 1;
  }
  hone::world = *std::move(started);
  hone::everybody = *hone::world->Split(0, "the test's ranks");
  if (hone::world->world().rank > 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new hone::FailuresOnly);
  }
  const int result = RUN_ALL_TESTS();
  hone::everybody.reset();
  hone::world.reset();
  return result;
}
