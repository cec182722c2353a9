// A task's demonstrations as tokens, pass after pass.
#ifndef HONE_TRAINER_DEMONSTRATIONS_H_
#define HONE_TRAINER_DEMONSTRATIONS_H_

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "data/task.h"
#include "model/tokenizer/tokenizer.h"

namespace hone {

struct DemonstrationTokens {
  std::vector<int32_t> tokens;  // prompt, completion, end token
  int64_t prompt_size = 0;
};

struct DemonstrationOptions {
  uint64_t seed = 0;
  int64_t count = 0;      // of a task that can make any number
  int32_t end_token = 0;  // ends every completion
  int64_t context = 0;    // the model's longest sequence
};

// Demonstrations in an order that is shuffled anew each pass: a pure function of the cursor.
class DemonstrationReader {
 public:
  // `cursor`: how many have been read before. Task and tokenizer must outlive the reader.
  DemonstrationReader(const Tokenizer& tokenizer, const Task& task,
                      const DemonstrationOptions& options, int64_t cursor);

  int64_t cursor() const { return cursor_; }
  int64_t count() const { return count_; }  // of one pass

  // InvalidArgument for one that is longer than the model's context.
  StatusOr<DemonstrationTokens> Next();
  // The next ones, until they have at least `tokens` tokens in all.
  StatusOr<std::vector<DemonstrationTokens>> NextBatch(int64_t tokens);

 private:
  void Shuffle(int64_t epoch);

  const Tokenizer& tokenizer_;
  const Task& task_;
  const DemonstrationOptions options_;
  int64_t count_;
  int64_t cursor_;
  int64_t epoch_ = -1;
  std::vector<int64_t> order_;
};

}  // namespace hone

#endif  // HONE_TRAINER_DEMONSTRATIONS_H_
