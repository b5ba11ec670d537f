// Which kernels this build has, and which of them this processor runs. Best first.
#include "core/model/known_answer.h"
#include "core/model/network.h"

#if defined(__aarch64__) && defined(__linux__)
// Of the C library; what the system says of the processor is no I/O, but its header is not core's.
extern "C" unsigned long getauxval(unsigned long type);
#endif

namespace guardrank {
namespace {

[[maybe_unused]] bool always() { return true; }
#if defined(__x86_64__)
bool has_ssse3() { return __builtin_cpu_supports("ssse3"); }
bool has_avx2() { return __builtin_cpu_supports("avx2"); }
bool has_avx_vnni() { return has_avx2() && __builtin_cpu_supports("avxvnni"); }
bool has_avx512_vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}
#endif
#if defined(__aarch64__)
bool has_neon_dot() {
#if defined(__ARM_FEATURE_DOTPROD) || defined(__APPLE__)
  return true;   // the whole build relies on it; every Apple processor for computers has it
#elif defined(__linux__)
  constexpr unsigned long capabilities = 16, dot_product = 1ul << 20;   // AT_HWCAP, HWCAP_ASIMDDP
  return (getauxval(capabilities) & dot_product) != 0;
#else
  return false;
#endif
}
#endif

#if defined(__wasm_relaxed_simd__)
bool is_right() { return answers_rightly(wasm_relaxed_dot_kernel); }
// A host that gets one of the two wrong (V8 11.3 does, behind its flag) is not relied on for the other.
bool is_right_in_pairs() { return is_right() && answers_rightly(wasm_relaxed_pairs_kernel); }
bool is_best_in_pairs() { return wasm_relaxed_saturates() && is_right_in_pairs(); }
#elif defined(__wasm_simd128__)
bool is_right() { return answers_rightly(wasm_simd128_kernel); }
#endif

struct KernelEntry {
  KernelChoice choice;
  const Kernel* kernel;
  bool (*is_supported)();
};

constexpr KernelEntry kernels[] = {
#if defined(__x86_64__)
    {KernelChoice::avx512_vnni, &avx512_vnni_kernel, has_avx512_vnni},
    {KernelChoice::avx_vnni, &avx_vnni_kernel, has_avx_vnni},
    {KernelChoice::avx2, &avx2_kernel, has_avx2},
    {KernelChoice::ssse3, &ssse3_kernel, has_ssse3},
#endif
#if defined(__aarch64__)
    {KernelChoice::neon_dot, &neon_dot_kernel, has_neon_dot},
    {KernelChoice::neon, &neon_kernel, always},
#endif
#if defined(__wasm_relaxed_simd__)
    {KernelChoice::wasm_relaxed, &wasm_relaxed_pairs_kernel, is_best_in_pairs},
    {KernelChoice::wasm_relaxed, &wasm_relaxed_dot_kernel, is_right},
    {KernelChoice::wasm_relaxed_dot, &wasm_relaxed_dot_kernel, is_right},
    {KernelChoice::wasm_relaxed_pairs, &wasm_relaxed_pairs_kernel, is_right_in_pairs},
#elif defined(__wasm_simd128__)
    {KernelChoice::wasm_simd128, &wasm_simd128_kernel, is_right},
#endif
#if !defined(__wasm_simd128__)   // every engine that loads a module runs its kernel
    {KernelChoice::portable, &portable_kernel, always},
#endif
};

constexpr std::string_view names[n_kernel_choices] = {
    "automatic", "portable",    "avx2", "wasm_simd128", "ssse3",
    "avx_vnni",  "avx512_vnni", "neon", "neon_dot",     "wasm_relaxed", "wasm_relaxed_dot", "wasm_relaxed_pairs"};

}  // namespace

std::string_view kernel_name(KernelChoice choice) {
  const auto number = static_cast<std::size_t>(choice);
  return number < n_kernel_choices ? names[number] : "unknown";
}

Status choose_kernel(KernelChoice choice, const Kernel** kernel, Error* error) {
  for (const KernelEntry& entry : kernels) {
    if (choice != KernelChoice::automatic && choice != entry.choice) continue;
    if (!entry.is_supported()) continue;
    *kernel = entry.kernel;
    return Status::ok;
  }
  return error->set(Status::argument, "kernel",
                    {kernel_name(choice), " is not in this build, or not on this processor or not right there"});
}

}  // namespace guardrank
