// The helper program that holds a cell, as bytes of Hone's own program: nothing has to be found on
// the machine.
#ifndef HONE_REWARD_SANDBOX_CELL_IMAGE_H_
#define HONE_REWARD_SANDBOX_CELL_IMAGE_H_

#include "absl/strings/string_view.h"

namespace hone {

absl::string_view CellImage();

}  // namespace hone

#endif  // HONE_REWARD_SANDBOX_CELL_IMAGE_H_
