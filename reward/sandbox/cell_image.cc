#include "reward/sandbox/cell_image.h"

__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    "kHoneCellImageBegin:\n"
    ".incbin \"" HONE_CELL_IMAGE_PATH
    "\"\n"
    "kHoneCellImageEnd:\n"
    ".previous\n");
extern "C" const char kHoneCellImageBegin[], kHoneCellImageEnd[];

namespace hone {

absl::string_view CellImage() {
  return {kHoneCellImageBegin, static_cast<size_t>(kHoneCellImageEnd - kHoneCellImageBegin)};
}

}  // namespace hone
