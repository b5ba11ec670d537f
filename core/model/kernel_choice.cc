// Which kernels this build has, and which of them this processor runs. Best first.
#include "core/model/network.h"

namespace guardrank {
namespace {

bool always() { return true; }
#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2"); }
#endif

struct KernelEntry {
  KernelChoice choice;
  const Kernel* kernel;
  bool (*is_supported)();
};

constexpr KernelEntry kernels[] = {
#if defined(__x86_64__)
    {KernelChoice::avx2, &avx2_kernel, has_avx2},
#endif
#if defined(__wasm_simd128__)
    {KernelChoice::wasm_simd128, &wasm_simd128_kernel, always},
#endif
#if !defined(__wasm_simd128__)   // every engine that loads that module runs its kernel
    {KernelChoice::portable, &portable_kernel, always},
#endif
};

}  // namespace

std::string_view kernel_name(KernelChoice choice) {
  switch (choice) {
    case KernelChoice::automatic: return "automatic";
    case KernelChoice::portable: return "portable";
    case KernelChoice::avx2: return "avx2";
    case KernelChoice::wasm_simd128: return "wasm_simd128";
  }
  return "unknown";
}

Status choose_kernel(KernelChoice choice, const Kernel** kernel, Error* error) {
  for (const KernelEntry& entry : kernels) {
    if (choice != KernelChoice::automatic && choice != entry.choice) continue;
    if (!entry.is_supported()) continue;
    *kernel = entry.kernel;
    return Status::ok;
  }
  return error->set(Status::argument, "kernel",
                    {kernel_name(choice), " is not in this build or not on this processor"});
}

}  // namespace guardrank
