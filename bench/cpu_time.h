// Time as it is measured here: that of the processor, for the machine may be shared.
#pragma once
#include <time.h>

namespace bench {

// What this process has used so far, in seconds.
inline double cpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace bench
