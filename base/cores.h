#ifndef HONE_BASE_CORES_H_
#define HONE_BASE_CORES_H_

namespace hone {

// Cores that this process may use; at least 1.
int NumCores();

}  // namespace hone

#endif  // HONE_BASE_CORES_H_
