#include "reward/sandbox/cell_pool.h"

#include <utility>

#include "gtest/gtest.h"
#include "reward/sandbox/memory_file.h"
#include "tests/reward/sandbox/leftovers.h"
#include "tests/reward/sandbox/machine.h"

namespace hone {
namespace {

class CellPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HONE_NEEDS_SANDBOX();
    auto pool = CellPool::Make(CellKind::kPython, 2);
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
  }
  std::unique_ptr<Cell> Take() {
    auto cell = pool_->Take(absl::ZeroDuration());
    EXPECT_TRUE(cell.ok()) << cell.status();
    return cell.ok() ? *std::move(cell) : nullptr;
  }
  static StatusOr<sandbox::JobReply> Run(Cell* cell, absl::string_view program) {
    const auto source = SealedMemoryFile(program), input = SealedMemoryFile("");
    const auto output = EmptyMemoryFile(), errors = EmptyMemoryFile();
    return cell->Run({.cpu_seconds = 1, .memory_bytes = 1 << 29, .output_bytes = 1 << 20},
                     {source->get(), input->get(), output->get(), errors->get()}, 20);
  }
  std::unique_ptr<CellPool> pool_;
};

TEST_F(CellPoolTest, GivesAsManyAsItMay) {
  std::unique_ptr<Cell> first = Take(), second = Take();
  EXPECT_TRUE(absl::IsDeadlineExceeded(pool_->Take(absl::Milliseconds(1)).status()));
  pool_->Return(std::move(first));
  first = Take();
  EXPECT_NE(first, nullptr);
  pool_->Return(std::move(first));
  pool_->Return(std::move(second));
  EXPECT_EQ(NumDescendants(), 4);  // both wait: a helper and a first process each
}

TEST_F(CellPoolTest, KeepsACellThatIsAsItWas) {
  std::unique_ptr<Cell> cell = Take();
  const Cell* const same = cell.get();
  ASSERT_TRUE(Run(cell.get(), "pass").ok());
  EXPECT_FALSE(cell->used_up());
  pool_->Return(std::move(cell));
  cell = Take();
  EXPECT_EQ(cell.get(), same);
  pool_->Return(std::move(cell));
}

TEST_F(CellPoolTest, EndsACellInWhichSomethingChanged) {
  for (const char* program :
       {"open('/tmp/x', 'w')", "import os\nos.mkdir('/tmp/x')\nos.rmdir('/tmp/x')",
        "import os\nos.chmod('/tmp', 0o755)", "import os\nos.utime('/tmp', (1, 1))"}) {
    std::unique_ptr<Cell> cell = Take();
    const auto reply = Run(cell.get(), program);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->wait_status, 0) << program;
    EXPECT_TRUE(cell->used_up()) << program;
    EXPECT_FALSE(Run(cell.get(), "pass").ok());
    pool_->Return(std::move(cell));
    EXPECT_EQ(NumDescendants(), 0);
  }
}

TEST_F(CellPoolTest, ACellThatIsGoneMakesRoom) {
  std::unique_ptr<Cell> first = Take(), second = Take();
  first = nullptr;
  pool_->Return(nullptr);
  first = Take();
  EXPECT_NE(first, nullptr);
  pool_->Return(std::move(first));
  pool_->Return(std::move(second));
}

}  // namespace
}  // namespace hone
