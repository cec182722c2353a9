// jemalloc instead of the C library's malloc, with these settings. It keeps freed memory for the
// next step, in arenas of any size: the learner's tensors come and go in the same sizes, and
// handing pages back to the system costs more than the arithmetic on a small model. The C library
// can keep it, too, but has gaps of a fifth of the whole then.
#include <jemalloc/jemalloc.h>

// jemalloc reads this name before main().
extern "C" const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1,oversize_threshold:0";
