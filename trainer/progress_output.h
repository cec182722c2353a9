// Progress over a given file descriptor and clock; MakeProgress() gives stderr and real time.
#ifndef HONE_TRAINER_PROGRESS_OUTPUT_H_
#define HONE_TRAINER_PROGRESS_OUTPUT_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "trainer/progress.h"

namespace hone {

// How a descriptor wants to be written to.
struct ProgressStyle {
  bool live = false;   // a terminal that can redraw a line
  bool color = false;  // only with live; NO_COLOR turns it off
  bool utf8 = false;   // the locale shows more than ASCII
};
ProgressStyle DetectProgressStyle(int fd);

// `fd` stays the caller's. The width of a live line follows the terminal's.
std::unique_ptr<Progress> MakeProgressOn(int fd, const ProgressStyle& style, double plain_seconds,
                                         Clock* clock);

// "42s", "4m10s", "2h05m", "3d04h".
std::string FormatEta(double seconds);
// "950", "18.2k", "1.25M".
std::string FormatRate(double per_second);

}  // namespace hone

#endif  // HONE_TRAINER_PROGRESS_OUTPUT_H_
