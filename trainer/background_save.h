// Saves checkpoints beside the training: one at a time.
// Thread safety: none; one thread of its own works while a save is under way.
#ifndef HONE_TRAINER_BACKGROUND_SAVE_H_
#define HONE_TRAINER_BACKGROUND_SAVE_H_

#include <functional>
#include <future>

#include "base/status.h"

namespace hone {

class BackgroundSave {
 public:
  ~BackgroundSave() { (void)Finish(); }

  // Waits for the save before, and starts this one. Returns the error of the one before.
  Status Start(std::function<Status()> save);
  // Waits for the save under way, if any, and returns its error.
  Status Finish();
  // The same without waiting: OK while it is under way.
  Status Poll();

 private:
  std::future<Status> under_way_;
};

}  // namespace hone

#endif  // HONE_TRAINER_BACKGROUND_SAVE_H_
