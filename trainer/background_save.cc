#include "trainer/background_save.h"

#include <chrono>
#include <utility>

namespace hone {

Status BackgroundSave::Start(std::function<Status()> save) {
  HONE_RETURN_IF_ERROR(Finish());
  under_way_ = std::async(std::launch::async, std::move(save));
  return absl::OkStatus();
}

Status BackgroundSave::Finish() {
  if (!under_way_.valid()) return absl::OkStatus();
  return under_way_.get();
}

Status BackgroundSave::Poll() {
  using std::chrono::seconds;
  if (!under_way_.valid() || under_way_.wait_for(seconds(0)) != std::future_status::ready) {
    return absl::OkStatus();
  }
  return under_way_.get();
}

}  // namespace hone
