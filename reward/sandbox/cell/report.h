// How the helper program says that a cell cannot be made.
#ifndef HONE_REWARD_SANDBOX_CELL_REPORT_H_
#define HONE_REWARD_SANDBOX_CELL_REPORT_H_

namespace hone::sandbox {

// Sends "E", what failed and errno's text to Hone, and ends the process.
[[noreturn]] void Refuse(const char* what);

// The same unless `result` is at least 0.
inline void Demand(long result, const char* what) {
  if (result < 0) Refuse(what);
}

}  // namespace hone::sandbox

#endif  // HONE_REWARD_SANDBOX_CELL_REPORT_H_
