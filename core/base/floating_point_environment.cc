// The control register of each architecture; WebAssembly has none and is always as wanted.
#include "core/base/math.h"

namespace guardrank {

#if defined(__SSE2__)

// Round to nearest, all exceptions masked, subnormals kept (Intel SDM volume 1, 10.2.3).
FloatingPointEnvironment::FloatingPointEnvironment() : saved_(__builtin_ia32_stmxcsr()) {
  __builtin_ia32_ldmxcsr(0x1F80);
}
FloatingPointEnvironment::~FloatingPointEnvironment() {
  __builtin_ia32_ldmxcsr(static_cast<unsigned>(saved_));
}

#elif defined(__aarch64__)

// FPCR 0: round to nearest, no flush to zero, no traps, NaNs propagate (Arm ARM, C5.2.8).
FloatingPointEnvironment::FloatingPointEnvironment() {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{0}) : "memory");
}
FloatingPointEnvironment::~FloatingPointEnvironment() {
  asm volatile("msr fpcr, %0" : : "r"(saved_) : "memory");
}

#elif defined(__wasm__)

FloatingPointEnvironment::FloatingPointEnvironment() = default;
FloatingPointEnvironment::~FloatingPointEnvironment() = default;

#else
#error "FloatingPointEnvironment: add the control register of this architecture"
#endif

}  // namespace guardrank
