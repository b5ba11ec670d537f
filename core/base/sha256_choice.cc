// Which instructions this processor has for SHA-256.
#include "core/base/kernels/sha256_kernel.h"

#if defined(__aarch64__) && defined(__linux__)
// Of the C library; what the system says of the processor is no I/O, but its header is not core's.
extern "C" unsigned long getauxval(unsigned long type);
#endif

namespace guardrank {

Sha256Kernel choose_sha256() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1")) return sha256_x86;
#elif defined(__aarch64__) && (defined(__ARM_FEATURE_SHA2) || defined(__APPLE__))
  return sha256_arm;   // the whole build relies on it; every Apple processor for computers has it
#elif defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long capabilities = 16, sha2 = 1ul << 6;   // AT_HWCAP, HWCAP_SHA2
  if ((getauxval(capabilities) & sha2) != 0) return sha256_arm;
#endif
  return sha256_portable;
}

}  // namespace guardrank
